//! Times as the rows hold them: ticks of 100 ns since 1970 in UTC, Graph's own resolution.

use time::OffsetDateTime;

/// Ticks of 100 ns in a second.
pub(crate) const SECOND: i64 = 10_000_000;
/// Ticks in a UTC day.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// The first tick that is not before `at`.
pub(crate) fn ticks(at: OffsetDateTime) -> i64 {
    let nanos = at.unix_timestamp_nanos();
    let ticks = nanos.div_euclid(100) + i128::from(nanos.rem_euclid(100) != 0);
    // The time crate's years (±9999) fit 64 bits of ticks many times over.
    i64::try_from(ticks).unwrap_or(i64::MAX)
}

/// The whole ticks of a duration, up to a century.
pub(crate) fn ticks_of(duration: std::time::Duration) -> i64 {
    let ticks = i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX);
    ticks.min(36_525 * DAY)
}

/// Writes RFC 3339 in UTC with `digits` (0–7) digits of fraction.
pub(crate) fn write(out: &mut Vec<u8>, at: i64, digits: u8) {
    let day = at.div_euclid(DAY);
    let in_day = at.rem_euclid(DAY);
    let (year, month, date) = civil(day);
    let seconds = in_day / SECOND;
    number(out, year, 4);
    out.push(b'-');
    number(out, month, 2);
    out.push(b'-');
    number(out, date, 2);
    out.push(b'T');
    number(out, seconds / 3600, 2);
    out.push(b':');
    number(out, seconds / 60 % 60, 2);
    out.push(b':');
    number(out, seconds % 60, 2);
    if digits > 0 {
        let digits = u32::from(digits.min(7));
        out.push(b'.');
        number(
            out,
            in_day % SECOND / 10_i64.pow(7 - digits),
            digits as usize,
        );
    }
    out.push(b'Z');
}

/// The same as text, with all the digits that are needed and no more.
pub(crate) fn text(at: i64) -> String {
    let fraction = at.rem_euclid(SECOND);
    let digits = (0..=7)
        .find(|d| fraction % 10_i64.pow(7 - d) == 0)
        .unwrap_or(7);
    let mut out = Vec::with_capacity(28);
    write(&mut out, at, digits as u8);
    String::from_utf8_lossy(&out).into_owned()
}

/// The date alone, `YYYY-MM-DD`.
pub(crate) fn date_text(at: i64) -> String {
    let (year, month, date) = civil(at.div_euclid(DAY));
    format!("{year:04}-{month:02}-{date:02}")
}

fn number(out: &mut Vec<u8>, value: i64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut rest = value.unsigned_abs();
    let mut at = digits.len();
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

/// Year, month, day of a day number since 1970-01-01 (proleptic Gregorian; Hinnant's "civil_from_days").
fn civil(day: i64) -> (i64, i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (
        yoe + era * 400 + i64::from(month <= 2),
        month,
        doy - (153 * mp + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn writes_what_the_time_crate_reads() {
        for at in [
            datetime!(2019-11-01 00:00:08.2589935 UTC),
            datetime!(2020-02-29 23:59:59.0000001 UTC),
            datetime!(1999-12-31 23:59:59 UTC),
            datetime!(2024-03-01 00:00 UTC),
        ] {
            let text = text(ticks(at));
            let read = OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339);
            assert_eq!(read.unwrap(), at, "{text}");
        }
        assert_eq!(
            text(ticks(datetime!(2019-11-01 00:00:08.25 UTC))),
            "2019-11-01T00:00:08.25Z"
        );
    }

    #[test]
    fn a_bound_between_two_ticks_rounds_up() {
        let at = datetime!(2019-11-01 00:00:00.000000050 UTC);
        assert_eq!(ticks(at), ticks(datetime!(2019-11-01 00:00 UTC)) + 1);
    }
}
