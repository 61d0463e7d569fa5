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
use serde::{
    Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
    ser::Error as _,
};
use serde_json::value::RawValue;
use serde_with::{DeserializeAs, Same, SerializeAs};
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

/// Reads a value into its field, which is `None` before.
///
/// Into the field, because a small string that is moved on right after it was put together stalls the
/// processor.
pub(crate) trait ReadField<T> {
    const EXPECTS: &'static str;

    /// Reads what is neither `null` nor missing.
    fn read_present<'de, D>(deserializer: D, field: &mut Option<T>) -> Result<(), D::Error>
    where
        D: Deserializer<'de>;

    /// Reads a value that may be `null`.
    fn read<'de, D>(deserializer: D, field: &mut Option<T>) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
        Self: Sized,
    {
        deserializer.deserialize_option(Nullable::<T, Self>(field, PhantomData))
    }
}

struct Nullable<'a, T, A>(&'a mut Option<T>, PhantomData<A>);

impl<'de, T, A: ReadField<T>> de::Visitor<'de> for Nullable<'_, T, A> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or null", A::EXPECTS)
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        A::read_present(deserializer, self.0)
    }
}

/// A visitor of strings, by a function that says why not.
struct OfText<F>(&'static str, F);

impl<F, X> de::Visitor<'_> for OfText<F>
where
    F: FnOnce(&str) -> Result<(), X>,
    X: fmt::Display,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        (self.1)(text).map_err(E::custom)
    }
}

impl<'de, F, X> de::DeserializeSeed<'de> for OfText<F>
where
    F: FnOnce(&str) -> Result<(), X>,
    X: fmt::Display,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// The half of `serde_with` that reads is the same for all.
macro_rules! deserialize_as {
    ($Adapter:ty, $Type:ty $(, $($generics:tt)*)?) => {
        impl<'de $(, $($generics)*)?> DeserializeAs<'de, Option<$Type>> for $Adapter {
            fn deserialize_as<D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<$Type>, D::Error> {
                let mut field = None;
                <Self as ReadField<$Type>>::read(deserializer, &mut field)?;
                Ok(field)
            }
        }
    };
}

deserialize_as!(NonEmpty, T, T: for<'a> From<&'a str>);
deserialize_as!(Instant, OffsetDateTime);
deserialize_as!(Exact, Decimal);
deserialize_as!(Int, i32);

impl<T: for<'a> From<&'a str>> ReadField<T> for NonEmpty {
    const EXPECTS: &'static str = "a string";

    fn read_present<'de, D>(deserializer: D, field: &mut Option<T>) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        deserializer.deserialize_str(OfText(<Self as ReadField<T>>::EXPECTS, |text: &str| {
            if !text.is_empty() {
                *field = Some(T::from(text));
            }
            Ok::<_, &str>(())
        }))
    }
}

/// For types that serde reads as they are.
impl<T: DeserializeOwned> ReadField<T> for Same {
    const EXPECTS: &'static str = "a value";

    fn read_present<'de, D>(deserializer: D, field: &mut Option<T>) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        *field = Some(T::deserialize(deserializer)?);
        Ok(())
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

impl ReadField<OffsetDateTime> for Instant {
    const EXPECTS: &'static str = "an RFC 3339 date-time";

    fn read_present<'de, D>(
        deserializer: D,
        field: &mut Option<OffsetDateTime>,
    ) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        deserializer.deserialize_str(OfText(Self::EXPECTS, |text: &str| {
            if !text.is_empty() {
                let time = instant::parse(text).ok_or("not an RFC 3339 date-time")?;
                *field = (!instant::is_filler(time)).then_some(time);
            }
            Ok::<_, &str>(())
        }))
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

/// The name under which `serde_json` hands out the text of a value, to [`RawValue`] and to us.
///
/// A `RawValue` itself would have to be owned, an allocation for each number, because a borrowed one
/// cannot be read from a reader. Tests read from both.
pub(crate) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Visits the text of a JSON value, or a string of a format that is not JSON.
struct NumberText<'a>(&'a mut Option<Decimal>);

impl NumberText<'_> {
    fn read(self, text: &str) -> Result<(), decimal::DecimalError> {
        if !text.is_empty() {
            *self.0 = Some(decimal::parse(text)?);
        }
        Ok(())
    }
}

impl<'de> de::Visitor<'de> for NumberText<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Exact::EXPECTS)
    }

    /// What `serde_json` makes of [`RAW_VALUE`].
    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let is_raw_value = |name: &str| {
            if name == RAW_VALUE {
                Ok(())
            } else {
                Err("not a number")
            }
        };
        match map.next_key_seed(OfText(Exact::EXPECTS, is_raw_value))? {
            Some(()) => map.next_value_seed(self),
            None => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        }
    }

    /// What other formats make of it.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    /// The text of a value, quotes and all; quoted where OData writes decimals as strings
    /// (`IEEE754Compatible=true`).
    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.starts_with('"') {
            let text: String = serde_json::from_str(text).map_err(E::custom)?;
            return self.read(&text).map_err(E::custom);
        }
        self.read(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        *self.0 = Some(number.into());
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        *self.0 = Some(number.into());
        Ok(())
    }
}

impl<'de> de::DeserializeSeed<'de> for NumberText<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ReadField<Decimal> for Exact {
    const EXPECTS: &'static str = "a number";

    fn read_present<'de, D>(deserializer: D, field: &mut Option<Decimal>) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        if deserializer.is_human_readable() {
            deserializer.deserialize_newtype_struct(RAW_VALUE, NumberText(field))
        } else {
            deserializer.deserialize_str(NumberText(field))
        }
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

struct IntVisitor<'a>(&'a mut Option<i32>);

const TOO_LONG: &str = "an integer of more than 32 bits";

impl de::Visitor<'_> for IntVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Int::EXPECTS)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        *self.0 = Some(i32::try_from(number).map_err(|_| E::custom(TOO_LONG))?);
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        *self.0 = Some(i32::try_from(number).map_err(|_| E::custom(TOO_LONG))?);
        Ok(())
    }

    /// By the grammar of a JSON number, which knows neither `+1` nor `007`.
    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        match digits.as_bytes() {
            [] if text.is_empty() => return Ok(()),
            [] | [b'0', _, ..] | [b'+', ..] => return Err(E::custom("not an integer")),
            _ => {}
        }
        let number = text
            .parse()
            .map_err(|_| E::custom("not an integer of 32 bits"))?;
        *self.0 = Some(number);
        Ok(())
    }
}

impl ReadField<i32> for Int {
    const EXPECTS: &'static str = "an integer of 32 bits";

    fn read_present<'de, D>(deserializer: D, field: &mut Option<i32>) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(IntVisitor(field))
        } else {
            deserializer.deserialize_i32(IntVisitor(field))
        }
    }
}

impl SerializeAs<Option<i32>> for Int {
    fn serialize_as<S: Serializer>(value: &Option<i32>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}
