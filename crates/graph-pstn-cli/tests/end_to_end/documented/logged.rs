//! The table of log lines in `docs/operating.md` against what the sources log.

use std::fs;
use std::path::PathBuf;

use super::page::{Page, workspace};

const MACROS: [&str; 6] = [
    "debug!(",
    "info!(",
    "warn!(",
    "error!(",
    "debug_span!(",
    "info_span!(",
];

#[test]
fn every_line_of_the_log_is_explained() {
    let page = Page::read("docs/operating.md");
    let ends = [" … close", " …"];
    let explained: Vec<String> = page
        .code_in_prose()
        .into_iter()
        .filter_map(|code| {
            let bare = ends.iter().find_map(|end| code.strip_suffix(end));
            // Shorter ones would be the beginning of anything.
            let whole = Some(code.as_str()).filter(|code| code.len() >= "graph.call".len());
            bare.or(whole).map(str::to_owned)
        })
        .collect();
    let mut seen = 0;
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        for message in messages(&text) {
            assert!(
                explained.iter().any(|code| message.starts_with(code)),
                "docs/operating.md does not explain {message:?} of {}",
                file.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} were found");
}

#[test]
fn every_kind_of_failure_is_explained() {
    let page = Page::read("docs/operating.md").prose();
    let source = workspace().join("crates/graph-pstn-http/src/error.rs");
    let source = fs::read_to_string(source).unwrap();
    let (_, names) = source.split_once("pub fn name(self)").unwrap();
    let (names, _) = names.split_once("\n    }\n").unwrap();
    let names: Vec<&str> = names.split('"').skip(1).step_by(2).collect();
    assert!(names.len() > 10, "only {names:?} were found");
    for name in names {
        assert!(
            page.contains(&format!("\n| `{name}` | ")),
            "docs/operating.md does not explain {name}"
        );
    }
}

/// What the sources give to tracing to be said, as it stands there.
fn messages(source: &str) -> Vec<String> {
    let calls = source.split("tracing::").skip(1);
    let bodies = calls.filter_map(|call| {
        let name = MACROS.iter().find(|name| call.starts_with(**name))?;
        let body = &call[name.len()..];
        Some(&body[..body.find(';')?])
    });
    // Fields come before the message, the name of a span before its fields.
    bodies
        .map(|body| {
            let texts: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
            let is_span = body.contains("otel.kind");
            let text = if is_span { texts.first() } else { texts.last() };
            text.map(|text| (*text).to_owned()).unwrap()
        })
        .collect()
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let crates = fs::read_dir(workspace().join("crates")).unwrap();
    let mut folders: Vec<PathBuf> = crates
        .map(|entry| entry.unwrap().path().join("src"))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn a_message_is_the_last_text_and_a_span_has_a_name() {
    let source = "tracing::warn!(\n  host = x,\n  \"it is {wrong}\"\n);\n\
                  let span = tracing::debug_span!(\"a.b\", otel.kind = \"c\");";
    assert_eq!(messages(source), ["it is {wrong}", "a.b"]);
}
