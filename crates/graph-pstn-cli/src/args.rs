//! The command line as a whole.

use clap::{Parser, Subcommand};

use crate::check::CheckArgs;
#[cfg(feature = "emulator")]
use crate::emulate::EmulateArgs;
use crate::export::ExportArgs;

/// The exit codes, as `--help` lists them; [`Exit`](crate::exit::Exit) has them too.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
    0  done (also when the reader of standard output has closed it, as `head` does)
    1  any other failure: disk, certificate, data
    2  wrong use of the options
    3  not authorised: credential, consent or tenant
    4  Graph or Entra throttles, is unavailable or cannot be reached: try again later
    5  done, but rows were set aside
  130  interrupted";

/// PSTN call logs of Microsoft Graph, as files.
#[derive(Debug, Parser)]
#[command(name = "graph-pstn", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Say nothing but errors and warnings.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Log what the layers do on standard error. Never holds tokens, secrets, numbers or names.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the calls of a range as CSV or NDJSON.
    Export(Box<ExportArgs>),
    /// Find out whether everything is set up right, and what to do where it is not.
    Check(Box<CheckArgs>),
    /// Serve a local stand-in for Graph and Entra, to try the program without a tenant.
    #[cfg(feature = "emulator")]
    Emulate(EmulateArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
