//! For tests: the fixtures of the workspace.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every committed fixture with its text, by name.
pub(crate) fn fixtures() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut fixtures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "json") {
            let text = fs::read_to_string(&path).unwrap();
            fixtures.push((path, text));
        }
    }
    fixtures.sort();
    assert!(fixtures.len() >= 40, "there are only {}", fixtures.len());
    fixtures
}
