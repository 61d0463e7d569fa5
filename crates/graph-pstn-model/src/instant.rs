//! Points in time as Graph writes them: RFC 3339 in, UTC with a `Z` out, 100 ns.

use std::fmt;

use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};

/// The canonical text of a time: UTC, `Z`, up to seven digits of fraction and no trailing zeros.
///
/// Graph's resolution is 100 ns (`Edm.DateTimeOffset` of its .NET services); what is finer is cut off.
///
/// ```
/// use graph_pstn_model::format_time;
/// use time::macros::datetime;
///
/// let start = datetime!(2019-11-01 01:00:08.25 +01:00);
/// assert_eq!(format_time(start).to_string(), "2019-11-01T00:00:08.25Z");
/// assert_eq!(format_time(datetime!(2019-11-01 0:00 UTC)).to_string(), "2019-11-01T00:00:00Z");
/// ```
#[must_use]
pub fn format_time(time: OffsetDateTime) -> impl fmt::Display + Copy {
    Canonical(time)
}

#[derive(Clone, Copy)]
struct Canonical(OffsetDateTime);

impl fmt::Display for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = match self.0.checked_to_offset(time::UtcOffset::UTC) {
            Some(utc) => (utc.date(), utc.time()),
            // Only within a day of the ends of the calendar.
            None => (self.0.date(), self.0.time()),
        };
        let (year, month, day) = date.to_calendar_date();
        let (hour, minute, second, nanosecond) = time.as_hms_nano();
        write!(
            f,
            "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}",
            u8::from(month)
        )?;
        let mut ticks = nanosecond / 100;
        if ticks != 0 {
            let mut width = 7;
            while ticks.is_multiple_of(10) {
                ticks /= 10;
                width -= 1;
            }
            write!(f, ".{ticks:0width$}")?;
        }
        f.write_str("Z")
    }
}

/// Reads an RFC 3339 date-time with zero to nine digits of fraction, `Z` or a numeric offset, and
/// gives it in UTC, cut to 100 ns. A leap second is taken as the last tick before it.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let &[
        y0,
        y1,
        y2,
        y3,
        b'-',
        mo0,
        mo1,
        b'-',
        d0,
        d1,
        b'T' | b't',
        h0,
        h1,
        b':',
        mi0,
        mi1,
        b':',
        s0,
        s1,
        ref rest @ ..,
    ] = text.as_bytes()
    else {
        return None;
    };
    let year = i32::from(two(y0, y1)?) * 100 + i32::from(two(y2, y3)?);
    let date = calendar_date(year, two(mo0, mo1)?, two(d0, d1)?)?;
    let (hour, minute, second) = (two(h0, h1)?, two(mi0, mi1)?, two(s0, s1)?);
    let (nanosecond, rest) = fraction(rest)?;
    let offset = offset_minutes(rest)?;

    let leap = second == 60;
    let time = if leap {
        Time::from_hms_nano(hour, minute, 59, 999_999_900).ok()?
    } else {
        Time::from_hms_nano(hour, minute, second, nanosecond).ok()?
    };
    let local = PrimitiveDateTime::new(date, time).assume_utc();
    let utc = if offset == 0 {
        local
    } else {
        local.checked_sub(Duration::minutes(offset))?
    };
    // Leap seconds are announced for the end of a UTC day.
    if leap && (utc.hour(), utc.minute()) != (23, 59) {
        return None;
    }
    Some(utc)
}

/// Whether this is .NET's `DateTime.MinValue` family, which Graph sends where there is no time: the
/// Direct Routing page shows `0001-01-01T00:00:00Z` as the failure time of a successful call.
pub(crate) fn is_filler(time: OffsetDateTime) -> bool {
    time.year() <= 1
}

/// A `YYYY-MM-DD` date.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text.as_bytes() else {
        return None;
    };
    let year = i32::from(two(y0, y1)?) * 100 + i32::from(two(y2, y3)?);
    calendar_date(year, two(m0, m1)?, two(d0, d1)?)
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

fn two(tens: u8, ones: u8) -> Option<u8> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn calendar_date(year: i32, month: u8, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, month.try_into().ok()?, day).ok()
}

/// The fraction, if there is one, in nanoseconds cut to 100 ns, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', digits @ ..] = bytes else {
        return Some((0, bytes));
    };
    let mut ticks = 0;
    let mut count = 0;
    let mut rest = digits;
    while let [byte, tail @ ..] = rest
        && let Some(value) = digit(*byte)
    {
        if count < 7 {
            ticks = ticks * 10 + u32::from(value);
        }
        count += 1;
        rest = tail;
    }
    if !(1..=9).contains(&count) {
        return None;
    }
    for _ in count..7 {
        ticks *= 10;
    }
    Some((ticks * 100, rest))
}

fn offset_minutes(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (two(h0, h1)?, two(m0, m1)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = i64::from(hours) * 60 + i64::from(minutes);
            Some(if sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn reads_what_rfc_3339_allows() {
        for (text, expected) in [
            (
                "2019-11-01T00:00:08.2589935Z",
                datetime!(2019-11-01 00:00:08.2589935 UTC),
            ),
            ("2019-11-01t00:00:08z", datetime!(2019-11-01 00:00:08 UTC)),
            ("2019-11-01T02:30:00+02:30", datetime!(2019-11-01 00:00 UTC)),
            (
                "2019-10-31T19:00:00.5-05:00",
                datetime!(2019-11-01 00:00:00.5 UTC),
            ),
            ("2019-11-01T00:00:00-00:00", datetime!(2019-11-01 00:00 UTC)),
            (
                "2019-11-01T00:00:00.123456789Z",
                datetime!(2019-11-01 00:00:00.1234567 UTC),
            ),
            (
                "2016-12-31T23:59:60Z",
                datetime!(2016-12-31 23:59:59.9999999 UTC),
            ),
            (
                "2017-01-01T00:59:60.25+01:00",
                datetime!(2016-12-31 23:59:59.9999999 UTC),
            ),
            ("2020-02-29T00:00:00Z", datetime!(2020-02-29 00:00 UTC)),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "2019-11-01",
            "2019-11-01T00:00:08",
            "2019-11-01 00:00:08Z",
            "2019-11-01T00:00:08.Z",
            "2019-11-01T00:00:08.1234567890Z",
            "2019-11-01T24:00:00Z",
            "2019-11-01T00:60:00Z",
            "2019-11-01T00:00:60Z",
            "2019-02-29T00:00:00Z",
            "2019-13-01T00:00:00Z",
            "2019-11-00T00:00:00Z",
            "2019-11-01T00:00:08+24:00",
            "2019-11-01T00:00:08+02",
            "2019-11-01T00:00:08Zx",
            "+019-11-01T00:00:08Z",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_the_shortest_fraction() {
        for text in [
            "2019-11-01T00:00:08.2589935Z",
            "2019-11-01T00:00:08.0000001Z",
            "0999-12-31T23:59:59.9Z",
        ] {
            assert_eq!(format_time(parse(text).unwrap()).to_string(), text);
        }
    }
}
