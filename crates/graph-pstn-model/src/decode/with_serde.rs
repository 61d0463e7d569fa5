//! A page by serde: first in one go, and row by row once a row turns out bad.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess},
};
use serde_json::value::RawValue;

use crate::{
    BadRow, Collection, CollectionError, CollectionErrorKind, RejectedRow,
    adapt::RAW_VALUE,
    envelope::{Envelope, Key},
    rejected_row,
    rows::KnownRow,
    unknown::Counting,
};

/// Reads one row, and may learn from it.
pub(crate) trait ReadRow<T> {
    fn read<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<T, D::Error>;

    fn unknown_properties(self) -> BTreeMap<String, u64>;
}

/// Any row type, by its own `Deserialize`.
pub(crate) struct Plain;

impl<T: DeserializeOwned> ReadRow<T> for Plain {
    fn read<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }

    fn unknown_properties(self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

/// A row type of this crate.
impl<R: KnownRow> ReadRow<R> for Counting {
    fn read<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<R, D::Error> {
        R::read(deserializer, self)
    }

    fn unknown_properties(self) -> BTreeMap<String, u64> {
        self.0
    }
}

/// Takes the elements of `value`.
trait TakeElement<'de> {
    /// Some rows may come, or it is not known how many.
    fn expect(&mut self, rows: usize);

    fn take<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error>;
}

/// Reads the rows in one go; the first bad one ends it.
struct Direct<T, R> {
    rows: Vec<T>,
    reader: R,
}

impl<'de, T, R: ReadRow<T>> TakeElement<'de> for Direct<T, R> {
    fn expect(&mut self, rows: usize) {
        self.rows.reserve_exact(rows);
    }

    fn take<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        self.rows.push(self.reader.read(deserializer)?);
        Ok(())
    }
}

/// Cuts the rows out as text.
#[derive(Default)]
struct Cut<'de>(Vec<&'de RawValue>);

impl<'de> TakeElement<'de> for Cut<'de> {
    fn expect(&mut self, rows: usize) {
        self.0.reserve_exact(rows);
    }

    fn take<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        self.0.push(<&RawValue>::deserialize(deserializer)?);
        Ok(())
    }
}

/// Reads a page of rows; `reader` makes what reads one.
pub(crate) fn decode<T, R: ReadRow<T>>(
    text: &str,
    on_bad_row: BadRow,
    reader: impl Fn() -> R,
) -> Result<Collection<T>, CollectionError> {
    let mut direct = Direct {
        rows: Vec::new(),
        reader: reader(),
    };
    if let Ok(envelope) = read_envelope(text, &mut direct) {
        return envelope.into_collection(
            direct.rows,
            Vec::new(),
            direct.reader.unknown_properties(),
        );
    }
    // Something is wrong: with the page, which will show again, or with a row, which is then found.
    let mut cut = Cut::default();
    let envelope = read_envelope(text, &mut cut).map_err(|error| not_a_page(text, &error))?;
    let mut reader = reader();
    let mut rows = Vec::with_capacity(cut.0.len());
    let mut rejects = Vec::new();
    for (index, raw) in cut.0.into_iter().enumerate() {
        match read_row(raw, &mut reader) {
            Ok(row) => rows.push(row),
            Err((path, reason)) => {
                let reject =
                    RejectedRow::new(index, format!("$.value[{index}]{path}"), reason, raw.get());
                if on_bad_row == BadRow::Fail {
                    // What the envelope has to say comes first.
                    envelope.into_collection(Vec::<T>::new(), Vec::new(), BTreeMap::new())?;
                    return Err(CollectionError::row(reject));
                }
                rejects.push(reject);
            }
        }
    }
    envelope.into_collection(rows, rejects, reader.unknown_properties())
}

/// Reads one row, or says where in it and why not.
fn read_row<T, R: ReadRow<T>>(raw: &RawValue, reader: &mut R) -> Result<T, (String, String)> {
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    let mut track = serde_path_to_error::Track::new();
    reader
        .read(serde_path_to_error::Deserializer::new(
            &mut deserializer,
            &mut track,
        ))
        .map_err(|error| (json_path(&track.path()), rejected_row::reason(&error)))
}

/// A path below the row: `.charge`, `.administrativeUnitInfos[0].id`, `["of any kind"]`, or nothing for
/// the row itself.
fn json_path(path: &serde_path_to_error::Path) -> String {
    use fmt::Write as _;
    use serde_path_to_error::Segment;

    let mut text = String::new();
    for segment in path {
        // Writing to a String cannot fail.
        let _ = match segment {
            Segment::Seq { index } => write!(text, "[{index}]"),
            // How numbers are read, not where.
            Segment::Map { key } if key == RAW_VALUE => Ok(()),
            Segment::Map { key } if key.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                write!(text, ".{key}")
            }
            Segment::Map { key } => write!(text, "[{key:?}]"),
            Segment::Enum { variant } => write!(text, ".{variant}"),
            Segment::Unknown => Ok(()),
        };
    }
    text
}

fn not_a_page(text: &str, error: &serde_json::Error) -> CollectionError {
    if error.is_data() {
        return CollectionError::new(
            CollectionErrorKind::NoValue,
            format!(
                "the body is JSON but no page of rows: {}",
                rejected_row::reason(error)
            ),
        );
    }
    let hint = match text.trim_start().as_bytes() {
        [] => "the body is empty".to_owned(),
        [b'<', ..] => {
            "the body is not JSON; it looks like HTML, as proxies and sign-in pages send it"
                .to_owned()
        }
        _ if error.is_eof() => format!(
            "the body ends early, at line {} column {}",
            error.line(),
            error.column()
        ),
        _ => format!(
            "the body is not JSON at line {} column {}",
            error.line(),
            error.column()
        ),
    };
    CollectionError::new(CollectionErrorKind::NotJson, hint)
}

fn read_envelope<'de>(
    text: &'de str,
    rows: &mut impl TakeElement<'de>,
) -> Result<Envelope<'de>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let envelope = deserializer.deserialize_map(EnvelopeVisitor(rows))?;
    deserializer.end()?;
    Ok(envelope)
}

struct EnvelopeVisitor<'a, S>(&'a mut S);

impl<'de, S: TakeElement<'de>> de::Visitor<'de> for EnvelopeVisitor<'_, S> {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a `value` array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Value => {
                    envelope.begin_value().map_err(de::Error::duplicate_field)?;
                    self.0.expect(envelope.rows_to_expect());
                    map.next_value_seed(ValueSeed(&mut *self.0, PhantomData))?;
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
                key => {
                    let raw = map.next_value()?;
                    envelope
                        .put(&key, raw)
                        .map_err(de::Error::duplicate_field)?;
                }
            }
        }
        Ok(envelope)
    }
}

/// Reads `value`.
struct ValueSeed<'a, 'de, S>(&'a mut S, PhantomData<&'de ()>);

impl<'de, S: TakeElement<'de>> DeserializeSeed<'de> for ValueSeed<'_, 'de, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: TakeElement<'de>> de::Visitor<'de> for ValueSeed<'_, 'de, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows in `value`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(ElementSeed(&mut *self.0, PhantomData))?
            .is_some()
        {}
        Ok(())
    }
}

struct ElementSeed<'a, 'de, S>(&'a mut S, PhantomData<&'de ()>);

impl<'de, S: TakeElement<'de>> DeserializeSeed<'de> for ElementSeed<'_, 'de, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.take(deserializer)
    }
}
