//! Which formats there are, and how one is picked.

use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::{error, fmt};

use graph_pstn_model::Tabular;
use serde::Serialize;

use crate::{CsvWriter, NdjsonWriter, RowWriter};

/// The form in which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values with a header: see [`CsvWriter`].
    Csv,
    /// One JSON object a line: see [`NdjsonWriter`].
    Ndjson,
}

impl Format {
    /// All formats.
    pub const ALL: &'static [Self] = &[Self::Csv, Self::Ndjson];

    /// The format that a file's extension stands for: `.csv`, or `.ndjson` and `.jsonl`.
    #[must_use]
    pub fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// The name that [`FromStr`] reads: `csv` or `ndjson`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// A writer of this format. There is no need to buffer `out`.
    #[must_use]
    pub fn writer<T, W>(self, out: W) -> Box<dyn RowWriter<T>>
    where
        T: Tabular + Serialize,
        W: Write + Send + 'static,
    {
        match self {
            Self::Csv => Box::new(CsvWriter::new(out)),
            Self::Ndjson => Box::new(NdjsonWriter::new(out)),
        }
    }
}

impl Format {
    /// Whether a file of this format can be cut back to where a writer was flushed, and gone on with.
    #[must_use]
    pub fn can_go_on(self) -> bool {
        match self {
            Self::Csv | Self::Ndjson => true,
        }
    }

    /// A writer that goes on after what an earlier one has written and flushed; `None` if the format does not
    /// allow it. There is no need to buffer `out`.
    #[must_use]
    pub fn continuing_writer<T, W>(self, out: W) -> Option<Box<dyn RowWriter<T>>>
    where
        T: Tabular + Serialize,
        W: Write + Send + 'static,
    {
        match self {
            Self::Csv => Some(Box::new(CsvWriter::continuing(out))),
            Self::Ndjson => Some(Box::new(NdjsonWriter::new(out))),
        }
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
        f.write_str("no such format; there are csv and ndjson")
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
        assert_eq!(of("calls.parquet"), None);
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(*format));
        }
        assert_eq!("xml".parse::<Format>(), Err(ParseFormatError));
    }
}
