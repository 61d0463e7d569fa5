//! Every scenario of `fixtures/` through the whole stack, credential included, in virtual time: what
//! was sent and when, and what came out, compared with what was accepted.
//!
//! `cargo xtask snapshots --accept` takes over what comes out now.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping, or ends"
)]

#[path = "snapshots/course.rs"]
mod course;
#[path = "snapshots/credential.rs"]
mod credential;
#[path = "snapshots/exchanged.rs"]
mod exchanged;
#[path = "snapshots/shown.rs"]
mod shown;

use std::{fs, path::Path};

use exchanged::Exchanged;
use insta::{Settings, assert_snapshot};

#[test]
fn replay() {
    let mut settings = Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    // A course that left its fixture is no snapshot to accept.
    let mut strayed = Vec::new();
    settings.bind(|| {
        insta::glob!("../../../fixtures", "*.json", |path| {
            match course::replayed(path, Exchanged::Nothing) {
                Ok(course) => assert_snapshot!(course),
                Err(course) => {
                    println!("\n{}: {course}\n", path.display());
                    strayed.push(path.to_owned());
                }
            }
        });
    });
    assert!(strayed.is_empty(), "not as the fixture has it: {strayed:?}");
}

/// Snapshots hold what matters: each part of the stack in turn is exchanged for another, and some of them have
/// to break. `cargo xtask snapshots --mutations` shows which.
#[test]
fn a_change_of_the_stack_breaks_snapshots() {
    let accepted = accepted();
    for exchanged in Exchanged::ALL {
        let mut broken = Vec::new();
        for (name, snapshot) in &accepted {
            let fixture = Path::new(FIXTURES).join(format!("{name}.json"));
            let course = course::replayed(&fixture, exchanged);
            match course {
                Ok(course) if course.trim() == snapshot.trim() => {}
                Ok(course) => broken.push((name, first_difference(snapshot, &course))),
                Err(_) => broken.push((name, "a request that its fixture does not have".into())),
            }
        }
        let as_expected = match exchanged {
            Exchanged::Nothing => broken.is_empty(),
            _ => !broken.is_empty(),
        };
        println!(
            "{exchanged:?}: {} of {} snapshots break",
            broken.len(),
            accepted.len()
        );
        for (name, difference) in broken.iter().take(3) {
            println!("  {name}: {difference}");
        }
        assert!(as_expected, "{exchanged:?}: {broken:?}");
    }
}

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");
const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

/// The name of each fixture with its accepted course.
fn accepted() -> Vec<(String, String)> {
    let mut accepted = Vec::new();
    for entry in fs::read_dir(SNAPSHOTS).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let name = name.strip_prefix("replay@");
        let Some(name) = name.and_then(|name| name.strip_suffix(".json.snap")) else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        // What insta notes stands before the second line of hyphens.
        let course = text.splitn(3, "---\n").nth(2).unwrap();
        accepted.push((name.to_owned(), course.to_owned()));
    }
    accepted.sort();
    accepted
}

fn first_difference(accepted: &str, course: &str) -> String {
    let mut lines = accepted.lines().zip(course.lines());
    let line = lines.find(|(accepted, now)| accepted != now);
    match line {
        Some((accepted, now)) => format!("`{}` became `{}`", accepted.trim(), now.trim()),
        None => "one of them goes on for longer".to_owned(),
    }
}
