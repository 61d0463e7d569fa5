//! PEM (RFC 7468): blocks of certificates and keys in a text.

use rustls_pki_types::pem::{PemObject as _, SectionKind};
use secrecy::zeroize::Zeroizing;

use super::parts::{Key, Parts, not_rsa};
use crate::Error;

pub(super) fn read(text: &[u8]) -> Result<Parts, Error> {
    // With the byte order mark of Windows' editors the first block would not begin its line, and be passed over.
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mentions = |words: &str| text.windows(words.len()).any(|w| w == words.as_bytes());
    // PKCS#8 says it in the label, the older form (RFC 1423) in a header.
    if mentions("ENCRYPTED PRIVATE KEY") || mentions("Proc-Type: 4,ENCRYPTED") {
        return Err(Error::config(
            "the private key is encrypted, which is not supported in PEM: decrypt it (openssl pkcs8 -in \
             KEY -out PLAIN) into a file that only this user can read, or use PKCS#12",
        ));
    }
    let mut parts = Parts::default();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) =
            section.map_err(|_| Error::config("the certificate file is broken PEM"))?;
        match kind {
            SectionKind::Certificate => parts.certificates.push(der),
            SectionKind::PrivateKey => parts.keys.push(Key::Pkcs8(Zeroizing::new(der))),
            SectionKind::RsaPrivateKey => parts.keys.push(Key::Pkcs1(Zeroizing::new(der))),
            SectionKind::EcPrivateKey => return Err(not_rsa()),
            _ => {}
        }
    }
    Ok(parts)
}
