//! CSV as RFC 4180 has it: a header, commas, quotes where needed, CR LF.

use std::fmt::Write as _;
use std::io::Write;

use graph_pstn_model::{Cell, Tabular};

use crate::{Error, ErrorKind, RowWriter};

/// Writes rows as CSV (RFC 4180) in UTF-8, under a header of Graph's property names.
///
/// Values are faithful: money in the digits and scale that Graph sent (`0.00`, `0.0113`), times in UTC
/// with all their digits (`2019-11-01T00:00:08.2589935Z`). What is absent is an empty cell. Records end
/// with CR LF; a cell with a comma, a quote or a line break in it is quoted.
///
/// The header is written with the first row, or when the writer is flushed or finished without any: an output
/// that fails before that stays empty.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    records: csv::Writer<W>,
    has_header: bool,
    /// The text of one number or time; kept for its memory.
    text: String,
}

impl<W: Write> CsvWriter<W> {
    /// Writes to `out`. There is no need to buffer it.
    pub fn new(out: W) -> Self {
        Self {
            records: csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .buffer_capacity(crate::BUFFER)
                .from_writer(out),
            has_header: false,
            text: String::new(),
        }
    }

    /// Goes on after what another writer has written and flushed: the header is there.
    pub fn continuing(out: W) -> Self {
        Self {
            has_header: true,
            ..Self::new(out)
        }
    }

    fn write_header<T: Tabular>(&mut self) -> Result<(), Error> {
        if self.has_header {
            return Ok(());
        }
        self.has_header = true;
        self.records
            .write_record(T::COLUMNS.iter().map(|column| column.name()))
            .map_err(failed)
    }

    fn write_cell(&mut self, cell: &Cell<'_>) -> csv::Result<()> {
        if let Cell::Text(text) = cell {
            return self.records.write_field(text);
        }
        self.text.clear();
        // The cell's own text is the canonical one; writing to a String cannot fail.
        let _ = write!(self.text, "{cell}");
        self.records.write_field(&self.text)
    }
}

impl<W: Write + Send, T: Tabular> RowWriter<T> for CsvWriter<W> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        self.write_header::<T>()?;
        for column in 0..T::COLUMNS.len() {
            self.write_cell(&row.cell(column)).map_err(failed)?;
        }
        self.records.write_record(None::<&[u8]>).map_err(failed)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.write_header::<T>()?;
        self.records.flush().map_err(Error::write)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        RowWriter::<T>::flush(&mut *self)
    }
}

fn failed(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::write(error),
        other => Error::new(ErrorKind::Unwritable, format!("no CSV record: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_model::{Decimal, PstnCallLogRow, TimeRange};

    fn written(rows: &[PstnCallLogRow]) -> String {
        let mut out = Vec::new();
        let mut writer = Box::new(CsvWriter::new(&mut out));
        for row in rows {
            writer.write(row).unwrap();
        }
        RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_header_has_graphs_names_in_the_order_of_its_page() {
        let header = written(&[]);
        assert!(
            header.starts_with("id,callId,userId,userPrincipalName,userDisplayName,startDateTime,")
        );
        assert!(header.ends_with("\r\n"));
        assert_eq!(
            header.trim_end().split(',').count(),
            PstnCallLogRow::COLUMNS.len()
        );
    }

    #[test]
    fn values_are_faithful_and_absent_ones_empty() {
        let mut row = PstnCallLogRow::default();
        row.id = Some("0f1e2d3c".into());
        row.user_display_name = Some("Ada, \"the\" first\nof her name".into());
        row.start_date_time =
            Some(TimeRange::parse_instant("2019-11-01T00:00:08.2589935Z").unwrap());
        row.end_date_time = Some(TimeRange::parse_instant("2019-11-01T00:03:47Z").unwrap());
        row.duration = Some(0);
        row.charge = Some(Decimal::from_str_exact("0.00").unwrap());
        row.connection_charge = Some(Decimal::from_str_exact("0.0113").unwrap());
        let text = written(&[row]);
        let (_, record) = text.split_once("\r\n").unwrap();
        assert!(
            record.starts_with(
                "0f1e2d3c,,,,\"Ada, \"\"the\"\" first\nof her name\",2019-11-01T00:00:08.2589935Z,\
             2019-11-01T00:03:47Z,0,"
            ),
            "{record}"
        );
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let record = reader.records().next().unwrap().unwrap();
        let cell = |name| &record[header.iter().position(|column| column == name).unwrap()];
        assert_eq!(
            (cell("charge"), cell("connectionCharge")),
            ("0.00", "0.0113")
        );
        assert_eq!(cell("currency"), "");
    }
}
