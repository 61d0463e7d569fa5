//! Batches in, complete files out.

pub(crate) mod beginning;
pub(crate) mod thread;
pub(crate) mod unfinished;

use graph_pstn_http::{Batch, Checkpoint as Position};
use graph_pstn_model::RejectedRow;

use crate::output::destination::{Destination, ended};
use crate::staging::checkpoint::Job;
use crate::staging::staged::{Kept, Staged, whole_job};
use crate::{Error, ErrorKind, ExportRow, Rejects, RowWriter, Selection, Summary, WriterOptions};

/// An export under way: takes batches, writes rows, sets others aside, and keeps count.
///
/// The output and the file of rejects appear when it is [finished](Export::finish). When it is dropped
/// before that, neither does. One that is [resumable](Export::resumable) keeps what it has in a folder beside its
/// output, and another process may [go on](crate::Unfinished) with it.
#[must_use = "an export that is dropped leaves nothing"]
pub struct Export<T> {
    rows: Rows<T>,
    rejects: Rejects,
    selection: Selection,
    summary: Summary,
    options: WriterOptions,
    /// `None` for a stream.
    staged: Option<Staged>,
    /// Fewer bytes that wait for others are no reason for a mark.
    enough: usize,
}

/// Half of a row group of Parquet: what a checkpoint may cost in row groups that are smaller than they could be.
const ENOUGH: usize = 4 << 20;

pub(crate) enum Rows<T> {
    Stream(Box<dyn RowWriter<T>>),
    Staged(Box<dyn Destination<T>>),
    /// All of them are in their files.
    Ended,
}

impl<T: ExportRow> Export<T> {
    /// Has it keep checkpoints, so that another process may go on with it after whatever ends this one:
    /// [`mark`](Self::mark) tells it when. `position` is that of a reader that has not begun.
    ///
    /// # Errors
    ///
    /// The rows go to a stream ([`ErrorKind::NotResumable`]); the disk is full or failing.
    pub fn resumable(mut self, job: Job, position: Position) -> Result<Self, Error> {
        let Some(staged) = &mut self.staged else {
            let message = "an export to a stream cannot be resumed";
            return Err(Error::new(ErrorKind::NotResumable, message));
        };
        staged.begin(whole_job(job, &self.options, staged.fill()), position)?;
        Ok(self)
    }

    /// Takes only these rows, or only so much of them; to be set before the first.
    pub fn with_selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Writes a batch of a reader, and sets aside what it has to be set aside.
    ///
    /// # Errors
    ///
    /// The output or the file of rejects failed.
    pub fn write(&mut self, batch: &Batch<T>) -> Result<(), Error> {
        for row in &batch.rows {
            self.write_row(row)?;
        }
        for rejected in &batch.rejects {
            self.set_aside(rejected)?;
        }
        for row in &batch.conflicts {
            self.set_conflict_aside(row)?;
        }
        if let Rows::Stream(rows) = &mut self.rows {
            // Somebody may be watching the stream, and the next page may be minutes away.
            rows.flush()?;
        }
        Ok(())
    }

    /// Writes one row, if it is wanted. One that the format cannot hold, or whose numbers cannot be masked, is
    /// set aside.
    ///
    /// # Errors
    ///
    /// The output or the file of rejects failed.
    pub fn write_row(&mut self, row: &T) -> Result<(), Error> {
        if !self.selection.admits(row) {
            self.summary.filtered += 1;
            return Ok(());
        }
        let Ok(shown) = self.selection.shown(row) else {
            self.summary.rejects += 1;
            return self.rejects.add_withheld();
        };
        let written = match &mut self.rows {
            Rows::Stream(rows) => rows.write(&shown),
            Rows::Staged(rows) => rows.write(&shown),
            Rows::Ended => Err(ended()),
        };
        match written {
            Ok(()) => {
                self.summary.add(shown.as_ref());
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Unwritable => {
                self.summary.rejects += 1;
                self.rejects
                    .add_unwritable(shown.as_ref(), &error.to_string())
            }
            Err(error) => Err(self.named(error)),
        }
    }

    /// Sets a row aside that could not be read.
    ///
    /// # Errors
    ///
    /// The file of rejects failed.
    pub fn set_aside(&mut self, rejected: &RejectedRow) -> Result<(), Error> {
        self.summary.rejects += 1;
        let shown = self.selection.shown_reject(rejected);
        self.rejects.add_unreadable(&shown)
    }

    /// Sets a row aside whose id came before with other content, if it is wanted.
    ///
    /// # Errors
    ///
    /// The file of rejects failed.
    pub fn set_conflict_aside(&mut self, row: &T) -> Result<(), Error> {
        if !self.selection.admits(row) {
            self.summary.filtered += 1;
            return Ok(());
        }
        self.summary.conflicts += 1;
        match self.selection.shown(row) {
            Ok(row) => self.rejects.add_conflict(row.as_ref()),
            Err(_) => self.rejects.add_withheld(),
        }
    }

    /// Takes note that all rows before the position of the reader have been written, and none after it. That is so
    /// after a batch that [finishes a window](Batch::done_until), and when the reader has come to its end.
    /// `duplicates` are those that the [reader](graph_pstn_http::Progress::duplicates) has left out.
    ///
    /// About once a second this brings a checkpoint to the disk, if the export is
    /// [resumable](Self::resumable). Of Parquet that is done only when rows of some MiB have come together.
    ///
    /// # Errors
    ///
    /// The output failed.
    pub fn mark(&mut self, position: Position, duplicates: u64) -> Result<(), Error> {
        let Some(staged) = &mut self.staged else {
            self.summary.duplicates = duplicates;
            return Ok(());
        };
        self.summary.duplicates = staged.duplicates(duplicates);
        let Rows::Staged(rows) = &mut self.rows else {
            return Ok(());
        };
        if !staged.is_resumable() {
            return Ok(());
        }
        let output = staged.output().to_owned();
        let files = rows.pause(self.enough);
        let mut files = files.map_err(|error| error.in_file(&output))?;
        if let Some(files) = &mut files {
            files.extend(self.rejects.flush()?);
        }
        if staged.mark(position, files, &self.summary) {
            staged.save(|| {
                rows.sync()?;
                self.rejects.sync()
            })?;
        }
        Ok(())
    }

    /// Whether all rows were written already, by an earlier run, and it only wants to be finished.
    #[must_use]
    pub fn has_all_rows(&self) -> bool {
        matches!(self.rows, Rows::Ended)
    }

    /// Gives the files their names, when all are on the disk.
    ///
    /// # Errors
    ///
    /// The output or the file of rejects failed. Then neither has its name, and files that were to be
    /// replaced are as they were. Only should the rejects' last step fail after the output's is there an
    /// output ([`ErrorKind::OnlyRejects`]), and the error says where the rejects are. Of a
    /// folder of days some may have been replaced; it can be resumed then, which does the rest.
    pub fn finish(mut self) -> Result<Summary, Error> {
        self.complete()
    }

    /// As [`finish`](Self::finish); after an error there may be something to keep.
    pub(crate) fn complete(&mut self) -> Result<Summary, Error> {
        match std::mem::replace(&mut self.rows, Rows::Ended) {
            Rows::Stream(rows) => {
                rows.finish()?;
                let rejects = std::mem::replace(&mut self.rejects, Rejects::told(|_| {}));
                rejects.complete()?.commit()?;
                return Ok(self.summary.clone());
            }
            Rows::Staged(mut rows) => {
                let files = rows.finish().map_err(|error| self.named(error));
                let mut files = files?;
                files.extend(self.rejects.flush()?);
                self.rejects.sync()?;
                self.rejects.let_go();
                if let Some(staged) = &mut self.staged {
                    staged.finish(files, &self.summary, &self.rejects)?;
                }
            }
            Rows::Ended => {}
        }
        if let Some(staged) = &mut self.staged {
            self.summary.changes = staged.publish(&self.rejects)?;
        }
        self.staged = None;
        Ok(self.summary.clone())
    }

    /// Ends it before all rows are there. A [resumable](Self::resumable) export is kept up to its last
    /// [mark](Self::mark), if that is not at the very beginning; of any other nothing is left.
    pub fn suspend(mut self) -> Option<Kept> {
        self.let_go();
        self.staged.take()?.suspend()
    }

    /// Names the output in the error of a writer that does not know it.
    fn named(&self, error: Error) -> Error {
        match &self.staged {
            Some(staged) => error.in_file(staged.output()),
            None => error,
        }
    }
}

impl<T> Export<T> {
    pub(crate) fn new(
        rows: Rows<T>,
        rejects: Rejects,
        summary: Summary,
        options: WriterOptions,
        staged: Option<Staged>,
    ) -> Self {
        Self {
            rows,
            rejects,
            selection: Selection::default(),
            summary,
            options,
            staged,
            enough: ENOUGH,
        }
    }

    /// Saves every mark: tests do not wait for seconds to pass.
    #[cfg(test)]
    pub(crate) fn save_always(&mut self) {
        self.enough = 0;
        if let Some(staged) = &mut self.staged {
            staged.save_always();
        }
    }

    /// Writers that are dropped may still write what they have buffered, so they go first.
    fn let_go(&mut self) {
        self.rows = Rows::Ended;
        self.rejects.let_go();
    }
}

impl<T> Drop for Export<T> {
    fn drop(&mut self) {
        if self
            .staged
            .as_ref()
            .is_some_and(|staged| !staged.is_worth_keeping())
        {
            self.let_go();
            if let Some(mut staged) = self.staged.take() {
                staged.suspend();
            }
        }
    }
}

impl<T> std::fmt::Debug for Export<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export")
            .field("staged", &self.staged)
            .field("rejects", &self.rejects)
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
