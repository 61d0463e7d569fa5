//! What is needed of a certificate: its hashes, its key, and when it ends (RFC 5280, section 4.1).

use std::io;

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use time::{Date, Month, PrimitiveDateTime, Time};
use tokio_rustls::rustls::pki_types::pem::{PemObject as _, SectionKind};

/// A certificate of the app registration.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    sha256: Vec<u8>,
    sha1: Vec<u8>,
    key: Vec<u8>,
    not_after: i64,
}

impl Certificate {
    pub(super) fn from_pem(pem: &[u8]) -> io::Result<Self> {
        let der = section(pem, SectionKind::Certificate)
            .ok_or_else(|| invalid("there is no certificate in the PEM text"))?;
        let parts = parts(&der).ok_or_else(|| invalid("the certificate cannot be read"))?;
        Ok(Self {
            sha256: digest::digest(&SHA256, &der).as_ref().to_vec(),
            sha1: digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)
                .as_ref()
                .to_vec(),
            key: parts.key.to_vec(),
            not_after: parts.not_after,
        })
    }

    pub(super) fn sha256(&self) -> &[u8] {
        &self.sha256
    }

    pub(super) fn sha1(&self) -> &[u8] {
        &self.sha1
    }

    /// `SubjectPublicKeyInfo` in DER.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The first second in which it is not valid any more, since 1970. `notAfter` is valid still (RFC 5280, section
    /// 4.1.2.5).
    pub(super) fn ends(&self) -> i64 {
        self.not_after + 1
    }

    /// As the portal shows it.
    pub(super) fn thumbprint(&self) -> String {
        self.sha1.iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

/// The public key in a PEM block of its own, or in that of a certificate.
pub(super) fn public_key(pem: &[u8]) -> io::Result<Vec<u8>> {
    if let Some(key) = section(pem, SectionKind::PublicKey) {
        return Ok(key);
    }
    Certificate::from_pem(pem).map(|certificate| certificate.key)
}

fn section(pem: &[u8], wanted: SectionKind) -> Option<Vec<u8>> {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(pem)
        .filter_map(Result::ok)
        .find_map(|(kind, der)| (kind == wanted).then_some(der))
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

struct Parts<'a> {
    key: &'a [u8],
    not_after: i64,
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Walks through `TBSCertificate`: version, serial number, signature, issuer, validity, subject, key.
fn parts(certificate: &[u8]) -> Option<Parts<'_>> {
    let outer = Element::first(certificate)?;
    let body = Element::first(outer.of(SEQUENCE)?.content)?.of(SEQUENCE)?;
    let mut fields = Elements(body.content);
    let mut field = fields.next()?;
    if field.tag == VERSION {
        field = fields.next()?;
    }
    let _serial_number = field;
    let (_signature, _issuer) = (fields.next()?, fields.next()?);
    let validity = fields.next()?.of(SEQUENCE)?;
    let _subject = fields.next()?;
    let key = fields.next()?.of(SEQUENCE)?;
    let not_after = Elements(validity.content).nth(1)?;
    Some(Parts {
        key: key.whole,
        not_after: seconds(&not_after)?,
    })
}

/// `YYMMDDhhmmssZ` until 2049, `YYYYMMDDhhmmssZ` from then on.
fn seconds(time: &Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(time.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = match time.tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let number = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let month = Month::try_from(number(0)?).ok()?;
    let date = Date::from_calendar_date(year, month, number(2)?).ok()?;
    let clock = Time::from_hms(number(4)?, number(6)?, number(8)?).ok()?;
    Some(
        PrimitiveDateTime::new(date, clock)
            .assume_utc()
            .unix_timestamp(),
    )
}

/// One value in DER.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    fn first(bytes: &'a [u8]) -> Option<Self> {
        Elements(bytes).next()
    }

    fn of(self, tag: u8) -> Option<Self> {
        (self.tag == tag).then_some(self)
    }
}

/// The values that stand one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let bytes = self.0;
        let (tag, first) = (*bytes.first()?, *bytes.get(1)?);
        // The length is one byte below 128, else that many bytes that hold it.
        let (start, length) = if first < 0x80 {
            (2, usize::from(first))
        } else {
            let count = usize::from(first & 0x7f);
            let digits = bytes.get(2..2 + count).filter(|d| d.len() <= 4)?;
            let length = digits.iter().fold(0, |sum, d| sum << 8 | usize::from(*d));
            (2 + count, length)
        };
        let end = start.checked_add(length)?;
        let element = Element {
            tag,
            content: bytes.get(start..end)?,
            whole: bytes.get(..end)?,
        };
        self.0 = bytes.get(end..)?;
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, date_time_ymd};

    #[test]
    fn key_and_end_are_found() {
        let key = KeyPair::generate().unwrap();
        for (year, seconds) in [(2030, 1_893_456_001), (2060, 2_840_140_801)] {
            let mut params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
            params.not_after = date_time_ymd(year, 1, 1);
            let pem = params.self_signed(&key).unwrap().pem();
            let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
            assert_eq!(certificate.ends(), seconds);
            assert_eq!(certificate.key(), key.subject_public_key_info());
            assert_eq!(public_key(pem.as_bytes()).unwrap(), certificate.key());
        }
        assert_eq!(
            public_key(key.public_key_pem().as_bytes()).unwrap(),
            key.subject_public_key_info()
        );
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        for text in ["", "no PEM", broken] {
            let error = Certificate::from_pem(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
        for der in [
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..],
            &[0x30, 0xff],
            &[0x30, 0x02, 0x30],
        ] {
            assert!(parts(der).is_none());
        }
    }
}
