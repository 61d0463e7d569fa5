//! `cargo xtask bench NAME`: runs the benches of the crates.

use std::process::Command;

/// A bench: its name here, its crate, and the crate's targets that make it up.
const BENCHES: &[(&str, &str, &[&str])] =
    &[("decode", "graph-pstn-model", &["decode", "decode_memory"])];

/// Runs the bench with this name.
///
/// # Errors
///
/// When there is no such bench, or it fails.
pub(crate) fn run(name: &str) -> Result<(), String> {
    let Some((_, package, targets)) = BENCHES.iter().find(|(bench, ..)| *bench == name) else {
        let names: Vec<_> = BENCHES.iter().map(|(name, ..)| *name).collect();
        return Err(format!(
            "no bench is called `{name}`; there are {}",
            names.join(", ")
        ));
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["bench", "--quiet", "--package", package]);
    for target in *targets {
        cargo.args(["--bench", target]);
    }
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("bench `{name}` failed: {status}")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}
