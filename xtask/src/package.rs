//! `cargo xtask package`: the crates as they would be published, each built from what is in its package alone.

use std::fs;

use serde_json::Value;

use crate::cargo::{self, Cargo, cargo, packages};

/// What every package holds besides its sources.
const BESIDES: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];
/// What cargo adds.
const OF_CARGO: [&str; 4] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
];
/// What somebody who looks for a crate is shown.
const TOLD: [&str; 6] = [
    "description",
    "license",
    "readme",
    "rust_version",
    "keywords",
    "categories",
];

/// Packs all crates and builds each of them out of its package, the others being those that were packed.
///
/// # Errors
/// The first thing that is missing or does not build.
pub(crate) fn run() -> Result<(), String> {
    contents()?;
    let target = target()?;
    let mut command = cargo("package --allow-dirty")
        .variable("CARGO_TARGET_DIR", target.clone())
        // Nobody debugs them, and they take a gigabyte as it is.
        .variable("CARGO_PROFILE_DEV_DEBUG", "0");
    for package in published()? {
        command = command.with(["--package".to_owned(), name(&package).to_owned()]);
    }
    eprintln!("$ {}", command.shown());
    let packed = command.run();
    let removed = fs::remove_dir_all(&target).map_err(|error| format!("{target}: {error}"));
    packed.and(removed)
}

/// Looks at what each package would hold and say of itself; takes a second.
///
/// # Errors
/// All that is not as it should be.
pub(crate) fn contents() -> Result<(), String> {
    let mut wrong = Vec::new();
    for package in published()? {
        let name = name(&package);
        let list = list(name).output()?;
        let files: Vec<&str> = list.lines().collect();
        wrong.extend(strangers(name, &files));
        wrong.extend(untold(&package));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn list(name: &str) -> Cargo {
    cargo(&format!("package --quiet --list --allow-dirty -p {name}"))
}

/// What is in a package and should not be, or is not and should.
fn strangers(name: &str, files: &[&str]) -> Vec<String> {
    let is_source = |file: &str| file.starts_with("src/") && file.ends_with(".rs");
    let known = |file: &str| is_source(file) || BESIDES.contains(&file) || OF_CARGO.contains(&file);
    let strange = files.iter().filter(|file| !known(file));
    let strange = strange.map(|file| format!("the package of {name} holds {file}"));
    let missing = BESIDES.iter().filter(|file| !files.contains(file));
    let missing = missing.map(|file| format!("the package of {name} lacks {file}"));
    strange.chain(missing).collect()
}

/// What a manifest leaves out.
fn untold(package: &Value) -> Vec<String> {
    let says = |key: &str| match &package[key] {
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    };
    let untold = TOLD.iter().filter(|key| !says(key));
    untold
        .map(|key| format!("the manifest of {} has no {key}", name(package)))
        .collect()
}

/// The packages of the workspace that may be published, by cargo's metadata.
fn published() -> Result<Vec<Value>, String> {
    let mut packages = packages()?;
    // Null is anywhere, an empty list is nowhere.
    packages.retain(|package| package["publish"].is_null());
    Ok(packages)
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// A target folder of its own, beside the others: what is built there is of no use to them. Another one each time, since cargo
/// keeps what it has once unpacked of a package by where that was, and goes by its version.
fn target() -> Result<String, String> {
    let folder = cargo::target()?.join(format!("packages-{}", std::process::id()));
    let folder = folder
        .to_str()
        .ok_or("the target folder's name is no text")?;
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_holds_sources_licences_and_a_readme() {
        let files = [
            "Cargo.toml",
            "LICENSE-MIT",
            "README.md",
            "src/a/b.rs",
            "src/a.snap",
        ];
        let wrong = strangers("x", &files);
        assert_eq!(
            wrong,
            [
                "the package of x holds src/a.snap",
                "the package of x lacks LICENSE-APACHE"
            ]
        );
    }

    #[test]
    fn what_a_manifest_leaves_out_is_named() {
        let package = serde_json::json!({
            "name": "x", "description": "what it is", "license": "MIT", "readme": "README.md",
            "rust_version": null, "keywords": ["a"], "categories": [],
        });
        assert_eq!(
            untold(&package),
            [
                "the manifest of x has no rust_version",
                "the manifest of x has no categories"
            ]
        );
    }
}
