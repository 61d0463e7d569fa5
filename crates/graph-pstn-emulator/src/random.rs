//! What must not be guessed or repeated: tokens and request ids.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::rows::Guid;

fn bytes<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| std::io::Error::other("the system has no random numbers to give"))?;
    Ok(bytes)
}

/// An opaque access token. It is no JWT, since clients must not read one.
pub(crate) fn token() -> std::io::Result<String> {
    Ok(format!(
        "emulated.{}",
        URL_SAFE_NO_PAD.encode(bytes::<96>()?)
    ))
}

/// What stands in a readable token's third part.
pub(crate) fn signature() -> std::io::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<256>()?))
}

/// A GUID for `request-id` and `trace_id`.
pub(crate) fn guid() -> String {
    // An id is only for logs: without random numbers always the same serves.
    let bits = bytes::<16>().map_or(0, u128::from_be_bytes);
    Guid::random_kind(bits).to_string()
}
