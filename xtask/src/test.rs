//! `cargo xtask test`: what a contributor, and CI, must see green.

use std::time::Instant;

use crate::{
    audit,
    cargo::{Cargo, cargo},
    costs, snapshots,
};

pub(crate) fn run() -> Result<(), String> {
    step("format", &[cargo("fmt --all --check")])?;
    step(
        "lints",
        &[cargo(
            "clippy --workspace --all-targets --all-features -- -D warnings",
        )],
    )?;
    step("tests", &tests())?;
    step(
        "documentation",
        &[cargo("doc --workspace --no-deps --all-features")
            .variable("RUSTDOCFLAGS", "-D warnings")],
    )?;
    timed("snapshots", || {
        snapshots::run(&snapshots::Arguments::default())
    })?;
    timed("audit", audit::run)?;
    timed("parts", || costs::run(&costs::Arguments::default()))?;
    dependencies()
}

/// With cargo-deny if it is there; its check of advisories needs a network and is left out.
fn dependencies() -> Result<(), String> {
    if cargo("deny --version").succeeds() {
        step("dependencies", &[cargo("deny check bans licenses sources")])
    } else {
        eprintln!("\n== dependencies: left out, for cargo-deny is not installed");
        Ok(())
    }
}

/// With cargo-nextest if it is there, which leaves the examples in the documentation to cargo.
fn tests() -> Vec<Cargo> {
    let commands = if cargo("nextest --version").succeeds() {
        vec![
            cargo("nextest run --workspace --all-features"),
            cargo("test --workspace --all-features --doc"),
        ]
    } else {
        vec![cargo("test --workspace --all-features")]
    };
    commands
        .into_iter()
        .map(|command| command.variable("INSTA_UPDATE", "no"))
        .collect()
}

fn step(name: &str, commands: &[Cargo]) -> Result<(), String> {
    timed(name, || {
        commands.iter().try_for_each(|command| {
            eprintln!("$ {}", command.shown());
            command.run()
        })
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a step takes real time, and there is no tokio here"
)]
fn timed(name: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    eprintln!("\n== {name}");
    let start = Instant::now();
    work()?;
    eprintln!("== {name}: done in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}
