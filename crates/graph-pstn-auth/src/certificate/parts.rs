//! What a file of certificates holds, whatever its form.

use aws_lc_rs::signature::RsaKeyPair;
use secrecy::zeroize::Zeroizing;

use crate::Error;

/// The parts as they stand in a file.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) keys: Vec<Key>,
}

pub(super) enum Key {
    Pkcs8(Zeroizing<Vec<u8>>),
    Pkcs1(Zeroizing<Vec<u8>>),
}

/// RFC 8017, appendix C: 1.2.840.113549.1.1.1 in DER, the algorithm of an RSA key in PKCS#8.
const RSA_ENCRYPTION: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];

impl Key {
    pub(super) fn parsed(&self) -> Result<RsaKeyPair, Error> {
        let parsed = match self {
            Self::Pkcs8(der)
                if !der
                    .windows(RSA_ENCRYPTION.len())
                    .any(|w| w == RSA_ENCRYPTION) =>
            {
                return Err(not_rsa());
            }
            Self::Pkcs8(der) => RsaKeyPair::from_pkcs8(der),
            Self::Pkcs1(der) => RsaKeyPair::from_der(der),
        };
        parsed.map_err(|rejected| {
            Error::config(format!(
                "the private key cannot be used ({rejected}): it must be RSA of 2048 to 8192 bits"
            ))
        })
    }
}

pub(super) fn not_rsa() -> Error {
    Error::config("the private key is not RSA, and Entra accepts no other: make an RSA certificate")
}
