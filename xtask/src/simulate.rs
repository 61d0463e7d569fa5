//! `cargo xtask simulate`: the whole stack against a service that draws what goes wrong from a seed.
//!
//! The test itself is `crates/graph-pstn-http/tests/simulation`; `cargo test` runs it too, with the
//! first 500 seeds.

use crate::cargo::cargo;

/// The simulation's own tests, those of its power to fail among them, run with `cargo test`.
const TEST: &str = "test --release -p graph-pstn-http --features client --test simulation -- \
                    --nocapture --exact seeds::seeds";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first one
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// This one alone, with what happens in it
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let test = cargo(TEST);
    let test = match arguments.seed {
        Some(seed) => test.variable("SIMULATE_SEED", seed.to_string()),
        None => test
            .variable("SIMULATE_SEEDS", arguments.seeds.to_string())
            .variable("SIMULATE_FROM", arguments.from.to_string()),
    };
    test.run()
}
