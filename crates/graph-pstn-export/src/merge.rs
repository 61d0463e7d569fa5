//! A day's new rows into the file that the day has already.
//!
//! Rows come late, and a service on a bad day may leave some out that it had. So the new answer is not the truth: a row
//! that it has counts as it is there, and one that only the old file has stays, unless the caller allows otherwise. Rows
//! are known by their `id`, those without one by all that they hold. What an old file has twice, as one of another
//! making may, is there once afterwards; two rows of one id that differ both stay, unless the service still has the id.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

use csv::ByteRecord;
use serde::{Deserialize, Serialize};

use crate::checkpoint::FileMark;
use crate::disk::Input;
#[cfg(feature = "parquet")]
use crate::parquet_writer::{FileRows, RowAppender};
use crate::part::Part;
use crate::stage::Stage;
use crate::{Error, ErrorKind, Existing, Format};

/// What merging has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changes {
    /// Days whose file is another now, or is new.
    pub days: u64,
    /// Rows that were not there before.
    pub added: u64,
    /// Rows that are there with other content than before.
    pub changed: u64,
    /// Rows that the service has not got any more, and that stay.
    pub missing: u64,
    /// Rows that the service has not got any more, and that were removed.
    pub removed: u64,
    /// Days that an earlier run had merged already before it was stopped. What that changed is not counted here.
    #[serde(default)]
    pub merged_before: u64,
}

/// Puts a day's file in the place of the one that is there, with what only that one has. Doing it again changes nothing,
/// so it does not matter where an earlier run has stopped.
pub(crate) fn merge(
    stage: &Stage,
    file: &FileMark,
    target: &Path,
    format: Format,
    may_shrink: bool,
    changes: &mut Changes,
) -> Result<(), Error> {
    if stage.length(&file.name)?.is_none() {
        // Nothing else takes it away.
        changes.merged_before += 1;
        return Ok(());
    }
    let disk = stage.disk();
    let made = stage.path(&file.name);
    let at_target = |error: io::Error| unreadable(target, error);
    // An earlier run may have begun to add rows.
    let mut part = stage.go_on(file.clone())?;
    let mut fresh = Rows::default();
    let records = disk.read(&made).and_then(|file| Records::new(file, format));
    let mut records = records.map_err(at_target)?;
    let header = records.header().map_err(at_target)?;
    while records.advance().map_err(at_target)? {
        fresh.add(&records);
    }
    let is_there = disk.length(target).map_err(at_target)?.is_some();
    let old = |visit: &mut dyn FnMut(&Records, Sight) -> io::Result<()>| -> Result<(), Error> {
        let mut seen = Rows::like(&fresh);
        let records = disk
            .read(target)
            .and_then(|file| Records::new(file, format));
        let mut records = records.map_err(at_target)?;
        if records.header().map_err(at_target)? != header {
            let message = format!("{} has other columns", target.display());
            return Err(Error::new(ErrorKind::OtherJob, message).with_path(target));
        }
        while records.advance().map_err(at_target)? {
            let (key, content, before) = seen.add(&records);
            let sight = match (fresh.contents.get(&key), before) {
                (Some(_), Some(_)) => Sight::Repeated,
                (Some(there), None) if *there == content => Sight::Same,
                (Some(_), None) => Sight::Changed,
                (None, Some(before)) if before == content => Sight::Repeated,
                // Which of two that contradict each other is true, nobody says.
                (None, _) => Sight::Missing,
            };
            visit(&records, sight).map_err(|error| stage.failed(error))?;
        }
        Ok(())
    };
    let mut day = Changes::default();
    let (mut same, mut repeated) = (0, 0);
    if is_there {
        old(&mut |_, sight| {
            match sight {
                Sight::Missing => day.missing += 1,
                Sight::Same => same += 1,
                Sight::Changed => day.changed += 1,
                Sight::Repeated => repeated += 1,
            }
            Ok(())
        })?;
    }
    day.added = fresh.contents.len() as u64 - same - day.changed;
    if may_shrink {
        (day.removed, day.missing) = (day.missing, 0);
    }
    let is_changed = !is_there || day.added + day.changed + day.removed + repeated > 0;
    if is_changed {
        day.days = 1;
        if day.missing > 0 {
            let keeper = Keeper::new(part.clone(), || disk.read(&made), format);
            let mut keeper = keeper.map_err(|error| stage.failed(error))?;
            old(&mut |records, sight| match sight {
                Sight::Missing => keeper.keep(records),
                Sight::Same | Sight::Changed | Sight::Repeated => Ok(()),
            })?;
            keeper.finish().map_err(|error| stage.failed(error))?;
        }
        part.flush()
            .and_then(|()| part.sync())
            .and_then(|()| disk.rename(&made, target, Existing::Replace))
            .map_err(|error| stage.failed(error))?;
    } else {
        disk.remove(&made).map_err(|error| stage.failed(error))?;
    }
    changes.days += day.days;
    changes.added += day.added;
    changes.changed += day.changed;
    changes.missing += day.missing;
    changes.removed += day.removed;
    Ok(())
}

/// How many rows a file has.
pub(crate) fn count(file: Box<dyn Input>, target: &Path, format: Format) -> Result<u64, Error> {
    let mut records = Records::new(file, format).map_err(|error| unreadable(target, error))?;
    let mut count = 0;
    let mut read = || -> io::Result<()> {
        records.header()?;
        while records.advance()? {
            count += 1;
        }
        Ok(())
    };
    read().map_err(|error| unreadable(target, error))?;
    Ok(count)
}

fn unreadable(target: &Path, error: io::Error) -> Error {
    let message = format!("{} cannot be read to be merged with", target.display());
    Error::new(ErrorKind::Damaged, message)
        .with_path(target)
        .with_source(error)
}

/// How an old row is found in the new answer.
enum Sight {
    Missing,
    Same,
    Changed,
    /// The old file has it twice: once is enough.
    Repeated,
}

/// The rows of a file, in 16 bytes for the key and 8 for the content.
#[derive(Default)]
struct Rows {
    contents: HashMap<[u64; 2], u64>,
    hashers: [RandomState; 2],
}

impl Rows {
    /// Another file, whose rows have the same keys.
    fn like(other: &Self) -> Self {
        Self {
            contents: HashMap::new(),
            hashers: other.hashers.clone(),
        }
    }

    /// Takes a row in, and gives its key, its content, and the content of the last one of that key.
    fn add(&mut self, records: &Records) -> ([u64; 2], u64, Option<u64>) {
        let [first, second] = &self.hashers;
        let key = |what: (&[u8], u64)| [first.hash_one(what), second.hash_one(what)];
        let content = records.content();
        let key = match records.id() {
            Some(id) => key((id.as_bytes(), u64::MAX)),
            // Two rows without an id that read the same are two.
            None => (0..)
                .map(|copy| key((content.as_ref(), copy)))
                .find(|key| !self.contents.contains_key(key))
                .unwrap_or_default(),
        };
        let content = first.hash_one(&content);
        let before = self.contents.insert(key, content);
        (key, content, before)
    }
}

/// A file, record by record.
enum Records {
    Csv {
        file: csv::Reader<Box<dyn Input>>,
        id: Option<usize>,
        record: ByteRecord,
    },
    Ndjson {
        file: BufReader<Box<dyn Input>>,
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
    fn new(file: Box<dyn Input>, format: Format) -> io::Result<Self> {
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
    fn header(&mut self) -> io::Result<ByteRecord> {
        match self {
            Self::Csv { file, id, .. } => {
                let header = file.byte_headers().map_err(io::Error::from)?;
                *id = header.iter().position(|name| name == b"id");
                Ok(header.clone())
            }
            Self::Ndjson { .. } => Ok(ByteRecord::new()),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => Ok(ByteRecord::from(vec![rows.columns()])),
        }
    }

    /// Goes to the next record, and says whether there is one.
    fn advance(&mut self) -> io::Result<bool> {
        match self {
            Self::Csv { file, record, .. } => Ok(file.read_byte_record(record)?),
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

    fn id(&self) -> Option<&str> {
        let id = match self {
            Self::Csv { id, record, .. } => std::str::from_utf8(record.get((*id)?)?).ok(),
            Self::Ndjson { id, .. } => id.as_deref(),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.id(),
        };
        id.filter(|id| !id.is_empty())
    }

    /// All that the record holds, without ambiguity.
    fn content(&self) -> Cow<'_, [u8]> {
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

/// Writes records as they were.
enum Keeper {
    Csv(Box<csv::Writer<Part>>),
    Ndjson(io::BufWriter<Part>),
    #[cfg(feature = "parquet")]
    Parquet(Box<RowAppender<Part>>),
}

impl Keeper {
    /// Writes to the end of `part`, of which `written` has what is there.
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, reason = "lines go after lines, whatever those are")
    )]
    fn new(
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

    fn keep(&mut self, records: &Records) -> io::Result<()> {
        match (self, records) {
            (Self::Csv(out), Records::Csv { record, .. }) => Ok(out.write_byte_record(record)?),
            (Self::Ndjson(out), Records::Ndjson { line, .. }) => {
                out.write_all(line)?;
                out.write_all(b"\n")
            }
            #[cfg(feature = "parquet")]
            (Self::Parquet(out), Records::Parquet(rows)) => out.push(rows),
            _ => Err(io::Error::other("two formats")),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv(mut out) => out.flush(),
            Self::Ndjson(mut out) => out.flush(),
            #[cfg(feature = "parquet")]
            Self::Parquet(out) => out.finish(),
        }
    }
}
