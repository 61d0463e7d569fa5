//! `cargo xtask snapshots`: fixtures through the whole stack, compared with what was accepted.
//!
//! The test itself is `crates/graph-pstn-http/tests/snapshots.rs`; `cargo test` runs it too. This
//! task adds how to accept a change, and that a snapshot which no fixture asks for is an error. Beside the
//! replay stands a test that exchanges parts of the stack to see that snapshots break; `--mutations` shows
//! which.

use std::fs;

use crate::{
    cargo::{Cargo, cargo},
    references::{self, References},
    workspace,
};

/// The features of the whole workspace, so that little is compiled that `cargo xtask test` has not.
const TEST: &str = "test --workspace --all-features --test snapshots";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write what came out as the new snapshots, and delete those that no fixture asks for
    #[arg(long)]
    accept: bool,
    /// Go through the differences one by one, with cargo-insta
    #[arg(long, conflicts_with = "accept")]
    review: bool,
    /// Exchange parts of the stack one by one, and show which snapshots break
    #[arg(long, conflicts_with_all = ["accept", "review"])]
    mutations: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.review {
        return review();
    }
    if arguments.mutations {
        let test = test("no").with(only("a_change_of_the_stack_breaks_snapshots"));
        return test.with(["--nocapture".to_owned()]).run();
    }
    let references = References::new()?;
    let test = references.kept_by(if arguments.accept {
        // The other test goes by what has been accepted.
        test("always").with(only("replay"))
    } else {
        test("no")
    });
    test.run().map_err(|_| {
        "the replay failed, or what came out is not what was accepted; to repeat it:\n  \
         cargo xtask snapshots\nIf the difference is meant:\n  cargo xtask snapshots --accept\n\
         or, one by one:\n  cargo xtask snapshots --review"
            .to_owned()
    })?;
    let folder = workspace::root().join("crates/graph-pstn-http/tests/snapshots");
    let (unreferenced, all) = references.unreferenced(&folder)?;
    if arguments.accept {
        for path in unreferenced {
            let shown = workspace::shown(&path);
            fs::remove_file(&path).map_err(|error| format!("{shown}: {error}"))?;
            eprintln!("deleted {shown}, which no fixture asks for");
        }
        return Ok(());
    }
    if unreferenced.is_empty() {
        eprintln!("{all} snapshots, each asked for by a fixture");
        return Ok(());
    }
    let complaint = references::complaint(&unreferenced);
    Err(format!(
        "{complaint}\n`cargo xtask snapshots --accept` deletes them"
    ))
}

/// What follows cargo's own arguments to run this test alone.
fn only(test: &str) -> [String; 3] {
    ["--", "--exact", test].map(str::to_owned)
}

/// The test, with what insta may write: `no` nothing, `always` the snapshots, `new` beside them.
fn test(update: &str) -> Cargo {
    cargo(TEST).variable("INSTA_UPDATE", update)
}

fn review() -> Result<(), String> {
    if test("new").with(only("replay")).run().is_ok() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixture_has_a_line_in_the_readme_and_every_line_a_fixture() {
        let folder = workspace::root().join("fixtures");
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        let (_, table) = readme.split_once("| file | shows | after |").unwrap();
        let lines = table.lines().filter_map(|line| line.strip_prefix("| `"));
        let listed: Vec<_> = lines
            .map(|line| line.split('`').next().unwrap_or_default())
            .collect();
        let mut there = Vec::new();
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            there.extend(name.strip_suffix(".json").map(str::to_owned));
        }
        there.sort();
        assert_eq!(listed, there);
    }
}
