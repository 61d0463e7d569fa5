//! The records of a file of rows, whichever its format: read as they are, and written as they were.

use std::borrow::Cow;
use std::io::{self, BufRead as _, BufReader, Read, Write};

use csv::ByteRecord;
use serde::Deserialize;

use crate::Format;
use crate::disk::Input;
#[cfg(feature = "parquet")]
use crate::formats::parquet_writer::{FileRows, RowAppender};
use crate::staging::part::Part;

/// A file, record by record.
pub(crate) enum Records {
    Csv {
        file: csv::Reader<Box<dyn Read>>,
        id: Option<usize>,
        record: ByteRecord,
    },
    Ndjson {
        file: BufReader<Box<dyn Read>>,
        line: Vec<u8>,
        id: Option<String>,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<FileRows>),
}

#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
}

impl Records {
    pub(crate) fn new(file: Box<dyn Read>, format: Format) -> io::Result<Self> {
        Ok(match format {
            Format::Csv => Self::Csv {
                file: csv::ReaderBuilder::new()
                    .buffer_capacity(crate::BUFFER)
                    .from_reader(file),
                id: None,
                record: ByteRecord::new(),
            },
            Format::Ndjson => Self::Ndjson {
                file: BufReader::with_capacity(crate::BUFFER, file),
                line: Vec::new(),
                id: None,
            },
            #[cfg(feature = "parquet")]
            Format::Parquet => Self::Parquet(Box::new(FileRows::new(file)?)),
        })
    }

    /// What stands before the first record.
    pub(crate) fn header(&mut self) -> io::Result<ByteRecord> {
        match self {
            Self::Csv { file, id, .. } => {
                let header = file.byte_headers().map_err(as_io)?;
                *id = header.iter().position(|name| name == b"id");
                Ok(header.clone())
            }
            Self::Ndjson { .. } => Ok(ByteRecord::new()),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => Ok(ByteRecord::from(vec![rows.columns()])),
        }
    }

    /// Goes to the next record, and says whether there is one.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        match self {
            Self::Csv { file, record, .. } => file.read_byte_record(record).map_err(as_io),
            Self::Ndjson { file, line, id } => {
                line.clear();
                if file.read_until(b'\n', line)? == 0 {
                    return Ok(false);
                }
                if line.last() == Some(&b'\n') {
                    line.pop();
                }
                let identity: Identity<'_> = serde_json::from_slice(line)?;
                *id = identity.id.map(Cow::into_owned);
                Ok(true)
            }
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.advance(),
        }
    }

    pub(crate) fn id(&self) -> Option<&str> {
        let id = match self {
            Self::Csv { id, record, .. } => std::str::from_utf8(record.get((*id)?)?).ok(),
            Self::Ndjson { id, .. } => id.as_deref(),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.id(),
        };
        id.filter(|id| !id.is_empty())
    }

    /// All that the record holds, without ambiguity.
    pub(crate) fn content(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Csv { record, .. } => {
                let mut content = record.as_slice().to_vec();
                for cell in record {
                    content.extend((cell.len() as u64).to_le_bytes());
                }
                content.into()
            }
            Self::Ndjson { line, .. } => line.into(),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.content().into(),
        }
    }
}

/// How many rows a file has.
pub(crate) fn count(file: Box<dyn Input>, format: Format) -> io::Result<u64> {
    let mut records = Records::new(file, format)?;
    records.header()?;
    let mut count = 0;
    while records.advance()? {
        count += 1;
    }
    Ok(count)
}

/// Writes records as they were, after those that a file has.
pub(crate) enum Appender {
    Csv(Box<csv::Writer<Part>>),
    Ndjson(io::BufWriter<Part>),
    #[cfg(feature = "parquet")]
    Parquet(Box<RowAppender<Part>>),
}

impl Appender {
    /// Writes to the end of `part`, of which `written` has what is there.
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, reason = "lines go after lines, whatever those are")
    )]
    pub(crate) fn new(
        part: Part,
        written: impl FnOnce() -> io::Result<Box<dyn Input>>,
        format: Format,
    ) -> io::Result<Self> {
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(
                csv::WriterBuilder::new()
                    .terminator(csv::Terminator::CRLF)
                    .from_writer(part),
            )),
            Format::Ndjson => Self::Ndjson(io::BufWriter::new(part)),
            #[cfg(feature = "parquet")]
            Format::Parquet => Self::Parquet(Box::new(RowAppender::new(part, written()?)?)),
        })
    }

    pub(crate) fn add(&mut self, records: &Records) -> io::Result<()> {
        match (self, records) {
            (Self::Csv(out), Records::Csv { record, .. }) => {
                out.write_byte_record(record).map_err(as_io)
            }
            (Self::Ndjson(out), Records::Ndjson { line, .. }) => {
                out.write_all(line)?;
                out.write_all(b"\n")
            }
            #[cfg(feature = "parquet")]
            (Self::Parquet(out), Records::Parquet(rows)) => out.push(rows),
            _ => Err(io::Error::other("two formats")),
        }
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv(mut out) => out.flush(),
            Self::Ndjson(mut out) => out.flush(),
            #[cfg(feature = "parquet")]
            Self::Parquet(out) => out.finish(),
        }
    }
}

/// The error of the file itself, if it is one.
fn as_io(error: csv::Error) -> io::Error {
    if !error.is_io_error() {
        return io::Error::other(error);
    }
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
