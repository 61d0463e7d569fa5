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
    let mut accepted = accepted();
    // One that is broken as it is, is for the other test to complain of.
    accepted.retain(|accepted| breaks(accepted, Exchanged::Nothing).is_none());
    assert!(!accepted.is_empty());
    for exchanged in Exchanged::ALL {
        let broken = accepted.iter().filter_map(|accepted| {
            let how = breaks(accepted, exchanged)?;
            Some((&accepted.name, how))
        });
        let broken: Vec<_> = broken.collect();
        let all = accepted.len();
        println!("{exchanged:?}: {} of {all} snapshots break", broken.len());
        for (name, how) in broken.iter().take(3) {
            println!("  {name}: {how}");
        }
        assert!(!broken.is_empty(), "{exchanged:?} breaks no snapshot");
    }
}

/// How the course differs with a part exchanged; `None` if it does not.
fn breaks(accepted: &Accepted, exchanged: Exchanged) -> Option<String> {
    let fixture = Path::new(FIXTURES).join(format!("{}.json", accepted.name));
    let Ok(course) = course::replayed(&fixture, exchanged) else {
        return Some("a request that its fixture does not have, or none".to_owned());
    };
    let (accepted, now) = (accepted.course.trim(), course.trim());
    let mut lines = accepted.lines().zip(now.lines());
    match lines.find(|(accepted, now)| accepted != now) {
        Some((accepted, now)) => Some(format!("`{}` became `{}`", accepted.trim(), now.trim())),
        None if accepted == now => None,
        None => Some("one of them goes on for longer".to_owned()),
    }
}

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");
const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

/// A fixture's course as it was accepted.
struct Accepted {
    name: String,
    course: String,
}

/// All of them whose fixture is still there.
fn accepted() -> Vec<Accepted> {
    let mut accepted = Vec::new();
    for entry in fs::read_dir(SNAPSHOTS).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let Some(name) = file
            .strip_prefix("replay@")
            .and_then(|name| name.strip_suffix(".json.snap"))
        else {
            continue;
        };
        if !Path::new(FIXTURES).join(format!("{name}.json")).exists() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        accepted.push(Accepted {
            name: name.to_owned(),
            // What insta notes stands before the second line of hyphens.
            course: text.splitn(3, "---\n").nth(2).unwrap().to_owned(),
        });
    }
    accepted.sort_by(|a, b| a.name.cmp(&b.name));
    accepted
}
