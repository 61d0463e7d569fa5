//! The workspace's tasks: `cargo xtask TASK`. One file a task.

mod audit;
mod bench;
mod cargo;
mod clouds;
mod costs;
mod faults;
mod features;
mod references;
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
    /// Build for each cloud alone, and prove that nothing of the other clouds is in it
    Clouds,
    /// Run the whole stack in virtual time, with what goes wrong drawn from seeds
    Simulate(simulate::Arguments),
    /// Export from an emulator of whose requests many go wrong, and compare every row
    Faults(faults::Arguments),
    /// Run one of the benches: decode, pacing, pipeline, emulator
    Bench {
        /// Which
        name: String,
    },
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
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Faults(arguments) => faults::run(&arguments),
        Task::Bench { name } => bench::run(&name),
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
