//! `cargo xtask test`: what a contributor, and CI, must see green.

use std::time::Instant;

use crate::{
    audit,
    cargo::{Cargo, cargo},
    costs, features, package, record,
    references::{self, References},
    workspace,
};

pub(crate) fn run() -> Result<(), String> {
    timed("format", || shown(&cargo("fmt --all --check")))?;
    let lints = "clippy --workspace --all-targets --all-features -- -D warnings";
    timed("lints", || shown(&cargo(lints)))?;
    timed("tests and snapshots", tests)?;
    let documentation = cargo("doc --workspace --no-deps --all-features");
    let documentation = documentation.variable("RUSTDOCFLAGS", "-D warnings");
    timed("documentation", || shown(&documentation))?;
    timed("audit", audit::run)?;
    timed("recording", record::check)?;
    timed("packages", package::contents)?;
    timed("parts", || costs::run(&costs::Arguments::default()))?;
    timed("dependencies", dependencies)
}

/// The tests of one crate, with all its features but those that need more than Rust and a C compiler.
///
/// # Errors
/// There is no such crate, or a test fails.
pub(crate) fn of(package: &str) -> Result<(), String> {
    let packages = features::of_packages()?;
    let Some(features) = packages.get(package) else {
        let names: Vec<&str> = packages.keys().map(String::as_str).collect();
        return Err(format!(
            "there is no package {package}; there are {}",
            names.join(", ")
        ));
    };
    let features = features::buildable(package, features).join(",");
    let tests = cargo(&format!("test --package {package}"));
    shown(&tests.with([format!("--features={features}")]))
}

/// With cargo-deny if it is there; its check of advisories needs a network and is left out.
fn dependencies() -> Result<(), String> {
    if cargo("deny --version").succeeds() {
        shown(&cargo("deny check bans licenses sources"))
    } else {
        eprintln!("left out, for cargo-deny is not installed");
        Ok(())
    }
}

/// With cargo-nextest if it is there, which leaves the examples in the documentation to cargo. The
/// replay of the fixtures is one of the tests; `cargo xtask snapshots` is that one alone.
fn tests() -> Result<(), String> {
    let references = References::new()?;
    let commands = if cargo("nextest --version").succeeds() {
        vec![
            cargo("nextest run --workspace --all-features"),
            cargo("test --workspace --all-features --doc"),
        ]
    } else {
        vec![cargo("test --workspace --all-features")]
    };
    for command in commands {
        shown(&references.kept_by(command.variable("INSTA_UPDATE", "no")))?;
    }
    let (unreferenced, _) = references.unreferenced(&workspace::root().join("crates"))?;
    if unreferenced.is_empty() {
        Ok(())
    } else {
        Err(references::complaint(&unreferenced))
    }
}

/// Runs a command after showing it.
fn shown(command: &Cargo) -> Result<(), String> {
    eprintln!("$ {}", command.shown());
    command.run()
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
