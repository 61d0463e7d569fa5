//! `cargo xtask bench NAME`: runs the benches of the crates.

use std::process::Command;

/// A bench, its crate, the features it needs, and the crate's targets that make it up.
struct Bench {
    name: &'static str,
    package: &'static str,
    features: &'static str,
    targets: &'static [&'static str],
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "decode",
        package: "graph-pstn-model",
        features: "",
        targets: &["decode", "decode_memory"],
    },
    Bench {
        name: "pacing",
        package: "graph-pstn-http",
        features: "client",
        targets: &["pacing"],
    },
    Bench {
        name: "pipeline",
        package: "graph-pstn-http",
        features: "client,aws-lc-rs",
        targets: &["pipeline"],
    },
    Bench {
        name: "emulator",
        package: "graph-pstn-emulator",
        features: "",
        targets: &["emulator"],
    },
];

/// Runs the bench with this name.
///
/// # Errors
///
/// When there is no such bench, or it fails.
pub(crate) fn run(name: &str) -> Result<(), String> {
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == name) else {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        return Err(format!(
            "no bench is called `{name}`; there are {}",
            names.join(", ")
        ));
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["bench", "--quiet", "--package", bench.package]);
    if !bench.features.is_empty() {
        cargo.args(["--features", bench.features]);
    }
    for target in bench.targets {
        cargo.args(["--bench", target]);
    }
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("bench `{name}` failed: {status}")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}
