//! Points in time as Graph writes them: RFC 3339 in, UTC with a `Z` out, 100 ns.

use std::{cell::Cell, fmt};

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
    let digits = Digits::default();
    let year = i32::from(digits.two(y0, y1)) * 100 + i32::from(digits.two(y2, y3));
    let (month, day) = (digits.two(mo0, mo1), digits.two(d0, d1));
    let (hour, minute, second) = (digits.two(h0, h1), digits.two(mi0, mi1), digits.two(s0, s1));
    if !digits.are_digits() {
        return None;
    }
    let date = calendar_date(year, month, day)?;
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

/// Reads the form that Graph writes most, `2019-11-01T00:00:08.2589935Z`: for it, as [`parse`], only
/// faster. Eight bytes are checked and turned into numbers at once.
#[inline]
pub(crate) fn parse_seven_digits(text: &[u8; 28]) -> Option<OffsetDateTime> {
    let word = |at: usize| {
        text.get(at..)
            .and_then(<[u8]>::first_chunk)
            .map(|b| u64::from_le_bytes(*b))
    };
    // Apart from its zeros, a template agrees with the text in what stands between the digits.
    let day = word(0)? ^ u64::from_le_bytes(*b"0000-00-");
    let minute = word(8)? ^ u64::from_le_bytes(*b"00T00:00");
    let second = word(16)? ^ u64::from_le_bytes(*b":00.0000");
    let ticks = word(20)? ^ u64::from_le_bytes(*b"0000000Z");
    let between = (day & 0xff00_00ff_0000_0000)
        | (minute & 0x0000_ff00_00ff_0000)
        | (second & 0x0000_0000_ff00_00ff)
        | (ticks & 0xff00_0000_0000_0000);
    // What is over 9 gets its high bit set by this, or has it already.
    let over = |digits: u64| digits | digits.wrapping_add(0x7676_7676_7676_7676);
    let over = (over(day) | over(minute) | over(second) | over(ticks)) & 0x8080_8080_8080_8080;
    if between | over != 0 {
        return None;
    }
    // Each byte is then ten times its digit plus the digit that follows.
    let pairs = |digits: u64| (digits * 10 + (digits >> 8)).to_le_bytes();
    let [century, _, year, _, _, month, ..] = pairs(day);
    let [day, _, _, hour, _, _, minute, _] = pairs(minute);
    let [_, second, ..] = pairs(second);
    let [t0, _, t2, _, t4, _, t6, _] = pairs(ticks).map(u32::from);
    let date = calendar_date(i32::from(century) * 100 + i32::from(year), month, day)?;
    // The last digit is followed by none: ten times it.
    let nanosecond = t0 * 10_000_000 + t2 * 100_000 + t4 * 1_000 + t6 * 10;
    let time = Time::from_hms_nano(hour, minute, second, nanosecond).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc())
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
    let digits = Digits::default();
    let year = i32::from(digits.two(y0, y1)) * 100 + i32::from(digits.two(y2, y3));
    let (month, day) = (digits.two(m0, m1), digits.two(d0, d1));
    if digits.are_digits() {
        calendar_date(year, month, day)
    } else {
        None
    }
}

/// Reads digits first and asks afterwards whether they all were some: one branch instead of many.
#[derive(Default)]
struct Digits {
    highest: Cell<u8>,
}

impl Digits {
    fn one(&self, byte: u8) -> u8 {
        let value = byte.wrapping_sub(b'0');
        self.highest.set(self.highest.get().max(value));
        value
    }

    fn two(&self, tens: u8, ones: u8) -> u8 {
        self.one(tens).wrapping_mul(10).wrapping_add(self.one(ones))
    }

    fn are_digits(&self) -> bool {
        self.highest.get() <= 9
    }
}

fn calendar_date(year: i32, month: u8, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, month.try_into().ok()?, day).ok()
}

/// The fraction, if there is one, in nanoseconds cut to 100 ns, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', digits @ ..] = bytes else {
        return Some((0, bytes));
    };
    let count = digits
        .iter()
        .take(10)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if !(1..=9).contains(&count) {
        return None;
    }
    let (digits, rest) = digits.split_at_checked(count)?;
    let kept = digits.iter().take(7);
    let mut ticks = kept.fold(0, |ticks, byte| ticks * 10 + u32::from(byte - b'0'));
    for _ in count..7 {
        ticks *= 10;
    }
    Some((ticks * 100, rest))
}

fn offset_minutes(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let digits = Digits::default();
            let (hours, minutes) = (digits.two(h0, h1), digits.two(m0, m1));
            if !digits.are_digits() || hours > 23 || minutes > 59 {
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
    fn the_common_form_is_read_alike() {
        let text = *b"2019-12-31T23:59:58.2589930Z";
        assert_eq!(
            parse_seven_digits(&text),
            parse(str::from_utf8(&text).unwrap())
        );
        assert!(parse_seven_digits(&text).is_some());
        // Every byte in every place.
        for at in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut text = text;
                text[at] = byte;
                if let Some(read) = parse_seven_digits(&text) {
                    assert_eq!(
                        Some(read),
                        parse(str::from_utf8(&text).unwrap()),
                        "{text:?}"
                    );
                }
                if byte.is_ascii_digit() {
                    assert_eq!(
                        parse_seven_digits(&text),
                        parse(str::from_utf8(&text).unwrap())
                    );
                }
            }
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
