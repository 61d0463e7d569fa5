//! The `$skiptoken` of [`LinkForm::SkipToken`](crate::LinkForm::SkipToken): to clients a text without a meaning.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The token that passes over so many rows.
pub(crate) fn of(skip: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("s:{skip}"))
}

/// How many rows a token of ours passes over.
pub(crate) fn skip(token: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    std::str::from_utf8(&bytes)
        .ok()?
        .strip_prefix("s:")?
        .parse()
        .ok()
}
