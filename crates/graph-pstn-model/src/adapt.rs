//! How one value of a row is read and written: adapters for `serde_with`.
//!
//! The rows of this crate use them, and a caller's own row type can:
//!
//! ```
//! use graph_pstn_model::{Decimal, adapt};
//! use serde::Deserialize;
//!
//! #[serde_with::serde_as]
//! #[derive(Deserialize)]
//! struct Cost {
//!     #[serde_as(as = "adapt::Exact")]
//!     #[serde(default)]
//!     charge: Option<Decimal>,
//! }
//!
//! let cost: Cost = serde_json::from_str(r#"{"charge":0.30}"#)?;
//! assert_eq!(cost.charge.map(|c| c.to_string()).as_deref(), Some("0.30"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::{fmt, marker::PhantomData};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::Error as _};
use serde_json::value::RawValue;
use serde_with::{DeserializeAs, SerializeAs};
use time::OffsetDateTime;

use crate::{decimal, instant};

/// A string type: `null` and `""` are absent.
#[derive(Debug)]
pub enum NonEmpty {}

/// An [`OffsetDateTime`] in RFC 3339: zero to nine digits of fraction, `Z` or an offset.
///
/// `null`, `""` and the year-1 filler (`0001-01-01T00:00:00Z`) are absent. Read and written in UTC,
/// to 100 ns; see [`format_time`](crate::format_time).
#[derive(Debug)]
pub enum Instant {}

/// A [`Decimal`] from the text of the JSON number, or of a string that holds one, never through
/// `f64`: digits and scale are kept both ways, and a number that does not fit exactly is an error.
///
/// Written as a number in JSON, and as a string in binary formats. Human-readable formats other
/// than JSON cannot be told from it, and get what `serde_json` makes of a
/// [`RawValue`] there: use [`Tabular`](crate::Tabular) for those.
#[derive(Debug)]
pub enum Exact {}

/// An `i32` from a number, or from a string that holds one. `null` and `""` are absent.
#[derive(Debug)]
pub enum Int {}

/// Reads what is neither `null` nor missing.
trait ReadPresent<T> {
    const EXPECTS: &'static str;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error>;
}

struct Nullable<T, A>(PhantomData<(T, A)>);

impl<'de, T, A: ReadPresent<T>> de::Visitor<'de> for Nullable<T, A> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or null", A::EXPECTS)
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        A::read(deserializer)
    }
}

fn nullable<'de, T, A, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    A: ReadPresent<T>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_option(Nullable::<T, A>(PhantomData))
}

/// A visitor of strings, by a function that says why not.
struct OfText<F>(&'static str, F);

impl<T, F, X> de::Visitor<'_> for OfText<F>
where
    F: FnOnce(&str) -> Result<T, X>,
    X: fmt::Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }
}

impl<T: for<'a> From<&'a str>> ReadPresent<T> for NonEmpty {
    const EXPECTS: &'static str = "a string";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_str(OfText(<Self as ReadPresent<T>>::EXPECTS, |text: &str| {
            Ok::<_, &str>((!text.is_empty()).then(|| T::from(text)))
        }))
    }
}

impl<'de, T: for<'a> From<&'a str>> DeserializeAs<'de, Option<T>> for NonEmpty {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        nullable::<T, Self, D>(deserializer)
    }
}

impl<T: AsRef<str>> SerializeAs<Option<T>> for NonEmpty {
    fn serialize_as<S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(text) => serializer.serialize_some(text.as_ref()),
            None => serializer.serialize_none(),
        }
    }
}

impl ReadPresent<OffsetDateTime> for Instant {
    const EXPECTS: &'static str = "an RFC 3339 date-time";

    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        deserializer.deserialize_str(OfText(Self::EXPECTS, |text: &str| {
            if text.is_empty() {
                return Ok(None);
            }
            let time = instant::parse(text).ok_or("not an RFC 3339 date-time")?;
            Ok::<_, &str>((!instant::is_filler(time)).then_some(time))
        }))
    }
}

impl<'de> DeserializeAs<'de, Option<OffsetDateTime>> for Instant {
    fn deserialize_as<D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        nullable::<_, Self, D>(deserializer)
    }
}

impl SerializeAs<Option<OffsetDateTime>> for Instant {
    fn serialize_as<S: Serializer>(
        value: &Option<OffsetDateTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(time) => serializer.serialize_some(&instant::format_time(*time).to_string()),
            None => serializer.serialize_none(),
        }
    }
}

fn decimal_from_text(text: &str) -> Result<Option<Decimal>, decimal::DecimalError> {
    if text.is_empty() {
        Ok(None)
    } else {
        decimal::parse(text).map(Some)
    }
}

impl ReadPresent<Decimal> for Exact {
    const EXPECTS: &'static str = "a number";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        if !deserializer.is_human_readable() {
            return deserializer.deserialize_str(OfText(Self::EXPECTS, decimal_from_text));
        }
        // Owned, so that rows can be read from a reader as well as from a slice.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with('"') {
            // With `IEEE754Compatible=true` OData writes decimals as strings.
            let text: String = serde_json::from_str(text).map_err(de::Error::custom)?;
            decimal_from_text(&text).map_err(de::Error::custom)
        } else {
            decimal::parse(text).map(Some).map_err(de::Error::custom)
        }
    }
}

impl<'de> DeserializeAs<'de, Option<Decimal>> for Exact {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        nullable::<_, Self, D>(deserializer)
    }
}

impl SerializeAs<Option<Decimal>> for Exact {
    fn serialize_as<S: Serializer>(
        value: &Option<Decimal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            None => serializer.serialize_none(),
            Some(number) if serializer.is_human_readable() => {
                let raw = RawValue::from_string(number.to_string()).map_err(S::Error::custom)?;
                serializer.serialize_some(&raw)
            }
            Some(number) => serializer.serialize_some(&number.to_string()),
        }
    }
}

struct IntVisitor;

impl de::Visitor<'_> for IntVisitor {
    type Value = Option<i32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer of 32 bits")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<i32>, E> {
        i32::try_from(number)
            .map(Some)
            .map_err(|_| E::custom("an integer of more than 32 bits"))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<i32>, E> {
        i32::try_from(number)
            .map(Some)
            .map_err(|_| E::custom("an integer of more than 32 bits"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<i32>, E> {
        int_from_text(text).map_err(E::custom)
    }
}

/// By the grammar of a JSON number, which knows neither `+1` nor `007`.
fn int_from_text(text: &str) -> Result<Option<i32>, &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.as_bytes() {
        [] if text.is_empty() => return Ok(None),
        [] | [b'0', _, ..] | [b'+', ..] => return Err("not an integer"),
        _ => {}
    }
    text.parse()
        .map(Some)
        .map_err(|_| "not an integer of 32 bits")
}

impl ReadPresent<i32> for Int {
    const EXPECTS: &'static str = "an integer of 32 bits";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(IntVisitor)
        } else {
            deserializer.deserialize_i32(IntVisitor)
        }
    }
}

impl<'de> DeserializeAs<'de, Option<i32>> for Int {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
        nullable::<_, Self, D>(deserializer)
    }
}

impl SerializeAs<Option<i32>> for Int {
    fn serialize_as<S: Serializer>(value: &Option<i32>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}
