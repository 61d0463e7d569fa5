//! The program `graph-pstn`: PSTN call logs of Microsoft Graph, as files.
//!
//! This file starts the runtime and turns what a command came to into an exit code. Each command and each concern
//! has a file of its own; the work itself is done by the crates below.

#[cfg(not(any(
    feature = "cloud-global",
    feature = "cloud-us-gov-l4",
    feature = "cloud-us-gov-l5",
    feature = "cloud-china"
)))]
compile_error!(
    "graph-pstn is built for at least one Microsoft cloud: turn on the feature `cloud-global`, \
     `cloud-us-gov-l4`, `cloud-us-gov-l5`, `cloud-china`, or `all-clouds`"
);

mod args;
mod check;
mod config;
mod connection;
mod credentials;
mod documents;
#[cfg(feature = "emulator")]
mod emulate;
mod endpoints;
mod exit;
mod export;
mod hints;
mod interrupts;
mod progress;
mod range;
mod rate;
mod report;
mod stdout;
mod sync;
mod terminal;
mod ui;
mod zone;

use std::process::ExitCode;

use crate::args::{Command, LogFormat};
use crate::config::{Parsed, Refused, Variables};
use crate::exit::{Exit, Failure};
use crate::ui::Ui;

fn main() -> ExitCode {
    let variables = Variables::of_process();
    let parsed = match config::parse(std::env::args_os().collect(), &variables) {
        Ok(parsed) => parsed,
        Err(Refused::Clap(error)) => error.exit(),
        Err(Refused::Failure(failure)) => {
            Ui::new(false, false, LogFormat::Text).report(&failure);
            return failure.exit().into();
        }
    };
    let Parsed {
        cli,
        warnings,
        shown,
    } = parsed;
    let ui = Ui::new(cli.quiet, cli.verbose, cli.log_format);
    for warning in warnings {
        ui.say(&format!("warning: {warning}"));
    }
    let outcome = match cli.show_config {
        true => stdout::print(shown.as_bytes()).map(|()| Exit::Done),
        false => run(cli.command, &ui),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        ui.report(&failure);
        failure.exit()
    });
    exit.into()
}

fn run(command: Command, ui: &Ui) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other("the async runtime does not start", &error))?;
    let outcome = runtime.block_on(async {
        match command {
            // Boxed, since the futures of the commands differ much in size.
            Command::Export(args) => Box::pin(export::run(*args, ui)).await,
            Command::Sync(args) => Box::pin(sync::run(*args, ui)).await,
            Command::Check(args) => Box::pin(check::run(*args)).await,
            #[cfg(feature = "emulator")]
            Command::Emulate(args) => Box::pin(emulate::run(*args)).await,
            Command::Completions { shell } => documents::completions(shell),
            Command::Man { folder } => documents::man(&folder),
        }
    });
    // Without waiting for a look-up of a name that is still under way.
    runtime.shutdown_background();
    outcome
}
