//! A day's new rows into the file that the day has already.
//!
//! Rows come late, and a service on a bad day may leave some out that it had. So the new answer is not the truth: a row
//! that it has counts as it is there, and one that only the old file has stays, unless the caller allows otherwise. Rows
//! are known by their `id`, those without one by all that they hold.
//!
//! A file that was made by other means may have an `id` several times. Where the service has that `id` too, all these
//! rows give way to what has come, which counts as one row that has changed. Where it has not, all stay.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead as _, BufReader, Read, Write};
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
}

impl Changes {
    pub(crate) fn add(&mut self, day: &Self) {
        self.days += day.days;
        self.added += day.added;
        self.changed += day.changed;
        self.missing += day.missing;
        self.removed += day.removed;
    }
}

/// A day's new rows, and the file that the day has or will have.
pub(crate) struct Day<'a> {
    pub(crate) stage: &'a Stage,
    /// The new rows. An earlier run may have begun to add old ones behind its mark, which do not count.
    pub(crate) file: &'a FileMark,
    pub(crate) target: &'a Path,
    pub(crate) format: Format,
}

impl Day<'_> {
    /// What merging will change; `None` if it was done before. Touches nothing.
    pub(crate) fn examine(&self, may_shrink: bool) -> Result<Option<Changes>, Error> {
        if self.stage.length(&self.file.name)?.is_none() {
            // Nothing else takes it away.
            return Ok(None);
        }
        let mut day = Changes::default();
        let fresh = self.fresh()?;
        let there = self.stage.disk().length(self.target);
        let is_there = there.map_err(|error| unreadable(self.target, error))?;
        let mut old = fresh.rows.like();
        if is_there.is_some() {
            self.old(&fresh, &mut old, |_, is_missing| {
                day.missing += u64::from(is_missing);
                Ok(())
            })?;
        }
        for (key, content) in &fresh.rows.contents {
            match old.contents.get(key) {
                None => day.added += 1,
                Some(there) if there != content => day.changed += 1,
                Some(_) => {}
            }
        }
        if may_shrink {
            (day.removed, day.missing) = (day.missing, 0);
        }
        if is_there.is_none() || day.added + day.changed + day.removed > 0 {
            day.days = 1;
        }
        Ok(Some(day))
    }

    /// Puts the new file in the place of the one that is there, with what only that one has, as it was
    /// [examined](Self::examine).
    pub(crate) fn merge(&self, changes: &Changes) -> Result<(), Error> {
        let (stage, disk) = (self.stage, self.stage.disk());
        let made = stage.path(&self.file.name);
        if changes.days == 0 {
            return disk.remove(&made).map_err(|error| stage.failed(error));
        }
        let mut part = stage.go_on(self.file.clone())?;
        if changes.missing > 0 {
            let keeper = Keeper::new(part.clone(), || disk.read(&made), self.format);
            let mut keeper = keeper.map_err(|error| stage.failed(error))?;
            let fresh = self.fresh()?;
            self.old(
                &fresh,
                &mut fresh.rows.like(),
                |records, is_missing| match is_missing {
                    true => keeper.keep(records),
                    false => Ok(()),
                },
            )?;
            keeper.finish().map_err(|error| stage.failed(error))?;
        }
        part.flush()
            .and_then(|()| part.sync())
            .and_then(|()| disk.rename(&made, self.target, Existing::Replace))
            .map_err(|error| stage.failed(error))
    }

    fn fresh(&self) -> Result<Fresh, Error> {
        let made = self.stage.path(&self.file.name);
        let failed = |error| unreadable(&made, error);
        let file = self.stage.disk().read(&made).map_err(failed)?;
        let file = Box::new(file.take(self.file.bytes));
        let mut records = Records::new(file, self.format).map_err(failed)?;
        let header = records.header().map_err(failed)?;
        let mut rows = Rows::default();
        while records.advance().map_err(failed)? {
            rows.add(&records);
        }
        Ok(Fresh { header, rows })
    }

    /// Reads the old file, and tells of each row whether it is missing in the new one.
    fn old(
        &self,
        fresh: &Fresh,
        rows: &mut Rows,
        mut visit: impl FnMut(&Records, bool) -> io::Result<()>,
    ) -> Result<(), Error> {
        let failed = |error| unreadable(self.target, error);
        let file = self.stage.disk().read(self.target).map_err(failed)?;
        let mut records = Records::new(file, self.format).map_err(failed)?;
        if records.header().map_err(failed)? != fresh.header {
            let message = format!("{} has other columns", self.target.display());
            return Err(Error::new(ErrorKind::OtherJob, message).with_path(self.target));
        }
        while records.advance().map_err(failed)? {
            let is_missing = !fresh.rows.contents.contains_key(&rows.add(&records));
            visit(&records, is_missing).map_err(|error| self.stage.failed(error))?;
        }
        Ok(())
    }
}

/// The new rows of a day.
struct Fresh {
    header: ByteRecord,
    rows: Rows,
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

/// A row's `id`, or all of it, as a hash.
type Key = [u64; 2];

/// The rows of a file, in 16 bytes for the key and 8 for the content: the sum of all that has come under that key, so that one
/// row is told from two of the same.
#[derive(Default)]
struct Rows {
    contents: HashMap<Key, u64>,
    hashers: [RandomState; 2],
}

impl Rows {
    /// Another file, whose rows have the same keys.
    fn like(&self) -> Self {
        Self {
            contents: HashMap::new(),
            hashers: self.hashers.clone(),
        }
    }

    /// Takes a row in, and gives its key.
    fn add(&mut self, records: &Records) -> Key {
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
        let sum = self.contents.entry(key).or_default();
        *sum = sum.wrapping_add(first.hash_one(&content));
        key
    }
}

/// A file, record by record.
enum Records {
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
    fn new(file: Box<dyn Read>, format: Format) -> io::Result<Self> {
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
