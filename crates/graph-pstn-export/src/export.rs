//! Batches in, complete files out.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use graph_pstn_http::{Batch, Checkpoint as Position};
use graph_pstn_model::{CallLog, LogRow, RejectedRow, Tabular, TimeRange};
use serde::Serialize;

use crate::checkpoint::Job;
use crate::days::Days;
use crate::destination::{Destination, OneFile, cannot_go_on, ended};
use crate::disk::{Disk, LocalDisk};
use crate::layout::{Fill, Layout};
use crate::stage::Stage;
use crate::staged::{Kept, Staged};
use crate::{Billed, Error, ErrorKind, Existing, Format, Rejects, RowWriter, Summary};

/// An export under way: takes batches, writes rows, sets others aside, and keeps count.
///
/// The output and the file of rejects appear when it is [finished](Export::finish). When it is dropped
/// before that, neither does. One that is [resumable](Export::resumable) keeps what it has in a folder beside its
/// output, and another process may [go on](crate::Unfinished) with it.
#[must_use = "an export that is dropped leaves nothing"]
pub struct Export<T> {
    rows: Rows<T>,
    rejects: Rejects,
    summary: Summary,
    format: Format,
    /// `None` for a stream.
    staged: Option<Staged>,
}

pub(crate) enum Rows<T> {
    Stream(Box<dyn RowWriter<T>>),
    Staged(Box<dyn Destination<T>>),
    /// All of them are in their files.
    Ended,
}

impl<T: Tabular + Billed + Serialize + Send + 'static> Export<T> {
    /// An export to a file. It is made in a folder beside it, `calls.csv.partial` for `calls.csv`, so that
    /// the last step is a mere renaming.
    ///
    /// # Errors
    ///
    /// The target is there already and is not to be replaced, is no regular file, or its folder is missing or
    /// cannot be written; the same of the file of rejects; both are the same file
    /// ([`ErrorKind::SameFile`]). Another run writes to it
    /// ([`ErrorKind::Busy`]), or has left an unfinished export that is not to be replaced ([`ErrorKind::Unfinished`]).
    pub fn to_file(
        target: &Path,
        format: Format,
        existing: Existing,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        Self::to_file_on(Arc::new(LocalDisk), target, format, existing, rejects)
    }

    pub(crate) fn to_file_on(
        disk: Arc<dyn Disk>,
        target: &Path,
        format: Format,
        existing: Existing,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        rejects.check_beside(target)?;
        let layout = Layout::file(target.to_owned());
        let fill = Fill::New(existing);
        Self::open(disk, layout, format, fill, rejects, |stage| {
            Ok(Box::new(OneFile::create(stage, format)?))
        })
    }

    /// An export to a folder with a file for each day (UTC) of the log's time property, as Hive and all who read its
    /// folders have it: `DIR/date=2019-11-01/part-00000.csv`. Rows without a time go to
    /// `date=__HIVE_DEFAULT_PARTITION__`. The folder is made if it is missing.
    ///
    /// With [`Existing::Replace`] the days that the range touches are replaced whole, also those that have no rows
    /// any more, and no others: a range that ends within a day takes the rest of that day away.
    ///
    /// # Errors
    ///
    /// As for [`to_file`](Self::to_file), where a day of the range that is there already is refused unless it is
    /// to be replaced; or the log has no days ([`ErrorKind::NoDays`]).
    pub fn to_days(
        folder: &Path,
        (log, range): (CallLog, TimeRange),
        format: Format,
        existing: Existing,
        rejects: Rejects,
    ) -> Result<Self, Error>
    where
        T: LogRow,
    {
        Self::to_days_on(
            Arc::new(LocalDisk),
            folder,
            (log, range),
            format,
            existing,
            rejects,
        )
    }

    pub(crate) fn to_days_on(
        disk: Arc<dyn Disk>,
        folder: &Path,
        (log, range): (CallLog, TimeRange),
        format: Format,
        existing: Existing,
        rejects: Rejects,
    ) -> Result<Self, Error>
    where
        T: LogRow,
    {
        check_has_days(log)?;
        let layout = Layout::days(folder.to_owned(), range, format);
        let fill = Fill::New(existing);
        Self::open(disk, layout, format, fill, rejects, |stage| {
            Ok(Box::new(Days::create(stage, format)))
        })
    }

    /// Merges rows into such a folder, so that it is kept up to date by reading the latest days again and again. A row
    /// that was there before, as its `id` tells, is replaced; one that does not come any more stays, since a service on a bad
    /// day leaves rows out. With `may_shrink` it goes: then the days of the range hold what has come now, and those
    /// for which nothing has come are removed.
    ///
    /// Each day that changes is replaced in one step at the end; a day that does not is not touched.
    /// [`Summary::changes`] says what was done. Rows without a time are all in one file, whatever the range, which
    /// never shrinks.
    ///
    /// # Errors
    ///
    /// As for [`to_days`](Self::to_days); or a day has a file of another format or with other columns
    /// ([`ErrorKind::OtherJob`]), or one that cannot be read ([`ErrorKind::Damaged`]).
    pub fn merge_days(
        folder: &Path,
        (log, range): (CallLog, TimeRange),
        format: Format,
        may_shrink: bool,
        rejects: Rejects,
    ) -> Result<Self, Error>
    where
        T: LogRow,
    {
        let part = (log, range);
        Self::merge_days_on(
            Arc::new(LocalDisk),
            folder,
            part,
            format,
            may_shrink,
            rejects,
        )
    }

    pub(crate) fn merge_days_on(
        disk: Arc<dyn Disk>,
        folder: &Path,
        (log, range): (CallLog, TimeRange),
        format: Format,
        may_shrink: bool,
        rejects: Rejects,
    ) -> Result<Self, Error>
    where
        T: LogRow,
    {
        check_has_days(log)?;
        if !format.can_go_on() {
            return Err(cannot_go_on(format));
        }
        let layout = Layout::days(folder.to_owned(), range, format);
        let fill = Fill::Merge { may_shrink };
        Self::open(disk, layout, format, fill, rejects, |stage| {
            Ok(Box::new(Days::create(stage, format)))
        })
    }

    fn open(
        disk: Arc<dyn Disk>,
        layout: Layout,
        format: Format,
        fill: Fill,
        mut rejects: Rejects,
        destination: impl FnOnce(&Stage) -> Result<Box<dyn Destination<T>>, Error>,
    ) -> Result<Self, Error> {
        layout.check(&*disk, fill)?;
        let stage = Stage::open(disk, layout.stage(), layout.output())?;
        // What was to be merged is of use still, and may be of days that nobody asks for again.
        if fill != Fill::New(Existing::Replace) && stage.load()?.is_some() {
            let message = format!(
                "there is an unfinished export of {}, in {}",
                layout.output().display(),
                stage.folder().display()
            );
            return Err(Error::new(ErrorKind::Unfinished, message).with_path(stage.folder()));
        }
        stage.wipe()?;
        let opened = rejects
            .try_on(stage.disk())
            .and_then(|()| rejects.stage_in(&stage, None))
            .and_then(|()| destination(&stage));
        let rows = opened.inspect_err(|_| {
            // The error is the news.
            let _ = stage.close();
        })?;
        Ok(Self {
            rows: Rows::Staged(rows),
            rejects,
            summary: Summary::default(),
            format,
            staged: Some(Staged::new(stage, layout, fill)),
        })
    }

    /// An export to a stream, such as standard output. Rows leave it batch by batch.
    ///
    /// # Errors
    ///
    /// As for [`OutputFile::create`](crate::OutputFile::create), for the file of rejects.
    pub fn to_stream(
        out: impl Write + Send + 'static,
        format: Format,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        rejects.check()?;
        Ok(Self {
            rows: Rows::Stream(format.writer(out)),
            rejects,
            summary: Summary::default(),
            format,
            staged: None,
        })
    }

    /// Has it keep checkpoints, so that another process may go on with it after whatever ends this one:
    /// [`mark`](Self::mark) tells it when. `position` is that of a reader that has not begun.
    ///
    /// # Errors
    ///
    /// The format does not allow it, or the rows go to a stream ([`ErrorKind::NotResumable`]); the disk is full or
    /// failing.
    pub fn resumable(mut self, job: Job, position: Position) -> Result<Self, Error> {
        if !self.format.can_go_on() {
            return Err(cannot_go_on(self.format));
        }
        let Some(staged) = &mut self.staged else {
            let message = "an export to a stream cannot be resumed";
            return Err(Error::new(ErrorKind::NotResumable, message));
        };
        staged.begin(whole_job(job, self.format, staged.fill()), position)?;
        Ok(self)
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

    /// Writes one row.
    ///
    /// # Errors
    ///
    /// The output failed.
    pub fn write_row(&mut self, row: &T) -> Result<(), Error> {
        match &mut self.rows {
            Rows::Stream(rows) => rows.write(row),
            Rows::Staged(rows) => rows.write(row),
            Rows::Ended => Err(ended()),
        }
        .map_err(|error| self.named(error))?;
        self.summary.add(row);
        Ok(())
    }

    /// Sets a row aside that could not be read.
    ///
    /// # Errors
    ///
    /// The file of rejects failed.
    pub fn set_aside(&mut self, rejected: &RejectedRow) -> Result<(), Error> {
        self.summary.rejects += 1;
        self.rejects.add_unreadable(rejected)
    }

    /// Sets a row aside whose id came before with other content.
    ///
    /// # Errors
    ///
    /// The file of rejects failed.
    pub fn set_conflict_aside(&mut self, row: &T) -> Result<(), Error> {
        self.summary.conflicts += 1;
        self.rejects.add_conflict(row)
    }

    /// Takes note that all rows before the position of the reader have been written, and none after it. That is so
    /// after a batch that [finishes a window](Batch::done_until), and when the reader has come to its end.
    /// `duplicates` are those that the [reader](graph_pstn_http::Progress::duplicates) has left out.
    ///
    /// About once a second this brings a checkpoint to the disk, if the export is
    /// [resumable](Self::resumable).
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
        let mut files = rows.flush().map_err(|error| error.in_file(&output))?;
        files.extend(self.rejects.flush()?);
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
    pub(crate) fn resumed(
        rows: Rows<T>,
        rejects: Rejects,
        summary: Summary,
        format: Format,
        staged: Staged,
    ) -> Self {
        Self {
            rows,
            rejects,
            summary,
            format,
            staged: Some(staged),
        }
    }

    /// Saves every mark: tests do not wait for seconds to pass.
    #[cfg(test)]
    pub(crate) fn save_always(&mut self) {
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
            .is_some_and(|staged| !staged.is_resumable())
        {
            self.let_go();
            if let Some(mut staged) = self.staged.take() {
                staged.suspend();
            }
        }
    }
}

/// The format decides what the files look like, and merging what becomes of them, so both are part of a job.
pub(crate) fn whole_job(job: Job, format: Format, fill: Fill) -> Job {
    let job = job.with("format", format.name());
    match fill {
        Fill::New(_) => job,
        Fill::Merge { .. } => job.with("purpose", "to merge days"),
    }
}

/// Refuses logs whose rows have no time by which they could be put.
pub(crate) fn check_has_days(log: CallLog) -> Result<(), Error> {
    match log.time_property() {
        Some(_) => Ok(()),
        None => Err(Error::new(
            ErrorKind::NoDays,
            format!("the rows of the {log} log have no time, so they cannot be put by days"),
        )),
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
mod tests {
    use super::*;
    use crate::ErrorKind;
    use graph_pstn_model::PstnCallLogRow;
    use std::fs;
    use std::path::PathBuf;

    fn row(id: &str) -> PstnCallLogRow {
        let mut row = PstnCallLogRow::default();
        row.id = Some(id.into());
        row
    }

    fn rejected(json: &str) -> RejectedRow {
        RejectedRow::new(7, "$.value[7].charge", "not a number", json)
    }

    struct Place {
        folder: tempfile::TempDir,
        target: PathBuf,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("calls.ndjson");
            Self { folder, target }
        }

        fn export(&self, existing: Existing) -> Result<Export<PstnCallLogRow>, Error> {
            let rejects = Rejects::to_file(Rejects::beside(&self.target), existing);
            Export::to_file(&self.target, Format::Ndjson, existing, rejects)
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<String> = fs::read_dir(self.folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    #[test]
    fn rows_and_rejects_appear_together_at_the_end() {
        let place = Place::new();
        let mut export = place.export(Existing::Refuse).unwrap();
        export.write_row(&row("a")).unwrap();
        export
            .set_aside(&rejected("{\n \"id\": \"b\", \"charge\": 1e99\r\n}"))
            .unwrap();
        export.set_aside(&rejected("{\"id\"")).unwrap();
        export.set_conflict_aside(&row("a")).unwrap();
        assert!(place.names().iter().all(|name| name.ends_with(".partial")));
        let summary = export.finish().unwrap();
        assert_eq!(
            (summary.rows, summary.rejects, summary.conflicts),
            (1, 2, 1)
        );
        assert_eq!(
            place.names(),
            ["calls.ndjson", "calls.ndjson.rejects.ndjson"]
        );
        let rejects = fs::read_to_string(Rejects::beside(&place.target)).unwrap();
        let lines: Vec<&str> = rejects.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[0],
            r#"{"reason":"not a number","index":7,"path":"$.value[7].charge","row":{  "id": "b", "charge": 1e99  }}"#
        );
        assert!(lines[1].ends_with(r#""row":"{\"id\""}"#), "{}", lines[1]);
        assert!(
            lines[2].starts_with(r#"{"reason":"a row with the same id"#),
            "{}",
            lines[2]
        );
    }

    #[test]
    fn without_rejects_there_is_no_file_of_them() {
        let place = Place::new();
        let mut export = place.export(Existing::Refuse).unwrap();
        export.write_row(&row("a")).unwrap();
        export.finish().unwrap();
        assert_eq!(place.names(), ["calls.ndjson"]);
    }

    #[test]
    fn an_export_that_is_dropped_leaves_nothing() {
        let place = Place::new();
        let mut export = place.export(Existing::Refuse).unwrap();
        export.write_row(&row("a")).unwrap();
        export.set_aside(&rejected("{}")).unwrap();
        drop(export);
        assert!(place.names().is_empty());
    }

    #[test]
    fn old_rejects_refuse_a_new_export_or_go_with_the_old_one() {
        let place = Place::new();
        fs::write(Rejects::beside(&place.target), "old").unwrap();
        let error = place.export(Existing::Refuse).unwrap_err();
        assert_eq!(error.path(), Some(Rejects::beside(&place.target).as_path()));
        place.export(Existing::Replace).unwrap().finish().unwrap();
        assert_eq!(place.names(), ["calls.ndjson"]);
    }

    #[test]
    fn when_the_output_fails_the_old_rejects_stay() {
        for with_rejects in [true, false] {
            let place = Place::new();
            let rejects = Rejects::beside(&place.target);
            fs::write(&rejects, "old").unwrap();
            let mut export = place.export(Existing::Replace).unwrap();
            if with_rejects {
                export.set_aside(&rejected("{}")).unwrap();
            }
            // No file can take its place.
            fs::create_dir(&place.target).unwrap();
            export.finish().unwrap_err();
            assert_eq!(fs::read(&rejects).unwrap(), b"old");
            assert_eq!(
                place.names(),
                ["calls.ndjson", "calls.ndjson.rejects.ndjson"]
            );
        }
    }

    #[test]
    fn rejects_that_cannot_get_their_name_leave_no_output() {
        let place = Place::new();
        let mut export = place.export(Existing::Refuse).unwrap();
        export.set_aside(&rejected("{}")).unwrap();
        fs::write(Rejects::beside(&place.target), "theirs").unwrap();
        let error = export.finish().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TargetExists);
        assert_eq!(place.names(), ["calls.ndjson.rejects.ndjson"]);
    }

    #[test]
    fn the_rejects_are_kept_when_only_their_last_step_fails() {
        let place = Place::new();
        let target = Rejects::beside(&place.target);
        let mut rejects = Rejects::to_file(&target, Existing::Refuse);
        rejects.add_unreadable(&rejected("{}")).unwrap();
        let complete = rejects.complete().unwrap();
        fs::write(&target, "theirs").unwrap();
        let error = complete.commit().unwrap_err().after_output(&place.target);
        assert_eq!(error.kind(), ErrorKind::OnlyRejects);
        assert_eq!(error.path(), Some(target.as_path()));
        let names = place.names();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(error.to_string().contains("calls.ndjson is complete, but "));
        assert!(error.to_string().ends_with(&names[0]), "{error}");
        let kept = fs::read_to_string(place.folder.path().join(&names[0])).unwrap();
        assert!(kept.contains("not a number"));
        assert_eq!(fs::read(&target).unwrap(), b"theirs");
    }

    #[test]
    fn the_rejects_have_a_file_of_their_own() {
        let place = Place::new();
        let folder = place.folder.path();
        fs::create_dir(folder.join("inner")).unwrap();
        let kind = |rejects: PathBuf| {
            Export::<PstnCallLogRow>::to_file(
                &place.target,
                Format::Csv,
                Existing::Replace,
                Rejects::to_file(rejects, Existing::Replace),
            )
            .map(drop)
            .map_err(|error| error.kind())
        };
        for same in ["calls.ndjson", "./calls.ndjson", "inner/../calls.ndjson"] {
            assert_eq!(kind(folder.join(same)), Err(ErrorKind::SameFile), "{same}");
        }
        assert_eq!(kind(folder.join("inner/calls.ndjson")), Ok(()));
        assert_eq!(kind(folder.join("calls")), Ok(()));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_the_same_by_a_link() {
        let place = Place::new();
        let link = place.folder.path().join("link");
        std::os::unix::fs::symlink(place.folder.path(), &link).unwrap();
        let rejects = Rejects::to_file(link.join("calls.ndjson"), Existing::Refuse);
        let error = Export::<PstnCallLogRow>::to_file(
            &place.target,
            Format::Csv,
            Existing::Refuse,
            rejects,
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SameFile);
    }

    #[test]
    fn when_the_output_fails_the_rejects_go_too() {
        let place = Place::new();
        let mut export = place.export(Existing::Refuse).unwrap();
        export.set_aside(&rejected("{}")).unwrap();
        fs::write(&place.target, "theirs").unwrap();
        assert_eq!(export.finish().unwrap_err().kind(), ErrorKind::TargetExists);
        assert_eq!(place.names(), ["calls.ndjson"]);
    }

    #[test]
    fn a_callback_hears_of_rows_without_their_content() {
        let (told, heard) = std::sync::mpsc::channel();
        let rejects = Rejects::told(move |note| {
            told.send(format!("{note:?}")).unwrap();
        });
        let mut export = Export::to_stream(Vec::new(), Format::Csv, rejects).unwrap();
        export
            .set_aside(&rejected("{\"callerNumber\":\"+1 555 0100\"}"))
            .unwrap();
        export.set_conflict_aside(&row("a")).unwrap();
        export.finish().unwrap();
        let notes: Vec<String> = heard.iter().collect();
        assert_eq!(notes.len(), 2);
        assert!(notes[0].contains("not a number") && !notes[0].contains("555"));
    }

    #[test]
    fn a_stream_that_is_closed_says_so() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        for format in Format::ALL {
            let rejects = Rejects::told(|_| {});
            let mut export = Export::to_stream(Closed, *format, rejects).unwrap();
            export.write_row(&row("a")).unwrap();
            assert_eq!(export.finish().unwrap_err().kind(), ErrorKind::ClosedPipe);
        }
    }
}
