//! Which cryptography TLS is done with.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::Error;

/// The provider of the build's features: the validated module of AWS-LC with `fips`, AWS-LC with
/// `aws-lc-rs`, else ring with `ring`. With none of them, what the program has installed as rustls's
/// default.
///
/// It is named rather than looked up, since rustls's default is whatever some crate installed first, and
/// rustls itself refuses to choose when two providers are compiled in.
pub(super) fn provider() -> Result<Arc<CryptoProvider>, Error> {
    #[cfg(feature = "fips")]
    return Ok(Arc::new(rustls::crypto::default_fips_provider()));

    #[cfg(all(feature = "aws-lc-rs", not(feature = "fips")))]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));

    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));

    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    return CryptoProvider::get_default().cloned().ok_or_else(|| {
        let message = "this build of graph-pstn-http has no cryptography for TLS; switch its feature aws-lc-rs \
                       or ring on, or install a rustls CryptoProvider first";
        Error::new(crate::ErrorKind::Config, message)
    });
}
