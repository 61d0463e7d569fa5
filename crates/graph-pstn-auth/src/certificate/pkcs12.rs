//! PKCS#12 (RFC 7292): certificate and key in one file under a password, as key vaults export them.

use p12_keystore::Pkcs12Archive;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::parts::{Key, Parts};
use crate::Error;

pub(super) fn read(bytes: &[u8], password: Option<&SecretString>) -> Result<Parts, Error> {
    let password = password.map_or("", |password| password.expose_secret());
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|error| match error {
        p12_keystore::error::Error::MacError(_) => {
            Error::config("the password does not fit the PKCS#12 file")
        }
        other => Error::config("the PKCS#12 file cannot be read").with_source(other),
    })?;
    Ok(Parts {
        certificates: archive
            .certs
            .iter()
            .map(|bag| bag.cert.as_der().to_vec())
            .collect(),
        keys: archive
            .keys
            .iter()
            .map(|bag| Key::Pkcs8(Zeroizing::new(bag.key.as_der().to_vec())))
            .collect(),
    })
}
