//! `graph-pstn export`: the rows of a range, to a file or standard output.

mod board;
mod form;
mod output;
mod patience;
mod row_type;
mod rows;
mod source;
mod transfer;

use std::pin::Pin;

use clap::Args;
use futures_util::future::join_all;
use graph_pstn_export::{Error, ExportRow, RawRecord, Summary};
use graph_pstn_model::{OffsetDateTime, TimeRange};
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::range::RangeArgs;
use crate::ui::Ui;

use board::Board;
use form::{Form, FormArgs};
use output::{Output, OutputArgs};
use row_type::{ForRows, for_rows};
use rows::{RowsArgs, RowsWanted};
use source::{OpenSource, SourceArgs};
use transfer::{Stopped, Transfer};

/// The options of `export`.
#[derive(Debug, Args)]
#[command(after_help = crate::args::EXIT_CODES)]
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
    let range = args.range.range(OffsetDateTime::now_utc())?;
    let rows = args.rows.resolve()?;
    rows.check(range)?;
    let form = args.form.resolve(args.output.target())?;
    form.check(&rows)?;
    let outputs = args.output.resolve(&rows.logs, form.format())?;
    let mut interrupts = Vec::new();
    for _ in &outputs {
        interrupts.push(Interrupts::listen()?);
    }
    let source = args.source.resolve()?;
    let source = source.open(ui).await?;

    let board = Board::new(range, outputs.len());
    let mut transfers = Vec::new();
    for (place, (output, interrupts)) in outputs.iter().zip(&mut interrupts).enumerate() {
        let start = Start {
            range,
            rows: &rows,
            form: &form,
            output,
            logs: outputs.len(),
            ui,
            board: (&board, place),
            interrupts,
            connection: source.connection(),
        };
        let started = match form.is_raw() {
            true => start.of::<RawRecord>(),
            false => for_rows(output.log(), rows.version(output.log()), start),
        };
        match started {
            Ok(transfer) => transfers.push(transfer),
            Err(error) => return output.ended(&error),
        }
    }
    ui.start_progress(range, outputs.iter().any(Output::is_terminal));
    let outcomes = join_all(transfers).await;
    ui.end_progress();

    let exit = conclude(&outputs, outcomes, &source, ui);
    source.close().await;
    exit
}

/// A log whose transfer is to be started, once the type of its rows is known.
struct Start<'a> {
    range: TimeRange,
    rows: &'a RowsWanted,
    form: &'a Form,
    output: &'a Output,
    logs: usize,
    ui: &'a Ui,
    board: (&'a Board, usize),
    interrupts: &'a mut Interrupts,
    connection: &'a Connection,
}

type Started<'a> = Pin<Box<dyn Future<Output = Result<Summary, Stopped>> + 'a>>;

impl<'a> ForRows for Start<'a> {
    type Output = Result<Started<'a>, Error>;

    fn of<T: ExportRow + DeserializeOwned>(self) -> Self::Output {
        let log = self.output.log();
        let options = self.form.options(log, self.rows, self.range);
        let export = self.output.open::<T>(self.ui, options)?;
        let export = export.with_selection(self.rows.selection());
        let version = self.rows.version(log);
        let share = |bytes| self.form.waiting(bytes) / self.logs.max(1);
        let reader = self.connection.read::<T>(log, version, self.range, share);
        let transfer = Transfer {
            to_file: self.output.is_file(),
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
    outcomes: Vec<Result<Summary, Stopped>>,
    source: &OpenSource,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let mut interrupted = Vec::new();
    let mut failures = Vec::new();
    for (output, outcome) in outputs.iter().zip(outcomes) {
        let log = output.log();
        let concluded = match outcome {
            Ok(summary) => output.report(ui, &summary),
            Err(Stopped::Writing(error)) => output.ended(&error),
            Err(Stopped::Interrupted) => {
                interrupted.push(output);
                continue;
            }
            Err(Stopped::Reading(error)) => {
                Err(source.failure(&error).of_several(log, outputs.len() > 1))
            }
            Err(Stopped::System(failure)) => Err(failure.of_several(log, outputs.len() > 1)),
        };
        match concluded {
            Ok(Exit::Done) => {}
            Ok(other) => exit = other,
            Err(failure) => failures.push(failure),
        }
    }
    if !interrupted.is_empty() {
        let hint = Output::after_interruption(&interrupted);
        failures.insert(
            0,
            Failure::new(Exit::Interrupted, "interrupted").with_hint(hint),
        );
    }
    let mut failures = failures.into_iter();
    let Some(first) = failures.next() else {
        return Ok(exit);
    };
    for further in failures {
        ui.report(&further);
    }
    Err(first)
}
