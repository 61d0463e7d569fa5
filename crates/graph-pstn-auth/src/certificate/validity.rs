//! From when until when a certificate is valid (RFC 5280, section 4.1.2.5): to tell people before it ends.
//!
//! Signing needs nothing of it, since Entra goes by its own copy of the certificate. So no parser of certificates is
//! brought along for two times: a walk along the outer structure finds them.

use std::time::{Duration, SystemTime};

/// The time in which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateValidity {
    /// The first second in which it is valid.
    pub not_before: SystemTime,
    /// The last second in which it is valid.
    pub not_after: SystemTime,
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Reads it from a certificate in DER. `None` when that is none.
pub(super) fn of(certificate: &[u8]) -> Option<CertificateValidity> {
    let outer = value(certificate, SEQUENCE)?;
    let mut fields = Values(value(outer, SEQUENCE)?);
    let mut field = fields.next()?;
    if field.0 == VERSION {
        field = fields.next()?;
    }
    let _serial_number = field;
    let (_signature, _issuer) = (fields.next()?, fields.next()?);
    let (SEQUENCE, validity) = fields.next()? else {
        return None;
    };
    let mut times = Values(validity);
    Some(CertificateValidity {
        not_before: time(times.next()?)?,
        not_after: time(times.next()?)?,
    })
}

/// `YYMMDDhhmmssZ` from 1950 to 2049, `YYYYMMDDhhmmssZ` before and after.
fn time((tag, text): (u8, &[u8])) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let digits_of_year = match tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return None,
    };
    if text.len() != digits_of_year + 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at_checked(digits_of_year)?;
    let year: i64 = match (tag, year.parse().ok()?) {
        (UTC_TIME, year @ 0..50) => 2000 + year,
        (UTC_TIME, year) => 1900 + year,
        (_, year) => year,
    };
    let number = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (number(0)?, number(2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds =
        days(year, month, day) * 86_400 + number(4)? * 3_600 + number(6)? * 60 + number(8)?;
    let length = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(length)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(length)
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar. The year is counted from March, so that a leap day is
/// its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719_468 days lie between 0000-03-01 and 1970-01-01.
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The content of the first value, if it has this tag.
fn value(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    Values(bytes)
        .next()
        .and_then(|(found, content)| (found == tag).then_some(content))
}

/// DER values that stand one after the other: tag and content.
struct Values<'a>(&'a [u8]);

impl<'a> Iterator for Values<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (tag, first) = (*self.0.first()?, *self.0.get(1)?);
        // The length is one byte below 128, else that many bytes that hold it.
        let (start, length) = if first < 0x80 {
            (2, usize::from(first))
        } else {
            let count = usize::from(first & 0x7f);
            let digits = self
                .0
                .get(2..2 + count)
                .filter(|digits| digits.len() <= 4)?;
            let length = digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            (2 + count, length)
        };
        let end = start.checked_add(length)?;
        let content = self.0.get(start..end)?;
        self.0 = self.0.get(end..)?;
        Some((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    #[test]
    fn both_ends_are_found_in_both_writings() {
        let key = KeyPair::generate().unwrap();
        for (year, seconds) in [
            (1960_i32, -315_619_200_i64),
            (2000, 946_684_800),
            (2030, 1_893_456_000),
            (2060, 2_840_140_800),
        ] {
            let mut params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
            params.not_before = date_time_ymd(year, 1, 1);
            params.not_after = date_time_ymd(year + 1, 3, 1);
            let found = of(params.self_signed(&key).unwrap().der()).unwrap();
            let start = match seconds {
                0.. => SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs()),
                _ => SystemTime::UNIX_EPOCH - Duration::from_secs(seconds.unsigned_abs()),
            };
            assert_eq!(found.not_before, start);
            let leap = i64::from(year % 4 == 0);
            let length = Duration::from_secs(86_400 * (365 + leap + 31 + 28).unsigned_abs());
            assert_eq!(found.not_after, start + length);
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_validity() {
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0xff],
            &[0x30, 0x02, 0x30, 0x00],
        ] {
            assert_eq!(of(der), None);
        }
        for text in [
            &b"991301000000Z"[..],
            b"9901010000Z",
            b"99010100000+Z",
            b"990101000000",
        ] {
            assert_eq!(time((UTC_TIME, text)), None);
        }
    }
}
