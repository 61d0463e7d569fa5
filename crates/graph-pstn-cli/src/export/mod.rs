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
use transfer::Transfer;

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
    let range = args.range.range(OffsetDateTime::now_utc())?;
    let output = args.output.resolve()?;
    let mut interrupts = Interrupts::listen()?;
    let source = args.source.resolve()?;
    let source = source.open(ui).await?;
    let export = match output.open(ui) {
        Ok(export) => export,
        Err(error) => return Output::ended(&error),
    };

    ui.start_progress(range, output.is_terminal());
    let transfer = Transfer {
        range,
        to_file: output.is_file(),
        ui,
        interrupts: &mut interrupts,
    };
    let outcome = transfer.run(source.connection(), export).await;
    ui.end_progress();

    let exit = match outcome {
        Ok(summary) => output.report(ui, &summary),
        Err(transfer::Stopped::Interrupted) => {
            Err(Failure::new(Exit::Interrupted, "interrupted")
                .with_hint(output.after_interruption()))
        }
        Err(transfer::Stopped::Reading(error)) => Err(source.failure(&error)),
        Err(transfer::Stopped::Writing(error)) => Output::ended(&error),
        Err(transfer::Stopped::System(failure)) => Err(failure),
    };
    source.close().await;
    exit
}
