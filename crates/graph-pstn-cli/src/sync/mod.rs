//! `graph-pstn sync`: keeps a folder of days up to date, by reading the latest again and merging them.

mod days;
mod pass;
mod state;
pub(crate) mod tenants;

use std::path::{Path, PathBuf};

use clap::Args;
use graph_pstn_export::{
    Calendar, Changes, Error, ErrorKind, Folder, Format, Job, Rejects, Summary, Unfinished,
    WriterOptions,
};
use graph_pstn_model::{CallLog, OffsetDateTime, TimeRange, format_time};
use indicatif::HumanCount;
use time::Date;

use crate::credentials::PROMPTS;
use crate::exit::{Exit, Failure, one_line};
use crate::export::board::Board;
use crate::export::row_type::for_rows;
use crate::export::source::{OpenSource, SourceArgs};
use crate::export::transfer::{Left, Stopped};
use crate::hints;
use crate::interrupts::Interrupts;
use crate::rate::Counts;
use crate::report::{self, Line, SummaryForm};
use crate::storage::StorageArgs;
use crate::ui::Ui;
use crate::zone::Zone;
use days::{Days, complete_until};
use pass::Pass;
use state::State;

/// The options of `sync`.
#[derive(Debug, Args)]
#[command(after_help = crate::exit::EXIT_CODES)]
pub(crate) struct SyncArgs {
    /// The folder, with a file for each day: FOLDER/date=2019-11-01/part-00000.csv and so on. It is
    /// made if it is missing, but not those above it. With object stores built in also a URL of a folder there.
    #[arg(
        long,
        short,
        value_name = "FOLDER",
        required_unless_present = "tenants",
        help_heading = "Data set"
    )]
    output: Option<PathBuf>,

    /// The log: pstn, direct-routing, sms or blocked-users.
    #[arg(
        long,
        value_name = "LOG",
        default_value = "pstn",
        help_heading = "Data set"
    )]
    log: CallLog,

    /// The format: csv, ndjson or parquet.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "csv",
        help_heading = "Data set"
    )]
    format: Format,

    /// The time zone of the days, by its IANA name, such as Europe/Berlin. Default: UTC. Times in the files are UTC
    /// in any case.
    #[arg(long, value_name = "ZONE", help_heading = "Data set")]
    time_zone: Option<Zone>,

    /// How many days before the last complete run are read again, since rows arrive up to 48 hours late.
    #[arg(long, value_name = "DAYS", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=366), help_heading = "Data set")]
    reread: u16,

    /// Read again from this day on, if a run would not go back so far anyway. The first run goes back
    /// 149 days without it.
    #[arg(long, value_name = "DATE", value_parser = date, help_heading = "Data set")]
    since: Option<Date>,

    /// Let rows go that Graph does not have any more. Without it they stay, so that a bad day of the service
    /// takes nothing away.
    #[arg(long, help_heading = "Data set")]
    allow_shrink: bool,

    /// How to report at the end what has changed.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = SummaryForm::Text, help_heading = "Data set")]
    summary: SummaryForm,

    /// A file in TOML with a table for each of several tenants, and in it the options that are its own: tenant-id,
    /// output, and where each has an app of its own client-id and how that proves itself.
    #[arg(long, value_name = "FILE", conflicts_with_all = PROMPTS, help_heading = "Several tenants")]
    tenants: Option<PathBuf>,

    /// How many tenants are read at a time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64), requires = "tenants", help_heading = "Several tenants")]
    tenants_at_once: u8,

    #[command(flatten)]
    storage: StorageArgs,

    #[command(flatten)]
    source: SourceArgs,
}

fn date(text: &str) -> Result<Date, String> {
    let moment = TimeRange::parse_instant(text).map_err(|error| error.to_string())?;
    if text.len() == 10 {
        Ok(moment.date())
    } else {
        Err("a date is wanted, such as 2019-11-01".into())
    }
}

/// Runs the command. `counts` are shared by all runs of one process.
pub(crate) async fn run(args: SyncArgs, ui: &Ui, counts: &Counts) -> Result<Exit, Failure> {
    let SyncArgs {
        output,
        log,
        format,
        time_zone,
        reread,
        since,
        allow_shrink,
        summary,
        storage,
        source,
        ..
    } = args;
    let Some(output) = output else {
        return Err(Failure::usage(
            "no folder is named",
            "name one with --output",
        ));
    };
    if log.time_property().is_none() {
        return Err(Failure::usage(
            format!("the rows of {log} are of no day, so there is no data set by days of them"),
            "export that log",
        ));
    }
    let mut interrupts = Interrupts::listen()?;
    let source = source.resolve()?;
    let folder = storage.folder(&output)?;
    let job = source.job().with("log", log.name());
    let days = Days(time_zone);
    let form = WriterOptions::new(format).with_calendar(days.calendar());
    let of = set_of(&job, &form);
    let state = State::read(&folder, &of)?;
    let unfinished =
        Unfinished::of_days(&folder).map_err(|error| output_failure(&folder, &error))?;
    let source = source.open(ui, counts).await?;
    let mut sync = Sync {
        folder: &folder,
        log,
        days,
        form,
        allow_shrink,
        job,
        summary,
        ui,
        interrupts: &mut interrupts,
        source: &source,
    };
    let exit = sync.run(state, unfinished, since, reread).await;
    source.close().await;
    exit
}

/// A data set, and what it is kept up to date with.
struct Sync<'a> {
    folder: &'a Folder,
    log: CallLog,
    days: Days,
    form: WriterOptions,
    allow_shrink: bool,
    job: Job,
    summary: SummaryForm,
    ui: &'a Ui,
    interrupts: &'a mut Interrupts,
    source: &'a OpenSource,
}

impl Sync<'_> {
    /// First what an earlier run has left unfinished, then what there is up to now.
    async fn run(
        &mut self,
        state: Option<State>,
        unfinished: Option<Unfinished>,
        mut since: Option<Date>,
        reread: u16,
    ) -> Result<Exit, Failure> {
        let mut done_until = match &state {
            Some(state) => Some(state.complete_until().map_err(|why| {
                Failure::usage(why, "delete _sync.json to read again from --since on")
            })?),
            None => None,
        };
        let mut exit = Exit::Done;
        if let Some(unfinished) = unfinished {
            let range = unfinished.position().range();
            let range = range.map_err(|error| Failure::other("no range to go on with", &error))?;
            self.ui.note(&format!(
                "going on with {} after {} rows",
                self.folder.path().display(),
                HumanCount(unfinished.summary().rows)
            ));
            exit = worse(exit, self.pass(range, Some(unfinished)).await?);
            if self.interrupts.has_come() {
                // It came when that was all but done.
                return Err(Failure::new(Exit::Interrupted, "interrupted").with_hint(
                    "what an earlier run had begun is merged, and nothing after that: run again",
                ));
            }
            done_until = complete_until(done_until, range).or(done_until);
            // The same command given again does not read the same twice.
            since = since.filter(|since| self.days.is_before(*since, range.from()));
        }
        let now = OffsetDateTime::now_utc();
        let range = self.days.range(since, done_until, reread, now)?;
        Ok(worse(exit, self.pass(range, None).await?))
    }

    /// Reads a range and merges it.
    async fn pass(
        &mut self,
        range: TimeRange,
        unfinished: Option<Unfinished>,
    ) -> Result<Exit, Failure> {
        let board = Board::new(range, 1);
        let rejects = Rejects::of_all(self.folder.path());
        let start = Pass {
            folder: self.folder,
            log: self.log,
            form: self.form.clone(),
            allow_shrink: self.allow_shrink,
            job: self.job.clone(),
            rejects: Rejects::added_to_file(&rejects),
            range,
            unfinished,
            board: &board,
            ui: self.ui,
            interrupts: &mut *self.interrupts,
            connection: self.source.connection(),
        };
        let transfer = for_rows(self.log, self.log.version(), start)?;
        self.ui.start_progress(range, false);
        let outcome = transfer.await;
        self.ui.end_progress();
        let summary = outcome.map_err(|(stopped, left)| self.failure(stopped, &left))?;
        let of = set_of(&self.job, &self.form);
        let known = State::read(self.folder, &of)?;
        let known = known.and_then(|state| state.complete_until().ok());
        if let Some(until) = complete_until(known, range) {
            State::new(of, until).write(self.folder)?;
        }
        self.report(range, &summary, &rejects)
    }

    fn failure(&self, stopped: Stopped, left: &Left) -> Failure {
        let failure = match stopped {
            Stopped::Interrupted => Failure::new(Exit::Interrupted, "interrupted"),
            Stopped::Reading(error) => self.source.failure(&error),
            Stopped::Writing(error) => output_failure(self.folder, &error),
            Stopped::System(failure) => failure,
        };
        match left {
            Left::Kept(kept) => failure.and_hint(&format!(
                "what was read up to {} is kept: the next run goes on from there",
                format_time(kept.until)
            )),
            Left::Nothing => failure.and_hint("the data set is as it was"),
            Left::Unknown => failure.and_hint(
                "some days may be up to date and others not yet: the next run goes on with them",
            ),
        }
    }

    fn report(&self, range: TimeRange, summary: &Summary, rejects: &Path) -> Result<Exit, Failure> {
        let [from, until] = [range.from(), range.until()].map(|at| format_time(at).to_string());
        let text = || {
            format!(
                "{}: {} rows read from {from} until {until}; {}",
                self.folder.path().display(),
                HumanCount(summary.rows),
                told(summary.changes.unwrap_or_default())
            )
        };
        let line = Line {
            summary,
            log: self.log.name(),
            from: Some(from.clone()),
            until: Some(until.clone()),
        };
        report::sum_up(self.ui, self.summary, text, &line)?;
        Ok(report::warn_of_set_aside(
            self.ui,
            None,
            summary,
            Some(rejects),
        ))
    }
}

/// What a failure to write the data set means. Nothing of it can be overwritten as an export can.
fn output_failure(folder: &Folder, error: &Error) -> Failure {
    let unfinished = folder.unfinished();
    let is_unfinished = error
        .path()
        .is_some_and(|path| path.starts_with(&unfinished));
    match (error.kind(), error.path()) {
        (ErrorKind::Damaged, _) if is_unfinished => Failure::new(Exit::Other, one_line(error))
            .with_hint(format!(
                "delete {}: what was read for it is read again",
                unfinished.display()
            )),
        (ErrorKind::Damaged, _) => {
            Failure::new(Exit::Other, one_line(error)).with_hint("mend that file or move it away")
        }
        (ErrorKind::OtherJob, Some(_)) => Failure::usage(
            one_line(error),
            "move it away or give its format, or name another folder",
        ),
        (ErrorKind::OtherJob, None) => Failure::usage(
            one_line(error),
            format!(
                "give the options that it was begun with, or delete {} to begin anew",
                unfinished.display()
            ),
        ),
        (ErrorKind::Unfinished, _) => {
            Failure::new(Exit::Other, one_line(error)).with_hint("run again to go on with it")
        }
        _ => hints::output_failure(error),
    }
}

/// What merging has changed, in words.
fn told(changes: Changes) -> String {
    let mut text = if changes.days == 0 {
        "nothing has changed".to_owned()
    } else {
        format!(
            "{} days are new or changed, by {} rows added and {} changed",
            HumanCount(changes.days),
            HumanCount(changes.added),
            HumanCount(changes.changed)
        )
    };
    if changes.removed > 0 {
        text.push_str(&format!(", {} removed", HumanCount(changes.removed)));
    }
    if changes.missing > 0 {
        text.push_str(&format!(
            "; {} rows that Graph has not got any more stay",
            HumanCount(changes.missing)
        ));
    }
    text
}

/// What the data set is of. That its days are those of UTC goes without saying.
fn set_of(job: &Job, form: &WriterOptions) -> Job {
    let job = job.clone().with("format", form.format().name());
    match form.calendar() {
        utc if *utc == Calendar::utc() => job,
        calendar => job.with("days of", calendar.name()),
    }
}

fn worse(one: Exit, other: Exit) -> Exit {
    match other {
        Exit::Done => one,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_told_in_words() {
        assert_eq!(told(Changes::default()), "nothing has changed");
        let mut changes = Changes::default();
        (changes.days, changes.added, changes.missing) = (2, 1_200, 3);
        assert_eq!(
            told(changes),
            "2 days are new or changed, by 1,200 rows added and 0 changed; 3 rows that Graph has not got any more stay"
        );
    }
}
