//! Crates that a build of everything has in two versions: `docs/decisions.md` lists all of them, with the reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::{cargo::cargo, workspace};

const PAGE: &str = "docs/decisions.md";
const TREE: &str =
    "tree --workspace --target all --edges normal,build,dev --duplicates --prefix none --depth 0";
/// Takes more than Rust and a C compiler to build, which a list does not.
const FIPS: &str = "--features=graph-pstn-http/fips,graph-pstn-auth/fips";

/// Versions by the name of a crate, as far as they tell one from another: `0.22`, `2`.
type Versions = BTreeMap<String, BTreeSet<String>>;

/// Compares the list with what cargo resolves.
///
/// # Errors
/// What is on one side only.
pub(crate) fn check() -> Result<(), String> {
    let tree = cargo(&format!("{TREE} --all-features {FIPS}"));
    let there = of_tree(&tree.output()?);
    let page = fs::read_to_string(workspace::root().join(PAGE))
        .map_err(|error| format!("{PAGE}: {error}"))?;
    let wrong = differences(&there, &of_page(&page));
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{PAGE} and `cargo tree --duplicates` differ:\n{}",
            wrong.join("\n")
        ))
    }
}

/// Lines of `name v1.2.3 …`. Cargo lists a crate also if it is there once with other features.
fn of_tree(tree: &str) -> Versions {
    let mut versions = Versions::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        let version = |word: &str| word.strip_prefix('v').map(distinct);
        if let (Some(name), Some(version)) = (words.next(), words.next().and_then(version)) {
            versions.entry(name.to_owned()).or_default().insert(version);
        }
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

/// The part of a version up to the first number that is not 0: two that share it would be one.
fn distinct(version: &str) -> String {
    let numbers: Vec<&str> = version.split('.').collect();
    let first = numbers.iter().position(|number| *number != "0");
    numbers[..=first.unwrap_or(numbers.len() - 1)].join(".")
}

/// Rows of `| name | versions | why |`, in the table with such a head.
fn of_page(page: &str) -> Versions {
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| crate | versions |"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let name = cells.next()?.trim_matches('`').to_owned();
        let versions = cells.next()?.split(", ").map(str::to_owned);
        Some((name, versions.collect()))
    })
    .collect()
}

fn differences(there: &Versions, listed: &Versions) -> Vec<String> {
    let names: BTreeSet<&String> = there.keys().chain(listed.keys()).collect();
    let shown = |versions: Option<&BTreeSet<String>>| {
        versions.map_or_else(
            || "one or none".to_owned(),
            |versions| versions.iter().cloned().collect::<Vec<_>>().join(", "),
        )
    };
    let differ = names
        .into_iter()
        .filter(|name| there.get(*name) != listed.get(*name));
    differ
        .map(|name| {
            let (there, listed) = (shown(there.get(name)), shown(listed.get(name)));
            format!("{name}: {there}; listed: {listed}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_with_other_features_is_no_second_version() {
        let tree =
            "a v0.22.1\n\na v0.23.0 (*)\nb v1.2.3\nb v1.2.3 (proc-macro)\nc v2.0.1\nc v3.1.0\n";
        let there = of_tree(tree);
        let page = "x\n| crate | versions | why |\n|---|---|---|\n| `a` | 0.22, 0.23 | y |\n| `d` | 1, 2 | z |\n";
        let wrong = differences(&there, &of_page(page));
        assert_eq!(
            wrong,
            [
                "c: 2, 3; listed: one or none",
                "d: one or none; listed: 1, 2"
            ]
        );
    }

    #[test]
    fn a_version_is_told_by_its_first_number() {
        assert_eq!(distinct("0.0.7"), "0.0.7");
        assert_eq!(distinct("0.11.1+more"), "0.11");
        assert_eq!(distinct("12.1.0"), "12");
    }
}
