//! The values that are read without serde: plain strings, times, numbers, booleans.

use rust_decimal::Decimal;
use serde::de::DeserializeSeed;
use time::OffsetDateTime;

use super::Cursor;
use crate::{
    AdministrativeUnitInfo, CallDurationSource, CallType, Text, UserBlockMode, decimal, instant,
    property::{FieldSeed, Property},
};

/// A type whose plain values this reader reads itself.
pub(crate) trait Scan: Property {
    /// Reads a value into its field; `None` gives the page up.
    ///
    /// Into the field, because a string that is moved on right after it was put together stalls the
    /// processor: that alone was half of the time.
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()>;
}

/// A value read by serde where it stands.
#[cold]
fn by_serde<T: Property>(cursor: &mut Cursor<'_>, field: &mut Option<T>) -> Option<()> {
    let mut value = serde_json::Deserializer::from_str(cursor.raw()?.get());
    FieldSeed(field).deserialize(&mut value).ok()
}

/// A type that is read from strings.
trait FromString: Property {
    /// Reads the text of a string into its field; `None` gives the page up.
    fn put(text: &str, field: &mut Option<Self>) -> Option<()>;
}

/// A string without escapes or `null`; everything else elsewhere.
#[inline(always)]
fn scan_string<T: FromString>(cursor: &mut Cursor<'_>, field: &mut Option<T>) -> Option<()> {
    if cursor.eat(b'"').is_some() {
        match cursor.plain_string() {
            Some(text) => T::put(text, field),
            None => scan_escaped_string(cursor, field),
        }
    } else if cursor.eat_null() {
        Some(())
    } else {
        by_serde(cursor, field)
    }
}

/// After the opening quote: a string with escapes, by serde if they are not simple.
#[inline(never)]
fn scan_escaped_string<T: FromString>(
    cursor: &mut Cursor<'_>,
    field: &mut Option<T>,
) -> Option<()> {
    let quote = cursor.at.saturating_sub(1);
    if let Some(text) = cursor.escaped_string() {
        return T::put(text, field);
    }
    cursor.at = quote;
    by_serde(cursor, field)
}

macro_rules! scan_text {
    ($($Type:ty),*) => {$(
        impl FromString for $Type {
            #[inline(always)]
            fn put(text: &str, field: &mut Option<Self>) -> Option<()> {
                if !text.is_empty() {
                    *field = Some(Self::from(text));
                }
                Some(())
            }
        }

        impl Scan for $Type {
            #[inline(always)]
            fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
                scan_string(cursor, field)
            }
        }
    )*};
}

scan_text!(Text, CallType, CallDurationSource, UserBlockMode);

impl FromString for OffsetDateTime {
    fn put(text: &str, field: &mut Option<Self>) -> Option<()> {
        if !text.is_empty() {
            let time = instant::parse(text)?;
            *field = (!instant::is_filler(time)).then_some(time);
        }
        Some(())
    }
}

impl Scan for OffsetDateTime {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        if let Some([b'"', text @ .., b'"']) = cursor.rest().first_chunk::<30>()
            && let Some(text) = text.first_chunk()
            && let Some(time) = instant::parse_seven_digits(text)
        {
            *field = (!instant::is_filler(time)).then_some(time);
            cursor.at += 30;
            return Some(());
        }
        scan_string(cursor, field)
    }
}

/// Whether a number is over before this byte.
fn ends_number(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t'))
}

impl Scan for Decimal {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        // Signs, exponents, strings and what is long are serde's.
        if let Some((number, length)) = decimal::parse_plain(cursor.rest())
            && ends_number(cursor.rest().get(length))
        {
            *field = Some(number);
            cursor.at += length;
            return Some(());
        }
        if cursor.eat_null() {
            Some(())
        } else {
            by_serde(cursor, field)
        }
    }
}

impl Scan for i32 {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        let rest = cursor.rest();
        let mut number = 0;
        let mut length = 0;
        for byte in rest
            .iter()
            .take(10)
            .take_while(|byte| byte.is_ascii_digit())
        {
            number = number * 10 + i64::from(byte - b'0');
            length += 1;
        }
        let leading_zero = length > 1 && rest.first() == Some(&b'0');
        // Signs, fractions, exponents, strings and what is long are serde's.
        if (1..10).contains(&length) && !leading_zero && ends_number(rest.get(length)) {
            *field = i32::try_from(number).ok();
            cursor.at += length;
            return Some(());
        }
        if cursor.eat_null() {
            Some(())
        } else {
            by_serde(cursor, field)
        }
    }
}

impl Scan for bool {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        for (text, value) in [("true", Some(true)), ("false", Some(false)), ("null", None)] {
            if cursor.eat_all(text.as_bytes()).is_some() {
                *field = value;
                return Some(());
            }
        }
        None
    }
}

impl Scan for Vec<AdministrativeUnitInfo> {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        if cursor.eat_null() {
            Some(())
        } else {
            by_serde(cursor, field)
        }
    }
}
