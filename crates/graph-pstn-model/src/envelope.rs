//! The members around the rows of a page, each with what may be wrong with it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::{Collection, CollectionError, CollectionErrorKind, ErrorBody, RejectedRow};

/// What stands around the rows. Read leniently, judged afterwards.
#[derive(Default)]
pub(crate) struct Envelope<'de> {
    context: Option<&'de RawValue>,
    count: Option<&'de RawValue>,
    next_link: Option<&'de RawValue>,
    error: Option<&'de RawValue>,
    has_value: bool,
}

impl<'de> Envelope<'de> {
    /// `value` begins here.
    pub(crate) fn begin_value(&mut self) -> Result<(), &'static str> {
        if std::mem::replace(&mut self.has_value, true) {
            Err("value")
        } else {
            Ok(())
        }
    }

    /// How many rows to make room for. Pages have 1,000 at most; no body makes us reserve more.
    pub(crate) fn rows_to_expect(&self) -> usize {
        self.count
            .and_then(|raw| raw.get().parse().ok())
            .unwrap_or(0)
            .min(1000)
    }

    /// Keeps a value by its name, which the error says when it comes twice.
    pub(crate) fn put(&mut self, key: &Key, raw: &'de RawValue) -> Result<(), &'static str> {
        let (slot, name) = match key {
            Key::Context => (&mut self.context, "@odata.context"),
            Key::Count => (&mut self.count, "@odata.count"),
            Key::NextLink => (&mut self.next_link, "@odata.nextLink"),
            Key::Error => (&mut self.error, "error"),
            Key::Value | Key::Other => return Ok(()),
        };
        if slot.replace(raw).is_some() {
            Err(name)
        } else {
            Ok(())
        }
    }

    pub(crate) fn into_collection<T>(
        self,
        rows: Vec<T>,
        rejects: Vec<RejectedRow>,
        unknown_properties: BTreeMap<String, u64>,
    ) -> Result<Collection<T>, CollectionError> {
        if let Some(error) = self.error.filter(|raw| raw.get() != "null") {
            let body = serde_json::from_str(error.get()).ok();
            let body = body.and_then(|error| ErrorBody::from_error(&error));
            return Err(CollectionError::graph(body.unwrap_or_default()));
        }
        if !self.has_value {
            return Err(CollectionError::new(
                CollectionErrorKind::NoValue,
                "the body is JSON but has no `value` array",
            ));
        }
        let next_link = match self.next_link.map(RawValue::get) {
            None | Some("null") => None,
            Some(link) => Some(
                serde_json::from_str::<String>(link).ok().filter(|link| !link.is_empty()).ok_or_else(
                    || {
                        CollectionError::new(
                            CollectionErrorKind::NextLink,
                            "`@odata.nextLink` is empty or not a string: whether more pages follow is not known",
                        )
                    },
                )?,
            ),
        };
        Ok(Collection {
            context: self
                .context
                .and_then(|raw| serde_json::from_str(raw.get()).ok()),
            count: self
                .count
                .and_then(|raw| raw.get().trim_matches('"').parse().ok()),
            next_link,
            rows,
            rejects,
            unknown_properties,
        })
    }
}

/// A name in the envelope.
pub(crate) enum Key {
    Context,
    Count,
    NextLink,
    Error,
    Value,
    Other,
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        // OData 4.01 lets a server leave out `odata.`.
        match name {
            "@odata.context" | "@context" => Self::Context,
            "@odata.count" | "@count" => Self::Count,
            "@odata.nextLink" | "@nextLink" => Self::NextLink,
            "error" => Self::Error,
            "value" => Self::Value,
            _ => Self::Other,
        }
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a property")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Key::from(name))
            }
        }

        deserializer.deserialize_identifier(Visitor)
    }
}
