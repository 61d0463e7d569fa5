//! An export to a disk, as far as it is not the rows themselves: checkpoints, and the last steps.

use std::path::PathBuf;
use std::time::Duration;

use graph_pstn_http::Checkpoint as Position;
use graph_pstn_model::OffsetDateTime;
use tokio::time::Instant;

use crate::output::layout::{Fill, Layout};
use crate::rejects::REJECTS;
use crate::staging::checkpoint::{Checkpoint, FileMark, Job};
use crate::staging::stage::Stage;
use crate::sums::changes::Changes;
use crate::{Error, ErrorKind, Rejects, Summary, WriterOptions};

/// A checkpoint goes to the disk no more often than this.
const EVERY: Duration = Duration::from_secs(1);
/// Nor does it take more than one part in so many of the time, on a disk that is slow to sync.
const SHARE: u32 = 20;

/// What is kept of an export that was suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// Up to where all rows are there.
    pub until: OffsetDateTime,
    /// How many rows those are.
    pub rows: u64,
    /// The folder that holds them.
    pub folder: PathBuf,
}

/// The format decides what the files look like, and merging what becomes of them, so both are part of a job.
pub(crate) fn whole_job(job: Job, options: &WriterOptions, fill: Fill) -> Job {
    let job = job.with("format", options.fingerprint());
    match fill {
        Fill::New(_) => job,
        Fill::Merge { .. } => job.with("purpose", "to merge days"),
    }
}

/// Where an export is made, what of it is safe, and where it will go.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) stage: Stage,
    layout: Layout,
    fill: Fill,
    /// `None` as long as it is not to be resumed.
    job: Option<Job>,
    /// What is on the disk.
    saved: Option<Checkpoint>,
    /// What has come after that.
    mark: Option<Checkpoint>,
    /// Up to where rows have come.
    reached: Option<Position>,
    /// No more often than this are they saved.
    every: Duration,
    /// When the next may be saved.
    due: Instant,
    /// Rows left out by the runs before this one.
    duplicates_before: u64,
    /// Some of its files may have their names already.
    published: bool,
}

impl Staged {
    pub(crate) fn new(stage: Stage, layout: Layout, fill: Fill) -> Self {
        Self {
            stage,
            layout,
            fill,
            job: None,
            saved: None,
            mark: None,
            reached: None,
            every: EVERY,
            due: Instant::now(),
            duplicates_before: 0,
            published: false,
        }
    }

    /// Goes on with what is saved.
    pub(crate) fn go_on(stage: Stage, layout: Layout, fill: Fill, saved: Checkpoint) -> Self {
        Self {
            job: Some(saved.job.clone()),
            duplicates_before: saved.summary.duplicates,
            saved: Some(saved),
            ..Self::new(stage, layout, fill)
        }
    }

    /// Saves the first checkpoint, of which all others are.
    pub(crate) fn begin(&mut self, job: Job, position: Position) -> Result<(), Error> {
        let beginning = Checkpoint::new(job.clone(), Some(position));
        self.stage.save(&beginning)?;
        self.job = Some(job);
        self.saved = Some(beginning);
        self.due = Instant::now() + self.every;
        Ok(())
    }

    /// Saves every mark: tests do not wait for seconds to pass.
    #[cfg(test)]
    pub(crate) fn save_always(&mut self) {
        self.every = Duration::ZERO;
        self.due = Instant::now();
    }

    pub(crate) fn is_resumable(&self) -> bool {
        self.job.is_some()
    }

    /// Whether there is more than a beginning, of which nothing would be missed.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.is_resumable()
            && self
                .saved
                .as_ref()
                .is_some_and(|saved| !saved.is_beginning())
    }

    pub(crate) fn fill(&self) -> Fill {
        self.fill
    }

    pub(crate) fn output(&self) -> &std::path::Path {
        self.layout.output()
    }

    pub(crate) fn duplicates(&self, of_this_run: u64) -> u64 {
        self.duplicates_before + of_this_run
    }

    /// Takes note of a moment at which the files and the reader's place go together, if there are `files` that have all
    /// rows up to it. Says whether what was noted last should be saved.
    pub(crate) fn mark(
        &mut self,
        position: Position,
        files: Option<Vec<FileMark>>,
        summary: &Summary,
    ) -> bool {
        self.reached = Some(position.clone());
        if let Some(files) = files {
            let job = self.job.clone().unwrap_or_default();
            self.mark = Some(Checkpoint {
                files,
                summary: summary.clone(),
                ..Checkpoint::new(job, Some(position))
            });
        }
        self.every.is_zero() || Instant::now() >= self.due
    }

    /// Saves the last mark. `sync` brings the files to the disk.
    pub(crate) fn save(&mut self, sync: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let Some(mark) = &self.mark else {
            return Ok(());
        };
        let start = Instant::now();
        sync()?;
        self.stage.save(mark)?;
        self.due = Instant::now() + self.every.max(start.elapsed() * SHARE);
        self.saved = self.mark.take();
        Ok(())
    }

    /// All rows are in the files and on the disk: saves that, after a last look at the names that they will have.
    pub(crate) fn finish(
        &mut self,
        files: Vec<FileMark>,
        summary: &Summary,
        rejects: &Rejects,
    ) -> Result<(), Error> {
        self.layout.check(self.stage.disk(), self.fill)?;
        rejects.check_staged(self.stage.disk())?;
        let saved = self.saved.as_ref();
        let position = self.reached.take();
        let position = position.or_else(|| saved.and_then(|saved| saved.position.clone()));
        let finished = Checkpoint {
            files,
            summary: summary.clone(),
            finished: true,
            ..Checkpoint::new(self.job.clone().unwrap_or_default(), position)
        };
        self.stage.save(&finished)?;
        (self.saved, self.mark) = (Some(finished), None);
        Ok(())
    }

    /// Gives the files their names and takes the stage away; says what merging has changed, also in an earlier
    /// run that did not come to its end.
    pub(crate) fn publish(&mut self, rejects: &Rejects) -> Result<Option<Changes>, Error> {
        let saved = match &mut self.saved {
            Some(saved) if saved.finished => saved,
            _ => {
                return Err(Error::new(
                    ErrorKind::Abandoned,
                    "the export is not finished",
                ));
            }
        };
        let (set_aside, rows): (Vec<_>, Vec<_>) =
            (saved.files.iter().cloned()).partition(|file| file.name == REJECTS);
        let plan = self.layout.plan(&self.stage, &rows, self.fill)?;
        if let (Some(plan), None) = (&plan, saved.summary.changes) {
            // Before the first day is another one, so that whoever goes on knows of all.
            let mut planned = saved.clone();
            planned.summary.changes = Some(plan.all);
            self.stage.save(&planned)?;
            *saved = planned;
        }
        let changes = saved.summary.changes;
        self.published = true;
        // First, since it may fail, and with `Replace` what the rejects replace cannot be brought back.
        self.layout
            .publish(&self.stage, &rows, self.fill, plan.as_ref())
            .inspect_err(|_| {
                // One file has its name or it has not; of days, some may have, or may be gone.
                self.published = matches!(self.layout, Layout::Days { .. });
            })?;
        rejects
            .publish(&self.stage, set_aside.first())
            .map_err(|error| error.after_output(self.output()))?;
        // The output is whole and in its place: what is left of the stage harms nobody.
        let _ = self.stage.close();
        Ok(changes)
    }

    /// Keeps what can be resumed of an export that has let go of its files, and nothing otherwise.
    pub(crate) fn suspend(&mut self) -> Option<Kept> {
        if let Some(mark) = self.mark.take().filter(|mark| !mark.is_beginning())
            // Cutting off what does not count makes room for the checkpoint on a disk that is full.
            && self.stage.cut_back(&mark.files).is_ok()
            && mark.files.iter().filter(|file| file.bytes > 0).all(|file| self.stage.sync(&file.name).is_ok())
            && self.stage.save(&mark).is_ok()
        {
            self.saved = Some(mark);
        }
        let kept = self.kept();
        if kept.is_none() && !self.published {
            // What cannot be removed is taken over by the next export.
            let _ = self.stage.close();
        }
        kept
    }

    fn kept(&self) -> Option<Kept> {
        let saved = self.saved.as_ref()?;
        if saved.is_beginning() || !self.is_resumable() {
            return None;
        }
        let position = saved.position.as_ref()?;
        Some(Kept {
            until: position.done_until().ok()?,
            rows: saved.summary.rows,
            folder: self.stage.folder().to_owned(),
        })
    }
}
