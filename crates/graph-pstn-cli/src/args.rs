//! The command line as a whole.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::check::CheckArgs;
#[cfg(feature = "emulator")]
use crate::emulate::EmulateArgs;
use crate::exit::EXIT_CODES;
use crate::export::ExportArgs;
use crate::sync::SyncArgs;
use crate::ui::LogFormat;

/// Where `--help` lists what all commands have.
const HEADING: &str = "Messages and settings";

/// PSTN call logs of Microsoft Graph, as files.
#[derive(Debug, Parser)]
#[command(name = "graph-pstn", version, max_term_width = 80, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Say nothing but errors and warnings.
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = HEADING)]
    pub(crate) quiet: bool,

    /// Log what the layers do on standard error. Never holds tokens, secrets, numbers or names.
    #[arg(long, short, global = true, help_heading = HEADING)]
    pub(crate) verbose: bool,

    /// How to write messages and the log on standard error.
    #[arg(long, value_name = "FORM", value_enum, global = true, default_value_t = LogFormat::Text, help_heading = HEADING)]
    pub(crate) log_format: LogFormat,

    /// A file with settings in TOML, instead of the one in the usual place. Every option can stand in it by its long
    /// name, or in the environment as GRAPH_PSTN_ with the name in capitals (GRAPH_PSTN_MAX_WAIT). The command line
    /// goes before the environment, and that before the file.
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true, help_heading = HEADING)]
    pub(crate) config: Option<PathBuf>,

    /// Print the settings that count and where each comes from, and do nothing.
    #[arg(long, global = true, hide_short_help = true, help_heading = HEADING)]
    pub(crate) show_config: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the rows of a range as CSV, NDJSON or Parquet.
    Export(Box<ExportArgs>),
    /// Keep a folder with a file for each day up to date, by reading the latest days again.
    Sync(Box<SyncArgs>),
    /// Find out whether everything is set up right, and what to do where it is not.
    Check(Box<CheckArgs>),
    /// Serve a local stand-in for Graph and Entra, to try the program without a tenant.
    #[cfg(feature = "emulator")]
    Emulate(Box<EmulateArgs>),
    /// Print the completions of the command line for a shell.
    #[command(long_about = COMPLETIONS)]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the manual pages into a folder.
    Man {
        /// The folder, which is made if it is missing.
        folder: PathBuf,
    },
}

const COMPLETIONS: &str = "\
Print the completions of the command line for a shell.

bash:        graph-pstn completions bash > ~/.local/share/bash-completion/completions/graph-pstn
zsh:         graph-pstn completions zsh > ~/.zfunc/_graph-pstn
fish:        graph-pstn completions fish > ~/.config/fish/completions/graph-pstn.fish
PowerShell:  graph-pstn completions powershell | Out-String | Invoke-Expression";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
