//! What is generated from the definitions of the options: completions for shells, and manual pages.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::{Exit, Failure};
use crate::stdout::print;

/// Prints the completions for a shell.
pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "graph-pstn", &mut script);
    print(&script)?;
    Ok(Exit::Done)
}

/// Writes `graph-pstn.1` and a page for each command.
pub(crate) fn man(folder: &Path) -> Result<Exit, Failure> {
    let written =
        fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| {
        let doing = format!("the manual pages cannot be written to {}", folder.display());
        Failure::other(&doing, &error).with_hint("name a folder that you may write to")
    })?;
    Ok(Exit::Done)
}
