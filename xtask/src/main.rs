//! The workspace's tasks: `cargo xtask TASK`. One file a task.

mod api;
mod audit;
mod bench;
mod cargo;
mod clouds;
mod costs;
#[cfg(test)]
mod documented;
mod duplicates;
mod faults;
mod features;
mod har;
mod house;
mod package;
mod record;
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
    Test {
        /// The tests of one crate alone, with all its features
        package: Option<String>,
    },
    /// Replay every fixture through the whole stack and compare with the snapshots
    Snapshots(snapshots::Arguments),
    /// Record an export of a tenant or of the emulator as a fixture
    Record(Box<record::Arguments>),
    /// Make a fixture of a HAR capture, or a HAR capture of a fixture
    Har(har::Arguments),
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
    /// Compare the public API of each crate with what docs/api says
    Api(api::Arguments),
    /// Print what a reader would stumble over: long files, undocumented items, possible panics, many crates
    House,
    /// Pack each crate as it would be published, and build it from its package alone
    Package,
    /// Look for secrets and personal data in the committed fixtures and snapshots
    Audit {
        /// In a recording of the emulator too, which is made for it, and with leaks planted into that
        #[arg(long)]
        recording: bool,
    },
    /// Count the crates that each feature and each example brings, and build each alone
    Costs(costs::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test { package: None } => test::run(),
        Task::Test {
            package: Some(package),
        } => test::of(&package),
        Task::Snapshots(arguments) => snapshots::run(&arguments),
        Task::Record(arguments) => record::run(&arguments),
        Task::Har(arguments) => har::run(&arguments),
        Task::Clouds => clouds::run(),
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Faults(arguments) => faults::run(&arguments),
        Task::Bench { name } => bench::run(&name),
        Task::Api(arguments) => api::run(&arguments),
        Task::House => house::run(),
        Task::Package => package::run(),
        Task::Audit { recording } => {
            audit::run().and_then(|()| if recording { record::check() } else { Ok(()) })
        }
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
