//! Going on with an export that another run has left unfinished.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use graph_pstn_http::Checkpoint as Position;
use graph_pstn_model::CallLog;

use crate::disk::{Disk, LocalDisk};
use crate::export::Rows;
use crate::export::beginning::check_has_days;
use crate::output::days::Days;
use crate::output::destination::{Destination, OneFile};
use crate::output::layout::{Fill, Layout};
use crate::rejects::REJECTS;
use crate::staging::checkpoint::{Checkpoint, FileMark, Job};
use crate::staging::stage::Stage;
use crate::staging::staged::{Staged, whole_job};
use crate::{
    Error, ErrorKind, Existing, Export, ExportRow, Folder, Rejects, Summary, WriterOptions,
};

/// An export that was begun, [to be resumed](Export::resumable), and not finished. Nobody else can write to its output as
/// long as this is there.
///
/// A reader goes on from [`position`](Self::position), and what it brings goes to the export that
/// [`resume_file`](Self::resume_file) or [`resume_days`](Self::resume_days) makes of this. The files are then byte
/// by byte those of an export that was never interrupted.
#[derive(Debug)]
pub struct Unfinished {
    output: PathBuf,
    stage: Stage,
    checkpoint: Checkpoint,
    position: Position,
}

impl Unfinished {
    /// Looks for an unfinished export to a file.
    ///
    /// # Errors
    ///
    /// Another run is writing to it ([`ErrorKind::Busy`]), or what there is cannot be used
    /// ([`ErrorKind::Damaged`]).
    pub fn of_file(target: &Path) -> Result<Option<Self>, Error> {
        Self::find(Arc::new(LocalDisk), Layout::stage_of_file(target), target)
    }

    /// Looks for an unfinished export to a folder of days.
    ///
    /// # Errors
    ///
    /// As for [`of_file`](Self::of_file).
    pub fn of_days(folder: impl Into<Folder>) -> Result<Option<Self>, Error> {
        let folder = folder.into();
        let stage = folder.unfinished();
        let Folder { disk, path } = folder;
        Self::find(disk, stage, &path)
    }

    pub(crate) fn find(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        output: &Path,
    ) -> Result<Option<Self>, Error> {
        let Some(stage) = Stage::find(disk, folder, output)? else {
            return Ok(None);
        };
        let Some(checkpoint) = stage.load()? else {
            for name in stage.files()? {
                if stage.length(&name)? != Some(0) {
                    let message = format!(
                        "the unfinished export in {} has no checkpoint",
                        stage.folder().display()
                    );
                    return Err(Error::new(ErrorKind::Damaged, message).with_path(stage.folder()));
                }
            }
            // It ended before it began, or when it had nothing left to do. Should that not go away, the next
            // export takes it over.
            let _ = stage.close();
            return Ok(None);
        };
        let Some(position) = checkpoint.position.clone() else {
            let message = format!(
                "the unfinished export in {} was not meant to be resumed",
                stage.folder().display()
            );
            return Err(Error::new(ErrorKind::Damaged, message).with_path(stage.folder()));
        };
        Ok(Some(Self {
            output: output.to_owned(),
            stage,
            checkpoint,
            position,
        }))
    }

    /// Where a reader is to go on, and of which range.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// What it has come to so far.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.checkpoint.summary
    }

    /// Goes on with an export to a file.
    ///
    /// # Errors
    ///
    /// It is of another job or format ([`ErrorKind::OtherJob`]); its files are not what they were
    /// ([`ErrorKind::Damaged`]); or as for [`Export::to_file`].
    pub fn resume_file<T>(
        self,
        format: impl Into<WriterOptions>,
        existing: Existing,
        rejects: Rejects,
        job: Job,
    ) -> Result<Export<T>, Error>
    where
        T: ExportRow,
    {
        rejects.check_beside(&self.output)?;
        let layout = Layout::file(self.output.clone());
        let fill = Fill::New(existing);
        let options = format.into();
        self.resume(
            layout,
            options,
            fill,
            rejects,
            job,
            |stage, options, files| Ok(Box::new(OneFile::go_on(stage, options, files)?)),
        )
    }

    /// Goes on with an export to a folder of days.
    ///
    /// # Errors
    ///
    /// As for [`resume_file`](Self::resume_file) and [`Export::to_days`].
    pub fn resume_days<T>(
        self,
        log: CallLog,
        format: impl Into<WriterOptions>,
        existing: Existing,
        rejects: Rejects,
        job: Job,
    ) -> Result<Export<T>, Error>
    where
        T: ExportRow,
    {
        self.resume_folder(log, format.into(), Fill::New(existing), rejects, job)
    }

    /// Goes on with what was to be merged with a folder of days.
    ///
    /// # Errors
    ///
    /// As for [`resume_file`](Self::resume_file) and [`Export::merge_days`].
    pub fn resume_merge<T>(
        self,
        log: CallLog,
        format: impl Into<WriterOptions>,
        may_shrink: bool,
        rejects: Rejects,
        job: Job,
    ) -> Result<Export<T>, Error>
    where
        T: ExportRow,
    {
        self.resume_folder(log, format.into(), Fill::Merge { may_shrink }, rejects, job)
    }

    fn resume_folder<T>(
        self,
        log: CallLog,
        options: WriterOptions,
        fill: Fill,
        rejects: Rejects,
        job: Job,
    ) -> Result<Export<T>, Error>
    where
        T: ExportRow,
    {
        check_has_days(log)?;
        let range = self.position.range().map_err(|error| {
            self.stage
                .damaged("the checkpoint", "cannot be used")
                .with_source(error)
        })?;
        options.check::<T>()?;
        let layout = Layout::days(self.output.clone(), range, &options);
        self.resume(
            layout,
            options,
            fill,
            rejects,
            job,
            |stage, options, files| Ok(Box::new(Days::go_on(stage, options.clone(), files)?)),
        )
    }

    fn resume<T>(
        self,
        layout: Layout,
        options: WriterOptions,
        fill: Fill,
        mut rejects: Rejects,
        job: Job,
        destination: impl FnOnce(
            &Stage,
            &WriterOptions,
            &[FileMark],
        ) -> Result<Box<dyn Destination<T>>, Error>,
    ) -> Result<Export<T>, Error> {
        let Self {
            stage, checkpoint, ..
        } = self;
        checkpoint.job.check_same(&whole_job(job, &options, fill))?;
        let files = checkpoint.files.as_slice();
        let rows = if checkpoint.finished {
            // Those that have their names already are looked at when the others get theirs.
            for file in files {
                if stage.length(&file.name)?.is_some() {
                    stage.verify(std::slice::from_ref(file))?;
                }
            }
            rejects.stage_in(&stage, None)?;
            Rows::Ended
        } else {
            layout.check(stage.disk(), fill)?;
            rejects.try_on(stage.disk())?;
            stage.verify(files)?;
            stage.cut_back(files)?;
            let mut marks = files.iter();
            let set_aside = marks.find(|file| file.name == REJECTS && file.bytes > 0);
            rejects.stage_in(&stage, set_aside.cloned())?;
            Rows::Staged(destination(&stage, &options, files)?)
        };
        let summary = checkpoint.summary.clone();
        let staged = Staged::go_on(stage, layout, fill, checkpoint);
        Ok(Export::new(rows, rejects, summary, options, Some(staged)))
    }
}
