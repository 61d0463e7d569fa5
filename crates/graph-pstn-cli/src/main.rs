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
mod crowd;
mod detached;
mod documents;
#[cfg(feature = "emulator")]
mod emulate;
mod endpoints;
mod exit;
mod export;
mod hints;
mod interrupts;
mod outcomes;
mod progress;
mod range;
mod rate;
mod report;
mod stdout;
mod storage;
mod sync;
mod terminal;
mod text_file;
mod ui;
mod zone;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::Command;
use crate::config::{Parsed, Refused, Tenant, Variables};
use crate::exit::{Exit, Failure};
use crate::rate::Counts;
use crate::ui::{LogFormat, Ui};

fn main() -> ExitCode {
    let variables = Variables::of_process();
    let line: Vec<OsString> = std::env::args_os().collect();
    let parsed = match config::parse(line.clone(), &variables) {
        Ok(parsed) => parsed,
        Err(refused) => return not_begun(refused, config::log_format(&line, &variables)),
    };
    let ui = Ui::new(parsed.cli.quiet, parsed.cli.verbose, parsed.cli.log_format);
    let outcome = begin(parsed, &line, &variables, &ui);
    let exit = outcome.unwrap_or_else(|failure| {
        ui.report(&failure);
        failure.exit()
    });
    exit.into()
}

/// Says what is wrong with the command line or the settings.
fn not_begun(refused: Refused, format: LogFormat) -> ExitCode {
    let failure = match refused {
        Refused::Failure(failure) => failure,
        Refused::Clap(error) if error.use_stderr() && format == LogFormat::Json => {
            config::misused(&error)
        }
        Refused::Clap(error) => error.exit(),
    };
    Ui::new(false, false, format).report(&failure);
    failure.exit().into()
}

fn begin(
    parsed: Parsed,
    line: &[OsString],
    variables: &Variables,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let tenants = tenants(&parsed, line, variables)?;
    for warning in parsed.warnings {
        ui.warn(&warning);
    }
    if parsed.cli.show_config {
        stdout::print(all_shown(&parsed.shown, &tenants).as_bytes())?;
        return Ok(Exit::Done);
    }
    run(parsed.cli.command, tenants, ui)
}

/// The tenants of the run, if it is of several.
fn tenants(
    parsed: &Parsed,
    line: &[OsString],
    variables: &Variables,
) -> Result<Vec<Tenant>, Failure> {
    let (command, file) = match &parsed.cli.command {
        Command::Sync(args) => ("sync", args.tenants()),
        Command::Check(args) => ("check", args.tenants()),
        _ => return Ok(Vec::new()),
    };
    match file {
        Some(file) => config::tenants(file, command, line, variables),
        None => Ok(Vec::new()),
    }
}

/// What `--show-config` prints: what counts for each tenant, if there are several.
fn all_shown(shown: &str, tenants: &[Tenant]) -> String {
    if tenants.is_empty() {
        return shown.to_owned();
    }
    let each = tenants
        .iter()
        .map(|tenant| format!("# of {}\n{}", tenant.name, tenant.parsed.shown));
    each.collect::<Vec<String>>().join("\n")
}

fn run(command: Command, tenants: Vec<Tenant>, ui: &Ui) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other("the async runtime does not start", &error))?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Export(args) => {
                let ui = ui.clone();
                detached::run(move || async move { export::run(*args, &ui).await }).await
            }
            Command::Sync(args) if args.tenants().is_some() => {
                sync::tenants::run(&args, tenants, ui).await
            }
            Command::Sync(args) => {
                let ui = ui.clone();
                let run = move || async move { sync::run(*args, &ui, &Counts::default()).await };
                detached::run(run).await
            }
            // Boxed, since their futures are large.
            Command::Check(args) if args.tenants().is_some() => {
                Box::pin(check::tenants::run(args.json, tenants)).await
            }
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
