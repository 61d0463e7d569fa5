//! CSV as RFC 4180 has it: a header, commas, quotes where needed, CR LF.

use std::fmt::Write as _;
use std::io::Write;

use graph_pstn_model::{Cell, Tabular};

use crate::formats::columns;
use crate::formats::spreadsheet::protect;
use crate::{Error, ErrorKind, RowWriter};

const BOM: &str = "\u{feff}";

/// Writes rows as CSV (RFC 4180) in UTF-8, under a header of Graph's property names.
///
/// Values are faithful: money in the digits and scale that Graph sent (`0.00`, `0.0113`), times in UTC
/// with all their digits (`2019-11-01T00:00:08.2589935Z`). What is absent is an empty cell. Records end
/// with CR LF; a cell with a comma, a quote or a line break in it is quoted.
///
/// Optionally only [some columns](Self::with_columns), with a [byte order mark](Self::with_bom), or in a form
/// that [spreadsheets](Self::for_spreadsheets) leave alone.
///
/// The header is written with the first row, or when the writer is flushed or finished without any: an output
/// that fails before that stays empty.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    records: csv::Writer<W>,
    has_header: bool,
    /// Which columns; `None` for all of them.
    columns: Option<Vec<usize>>,
    bom: bool,
    spreadsheet: bool,
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
            columns: None,
            bom: false,
            spreadsheet: false,
            text: String::new(),
        }
    }

    /// Only these columns, by their places in [`Tabular::COLUMNS`], in this order.
    #[must_use]
    pub fn with_columns(mut self, places: Vec<usize>) -> Self {
        self.columns = Some(places);
        self
    }

    /// Begins with a byte order mark, by which some programs tell UTF-8.
    #[must_use]
    pub fn with_bom(mut self) -> Self {
        self.bom = true;
        self
    }

    /// For people who open the file in a spreadsheet: texts that it would take for formulas, numbers or
    /// dates are [protected](crate::formats::spreadsheet::protect), and the file begins with a byte order
    /// mark, without which Excel does not read UTF-8. Money and durations stay numbers.
    #[must_use]
    pub fn for_spreadsheets(mut self) -> Self {
        self.spreadsheet = true;
        self.with_bom()
    }

    /// Goes on after what another writer has written and flushed: the header is there.
    #[must_use]
    pub fn continuing(mut self) -> Self {
        self.has_header = true;
        self
    }

    fn write_header<T: Tabular>(&mut self) -> Result<(), Error> {
        let places = self.columns.get_or_insert_with(columns::all::<T>);
        if std::mem::replace(&mut self.has_header, true) {
            return Ok(());
        }
        let names = places.iter().filter_map(|place| T::COLUMNS.get(*place));
        for (at, column) in names.enumerate() {
            let mark = if at == 0 && self.bom { BOM } else { "" };
            self.records
                .write_field([mark, column.name()].concat())
                .map_err(failed)?;
        }
        self.end_record()
    }

    fn end_record(&mut self) -> Result<(), Error> {
        self.records.write_record(None::<&[u8]>).map_err(failed)
    }

    fn write_cell(&mut self, cell: &Cell<'_>) -> csv::Result<()> {
        let text = match cell {
            Cell::Text(text) => *text,
            cell => {
                self.text.clear();
                // The cell's own text is the canonical one; writing to a String cannot fail.
                let _ = write!(self.text, "{cell}");
                &self.text
            }
        };
        let is_number = matches!(cell, Cell::Integer(_) | Cell::Decimal(_) | Cell::Time(_));
        match self.spreadsheet && !is_number {
            true => self.records.write_field(protect(text).as_bytes()),
            false => self.records.write_field(text),
        }
    }
}

impl<W: Write + Send, T: Tabular> RowWriter<T> for CsvWriter<W> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        self.write_header::<T>()?;
        let places = self.columns.take().unwrap_or_default();
        let written = places
            .iter()
            .try_for_each(|place| self.write_cell(&row.cell(*place)));
        self.columns = Some(places);
        written.map_err(failed)?;
        self.end_record()
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
        other => Error::new(ErrorKind::Io, format!("no CSV record: {other:?}")),
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

    fn called(name: &str, number: &str) -> PstnCallLogRow {
        let mut row = PstnCallLogRow::default();
        row.user_display_name = Some(name.into());
        row.callee_number = Some(number.into());
        row.charge = Some(Decimal::new(-125, 2));
        row
    }

    fn written_by(
        set: impl Fn(CsvWriter<&mut Vec<u8>>) -> CsvWriter<&mut Vec<u8>>,
        rows: &[PstnCallLogRow],
    ) -> String {
        let mut out = Vec::new();
        let mut writer = Box::new(set(CsvWriter::new(&mut out)));
        for row in rows {
            writer.write(row).unwrap();
        }
        RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_those_asked_for_in_their_order() {
        let text = written_by(
            |writer| writer.with_columns(vec![8, 4]).with_bom(),
            &[called("Ada", "+15550100")],
        );
        assert_eq!(text, "\u{feff}charge,userDisplayName\r\n-1.25,Ada\r\n");
        let empty = written_by(|writer| writer.with_columns(vec![8]), &[]);
        assert_eq!(empty, "charge\r\n");
        // A record of one empty cell is no empty line, which readers skip.
        let absent = written_by(
            |writer| writer.with_columns(vec![0]),
            &[called("Ada", "+15550100")],
        );
        assert_eq!(absent, "id\r\n\"\"\r\n");
    }

    #[test]
    fn going_on_writes_neither_the_mark_nor_the_header_again() {
        let row = called("Ada", "+15550100");
        for (bom, spreadsheet) in [(false, false), (true, false), (false, true)] {
            let of = |rows: usize, goes_on: bool| {
                let mut options = crate::WriterOptions::new(crate::Format::Csv)
                    .with_columns(vec!["charge".into(), "userDisplayName".into()]);
                if bom {
                    options = options.with_bom();
                }
                if spreadsheet {
                    options = options.for_spreadsheets();
                }
                let set = |writer: CsvWriter<_>| match goes_on {
                    true => writer.continuing(),
                    false => writer,
                };
                let mut out = Vec::new();
                let writer = options.csv_writer::<PstnCallLogRow, _>(&mut out).unwrap();
                let mut writer = Box::new(set(writer));
                for _ in 0..rows {
                    writer.write(&row).unwrap();
                }
                RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
                String::from_utf8(out).unwrap()
            };
            assert_eq!(of(1, true), "-1.25,Ada\r\n");
            assert_eq!(of(0, true), "");
            assert_eq!(of(1, false) + &of(1, true), of(2, false));
            assert_eq!(of(1, false).starts_with('\u{feff}'), bom || spreadsheet);
        }
    }

    #[test]
    fn for_spreadsheets_texts_stay_texts_and_come_back() {
        let rows = [
            called("=cmd|' /C calc'!A0", "+15550100"),
            called("@home, \"sweet\"", "0015550100"),
            called("\t=1", "'quoted'"),
            called("\r=1", "-"),
            called("Ada", "+15550***"),
        ];
        let text = written_by(|writer| writer.for_spreadsheets(), &rows);
        let body = text.strip_prefix('\u{feff}').unwrap();
        let mut reader = csv::Reader::from_reader(body.as_bytes());
        let header = reader.headers().unwrap().clone();
        let place = |name| header.iter().position(|column| column == name).unwrap();
        let mut records = 0;
        for (record, row) in reader.records().zip(&rows) {
            let record = record.unwrap();
            records += 1;
            // Of all cells only a number may begin with a sign.
            assert!(
                record
                    .iter()
                    .enumerate()
                    .all(|(at, cell)| at == place("charge")
                        || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']))
            );
            assert_eq!(&record[place("charge")], "-1.25");
            let text =
                |name| crate::formats::spreadsheet::unprotect(&record[place(name)]).to_owned();
            assert_eq!(
                (Some(text("userDisplayName")), Some(text("calleeNumber"))),
                (
                    row.user_display_name.as_deref().map(str::to_owned),
                    row.callee_number.as_deref().map(str::to_owned)
                )
            );
        }
        assert_eq!(records, rows.len());
    }
}
