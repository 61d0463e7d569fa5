//! NDJSON: one JSON object a line.

use std::io::{BufWriter, Write};

use graph_pstn_model::{AdministrativeUnitInfo, Cell, Tabular, format_time};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{Error, ErrorKind, RowWriter};

/// Writes rows as NDJSON: one object a line, with Graph's property names, in UTF-8.
///
/// Line breaks in the text of a [`RawRecord`](crate::RawRecord), which JSON allows between properties
/// only, become spaces.
#[derive(Debug)]
pub struct NdjsonWriter<W: Write> {
    out: BufWriter<W>,
    /// Which columns; `None` for the row as it serialises.
    columns: Option<Vec<usize>>,
    /// A row; kept for its memory.
    line: Vec<u8>,
}

impl<W: Write> NdjsonWriter<W> {
    /// Writes to `out`. There is no need to buffer it.
    pub fn new(out: W) -> Self {
        Self {
            out: BufWriter::with_capacity(crate::BUFFER, out),
            columns: None,
            line: Vec::new(),
        }
    }

    /// Only these properties, by their places in [`Tabular::COLUMNS`], in this order.
    #[must_use]
    pub fn with_columns(mut self, places: Vec<usize>) -> Self {
        self.columns = Some(places);
        self
    }
}

impl<W: Write + Send, T: Serialize + Tabular> RowWriter<T> for NdjsonWriter<W> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        // Whole, so that a row which has no form leaves nothing in the output.
        self.line.clear();
        match &self.columns {
            None => write_line(&mut self.line, row)?,
            Some(places) => write_line(&mut self.line, &SomeOf { row, places })?,
        }
        if let Some((_, row)) = self.line.split_last_mut() {
            for byte in row.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
                *byte = b' ';
            }
        }
        self.out.write_all(&self.line).map_err(Error::write)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(Error::write)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.out.flush().map_err(Error::write)
    }
}

/// Some properties of a row.
struct SomeOf<'a, T> {
    row: &'a T,
    places: &'a [usize],
}

impl<T: Tabular> Serialize for SomeOf<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.places.len()))?;
        for place in self.places {
            if let Some(column) = T::COLUMNS.get(*place) {
                object.serialize_entry(column.name(), &Value(self.row.cell(*place)))?;
            }
        }
        object.end()
    }
}

/// A cell, as the property that it comes from serialises.
struct Value<'a>(Cell<'a>);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Integer(number) => serializer.serialize_i64(number),
            // Its own digits: not through a float.
            Cell::Decimal(number) => RawValue::from_string(number.to_string())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Cell::Time(time) => serializer.collect_str(&format_time(time)),
            Cell::Boolean(yes) => serializer.serialize_bool(yes),
            Cell::AdministrativeUnits(units) => {
                <[AdministrativeUnitInfo]>::serialize(units, serializer)
            }
            _ => serializer.serialize_none(),
        }
    }
}

/// Writes a value as one line of JSON.
pub(crate) fn write_line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, value).map_err(|error| match error.io_error_kind() {
        Some(_) => Error::write(error.into()),
        None => Error::new(ErrorKind::Unwritable, "a row has no form in JSON").with_source(error),
    })?;
    out.write_all(b"\n").map_err(Error::write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_model::{Decimal, PstnCallLogRow};

    #[test]
    fn a_row_is_a_line_and_money_keeps_its_digits() {
        let mut row = PstnCallLogRow::default();
        row.id = Some("a".into());
        row.user_display_name = Some("Ada\nLovelace".into());
        row.charge = Some(Decimal::from_str_exact("0.00").unwrap());
        let mut out = Vec::new();
        let mut writer = Box::new(NdjsonWriter::new(&mut out));
        writer.write(&row).unwrap();
        writer.write(&row).unwrap();
        RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains(r#""charge":0.00"#), "{}", lines[0]);
        assert_eq!(
            serde_json::from_str::<PstnCallLogRow>(lines[1]).unwrap(),
            row
        );
    }

    #[test]
    fn chosen_columns_are_written_as_in_the_whole_row() {
        let json = r#"{"id":"a","startDateTime":"2019-11-01T00:00:08.2589935Z","duration":5,"charge":0.00,"successfulCall":true,"administrativeUnitInfos":[{"id":"u"},{"id":null}]}"#;
        fn check<T: Tabular + Serialize + serde::de::DeserializeOwned>(json: &str) {
            let row: T = serde_json::from_str(json).unwrap();
            let mut whole = Vec::new();
            write_line(&mut whole, &row).unwrap();
            let mut out = Vec::new();
            let all = crate::formats::columns::all::<T>();
            let mut writer = Box::new(NdjsonWriter::new(&mut out).with_columns(all));
            writer.write(&row).unwrap();
            RowWriter::<T>::finish(writer).unwrap();
            assert_eq!(String::from_utf8(out), String::from_utf8(whole));
        }
        check::<graph_pstn_model::beta::PstnCallLogRow>(json);
        check::<graph_pstn_model::beta::DirectRoutingLogRow>(json);

        let row: PstnCallLogRow = serde_json::from_str(json).unwrap();
        let mut out = Vec::new();
        let mut writer = Box::new(NdjsonWriter::new(&mut out).with_columns(vec![8, 0]));
        writer.write(&row).unwrap();
        RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
        assert_eq!(out, b"{\"charge\":0.00,\"id\":\"a\"}\n");
    }

    #[test]
    fn a_raw_row_is_one_line_byte_for_byte() {
        let json = "{ \"id\":\"a\\n\",\r\n\t\"new\" : 1.0e0 }";
        let row: crate::RawRecord = serde_json::from_str(json).unwrap();
        let mut out = Vec::new();
        let mut writer = Box::new(NdjsonWriter::new(&mut out));
        writer.write(&row).unwrap();
        RowWriter::<crate::RawRecord>::finish(writer).unwrap();
        let expected = json.replace(['\r', '\n'], " ") + "\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
