//! Which modules are imported by the most files.

use std::collections::{BTreeMap, BTreeSet};

/// How many files import each module; `sources` are files by their path from the root, `crates/NAME/src/…`.
pub(super) fn count(sources: &[(&str, &str)]) -> BTreeMap<String, usize> {
    let modules: BTreeSet<Vec<String>> =
        sources.iter().filter_map(|(file, _)| path(file)).collect();
    // What a crate's root hands on is imported from there.
    let roots = sources
        .iter()
        .filter(|(file, _)| file.ends_with("/src/lib.rs"));
    let handed_on: BTreeMap<Vec<String>, Vec<String>> = roots
        .filter_map(|(file, text)| Some((path(file)?, text)))
        .flat_map(|(root, text)| {
            imports(text).into_iter().filter_map(move |import| {
                let item = [root.as_slice(), import.last().map(std::slice::from_ref)?].concat();
                Some((item, [root.as_slice(), import.as_slice()].concat()))
            })
        })
        .collect();
    let mut files = BTreeMap::new();
    for (file, text) in sources {
        let Some(own) = path(file) else { continue };
        let imported: BTreeSet<&[String]> = imports(text)
            .iter()
            .map(|import| absolute(import, &own))
            .map(|import| handed_on.get(&import).cloned().unwrap_or(import))
            .filter_map(|import| {
                let whole = modules.iter().filter(|module| import.starts_with(module));
                whole.max_by_key(|module| module.len())
            })
            .filter(|module| **module != own)
            .map(Vec::as_slice)
            .collect();
        for module in imported {
            *files.entry(module.join("::")).or_insert(0) += 1;
        }
    }
    files
}

/// The path of a file's module, its crate first; nothing for what is no module of a crate.
fn path(file: &str) -> Option<Vec<String>> {
    let (name, file) = file.strip_prefix("crates/")?.split_once("/src/")?;
    let file = file.strip_suffix(".rs")?;
    let file = file.strip_suffix("/mod").unwrap_or(file);
    let mut path = vec![name.replace('-', "_")];
    if file != "lib" && file != "main" {
        path.extend(file.split('/').map(str::to_owned));
    }
    Some(path)
}

/// What a source imports, one path an item, braces taken apart.
fn imports(text: &str) -> Vec<Vec<String>> {
    let uses = text
        .split('\n')
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = uses.collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for part in code.split("use ").skip(1) {
        let tree = part.split(';').next().unwrap_or_default();
        take_apart(&tree.replace(' ', ""), "", &mut found);
    }
    found
        .iter()
        .map(|path| path.split("::").map(str::to_owned).collect())
        .collect()
}

fn take_apart(tree: &str, before: &str, found: &mut Vec<String>) {
    let Some((root, group)) = tree.split_once('{') else {
        found.push(format!("{before}{tree}"));
        return;
    };
    let group = group.strip_suffix('}').unwrap_or(group);
    let mut depth = 0_usize;
    let members = group.split(|letter: char| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    for member in members.filter(|member| !member.is_empty()) {
        take_apart(member, &format!("{before}{root}"), found);
    }
}

/// A path from the crate's name on.
fn absolute(import: &[String], own: &[String]) -> Vec<String> {
    let mut path = match import.first().map(String::as_str) {
        Some("crate") => own[..1].to_vec(),
        Some("self" | "super") => own.to_vec(),
        _ => return import.to_vec(),
    };
    for segment in import {
        match segment.as_str() {
            "crate" | "self" => {}
            "super" => {
                path.pop();
            }
            other => path.push(other.to_owned()),
        }
    }
    path
}

#[test]
fn a_module_counts_once_a_file() {
    let sources = [
        ("crates/a-b/src/lib.rs", "mod one;\npub use one::x;\n"),
        (
            "crates/a-b/src/one.rs",
            "use crate::two::{X, y::{Y, Z}};\nuse crate::two::W;\n",
        ),
        (
            "crates/a-b/src/two.rs",
            "use super::one::f;\n// use crate::one;\n",
        ),
        ("crates/a-b/src/two/y.rs", "use super::X;\nuse std::fmt;\n"),
        ("crates/c/src/main.rs", "use a_b::{two::X, x};\n"),
        ("crates/c/tests/t.rs", "use a_b::one::X;\n"),
    ];
    let counted = count(&sources);
    let counted: Vec<(&str, usize)> = counted
        .iter()
        .map(|(name, files)| (name.as_str(), *files))
        .collect();
    assert_eq!(
        counted,
        [("a_b::one", 2), ("a_b::two", 3), ("a_b::two::y", 1)]
    );
}
