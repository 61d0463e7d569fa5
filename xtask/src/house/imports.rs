//! Which module imports which.

use std::collections::{BTreeMap, BTreeSet};

/// The path of a module, its crate first.
pub(super) type Module = Vec<String>;

/// What each module takes from others of these; `sources` are files by their path from the root, `crates/NAME/src/…`.
///
/// What a module hands on counts for the one that has it.
pub(super) fn arrows(sources: &[(&str, &str)]) -> BTreeMap<Module, BTreeSet<Module>> {
    let files: BTreeMap<Module, &str> = sources
        .iter()
        .filter_map(|(file, text)| Some((path(file)?, *text)))
        .collect();
    let resolved = |import: &[String], own: &Module| {
        let inside = [own.as_slice(), &import[..import.len().min(1)]].concat();
        match files.contains_key(&inside) {
            true => [own.as_slice(), import].concat(),
            false => absolute(import, own),
        }
    };
    let handed_on: BTreeMap<Module, Module> = files
        .iter()
        .flat_map(|(module, text)| {
            uses(text).into_iter().filter_map(|import| {
                let name = import.last()?.clone();
                let here = [module.as_slice(), &[name]].concat();
                Some((here, resolved(&import, module)))
            })
        })
        .collect();
    let home = |mut item: Module| {
        // Some hand on what was handed to them.
        for _ in 0..HANDS {
            match handed_on.get(&item) {
                Some(from) if *from != item => item.clone_from(from),
                _ => break,
            }
        }
        (1..=item.len())
            .rev()
            .find_map(|length| files.get_key_value(&item[..length]))
            .map(|(module, _)| module.clone())
    };
    files
        .iter()
        .map(|(own, text)| {
            let named = uses(text).into_iter().chain(inline(text));
            let taken = named
                .map(|import| resolved(&import, own))
                .filter_map(home)
                .filter(|module| module != own);
            (own.clone(), taken.collect())
        })
        .collect()
}

/// By how many modules an item may be handed on.
const HANDS: usize = 4;

/// How many files import each module, those not counted that it stands inside of.
pub(super) fn count(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeMap<String, usize> {
    let mut files = BTreeMap::new();
    for (own, taken) in arrows {
        for module in taken.iter().filter(|module| !module.starts_with(own)) {
            *files.entry(module.join("::")).or_insert(0) += 1;
        }
    }
    files
}

/// The path of a file's module, its crate first; nothing for what is no module of a crate.
fn path(file: &str) -> Option<Module> {
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
fn uses(text: &str) -> Vec<Vec<String>> {
    let code = code(text);
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

/// The paths that stand in the code itself.
fn inline(text: &str) -> Vec<Vec<String>> {
    let code = code(text);
    let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let words = code.split(|letter| !is_path(letter));
    words
        .filter(|word| word.starts_with("crate::") || word.starts_with("super::"))
        .map(|path| path.split("::").filter(|part| !part.is_empty()))
        .map(|parts| parts.map(str::to_owned).collect())
        .collect()
}

/// A source on one line, without its comments.
fn code(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    // Macros of a crate name it in their own way.
    lines
        .collect::<Vec<_>>()
        .join(" ")
        .replace("$crate", "crate")
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
fn absolute(import: &[String], own: &[String]) -> Module {
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
            "fn g() { super::one::f() }\n// use crate::one;\n",
        ),
        ("crates/a-b/src/two/y.rs", "use super::X;\nuse std::fmt;\n"),
        ("crates/c/src/main.rs", "use a_b::{two::X, x};\n"),
        ("crates/c/tests/t.rs", "use a_b::one::X;\n"),
    ];
    let counted = count(&arrows(&sources));
    let counted: Vec<(&str, usize)> = counted
        .iter()
        .map(|(name, files)| (name.as_str(), *files))
        .collect();
    assert_eq!(
        counted,
        [("a_b::one", 2), ("a_b::two", 3), ("a_b::two::y", 1)]
    );
}
