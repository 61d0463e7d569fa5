//! The workspace's tasks: `cargo xtask TASK`. One file a task.

mod audit;
mod cargo;
mod simulate;
mod snapshots;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of the graph-pstn workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that has to be green: format, lints, tests, documentation, snapshots, audit
    Test,
    /// Replay every fixture through the whole stack and compare with the snapshots
    Snapshots(snapshots::Arguments),
    /// Run the whole stack in virtual time, with what goes wrong drawn from seeds
    Simulate(simulate::Arguments),
    /// Look for secrets and personal data in the committed fixtures and snapshots
    Audit,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Snapshots(arguments) => snapshots::run(&arguments),
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Audit => audit::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
