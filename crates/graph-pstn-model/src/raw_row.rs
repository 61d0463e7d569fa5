//! A row as it came.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use crate::{LogRow, Text, adapt};

/// A row of any log that keeps the bytes of its object: what Graph adds tomorrow is not lost.
///
/// Only `id` and the time are looked at. Serialized by `serde_json`, the bytes pass through as they
/// are. Two are equal when their bytes are. It is read by `serde_json` only.
#[derive(Clone)]
pub struct RawRow {
    json: Box<RawValue>,
    id: Option<Text>,
    time: Option<OffsetDateTime>,
}

impl RawRow {
    /// The JSON object, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.json.get()
    }
}

impl LogRow for RawRow {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The first of `startDateTime`, `sentDateTime` and `blockDateTime` that is there: no log has
    /// two of them.
    fn time(&self) -> Option<OffsetDateTime> {
        self.time
    }
}

impl PartialEq for RawRow {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawRow {}

impl Hash for RawRow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// Leaves the object out: it holds personal data.
impl fmt::Debug for RawRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Serialize for RawRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// What is looked at.
#[serde_with::serde_as]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Looked {
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    id: Option<Text>,
    #[serde_as(as = "adapt::Instant")]
    #[serde(default)]
    start_date_time: Option<OffsetDateTime>,
    #[serde_as(as = "adapt::Instant")]
    #[serde(default)]
    sent_date_time: Option<OffsetDateTime>,
    #[serde_as(as = "adapt::Instant")]
    #[serde(default)]
    block_date_time: Option<OffsetDateTime>,
}

impl<'de> Deserialize<'de> for RawRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        // A derived struct would also be read from an array.
        if !json.get().starts_with('{') {
            return Err(D::Error::custom("not a JSON object"));
        }
        let looked: Looked = serde_json::from_str(json.get()).map_err(|error| {
            D::Error::custom(format_args!(
                "`id` or the time cannot be read: {}",
                crate::rejected_row::reason(&error)
            ))
        })?;
        let time = looked
            .start_date_time
            .or(looked.sent_date_time)
            .or(looked.block_date_time);
        Ok(Self {
            json,
            id: looked.id,
            time,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{BadRow, Collection};

    #[test]
    fn passes_the_object_through() {
        let object = r#"{ "id" : "a\u0041", "sentDateTime":"2022-10-06T11:15:48Z","new":1.0e0 }"#;
        let body = format!(r#"{{"value":[ {object} ,7,{{"startDateTime":"x"}}]}}"#);
        let page = Collection::<RawRow>::from_slice(body.as_bytes(), BadRow::SetAside).unwrap();
        let row = &page.rows[0];
        assert_eq!(row.as_str(), object);
        assert_eq!(serde_json::to_string(row).unwrap(), object);
        assert_eq!(row.id(), Some("aA"));
        assert_eq!(row.time(), Some(datetime!(2022-10-06 11:15:48 UTC)));
        assert_eq!(page.rejects.len(), 2);
        assert!(!format!("{row:?}").contains("sent"));
    }
}
