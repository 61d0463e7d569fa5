//! What is for schedulers and machines: crontabs, variables of the environment, JSON.

use std::collections::BTreeSet;

use super::named::{COMMANDS, options};
use super::page::Page;
use crate::program::Workplace;

const PREFIX: &str = "GRAPH_PSTN_";
/// Variables that are no options: of the file, of the assertion command, and of the tests with object stores.
const OTHERS: [&str; 4] = ["CONFIG", "CLIENT_ID", "TOKEN_ENDPOINT", "TEST_STORES"];

#[test]
fn cron_takes_what_is_shown_for_it() {
    let mut seen = 0;
    for page in Page::all() {
        for block in page.blocks() {
            if block.language == "crontab" {
                for line in block.text.lines() {
                    assert!(is_of_cron(line), "{}:{}: {line}", page.name, block.line);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 0);
}

/// Five fields, and a command whose per cent signs are escaped, since cron ends it at one, and that is named by its whole
/// path, since cron looks for programs in few places.
fn is_of_cron(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_of_time = |letter: char| letter.is_ascii_digit() || "*/,-".contains(letter);
    let times = words.iter().take_while(|word| word.chars().all(is_of_time));
    let is_set = |word: &&&str| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.contains('/'))
    };
    let command = words.iter().skip(5).find(|word| !is_set(word));
    times.count() == 5
        && command.is_some_and(|command| command.starts_with('/'))
        && !line.replace("\\%", "").contains('%')
}

#[test]
fn what_cron_does_not_take_is_found() {
    assert!(is_of_cron(
        "15 */2 * * 1-5  A=b /bin/x --to \"$(date +\\%Y)\""
    ));
    assert!(!is_of_cron("15 * * *  /bin/x"));
    assert!(!is_of_cron("15 * * * x /bin/x"));
    assert!(!is_of_cron("15 * * * *  x"));
    assert!(!is_of_cron("15 * * * *  /bin/x $(date +%Y)"));
}

#[test]
fn every_variable_that_is_named_is_read() {
    let workplace = Workplace::new();
    let mut known: BTreeSet<String> = OTHERS.map(str::to_owned).into();
    for command in COMMANDS {
        let own = if command == "emulate" { "EMULATE_" } else { "" };
        let names = options(&workplace, command).into_iter();
        let names = names.map(|option| option[2..].to_uppercase().replace('-', "_"));
        known.extend(names.map(|name| format!("{own}{name}")));
    }
    let mut seen = 0;
    for page in Page::all() {
        let blocks = page.blocks().into_iter().map(|block| block.text);
        for text in blocks.chain([page.prose()]) {
            for rest in text.split(PREFIX).skip(1) {
                let end = rest.find(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
                let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
                // Some stand for all that begin so.
                let is_whole = !after.starts_with('…') && !name.is_empty();
                assert!(
                    !is_whole || known.contains(name),
                    "{}: nothing reads {PREFIX}{name}",
                    page.name
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "only {seen} were found");
}

#[test]
fn json_is_json() {
    for page in Page::all() {
        for block in page
            .blocks()
            .iter()
            .filter(|block| block.language == "json")
        {
            for line in block.text.lines() {
                let json = serde_json::from_str::<serde_json::Value>(line);
                assert!(json.is_ok(), "{}:{}: {json:?}", page.name, block.line);
            }
        }
    }
}
