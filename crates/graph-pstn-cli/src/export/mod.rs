//! `graph-pstn export`: the rows of a range, to a file or standard output.

mod output;
mod patience;
mod source;
mod transfer;

use clap::Args;
use graph_pstn_model::OffsetDateTime;

use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::range::RangeArgs;
use crate::ui::Ui;

use output::{Output, OutputArgs};
use source::SourceArgs;
use transfer::{Stopped, Transfer};

/// The options of `export`.
#[derive(Debug, Args)]
#[command(after_help = crate::args::EXIT_CODES)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    range: RangeArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    source: SourceArgs,
}

/// Runs the command. Everything that can be refused without a request is refused before the first.
pub(crate) async fn run(args: ExportArgs, ui: &Ui) -> Result<Exit, Failure> {
    let output = args.output.resolve()?;
    let settle = |args: &RangeArgs, now| {
        if output.has_days() {
            args.whole_days(now)
        } else {
            args.range(now)
        }
    };
    let unfinished = output.unfinished(ui)?;
    let range = match &unfinished {
        None => settle(&args.range, OffsetDateTime::now_utc())?,
        Some(unfinished) => {
            let begun = unfinished.position().range();
            let begun = begun.map_err(|error| Failure::other("no range to go on with", &error))?;
            args.range.resumed(begun, settle)?
        }
    };
    let mut interrupts = Interrupts::listen()?;
    let source = args.source.resolve()?;
    let job = source.job().with("log", output::LOG.name());
    let source = source.open(ui).await?;
    let mut reader = source.connection().read(range);
    if let Some(unfinished) = &unfinished {
        reader = reader
            .resume(unfinished.position())
            .map_err(|error| Failure::other("no place to go on from", &error))?;
    }
    let export = match output.open(ui, range, job, &reader, unfinished) {
        Ok(export) => export,
        Err(error) => return Output::ended(&error),
    };

    ui.start_progress(range, output.is_terminal());
    let transfer = Transfer {
        range,
        to_file: output.is_on_disk(),
        ui,
        interrupts: &mut interrupts,
    };
    let outcome = transfer.run(source.connection(), reader, export).await;
    ui.end_progress();

    let exit = match outcome {
        Ok(summary) => output.report(ui, range, &summary),
        Err((stopped, left)) => {
            let ended = match stopped {
                Stopped::Interrupted => Err(Failure::new(Exit::Interrupted, "interrupted")),
                Stopped::Reading(error) => Err(source.failure(&error)),
                Stopped::Writing(error) => Output::ended(&error),
                Stopped::System(failure) => Err(failure),
            };
            ended.map_err(|failure| output.with_what_is_left(failure, &left))
        }
    };
    source.close().await;
    exit
}
