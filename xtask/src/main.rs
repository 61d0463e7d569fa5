//! The workspace's tasks: `cargo xtask TASK`. One file a task.

mod audit;
mod cargo;
mod clouds;
mod costs;
mod features;
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
    /// Build for each cloud alone, and prove that nothing of the other clouds is in it
    Clouds,
    /// Look for secrets and personal data in the committed fixtures and snapshots
    Audit,
    /// Count the crates that each feature and each example brings, and build each alone
    Costs(costs::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Snapshots(arguments) => snapshots::run(&arguments),
        Task::Clouds => clouds::run(),
        Task::Audit => audit::run(),
        Task::Costs(arguments) => costs::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
