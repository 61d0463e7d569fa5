//! `cargo xtask api`: the public API of each crate, as it stands in docs/api, so that a change to it is
//! seen in review.
//!
//! rustdoc's JSON has no stable form: the list can be made with the toolchain that `public-api` knows.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    cargo::{self, Cargo, cargo},
    features, workspace,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Take over what there is now
    #[arg(long)]
    accept: bool,
}

/// The version of rustc whose JSON is read.
const TOOLCHAIN: &str = "1.95";

/// Compares, or takes over.
///
/// # Errors
/// When a list is not what the crate has, or cannot be made.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let version = rustc_version()?;
    if !version.starts_with(&format!("rustc {TOOLCHAIN}.")) {
        return Err(format!(
            "the list takes the rustdoc of Rust {TOOLCHAIN}, and this is {}; a newer public-api may know \
             it: see xtask/api/Cargo.toml",
            version.trim()
        ));
    }
    let folder = workspace::root().join("docs/api");
    let mut changed = Vec::new();
    for (package, features) in features::of_packages()? {
        if !is_library(&package) {
            continue;
        }
        let api = list(&package, &features)?;
        let file = folder.join(format!("{package}.txt"));
        let before = fs::read_to_string(&file).unwrap_or_default();
        if before == api {
            continue;
        }
        if arguments.accept {
            write(&file, &api)?;
            eprintln!("written: {}", workspace::shown(&file));
        } else {
            changed.push(difference(&package, &before, &api));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the public API is not what docs/api says; `cargo xtask api --accept` takes it over:\n{}",
        changed.join("\n")
    ))
}

fn rustc_version() -> Result<String, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let output = output.map_err(|error| format!("rustc cannot be started: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a package of the workspace has something to depend on.
pub(crate) fn is_library(package: &str) -> bool {
    let folder = workspace::root().join("crates").join(package);
    folder.join("src/lib.rs").exists()
}

/// The items of a crate with all its features, one a line.
fn list(package: &str, features: &[String]) -> Result<String, String> {
    rustdoc(package, features, "")?.run()?;
    let json = format!("doc/{}.json", package.replace('-', "_"));
    let json = target()?.join(json);
    cargo(&format!(
        "run --quiet --package xtask-api -- {}",
        json.display()
    ))
    .output()
}

/// What rustdoc says of each file of a crate: how many public items there are, and how many with
/// documentation.
///
/// # Errors
/// When it does not say it.
pub(crate) fn coverage(package: &str, features: &[String]) -> Result<Value, String> {
    let said = rustdoc(package, features, "--show-coverage")?.output()?;
    serde_json::from_str(&said).map_err(|error| format!("rustdoc prints no JSON: {error}"))
}

/// rustdoc of a crate with all its features, in JSON, which is not stable.
fn rustdoc(package: &str, features: &[String], more: &str) -> Result<Cargo, String> {
    let features = features::buildable(package, features).join(",");
    let format = "-Zunstable-options --output-format=json";
    Ok(cargo(&format!(
        "rustdoc --quiet --package {package} --lib --features={features} -- {format} {more}"
    ))
    // Of a compiler that is not a nightly one this is the way to what is unstable.
    .variable("RUSTC_BOOTSTRAP", "1")
    // Apart from other builds, which that variable would make stale.
    .variable("CARGO_TARGET_DIR", target()?.display().to_string()))
}

fn target() -> Result<PathBuf, String> {
    Ok(cargo::target()?.join("api"))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let written = file
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(file, text));
    written.map_err(|error| format!("{}: {error}", workspace::shown(file)))
}

/// The lines that are new or gone. Their order is rustdoc's, and says nothing.
fn difference(package: &str, before: &str, after: &str) -> String {
    let gone = before
        .lines()
        .filter(|line| !after.lines().any(|other| other == *line));
    let new = after
        .lines()
        .filter(|line| !before.lines().any(|other| other == *line));
    let lines = gone
        .map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")));
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        format!("{package}: the same items in another order")
    } else {
        format!("{package}:\n{}", lines.join("\n"))
    }
}
