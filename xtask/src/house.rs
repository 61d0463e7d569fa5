//! `cargo xtask house`: what a reader would stumble over, as a table. What has no reason to be so is an error.
//!
//! - Features that a crate has and its front page does not name.
//! - The longest functions and the modules that most files import, for a look at whether they are still one idea.
//! - Modules that import each other in a circle.
//! - Files of more than 400 lines, tests at their end left out: each is one idea, and the list says which.
//! - Public items without documentation, by rustdoc's count.
//! - `unwrap` and `expect` outside tests: clippy refuses them, so only exceptions to that are looked for.
//! - How many crates each feature brings: of graph-pstn-http as `cargo xtask costs --count` has it, and of the others.

mod circles;
mod functions;
mod imports;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use crate::{api, costs, features, workspace};

/// What is long, in lines of code and comments.
const LONG: usize = 400;

/// How many functions and modules are shown.
const SHOWN: usize = 5;

/// Files that are long, and what the one idea of each is.
const ONE_IDEA: &[(&str, &str)] = &[
    (
        "crates/graph-pstn-cli/tests/end_to_end/check.rs",
        "a list: everything that can be set up wrongly, with the line that fails and its remedy",
    ),
    (
        "crates/graph-pstn-emulator/tests/assertions.rs",
        "a list: every way in which an assertion can be wrong, with Entra's answer to it",
    ),
    (
        "crates/graph-pstn-http/tests/simulation/service.rs",
        "the service of the simulation, which decides about every request in one place",
    ),
];

/// Prints the table.
///
/// # Errors
/// What is not as it should be.
pub(crate) fn run() -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut sources = Vec::new();
    for folder in ["crates", "docs", "xtask"] {
        let files = workspace::files_below(&workspace::root().join(folder));
        for file in files.map_err(|error| error.to_string())? {
            if file.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&file)
                    .map_err(|error| format!("{}: {error}", workspace::shown(&file)))?;
                sources.push((workspace::shown(&file), text));
            }
        }
    }
    println!("files of more than {LONG} lines");
    wrong.extend(long_files(&sources));
    println!("\nunwrap and expect outside tests");
    let allowed = exceptions(&sources);
    println!("{:>6}", allowed.len());
    for place in allowed {
        println!("       {place}");
    }
    println!("\nlines of the longest functions outside tests");
    longest(&sources);
    println!("\nfiles that import a module");
    let arrows = imports::arrows(&without_tests(&sources));
    most_imported(&arrows);
    println!("\ncircles of modules that import each other");
    let circles = circles::of(&arrows);
    println!("{:>6}", circles.len());
    for ties in circles {
        let ties: Vec<String> = ties.iter().map(|(a, b)| format!("{a} -> {b}")).collect();
        wrong.push(format!("a circle of modules: {}", ties.join(", ")));
    }
    println!("\npublic items without documentation");
    let packages = features::of_packages()?;
    for (package, features) in &packages {
        if api::is_library(package) {
            let (items, bare) = undocumented(&api::coverage(package, features)?);
            println!("{bare:>6} of {items:<5} {package}");
            if bare > 0 {
                wrong.push(format!("{package} has public items without documentation"));
            }
        }
    }
    for (package, features) in &packages {
        let page = format!("crates/{package}/src/lib.rs");
        if let Some((_, text)) = sources.iter().find(|(file, _)| *file == page) {
            wrong.extend(unnamed(package, features, text));
        }
    }
    println!("\ncrates that a feature brings, the package's own besides");
    for (package, features) in &packages {
        // Those of graph-pstn-http follow, with what is allowed to each.
        if package != "graph-pstn-http" {
            costs::print_features(package, features)?;
        }
    }
    println!();
    wrong.extend(costs::run(&costs::Arguments::counting()).err());
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

/// Prints the long files; gives those without a reason, and the reasons without a file.
fn long_files(sources: &[(String, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, text) in sources {
        let lines = length(text);
        if lines <= LONG {
            continue;
        }
        match ONE_IDEA.iter().find(|(name, _)| name == file) {
            Some((_, idea)) => println!("{lines:>6} {file}: {idea}"),
            None => wrong.push(format!(
                "{file} has {lines} lines; find its second idea, or say in xtask/src/house.rs what the one is"
            )),
        }
    }
    for (name, _) in ONE_IDEA {
        let is_long = |(file, text): &(String, String)| file == name && length(text) > LONG;
        if !sources.iter().any(is_long) {
            wrong.push(format!(
                "{name} is not long; take it off the list in xtask/src/house.rs"
            ));
        }
    }
    wrong
}

/// A source without the tests at its end.
fn code(text: &str) -> &str {
    let code = text.split("#[cfg(test)]\nmod tests {").next();
    code.unwrap_or(text)
}

/// The lines of a source, without the tests at its end.
fn length(text: &str) -> usize {
    code(text).lines().count()
}

/// Whether a file holds nothing but tests and what they need.
fn is_test(file: &str) -> bool {
    ["/tests/", "/benches/", "tests.rs", "_tests/", "/examples/"]
        .iter()
        .any(|part| file.contains(part))
}

/// Prints the longest functions that are no tests.
fn longest(sources: &[(String, String)]) {
    let mut all = Vec::new();
    for (file, text) in sources.iter().filter(|(file, _)| !is_test(file)) {
        let end = length(text);
        let functions = functions::of(text).into_iter();
        all.extend(
            functions
                .filter(|function| function.line <= end)
                .map(|function| (function, file)),
        );
    }
    all.sort_by_key(|(function, _)| Reverse(function.lines));
    for (function, file) in all.iter().take(SHOWN) {
        println!(
            "{:>6} {file}:{} {}",
            function.lines, function.line, function.name
        );
    }
}

/// The files that are no tests, each without the tests at its end.
fn without_tests(sources: &[(String, String)]) -> Vec<(&str, &str)> {
    let sources = sources.iter().filter(|(file, _)| !is_test(file));
    sources
        .map(|(file, text)| (file.as_str(), code(text)))
        .collect()
}

/// Prints the modules that most files import. The root of a crate is its list of contents, and left out.
fn most_imported(arrows: &BTreeMap<imports::Module, BTreeSet<imports::Module>>) {
    let mut modules: Vec<_> = imports::count(arrows)
        .into_iter()
        .filter(|(module, _)| module.contains("::"))
        .collect();
    modules.sort_by_key(|(_, files)| Reverse(*files));
    for (module, files) in modules.iter().take(SHOWN) {
        println!("{files:>6} {module}");
    }
}

/// The features that the documentation of a crate does not name.
fn unnamed(package: &str, features: &[String], text: &str) -> Vec<String> {
    let page = || text.lines().filter(|line| line.starts_with("//!"));
    let named = |feature: &str| page().any(|line| line.contains(&format!("`{feature}`")));
    let unnamed = features.iter().filter(|feature| !named(feature));
    unnamed
        .map(|feature| format!("the front page of {package} does not name its feature {feature}"))
        .collect()
}

/// Where a lint against panics is switched off in code that is no test, and why.
fn exceptions(sources: &[(String, String)]) -> Vec<String> {
    let mut places = Vec::new();
    // This file has the names of the lints.
    let sources = sources
        .iter()
        .filter(|(file, _)| !is_test(file) && file != "xtask/src/house.rs");
    for (file, text) in sources {
        let lines: Vec<&str> = text.lines().take(length(text)).collect();
        for (number, line) in lines.iter().enumerate() {
            let switched = [
                "clippy::unwrap_used",
                "clippy::expect_used",
                "clippy::panic",
            ];
            if switched.iter().any(|lint| line.contains(lint)) {
                let rest = lines.get(number..).unwrap_or_default().join(" ");
                let reason = rest.split_once("reason = \"");
                let reason = reason.and_then(|(_, reason)| reason.split('"').next());
                let reason = reason.unwrap_or("no reason is given");
                places.push(format!("{file}:{} {reason}", number + 1));
            }
        }
    }
    places
}

/// How many items rustdoc counts, and how many of them have no documentation.
fn undocumented(coverage: &Value) -> (u64, u64) {
    let files = coverage.as_object().into_iter().flatten();
    files.fold((0, 0), |(items, bare), (_, counts)| {
        let count = |name: &str| counts[name].as_u64().unwrap_or(0);
        let (total, with_docs) = (count("total"), count("with_docs"));
        (items + total, bare + total.saturating_sub(with_docs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_at_the_end_do_not_count() {
        assert_eq!(length("a\nb\n#[cfg(test)]\nmod tests {\n c\n}\n"), 2);
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "x\n".repeat(LONG + 1);
        let wrong = long_files(&[("crates/new.rs".to_owned(), long)]);
        assert!(wrong[0].starts_with("crates/new.rs has 401 lines"));
        // The files on the list are not among these sources.
        assert_eq!(wrong.len(), 1 + ONE_IDEA.len());
    }

    #[test]
    fn an_exception_is_found_where_it_is_no_test() {
        let text = "#[expect(\n    clippy::unwrap_used,\n    reason = \"why\"\n)]\n".to_owned();
        let found = |file: &str| exceptions(&[(file.to_owned(), text.clone())]);
        assert_eq!(found("crates/x/src/lib.rs"), ["crates/x/src/lib.rs:2 why"]);
        assert_eq!(found("crates/x/tests/all.rs"), [""; 0]);
    }

    #[test]
    fn a_feature_has_to_be_on_the_front_page() {
        let text = "//! | `one` | x |\n// `two`\n";
        let features = ["one", "two"].map(str::to_owned);
        let wrong = unnamed("x", &features, text);
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].ends_with("two"));
    }

    #[test]
    fn items_without_documentation_are_those_that_rustdoc_misses() {
        let coverage = serde_json::json!({"a.rs": {"total": 5, "with_docs": 4}, "b.rs": {"total": 2, "with_docs": 2}});
        assert_eq!(undocumented(&coverage), (7, 1));
    }
}
