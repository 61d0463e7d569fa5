//! `cargo xtask costs`: the parts are small, and stand alone.
//!
//! For each feature of graph-pstn-http, and each example of `docs/examples`: how many crates it brings
//! besides itself, which must not grow unnoticed; that it builds alone, without a warning; and that the
//! example does what it says. And that no crate is there in two versions but those that `docs/decisions.md` lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::{cargo::cargo, duplicates, features, workspace};

#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Only count crates; build and run nothing
    #[arg(long)]
    count: bool,
    /// Build the features fips too, and test TLS and signatures with them: takes CMake, Go and minutes
    #[arg(long, conflicts_with = "count")]
    fips: bool,
}

impl Arguments {
    /// To count and no more.
    pub(crate) fn counting() -> Self {
        Self {
            count: true,
            ..Self::default()
        }
    }
}

/// Features of graph-pstn-http that are switched on together, and nothing else.
struct Part {
    features: &'static str,
    /// So many crates besides itself, those that only build others included.
    at_most: usize,
    /// Crates that must not be among them.
    never: &'static [&'static str],
}

const HTTP_AND_TLS: &[&str] = &["hyper", "hyper-util", "rustls", "rustls-webpki"];
/// What no layer needs that handles requests and not rows.
const HEAVY: &[&str] = &[
    "hyper",
    "hyper-util",
    "rustls",
    "rustls-webpki",
    "graph-pstn-model",
    "serde",
];

const fn part(features: &'static str, at_most: usize, never: &'static [&'static str]) -> Part {
    Part {
        features,
        at_most,
        never,
    }
}

const PARTS: &[Part] = &[
    part("", 6, HEAVY),
    part("cloud-global", 6, HEAVY),
    part("cloud-us-gov-l4", 6, HEAVY),
    part("cloud-us-gov-l5", 6, HEAVY),
    part("cloud-china", 6, HEAVY),
    part("all-clouds", 6, HEAVY),
    part("retry-after", 7, HEAVY),
    part("call", 7, HEAVY),
    part("authorize", 8, HEAVY),
    part("attempt-timeout", 7, HEAVY),
    part("collect-body", 7, HEAVY),
    part("rate-limit", 8, HEAVY),
    part("request-headers", 10, HEAVY),
    part("trace", 10, HEAVY),
    part("metrics", 9, HEAVY),
    part(RETRY, 15, HEAVY),
    part("record", 20, HTTP_AND_TLS),
    part("replay", 20, HTTP_AND_TLS),
    part("har", 47, HTTP_AND_TLS),
    part("page", 45, HTTP_AND_TLS),
    part("prefetch", 46, HTTP_AND_TLS),
    part("read", 52, HTTP_AND_TLS),
    // Without cryptography it is the program's to install one.
    part("transport", 63, &["ring", "aws-lc-rs", "graph-pstn-model"]),
    part("transport,aws-lc-rs", 73, &["ring"]),
    part("transport,ring", 68, &["aws-lc-rs"]),
    part("transport,ring,aws-lc-rs", 75, &[]),
    part(FIPS, 91, &["ring"]),
    part("transport,aws-lc-rs,webpki-roots", 74, &["ring"]),
    part("client,aws-lc-rs", 114, &["ring"]),
    part("client,ring", 109, &["aws-lc-rs"]),
];

/// The smallest layer of use to any HTTP client.
const RETRY: &str = "retry";
/// Of tokio it needs the clock; `default` has nothing in it.
const RETRY_NEEDS_OF_TOKIO: &[&str] = &["default", "time"];

/// Takes CMake and Go to build.
const FIPS: &str = "transport,fips";

struct Example {
    name: &'static str,
    at_most: usize,
    /// What makes it prove itself: `run`, or `test` where running it takes a tenant.
    by: &'static str,
}

const fn example(name: &'static str, at_most: usize, by: &'static str) -> Example {
    Example { name, at_most, by }
}

const EXAMPLES: &[Example] = &[
    example("retry-over-a-foreign-client", 21, "run"),
    example("authorize-with-a-token-provider", 20, "run"),
    example("rate-limit-under-own-service", 20, "run"),
    example("paging-with-own-rows", 54, "run"),
    example("secret-with-own-client", 119, "test"),
    example("everything", 169, "run"),
];

/// Counts, builds and runs.
///
/// # Errors
/// The first thing that is not as it should be, in one message.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    every_feature_is_listed()?;
    every_example_is_listed()?;
    count()?;
    if arguments.count {
        return Ok(());
    }
    for part in PARTS {
        if part.features == FIPS && !arguments.fips {
            eprintln!("{FIPS}: not built, for it takes CMake, Go and minutes; --fips builds it");
            continue;
        }
        eprintln!("{}: alone", shown(part));
        cargo(&format!("clippy -q {} -- -D warnings", selection(part))).run()?;
    }
    if arguments.fips {
        let tests = "test -p graph-pstn-http --no-default-features --features";
        cargo(&format!(
            "{tests} {FIPS} --lib --test tls -- transport authority"
        ))
        .run()?;
        cargo("test -p graph-pstn-auth --features fips --lib -- certificate").run()?;
    }
    for example in EXAMPLES {
        eprintln!("{}: {}", example.name, example.by);
        cargo(&format!("{} -q -p example-{}", example.by, example.name)).run()?;
    }
    Ok(())
}

/// Prints the table; what has grown is an error at its end.
fn count() -> Result<(), String> {
    let mut wrong = Vec::new();
    println!(
        "{:34} {:>6} {:>7}",
        "graph-pstn-http with", "crates", "at most"
    );
    for part in PARTS {
        let crates = Crates::of(&selection(part))?;
        println!("{:34} {:>6} {:>7}", shown(part), crates.len(), part.at_most);
        wrong.extend(crates.too_many(shown(part), part.at_most));
        wrong.extend(crates.forbidden(shown(part), part.never));
        if part.features == RETRY {
            wrong.extend(crates.features_beyond("tokio", RETRY_NEEDS_OF_TOKIO));
        }
    }
    println!("{:34} {:>6} {:>7}", "docs/examples", "crates", "at most");
    let described = composing()?;
    for example in EXAMPLES {
        let crates = Crates::of(&format!("-p example-{}", example.name))?;
        println!(
            "{:34} {:>6} {:>7}",
            example.name,
            crates.len(),
            example.at_most
        );
        wrong.extend(crates.too_many(example.name, example.at_most));
        wrong.extend(miscounted(example.name, crates.len(), &described));
    }
    wrong.extend(duplicates::check().err());
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

/// Prints how many crates each feature of a package brings, alone.
///
/// # Errors
/// When cargo does not tell.
pub(crate) fn print_features(package: &str, features: &[String]) -> Result<(), String> {
    for feature in features {
        let alone = format!("-p {package} --no-default-features --features {feature}");
        let crates = Crates::of(&alone)?.len();
        println!("{:34} {crates:>6}", format!("{package} {feature}"));
    }
    Ok(())
}

fn shown(part: &Part) -> &'static str {
    if part.features.is_empty() {
        "no feature"
    } else {
        part.features
    }
}

fn selection(part: &Part) -> String {
    let features = if part.features.is_empty() {
        String::new()
    } else {
        format!(" --features {}", part.features)
    };
    format!("-p graph-pstn-http --no-default-features{features}")
}

/// The crates that a package brings besides itself, each with its features.
struct Crates {
    /// By name and version.
    packages: BTreeMap<String, BTreeSet<String>>,
    /// The command that shows them as a tree.
    shown: String,
}

impl Crates {
    fn of(selection: &str) -> Result<Self, String> {
        // For one target, so that the numbers are the same everywhere.
        let tree = format!("tree {selection} -e normal,build --target x86_64-unknown-linux-gnu");
        let list = format!("{tree} -q --prefix none --no-dedupe -f {{p}}|{{f}}");
        Ok(Self::read(&cargo(&list).output()?, cargo(&tree).shown()))
    }

    /// Lines of `name version (where from)|feature,feature`, the package itself first.
    fn read(tree: &str, shown: String) -> Self {
        let mut packages = BTreeMap::<String, BTreeSet<String>>::new();
        for line in tree.lines().skip(1).filter(|line| !line.is_empty()) {
            let (package, features) = line.split_once('|').unwrap_or((line, ""));
            let name: Vec<&str> = package.split(' ').take(2).collect();
            let features = features.split(',').filter(|feature| !feature.is_empty());
            packages
                .entry(name.join(" "))
                .or_default()
                .extend(features.map(str::to_owned));
        }
        Self { packages, shown }
    }

    fn len(&self) -> usize {
        self.packages.len()
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a BTreeSet<String>> {
        let packages = self.packages.iter();
        packages
            .filter(move |(package, _)| package.split(' ').next() == Some(name))
            .map(|(_, features)| features)
    }

    fn too_many(&self, part: &str, at_most: usize) -> Option<String> {
        let message =
            "if that is meant, change the number in xtask/src/costs.rs; to see who brings them";
        (self.len() > at_most).then(|| {
            format!(
                "{part} costs {} crates, more than {at_most}; {message}:\n  {}",
                self.len(),
                self.shown
            )
        })
    }

    fn forbidden(&self, part: &str, never: &[&str]) -> Vec<String> {
        let there = never
            .iter()
            .filter(|name| self.named(name).next().is_some());
        there
            .map(|name| format!("{part} brings {name}, which it must not"))
            .collect()
    }

    fn features_beyond(&self, name: &str, needed: &[&str]) -> Vec<String> {
        let features = self.named(name).flatten();
        let beyond = features.filter(|feature| !needed.contains(&feature.as_str()));
        beyond
            .map(|feature| {
                format!(
                    "{RETRY} switches {name}'s feature {feature} on, and needs none but {needed:?}"
                )
            })
            .collect()
    }
}

fn composing() -> Result<String, String> {
    fs::read_to_string(workspace::root().join("docs/composing.md"))
        .map_err(|error| format!("docs/composing.md: {error}"))
}

/// What `docs/composing.md` has to be told, if it gives another number for an example.
fn miscounted(example: &str, crates: usize, described: &str) -> Option<String> {
    let place = format!("(examples/{example})");
    let mut lines = described.lines().filter(|line| line.contains(&place));
    let is_right = lines.any(|line| line.contains(&format!(" {crates} crates")));
    (!is_right).then(|| format!("docs/composing.md: {example} brings {crates} crates"))
}

/// A new feature needs a line in the table.
fn every_feature_is_listed() -> Result<(), String> {
    let packages = features::of_packages()?;
    let features = packages
        .get("graph-pstn-http")
        .ok_or("cargo metadata does not know graph-pstn-http")?;
    let listed: BTreeSet<&str> = PARTS
        .iter()
        .flat_map(|part| part.features.split(','))
        .collect();
    for feature in features {
        if !listed.contains(feature.as_str()) {
            return Err(format!(
                "the feature {feature} of graph-pstn-http has no line in xtask/src/costs.rs"
            ));
        }
    }
    Ok(())
}

/// A new example needs a line in the table, and one in `docs/composing.md`.
fn every_example_is_listed() -> Result<(), String> {
    let folder = workspace::root().join("docs/examples");
    let read = |error: std::io::Error| format!("docs/examples: {error}");
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        if entry.path().join("Cargo.toml").exists() {
            there.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    let listed: BTreeSet<String> = EXAMPLES
        .iter()
        .map(|example| example.name.to_owned())
        .collect();
    let described = composing()?;
    if let Some(name) = there.symmetric_difference(&listed).next() {
        return Err(format!(
            "docs/examples and the table in xtask/src/costs.rs differ by {name}"
        ));
    }
    for name in &there {
        if !described.contains(&format!("(examples/{name})")) {
            return Err(format!("docs/composing.md has no link to examples/{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "graph-pstn-http v0.1.0 (/somewhere)|call,retry\n\
                        bytes v1.12.2|default,std\n\
                        tokio v1.54.1|default,time\n\
                        tower v0.5.3|retry\n\
                        tokio v1.54.1|default,time\n\
                        untrusted v0.7.1|\n\
                        untrusted v0.9.0|\n";

    #[test]
    fn crates_are_counted_once_a_version_and_without_the_package_itself() {
        let crates = Crates::read(TREE, "cargo tree".to_owned());
        assert_eq!(crates.len(), 5);
        assert!(crates.too_many("retry", 5).is_none());
        assert!(crates.too_many("retry", 4).unwrap().ends_with("cargo tree"));
    }

    #[test]
    fn another_number_in_the_description_is_found() {
        let described = "[a](examples/a) · `retry` · 21 crates, of which\n 20 crates";
        assert_eq!(miscounted("a", 21, described), None);
        assert!(miscounted("a", 20, described).is_some());
    }

    #[test]
    fn what_must_not_be_there_is_found() {
        let crates = Crates::read(TREE, "cargo tree".to_owned());
        assert_eq!(crates.forbidden("retry", &["hyper", "tow"]), [""; 0]);
        assert_eq!(crates.forbidden("retry", &["tower"]).len(), 1);
        assert_eq!(
            crates.features_beyond("tokio", &["default", "time"]),
            [""; 0]
        );
        assert_eq!(crates.features_beyond("tokio", &["default"]).len(), 1);
    }
}
