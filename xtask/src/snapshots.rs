//! `cargo xtask snapshots`: fixtures through the whole stack, compared with what was accepted.
//!
//! The test itself is `crates/graph-pstn-http/tests/snapshots.rs`; `cargo test` runs it too. This
//! task adds how to accept a change, and that a snapshot which no fixture asks for is an error.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cargo::{Cargo, cargo},
    workspace,
};

const TEST: &str = "test -p graph-pstn-http --features client,replay,all-clouds --test snapshots";

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Write what came out as the new snapshots, and delete those that no fixture asks for
    #[arg(long)]
    accept: bool,
    /// Go through the differences one by one, with cargo-insta
    #[arg(long, conflicts_with = "accept")]
    review: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let snapshots = workspace::root().join("crates/graph-pstn-http/tests/snapshots");
    if arguments.review {
        return review();
    }
    let asked_for = asked_for(&test(if arguments.accept { "always" } else { "no" }))?;
    let there = snapshot_files(&snapshots)?;
    let unreferenced: Vec<_> = there.difference(&asked_for).collect();
    if arguments.accept {
        for path in unreferenced {
            fs::remove_file(path)
                .map_err(|error| format!("{}: {error}", workspace::shown(path)))?;
            eprintln!(
                "deleted {}, which no fixture asks for",
                workspace::shown(path)
            );
        }
        return Ok(());
    }
    if unreferenced.is_empty() {
        eprintln!("{} snapshots, each asked for by a fixture", there.len());
        return Ok(());
    }
    let mut message = "no fixture asks for these snapshots:\n".to_owned();
    for path in unreferenced {
        message.push_str(&format!("  {}\n", workspace::shown(path)));
    }
    Err(message + "`cargo xtask snapshots --accept` deletes them")
}

/// The test, with what insta may write: `no` nothing, `always` the snapshots, `new` beside them.
fn test(update: &str) -> Cargo {
    cargo(TEST).variable("INSTA_UPDATE", update)
}

/// Runs the test and gives the snapshots that it compared with.
fn asked_for(test: &Cargo) -> Result<BTreeSet<PathBuf>, String> {
    // insta appends each snapshot's path to this file; `cargo insta` finds the unreferenced so.
    let list = workspace::root().join("target/snapshots-asked-for.txt");
    match fs::remove_file(&list) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {error}", workspace::shown(&list)));
        }
        _ => {}
    }
    test.clone()
        .variable("INSTA_SNAPSHOT_REFERENCES_FILE", list.display().to_string())
        .run()
        .map_err(|_| {
            "the replay failed, or what came out is not what was accepted; to repeat it:\n  \
             cargo xtask snapshots\nIf the difference is meant:\n  cargo xtask snapshots --accept\n\
             or, one by one:\n  cargo xtask snapshots --review"
                .to_owned()
        })?;
    let list = fs::read_to_string(&list)
        .map_err(|error| format!("the test compared with no snapshot: {error}"))?;
    list.lines()
        .map(|path| fs::canonicalize(path).map_err(|error| format!("{path}: {error}")))
        .collect()
}

fn snapshot_files(folder: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let files = workspace::files_below(folder).map_err(|error| error.to_string())?;
    files
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "snap")
        })
        .map(|path| fs::canonicalize(&path).map_err(|error| error.to_string()))
        .collect()
}

fn review() -> Result<(), String> {
    let compared = test("new").run();
    if compared.is_ok() {
        eprintln!("nothing to review");
        return Ok(());
    }
    if cargo("insta --version").succeeds() {
        return cargo("insta review").run();
    }
    Err(
        "the differences are shown above, and beside the snapshots as *.snap.new. To go through \
         them one by one, `cargo install cargo-insta`; to take them all, \
         `cargo xtask snapshots --accept`"
            .to_owned(),
    )
}
