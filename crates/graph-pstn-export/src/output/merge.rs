//! A day's new rows into the file that the day has already.
//!
//! Rows come late, and a service on a bad day may leave some out that it had. So the new answer is not the truth: a row
//! that it has counts as it is there, and one that only the old file has stays, unless the caller allows otherwise. Rows
//! are known by their `id`, those without one by all that they hold.
//!
//! A file that was made by other means may have an `id` several times. Where the service has that `id` too, all these
//! rows give way to what has come, which counts as one row that has changed. Where it has not, all stay.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::formats::records::{Appender, Records};
use crate::staging::checkpoint::FileMark;
use crate::staging::stage::Stage;
use crate::sums::changes::Changes;
use crate::{Error, ErrorKind, Existing, Format};
use csv::ByteRecord;

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
        let is_there = there.map_err(|error| Error::reading(self.target, error))?;
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
            let appender = Appender::new(part.clone(), || disk.read(&made), self.format);
            let mut appender = appender.map_err(|error| stage.failed(error))?;
            let fresh = self.fresh()?;
            self.old(
                &fresh,
                &mut fresh.rows.like(),
                |records, is_missing| match is_missing {
                    true => appender.add(records),
                    false => Ok(()),
                },
            )?;
            appender.finish().map_err(|error| stage.failed(error))?;
        }
        part.flush()
            .and_then(|()| part.sync())
            .and_then(|()| disk.rename(&made, self.target, Existing::Replace))
            .map_err(|error| stage.failed(error))
    }

    fn fresh(&self) -> Result<Fresh, Error> {
        let made = self.stage.path(&self.file.name);
        let failed = |error| Error::reading(&made, error);
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
        let failed = |error| Error::reading(self.target, error);
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
