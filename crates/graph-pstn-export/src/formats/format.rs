//! Which formats there are, and how one is picked.

use std::io::{Read, Seek, Write};
use std::path::Path;
use std::str::FromStr;
use std::{error, fmt};

use graph_pstn_model::Tabular;
use serde::Serialize;

use super::columns;
#[cfg(feature = "parquet")]
use crate::ParquetWriter;
use crate::{Calendar, CsvWriter, Error, NdjsonWriter, RowWriter};

/// The form in which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values with a header: see [`CsvWriter`].
    Csv,
    /// One JSON object a line: see [`NdjsonWriter`].
    Ndjson,
    /// Columns for programs: see [`ParquetWriter`].
    #[cfg(feature = "parquet")]
    #[cfg_attr(docsrs, doc(cfg(feature = "parquet")))]
    Parquet,
}

impl Format {
    /// All formats that this build has.
    pub const ALL: &'static [Self] = &[
        Self::Csv,
        Self::Ndjson,
        #[cfg(feature = "parquet")]
        Self::Parquet,
    ];

    /// The format that a file's extension stands for: `.csv`, `.ndjson` and `.jsonl`, or `.parquet`.
    #[must_use]
    pub fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            #[cfg(feature = "parquet")]
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The name that [`FromStr`] reads: `csv`, `ndjson` or `parquet`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }

    /// Whether there is something after the last row.
    pub(crate) fn has_end(self) -> bool {
        !matches!(self, Self::Csv | Self::Ndjson)
    }

    /// Whether it is read by programs alone, and has no place on a terminal.
    #[must_use]
    pub fn is_binary(self) -> bool {
        !matches!(self, Self::Csv | Self::Ndjson)
    }
}

/// A format, and what may be chosen about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriterOptions {
    format: Format,
    columns: Option<Vec<String>>,
    bom: bool,
    spreadsheet: bool,
    metadata: Vec<(String, String)>,
    calendar: Calendar,
}

impl WriterOptions {
    /// The format with all columns and nothing special.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            columns: None,
            bom: false,
            spreadsheet: false,
            metadata: Vec::new(),
            calendar: Calendar::utc(),
        }
    }

    /// Only these columns, by Graph's names, in this order.
    #[must_use]
    pub fn with_columns(mut self, names: Vec<String>) -> Self {
        self.columns = Some(names);
        self
    }

    /// CSV only: see [`CsvWriter::with_bom`].
    #[must_use]
    pub fn with_bom(mut self) -> Self {
        self.bom = true;
        self
    }

    /// CSV only: see [`CsvWriter::for_spreadsheets`].
    #[must_use]
    pub fn for_spreadsheets(mut self) -> Self {
        self.spreadsheet = true;
        self
    }

    /// What the file is to say of itself; only Parquet has a place for it.
    #[must_use]
    pub fn with_metadata(mut self, key: &str, value: &str) -> Self {
        self.metadata.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Folders of days only: whose days. Without it those of UTC. Times in the files are UTC in any case.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// Whose days the folders of days have.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether a column of this name is written, if the rows have it.
    pub(crate) fn has_column(&self, name: &str) -> bool {
        let columns = self.columns.as_ref();
        columns.is_none_or(|columns| columns.iter().any(|column| column == name))
    }

    /// Whether rows of a type can be written so.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoColumn`](crate::ErrorKind::NoColumn) when one of the columns is none of theirs, or
    /// stands twice.
    pub fn check<T: Tabular>(&self) -> Result<(), Error> {
        self.places::<T>().map(drop)
    }

    /// A writer. There is no need to buffer `out`.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    pub fn writer<T, W>(&self, out: W) -> Result<Box<dyn RowWriter<T>>, Error>
    where
        T: Tabular + Serialize,
        W: Write + Send + 'static,
    {
        Ok(match self.format {
            Format::Csv => Box::new(self.csv_writer::<T, W>(out)?),
            Format::Ndjson => Box::new(self.ndjson_writer::<T, W>(out)?),
            #[cfg(feature = "parquet")]
            Format::Parquet => Box::new(self.parquet_writer::<T, W>(out)?),
        })
    }

    /// A writer that goes on after what an earlier one has written before it [paused](RowWriter::pause) or
    /// finished. `written` reads that, all of it; what goes to `out` belongs right after it. There is no need
    /// to buffer `out`.
    ///
    /// # Errors
    ///
    /// What is there cannot be gone on with ([`ErrorKind::Damaged`](crate::ErrorKind::Damaged)); or as for
    /// [`check`](Self::check).
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, reason = "lines go after lines, whatever those are")
    )]
    pub fn continuing_writer<T, W>(
        &self,
        out: W,
        written: impl Read + Seek,
    ) -> Result<Box<dyn RowWriter<T>>, Error>
    where
        T: Tabular + Serialize,
        W: Write + Send + 'static,
    {
        match self.format {
            Format::Csv => Ok(Box::new(self.csv_writer::<T, W>(out)?.continuing())),
            Format::Ndjson => Ok(Box::new(self.ndjson_writer::<T, W>(out)?)),
            #[cfg(feature = "parquet")]
            Format::Parquet => Ok(Box::new(
                self.parquet_writer::<T, W>(out)?.continuing(written)?,
            )),
        }
    }

    #[cfg(feature = "parquet")]
    fn parquet_writer<T, W>(&self, out: W) -> Result<ParquetWriter<W>, Error>
    where
        T: Tabular,
        W: Write + Send,
    {
        let mut writer = ParquetWriter::new(out);
        if let Some(places) = self.places::<T>()? {
            writer = writer.with_columns(places);
        }
        for (key, value) in &self.metadata {
            writer = writer.with_metadata(key, value);
        }
        Ok(writer)
    }

    pub(crate) fn csv_writer<T: Tabular, W: Write>(&self, out: W) -> Result<CsvWriter<W>, Error> {
        let mut writer = CsvWriter::new(out);
        if let Some(places) = self.places::<T>()? {
            writer = writer.with_columns(places);
        }
        if self.bom {
            writer = writer.with_bom();
        }
        if self.spreadsheet {
            writer = writer.for_spreadsheets();
        }
        Ok(writer)
    }

    fn ndjson_writer<T: Tabular, W: Write>(&self, out: W) -> Result<NdjsonWriter<W>, Error> {
        let mut writer = NdjsonWriter::new(out);
        if let Some(places) = self.places::<T>()? {
            writer = writer.with_columns(places);
        }
        Ok(writer)
    }

    /// What of it decides what a file looks like, as one line.
    pub(crate) fn fingerprint(&self) -> String {
        let mut text = self.format.name().to_owned();
        if let Some(columns) = &self.columns {
            text.push_str(&format!(", columns {}", columns.join(",")));
        }
        for (is_on, name) in [
            (self.bom, "byte order mark"),
            (self.spreadsheet, "spreadsheet"),
        ] {
            if is_on {
                text.push_str(&format!(", {name}"));
            }
        }
        if self.calendar != Calendar::utc() {
            text.push_str(&format!(", days of {}", self.calendar.name()));
        }
        text
    }

    fn places<T: Tabular>(&self) -> Result<Option<Vec<usize>>, Error> {
        let names = self.columns.as_deref();
        names.map(columns::places::<T>).transpose()
    }
}

impl From<Format> for WriterOptions {
    fn from(format: Format) -> Self {
        Self::new(format)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ParseFormatError;

    /// Reads a format's name in any case.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or(ParseFormatError)
    }
}

/// The name is that of no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseFormatError;

impl fmt::Display for ParseFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such format; there are")?;
        for (at, format) in Format::ALL.iter().enumerate() {
            write!(f, "{} {format}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl error::Error for ParseFormatError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_and_names_are_read_in_any_case() {
        let of = |name: &str| Format::of_extension(Path::new(name));
        assert_eq!(of("calls.CSV"), Some(Format::Csv));
        assert_eq!(of("out/calls.jsonl"), Some(Format::Ndjson));
        assert_eq!(of("calls.ndjson"), Some(Format::Ndjson));
        assert_eq!(of("calls"), None);
        assert_eq!(of("calls.xlsx"), None);
        #[cfg(feature = "parquet")]
        assert_eq!(of("calls.parquet"), Some(Format::Parquet));
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(*format));
        }
        assert_eq!("xml".parse::<Format>(), Err(ParseFormatError));
    }
}
