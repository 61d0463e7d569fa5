//! `cargo xtask package`: the crates as they would be published, each unpacked and built alone.

use std::fs;

use crate::{cargo::cargo, features, workspace};

/// What every package has besides its sources.
const ALWAYS: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Packs all crates that may be published, builds each from its package, and looks for what has to be in it.
///
/// # Errors
/// When a package lacks something or does not build.
pub(crate) fn run() -> Result<(), String> {
    let published = features::published()?;
    for package in &published {
        let list = format!("package --quiet --allow-dirty --list --package {package}");
        let list = cargo(&list).output()?;
        let files: Vec<&str> = list.lines().collect();
        for needed in ALWAYS {
            if !files.contains(&needed) {
                return Err(format!("the package {package} lacks {needed}"));
            }
        }
        let strange = |file: &&&str| {
            let is_ours = ["src/", "examples/", "benches/", "tests/"]
                .iter()
                .any(|folder| file.starts_with(folder));
            !is_ours && file.contains('/')
        };
        if let Some(file) = files.iter().find(strange) {
            return Err(format!("the package {package} holds {file}"));
        }
        println!("{package}: {} files", files.len());
    }
    let named = published
        .iter()
        .flat_map(|package| ["--package", package.as_str()]);
    // Together: each is built with the packages of the others, since none of them is in a registry yet.
    let done = cargo("package --quiet --allow-dirty")
        .with(named.map(str::to_owned))
        .run();
    let built = workspace::root().join("target/package");
    fs::remove_dir_all(&built).map_err(|error| format!("{}: {error}", built.display()))?;
    done
}
