//! `cargo xtask faults`: the program's export from an emulator of whose requests many go wrong.
//!
//! The test itself is `crates/graph-pstn-cli/tests/end_to_end/faults.rs`; `cargo test` runs it too, with
//! fewer requests.

use crate::cargo::cargo;

const TEST: &str = "test -p graph-pstn-cli --test end_to_end -- --ignored --nocapture --exact \
                    faults::at_length";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many requests there are to be at least; a thousand take some two minutes
    #[arg(long, default_value_t = 10_000)]
    requests: u64,
    /// How many of 100 are to go wrong
    #[arg(long, default_value_t = 33)]
    percent: u8,
    /// Which, and how
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    cargo(TEST)
        .variable("FAULTS_REQUESTS", arguments.requests.to_string())
        .variable("FAULTS_PERCENT", arguments.percent.to_string())
        .variable("FAULTS_SEED", arguments.seed.to_string())
        .run()
}
