//! The tasks as the documentation shows them. What it shows of the program, the program's own tests run.

use std::fs;

use clap::{Parser as _, error::ErrorKind};

use crate::{Arguments, workspace};

const TASK: &str = "cargo xtask ";

#[test]
fn every_task_that_is_shown_is_there() {
    let mut seen = 0;
    for file in workspace::files_below(workspace::root()).unwrap() {
        if file.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for task in tasks(&text) {
            let task: Vec<&str> = task.iter().map(String::as_str).collect();
            let words = ["cargo xtask"].into_iter().chain(task.iter().copied());
            if let Err(error) = Arguments::try_parse_from(words) {
                // In a sentence a task may stand by its name alone.
                let is_part = matches!(
                    error.kind(),
                    ErrorKind::MissingRequiredArgument
                        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                );
                assert!(is_part, "{}: {task:?}\n{error}", workspace::shown(&file));
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} were found");
}

/// The words behind `cargo xtask`, up to a comment or the end of the line or of the code in a sentence.
fn tasks(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let rests = joined.lines().flat_map(|line| line.split(TASK).skip(1));
    let rests = rests.map(|rest| rest.split(['`', '#']).next().unwrap_or_default());
    let of_rest = |rest: &str| {
        let quoted = rest.split('"').enumerate();
        let words = quoted.flat_map(|(at, part)| {
            let whole = vec![part.to_owned()];
            let split = || part.split_whitespace().map(str::to_owned).collect();
            if at % 2 == 1 { whole } else { split() }
        });
        words.collect::<Vec<String>>()
    };
    // The word `TASK` stands for any.
    let named = rests
        .map(of_rest)
        .filter(|words| words.first().is_some_and(|word| word != "TASK"));
    named.collect()
}

#[test]
fn words_in_quotes_are_one() {
    let found = tasks("a `cargo xtask costs --count`, b\ncargo xtask har \\\n  \"a b\" c # d\n");
    assert_eq!(found, [vec!["costs", "--count"], vec!["har", "a b", "c"]]);
}
