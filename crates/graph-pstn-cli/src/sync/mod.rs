//! `graph-pstn sync`: keeps a folder of days up to date, by reading the latest again and merging them.

mod state;
pub(crate) mod tenants;

use std::path::{Path, PathBuf};
use std::pin::Pin;

use clap::Args;
use graph_pstn_export::{
    Changes, Existing, Export, ExportRow, Folder, Format, Job, Rejects, Summary, Unfinished,
};
use graph_pstn_model::{CallLog, OffsetDateTime, TimeRange, format_time};
use indicatif::HumanCount;
use serde::de::DeserializeOwned;
use time::{Date, Duration, Time};

use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::export::board::Board;
use crate::export::row_type::{ForRows, for_rows};
use crate::export::source::{OpenSource, SourceArgs};
use crate::export::transfer::{Left, Stopped, Transfer};
use crate::hints;
use crate::interrupts::Interrupts;
use crate::range::no_range;
use crate::report::{self, Line, SummaryForm};
use crate::storage::StorageArgs;
use crate::ui::Ui;
use state::State;

/// How far the first run goes back. Rows are kept for 150 days at least, depending on the user's country ("Microsoft
/// Teams PSTN usage report"), and a request for what is at the edge may find it gone.
const FIRST_DAYS: i64 = 149;

/// The options of `sync`.
#[derive(Debug, Args)]
#[command(after_help = crate::args::EXIT_CODES)]
pub(crate) struct SyncArgs {
    /// The folder, with a file for each day in UTC: FOLDER/date=2019-11-01/part-00000.csv and so on. It is
    /// made if it is missing. With object stores built in also a URL of a folder there.
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

    /// How many days before the last complete run are read again, since rows arrive up to 48 hours late.
    #[arg(long, value_name = "DAYS", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=366), help_heading = "Data set")]
    reread: u16,

    /// Read again from this day on (UTC), if a run would not go back so far anyway. The first run goes back
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
    #[arg(long, value_name = "FILE", help_heading = "Several tenants")]
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

/// Runs the command.
pub(crate) async fn run(args: SyncArgs, ui: &Ui) -> Result<Exit, Failure> {
    let SyncArgs {
        output,
        log,
        format,
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
    let state = State::read(&folder, &job.clone().with("format", format.name()))?;
    let unfinished = Unfinished::of_days(&folder).map_err(|error| hints::output_failure(&error))?;
    let source = source.open(ui).await?;
    let mut sync = Sync {
        folder: &folder,
        log,
        format,
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
    format: Format,
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
        since: Option<Date>,
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
            done_until = complete_until(done_until, range).or(done_until);
        }
        let now = OffsetDateTime::now_utc();
        let range = range(since, done_until, reread, now)?;
        Ok(worse(exit, self.pass(range, None).await?))
    }

    /// Reads a range and merges it.
    async fn pass(
        &mut self,
        range: TimeRange,
        unfinished: Option<Unfinished>,
    ) -> Result<Exit, Failure> {
        let board = Board::new(range, 1);
        let rejects = Rejects::within(self.folder.path(), whole_days(range));
        let start = Start {
            folder: self.folder,
            log: self.log,
            format: self.format,
            allow_shrink: self.allow_shrink,
            job: self.job.clone(),
            rejects: Rejects::to_file(&rejects, Existing::Replace),
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
        let of = self.job.clone().with("format", self.format.name());
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
            Stopped::Writing(error) => hints::output_failure(&error),
            Stopped::System(failure) => failure,
        };
        match left {
            Left::Kept(kept) => failure.and_hint(&format!(
                "what was read up to {} is kept: the next run goes on from there",
                format_time(kept.until)
            )),
            Left::Nothing => failure.and_hint("the data set is as it was"),
            Left::Unknown => failure.and_hint("the next run goes on with what there is"),
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
    if changes.merged_before > 0 {
        text.push_str(&format!(
            "; {} days had been merged by a run before, which was stopped",
            HumanCount(changes.merged_before)
        ));
    }
    if changes.missing > 0 {
        text.push_str(&format!(
            "; {} rows that Graph has not got any more stay",
            HumanCount(changes.missing)
        ));
    }
    text
}

/// What to read: whole days, up to now.
fn range(
    since: Option<Date>,
    done_until: Option<OffsetDateTime>,
    reread: u16,
    now: OffsetDateTime,
) -> Result<TimeRange, Failure> {
    let midnight = |at: OffsetDateTime| at.replace_time(Time::MIDNIGHT);
    let since = since.map(|since| since.midnight().assume_utc());
    let days_before = |at: OffsetDateTime, days: i64| {
        midnight(at)
            .checked_sub(Duration::days(days))
            .ok_or_else(|| {
                Failure::usage(
                    "--reread goes back beyond the calendar",
                    "read fewer days again",
                )
            })
    };
    let from = match (since, done_until) {
        (since, Some(done)) => {
            // A clock that was ahead when the last run ended must not leave days out.
            let reread = days_before(done.min(now), reread.into())?;
            // And a day to begin with that is later would leave a gap which no run fills.
            since.map_or(reread, |since| since.min(reread))
        }
        (Some(since), None) => since,
        (None, None) => days_before(now, FIRST_DAYS)?,
    };
    TimeRange::new(from, now).map_err(|error| no_range(&error))
}

/// Up to where the data set is complete when this range has been merged; `None` if it does not go on where what is
/// `known` ends.
fn complete_until(known: Option<OffsetDateTime>, range: TimeRange) -> Option<OffsetDateTime> {
    match known {
        Some(known) if range.from() > known => None,
        // An older range that was gone on with does not take anything back.
        known => known.max(Some(range.until())),
    }
}

/// The days that a range touches, so that runs of one day have one file of rejects.
fn whole_days(range: TimeRange) -> TimeRange {
    let midnight = |at: OffsetDateTime| at.replace_time(Time::MIDNIGHT);
    let until = match midnight(range.until()) {
        same if same == range.until() => Some(same),
        before => before.checked_add(Duration::DAY),
    };
    let whole = until.and_then(|until| TimeRange::new(midnight(range.from()), until).ok());
    whole.unwrap_or(range)
}

fn worse(one: Exit, other: Exit) -> Exit {
    match other {
        Exit::Done => one,
        other => other,
    }
}

/// A pass that is to be started, once the type of its rows is known.
struct Start<'a> {
    folder: &'a Folder,
    log: CallLog,
    format: Format,
    allow_shrink: bool,
    job: Job,
    rejects: Rejects,
    range: TimeRange,
    unfinished: Option<Unfinished>,
    board: &'a Board,
    ui: &'a Ui,
    interrupts: &'a mut Interrupts,
    connection: &'a Connection,
}

type Outcome = Result<Summary, (Stopped, Left)>;

impl<'a> ForRows for Start<'a> {
    type Output = Result<Pin<Box<dyn Future<Output = Outcome> + 'a>>, Failure>;

    fn of<T: ExportRow + DeserializeOwned>(self) -> Self::Output {
        let version = self.log.version();
        let mut reader = self
            .connection
            .read::<T>(self.log, version, self.range, |bytes| bytes);
        let export = match self.unfinished {
            Some(unfinished) => {
                reader = reader.resume(unfinished.position()).map_err(|error| {
                    Failure::usage(
                        format!("what was begun in this folder is of another log: {error}"),
                        "give that log, or delete the folder .partial in it to begin anew",
                    )
                })?;
                unfinished.resume_merge(
                    self.log,
                    self.format,
                    self.allow_shrink,
                    self.rejects,
                    self.job,
                )
            }
            None => {
                let part = (self.log, self.range);
                Export::merge_days(
                    self.folder,
                    part,
                    self.format,
                    self.allow_shrink,
                    self.rejects,
                )
                .and_then(|export| export.resumable(self.job, reader.checkpoint()))
            }
        };
        let export = export.map_err(|error| hints::output_failure(&error))?;
        let transfer = Transfer {
            to_file: true,
            ui: self.ui,
            board: (self.board, 0),
            interrupts: self.interrupts,
        };
        Ok(Box::pin(transfer.run(self.connection, reader, export)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2019-12-24 12:00 UTC);

    fn from(since: Option<Date>, done_until: Option<OffsetDateTime>) -> OffsetDateTime {
        range(since, done_until, 3, NOW).unwrap().from()
    }

    #[test]
    fn the_first_run_stays_inside_of_what_is_kept_and_later_ones_read_days_again() {
        assert_eq!(from(None, None), datetime!(2019-07-28 0:00 UTC));
        let done = datetime!(2019-12-20 18:30 UTC);
        assert_eq!(from(None, Some(done)), datetime!(2019-12-17 0:00 UTC));
        // The clock was ahead.
        let ahead = datetime!(2020-01-20 18:30 UTC);
        assert_eq!(from(None, Some(ahead)), datetime!(2019-12-21 0:00 UTC));
        let since = date!(2019 - 12 - 01);
        assert_eq!(
            from(Some(since), Some(done)),
            datetime!(2019-12-01 0:00 UTC)
        );
        assert_eq!(from(Some(since), None), datetime!(2019-12-01 0:00 UTC));
        // Days between the last run and that one would be missing for good.
        let late = date!(2019 - 12 - 22);
        assert_eq!(from(Some(late), Some(done)), datetime!(2019-12-17 0:00 UTC));
        assert!(range(Some(date!(2020 - 01 - 01)), None, 3, NOW).is_err());
    }

    #[test]
    fn a_range_with_a_gap_before_it_does_not_count() {
        let of = |from, until| TimeRange::new(from, until).unwrap();
        let (first, third) = (
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-11-03 0:00 UTC),
        );
        let noon = datetime!(2019-11-02 12:00 UTC);
        assert_eq!(complete_until(None, of(first, noon)), Some(noon));
        assert_eq!(complete_until(Some(noon), of(first, third)), Some(third));
        assert_eq!(complete_until(Some(third), of(first, noon)), Some(third));
        assert_eq!(complete_until(Some(noon), of(third, NOW)), None);
    }

    #[test]
    fn runs_of_one_day_have_one_name_for_what_they_set_aside() {
        let of = |from, until| whole_days(TimeRange::new(from, until).unwrap());
        let from = datetime!(2019-11-01 0:00 UTC);
        let days = of(from, datetime!(2019-11-05 0:00 UTC));
        assert_eq!(days.until(), datetime!(2019-11-05 0:00 UTC));
        assert_eq!(of(from, datetime!(2019-11-04 0:00:01 UTC)), days);
        assert_eq!(of(from, datetime!(2019-11-04 23:59 UTC)), days);
    }

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
