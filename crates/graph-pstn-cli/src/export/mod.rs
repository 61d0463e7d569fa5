//! `graph-pstn export`: the rows of a range, to files or standard output.

pub(crate) mod board;
mod form;
mod output;
mod output_args;
mod patience;
pub(crate) mod row_type;
mod rows;
pub(crate) mod source;
pub(crate) mod transfer;

use std::pin::Pin;

use clap::Args;
use futures_util::future::join_all;
use graph_pstn_export::{ExportRow, Job, RawRecord, Summary, Unfinished};
use graph_pstn_model::{OffsetDateTime, TimeRange};
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::hints;
use crate::interrupts::Interrupts;
use crate::range::RangeArgs;
use crate::rate::Counts;
use crate::ui::Ui;

use board::Board;
use form::{Form, FormArgs};
use output::Output;
use output_args::OutputArgs;
use row_type::{ForRows, for_rows};
use rows::{RowsArgs, RowsWanted};
use source::{OpenSource, SourceArgs};
use transfer::{Left, Stopped, Transfer};

/// The options of `export`.
#[derive(Debug, Args)]
#[command(after_help = crate::exit::EXIT_CODES)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    range: RangeArgs,

    #[command(flatten)]
    rows: RowsArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    form: FormArgs,

    #[command(flatten)]
    source: SourceArgs,
}

/// Runs the command. Everything that can be refused without a request is refused before the first.
pub(crate) async fn run(args: ExportArgs, ui: &Ui) -> Result<Exit, Failure> {
    let rows = args.rows.resolve()?;
    let form = args.form.resolve(args.output.file())?;
    form.check(&rows)?;
    let outputs = args.output.resolve(&rows.logs, form.format())?;
    let work = outputs.into_iter().map(Work::begun);
    let work = work.collect::<Result<Vec<Work>, Failure>>()?;
    let range = settled(&args.range, &work)?;
    let form = match work.iter().any(|work| work.output.has_days()) {
        true => form.of_days(args.range.calendar()),
        false => form,
    };
    let work = to_do(work, range, &form, ui)?;
    rows.check(range)?;
    let parts = work.into_iter().map(|work| (work.output, work.unfinished));
    let (outputs, unfinished): (Vec<Output>, Vec<Option<Unfinished>>) = parts.unzip();
    let mut interrupts = Vec::new();
    for _ in &outputs {
        interrupts.push(Interrupts::listen()?);
    }
    let source = args.source.resolve()?;
    let job = source.job();
    let source = source.open(ui, &Counts::default()).await?;

    let board = Board::new(range, outputs.len());
    let mut transfers = Vec::new();
    let each = outputs.iter().zip(unfinished).zip(&mut interrupts);
    for (place, ((output, unfinished), interrupts)) in each.enumerate() {
        let log = output.log();
        let start = Start {
            range,
            rows: &rows,
            form: &form,
            output,
            unfinished,
            job: rows.job(log, form.is_raw(), job.clone()),
            logs: outputs.len(),
            ui,
            board: (&board, place),
            interrupts,
            connection: source.connection(),
        };
        transfers.push(match form.is_raw() {
            true => start.of::<RawRecord>(),
            false => for_rows(log, rows.version(log), start),
        }?);
    }
    ui.start_progress(range, outputs.iter().any(Output::is_terminal));
    let outcomes = join_all(transfers).await;
    ui.end_progress();

    let exit = conclude(&outputs, outcomes, range, &source, ui);
    source.close().await;
    exit
}

/// An output to be written, from the beginning or from where an earlier run has stopped.
struct Work {
    output: Output,
    unfinished: Option<Unfinished>,
}

impl Work {
    fn begun(output: Output) -> Result<Self, Failure> {
        let unfinished = output.unfinished()?;
        if unfinished.is_none() {
            output.check_to_do()?;
        }
        Ok(Self { output, unfinished })
    }
}

/// Those that are not finished yet.
fn to_do(all: Vec<Work>, range: TimeRange, form: &Form, ui: &Ui) -> Result<Vec<Work>, Failure> {
    let mut work = Vec::new();
    for Work { output, unfinished } in all {
        if unfinished.is_none() && output.is_finished(range, form.writer())? {
            ui.note(&format!(
                "note: {} is there already, and stays as it is",
                output.shown()
            ));
            continue;
        }
        work.push(Work { output, unfinished });
    }
    Ok(work)
}

/// The range: that of the unfinished exports, if there are any.
fn settled(args: &RangeArgs, work: &[Work]) -> Result<TimeRange, Failure> {
    let settle = |args: &RangeArgs, now| match work.iter().any(|work| work.output.has_days()) {
        true => args.whole_days(now),
        false => args.range(now),
    };
    let mut range = None;
    for unfinished in work.iter().filter_map(|work| work.unfinished.as_ref()) {
        let begun = unfinished.position().range();
        let begun = begun.map_err(|error| Failure::other("no range to go on with", &error))?;
        if range.is_some_and(|range| range != begun) {
            return Err(Failure::usage(
                "the unfinished exports of these logs are of different ranges",
                "go on with each in a run of its own",
            ));
        }
        range = Some(begun);
    }
    match range {
        Some(begun) => args.resumed(begun, settle),
        None => settle(args, OffsetDateTime::now_utc()),
    }
}

/// A log whose transfer is to be started, once the type of its rows is known.
struct Start<'a> {
    range: TimeRange,
    rows: &'a RowsWanted,
    form: &'a Form,
    output: &'a Output,
    unfinished: Option<Unfinished>,
    job: Job,
    logs: usize,
    ui: &'a Ui,
    board: (&'a Board, usize),
    interrupts: &'a mut Interrupts,
    connection: &'a Connection,
}

type Outcome = Result<Summary, (Stopped, Left)>;
type Started<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

impl<'a> ForRows for Start<'a> {
    type Output = Result<Started<'a>, Failure>;

    fn of<T: ExportRow + DeserializeOwned>(self) -> Self::Output {
        let log = self.output.log();
        let options = self.form.options(log, self.rows, self.range);
        let version = self.rows.version(log);
        let share = |bytes| self.form.waiting(bytes) / self.logs.max(1);
        let mut reader = self.connection.read::<T>(log, version, self.range, share);
        if let Some(unfinished) = &self.unfinished {
            reader = reader.resume(unfinished.position()).map_err(|error| {
                Failure::usage(
                    format!("the unfinished export is of another log or range: {error}"),
                    "give the options that it was begun with, or --overwrite instead of --resume to start over",
                )
            })?;
        }
        let job = (self.range, self.job);
        let export = self
            .output
            .open(self.ui, options, job, &reader, self.unfinished);
        let export = export
            .map_err(|error| hints::output_failure(&error))?
            .with_selection(self.rows.selection());
        let transfer = Transfer {
            to_file: self.output.is_on_disk(),
            ui: self.ui,
            board: self.board,
            interrupts: self.interrupts,
        };
        Ok(Box::pin(transfer.run(self.connection, reader, export)))
    }
}

/// Says what each log came to. One that failed does not cost the others theirs; the first failure is the run's.
fn conclude(
    outputs: &[Output],
    outcomes: Vec<Outcome>,
    range: TimeRange,
    source: &OpenSource,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let several = outputs.len() > 1;
    let mut exit = Exit::Done;
    let mut interrupted = None;
    let mut failures = Vec::new();
    for (output, outcome) in outputs.iter().zip(outcomes) {
        let log = output.log();
        let (ended, left) = match outcome {
            Ok(summary) => (output.report(ui, range, &summary), Left::Nothing),
            Err((Stopped::Interrupted, left)) => {
                // One failure for all of them.
                let failure = interrupted.take();
                let failure =
                    failure.unwrap_or_else(|| Failure::new(Exit::Interrupted, "interrupted"));
                interrupted = Some(output.with_what_is_left(failure, &left));
                continue;
            }
            Err((Stopped::Writing(error), left)) => (output.ended(&error), left),
            Err((Stopped::Reading(error), left)) => {
                (Err(source.failure(&error).of_several(log, several)), left)
            }
            Err((Stopped::System(failure), left)) => (Err(failure.of_several(log, several)), left),
        };
        match ended {
            Ok(Exit::Done) => {}
            Ok(other) => exit = other,
            Err(failure) => failures.push(output.with_what_is_left(failure, &left)),
        }
    }
    let mut failures = interrupted.into_iter().chain(failures);
    let Some(first) = failures.next() else {
        return Ok(exit);
    };
    for further in failures {
        ui.report(&further);
    }
    Err(first)
}
