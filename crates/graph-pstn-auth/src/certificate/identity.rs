//! A certificate with its private key, read from PEM or PKCS#12.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use super::parts::Parts;
use super::pem;
use crate::Error;

/// What an app signs with, and what it shows of it.
pub(super) struct Identity {
    pub(super) key: RsaKeyPair,
    /// DER. The certificate of the key first, then the others in the order of the file.
    pub(super) chain: Vec<Vec<u8>>,
}

impl Identity {
    /// # Errors
    /// Kind `Config`, in words that say what is wrong with the files.
    pub(super) fn read(
        certificate: &[u8],
        key: Option<&[u8]>,
        password: Option<&SecretString>,
    ) -> Result<Self, Error> {
        // PKCS#12 is DER, and begins with a sequence's tag; PEM is text.
        let mut parts = if certificate.first() == Some(&0x30) {
            binary(certificate, password)?
        } else {
            pem::read(certificate)?
        };
        if let Some(key) = key {
            parts.keys = pem::read(key)?.keys;
        }
        Self::of(parts)
    }

    fn of(parts: Parts) -> Result<Self, Error> {
        let mut keys = parts.keys.into_iter();
        let key = match (keys.next(), keys.next()) {
            (Some(key), None) => key.parsed()?,
            (None, _) => {
                return Err(Error::config(
                    "there is no private key beside the certificate: put a block PRIVATE KEY into the \
                     same file, or name the key's file",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Error::config(
                    "there is more than one private key; only one can be used",
                ));
            }
        };
        if parts.certificates.is_empty() {
            return Err(Error::config(
                "there is no certificate in the certificate file",
            ));
        }
        // A certificate holds the public key just as `RSAPublicKey` in DER (RFC 5280, section 4.1), so
        // whose certificate it is can be told without parsing it.
        let public = key.public_key().as_ref();
        let mut chain = parts.certificates;
        let own = chain
            .iter()
            .position(|der| der.windows(public.len()).any(|window| window == public))
            .ok_or_else(|| {
                Error::config(
                    "the private key does not belong to the certificate: they are no pair",
                )
            })?;
        let leaf = chain.remove(own);
        chain.insert(0, leaf);
        Ok(Self { key, chain })
    }

    pub(super) fn leaf(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }

    /// The SHA-256 of the certificate in base64url: the JWT header `x5t#S256` (RFC 7515, section 4.1.8).
    pub(super) fn sha256_thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&SHA256, self.leaf()))
    }

    /// The SHA-1 of the certificate in base64url: the JWT header `x5t`.
    pub(super) fn sha1_thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, self.leaf()))
    }
}

#[cfg(feature = "pkcs12")]
fn binary(bytes: &[u8], password: Option<&SecretString>) -> Result<Parts, Error> {
    super::pkcs12::read(bytes, password)
}

#[cfg(not(feature = "pkcs12"))]
fn binary(_: &[u8], _: Option<&SecretString>) -> Result<Parts, Error> {
    Err(Error::config(
        "the certificate file is not PEM, and this build does not read PKCS#12: convert it (openssl \
         pkcs12 -in FILE -nodes -out PEM), or build with the feature pkcs12",
    ))
}
