//! Where the rows go, and what is said about it afterwards.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use graph_pstn_export::{
    Error, ErrorKind, Existing, Export, ExportRow, Folder, Job, Rejects, Summary, Unfinished,
    WriterOptions,
};
use graph_pstn_http::RangeReader;
use graph_pstn_model::{CallLog, TimeRange, format_time};
use indicatif::HumanCount;

use super::transfer::Left;
use crate::exit::{Exit, Failure};
use crate::hints;
use crate::report::{self, Line, SummaryForm, teller};
use crate::ui::Ui;

/// The output of a log that was found in order; nothing has been made for it yet.
#[derive(Debug)]
pub(crate) struct Output {
    pub(super) log: CallLog,
    /// Whether other logs are exported in the same run.
    pub(super) several: bool,
    /// `None` for standard output.
    pub(super) target: Option<PathBuf>,
    /// The target, where it is a folder with a file for each day.
    pub(super) folder: Option<Folder>,
    /// `None` for where they go by default.
    pub(super) rejects: Option<PathBuf>,
    pub(super) existing: Existing,
    pub(super) resume: bool,
    pub(super) summary: SummaryForm,
}

impl Output {
    /// The export to go on with, if that is wanted.
    pub(crate) fn unfinished(&self) -> Result<Option<Unfinished>, Failure> {
        let Some(target) = self.target.as_deref().filter(|_| self.resume) else {
            return Ok(None);
        };
        let unfinished = match &self.folder {
            Some(folder) => Unfinished::of_days(folder),
            None => Unfinished::of_file(target),
        };
        unfinished.map_err(|error| hints::output_failure(&error))
    }

    /// Whether an earlier run of several logs has finished this one. With `--resume` it is kept as it is, but not
    /// where it is to be replaced: then it may be of another range, and is written anew.
    pub(crate) fn is_finished(
        &self,
        range: TimeRange,
        options: &WriterOptions,
    ) -> Result<bool, Failure> {
        if !self.resume || !self.several || self.existing == Existing::Replace {
            return Ok(false);
        }
        match &self.folder {
            // All days of a range appear at its end.
            Some(folder) => folder
                .has_days(range, options)
                .map_err(|error| hints::output_failure(&error)),
            None => Ok(self.target.as_deref().is_some_and(Path::exists)),
        }
    }

    /// Refuses to go on with a file that is finished. Such a run needs no range, and what it lacks otherwise is not
    /// what is in its way.
    pub(crate) fn check_to_do(&self) -> Result<(), Failure> {
        let goes_on = self.several || self.existing == Existing::Replace;
        match &self.target {
            Some(target)
                if self.resume && !goes_on && self.folder.is_none() && target.is_file() =>
            {
                let message = format!("{} is there already", target.display());
                Err(Failure::new(Exit::Other, message).with_hint(hints::TARGET_EXISTS))
            }
            _ => Ok(()),
        }
    }

    /// The output as messages name it.
    pub(crate) fn shown(&self) -> String {
        match &self.target {
            Some(target) => target.display().to_string(),
            None => "standard output".into(),
        }
    }

    /// Makes what can be made at the start, so that what is in its way shows before any request. `reader` has
    /// not begun.
    pub(crate) fn open<T: ExportRow>(
        &self,
        ui: &Ui,
        options: WriterOptions,
        (range, job): (TimeRange, Job),
        reader: &RangeReader<T>,
        unfinished: Option<Unfinished>,
    ) -> Result<Export<T>, Error> {
        let existing = self.existing;
        let rejects = match self.rejects_of(range) {
            Some(file) => Rejects::to_file(file, existing),
            None => Rejects::told(teller(ui.clone())),
        };
        let Some(target) = &self.target else {
            return Export::to_stream(io::stdout(), options, rejects);
        };
        if let Some(unfinished) = unfinished {
            let rows = unfinished.summary().rows;
            let export = if self.folder.is_some() {
                unfinished.resume_days(self.log, options, existing, rejects, job)?
            } else {
                unfinished.resume_file(options, existing, rejects, job)?
            };
            ui.note(&format!(
                "going on with {} after {} rows",
                target.display(),
                HumanCount(rows)
            ));
            return Ok(export);
        }
        let export = match &self.folder {
            Some(folder) => Export::to_days(folder, (self.log, range), options, existing, rejects)?,
            None => Export::to_file(target, options, existing, rejects)?,
        };
        let export = export.resumable(job, reader.checkpoint())?;
        if self.resume {
            ui.note(&format!(
                "note: there is no unfinished export of {}; it starts from the beginning",
                target.display()
            ));
        }
        Ok(export)
    }

    /// The file for rows that are set aside.
    pub(super) fn rejects_of(&self, range: TimeRange) -> Option<PathBuf> {
        let by_default = |target: &Path| {
            if self.folder.is_some() {
                Rejects::within(target, range)
            } else {
                Rejects::beside(target)
            }
        };
        let given = self.rejects.clone();
        given.or_else(|| self.target.as_deref().map(by_default))
    }

    pub(crate) fn log(&self) -> CallLog {
        self.log
    }

    pub(crate) fn is_on_disk(&self) -> bool {
        self.target.is_some()
    }

    pub(crate) fn has_days(&self) -> bool {
        self.folder.is_some()
    }

    /// Whether rows and progress would be drawn over each other.
    pub(crate) fn is_terminal(&self) -> bool {
        self.target.is_none() && io::stdout().is_terminal()
    }

    /// How the run ends when the output takes no more. Who closes a pipe has all that was wanted, as
    /// `head` has: whether a reader failed is for the reader's own exit code to say.
    pub(crate) fn ended(&self, error: &Error) -> Result<Exit, Failure> {
        match error.kind() {
            ErrorKind::ClosedPipe => Ok(Exit::Done),
            // The file that they name says which log it is.
            _ => Err(hints::output_failure(error)),
        }
    }

    /// Adds to a failure what there is of the export, and how to go on with it.
    pub(crate) fn with_what_is_left(&self, failure: Failure, left: &Left) -> Failure {
        let interrupted = failure.exit() == Exit::Interrupted;
        let hint = match (left, &self.target) {
            (Left::Kept(kept), _) => format!(
                "{} rows, up to {}, are kept in {}: the same command with --resume goes on from there",
                HumanCount(kept.rows),
                format_time(kept.until),
                kept.folder.display()
            ),
            (Left::Unknown, Some(_)) => {
                "the same command with --resume goes on with what there is".into()
            }
            (Left::Nothing, Some(target)) if interrupted => {
                format!("{} was not written; run again", target.display())
            }
            (_, None) if interrupted => "the rows on standard output are not all of them".into(),
            _ => return failure,
        };
        failure.and_hint(&hint)
    }

    /// Says what the export came to.
    pub(crate) fn report(
        &self,
        ui: &Ui,
        range: TimeRange,
        summary: &Summary,
    ) -> Result<Exit, Failure> {
        let text = || format!("{}: {}", self.shown(), report::totals(self.log, summary));
        let line = Line {
            summary,
            log: self.log.name(),
            from: None,
            until: None,
        };
        report::sum_up(ui, self.summary, text, &line)?;
        let of = self.several.then_some(self.log);
        let rejects = self.rejects_of(range);
        Ok(report::warn_of_set_aside(
            ui,
            of,
            summary,
            rejects.as_deref(),
        ))
    }
}
