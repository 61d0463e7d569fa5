//! Faults request by request, as a text file lists them.

use std::fmt;
use std::ops::RangeInclusive;

use percent_encoding::percent_decode_str;

use super::fault::Fault;

/// One line of a script, and how often it still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    when: When,
    pub(crate) fault: Fault,
}

/// Which requests a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    /// Those to Graph with these numbers, from 1.
    Graph(RangeInclusive<u64>),
    /// Those to the token endpoint with these numbers, from 1.
    Token(RangeInclusive<u64>),
    /// The next so many to Graph whose path and query hold this text.
    Path { text: String, left: u64 },
}

impl Rule {
    /// Whether it befalls this request to Graph; one for a number of requests is used up a little then.
    pub(crate) fn befalls_graph(&mut self, number: u64, path_and_query: &str) -> bool {
        match &mut self.when {
            When::Graph(numbers) => numbers.contains(&number),
            When::Token(_) => false,
            When::Path { text, left } => {
                let there = *left > 0
                    && (path_and_query.contains(text.as_str())
                        || percent_decode_str(path_and_query)
                            .decode_utf8_lossy()
                            .contains(text.as_str()));
                *left -= u64::from(there && *left != u64::MAX);
                there
            }
        }
    }

    /// Whether it befalls this request to the token endpoint.
    pub(crate) fn befalls_token(&self, number: u64) -> bool {
        matches!(&self.when, When::Token(numbers) if numbers.contains(&number))
    }
}

/// A script that cannot be read: the line, counted from 1, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for ScriptError {}

/// Reads a script: see [`Faults::script`](super::Faults::script).
pub(crate) fn parse(text: &str) -> Result<Vec<Rule>, ScriptError> {
    let mut rules = Vec::new();
    for (index, line) in text.lines().enumerate() {
        // A `#` begins a comment where a word could begin; in a URL it does not stand.
        let words: Vec<&str> = line
            .split_whitespace()
            .take_while(|word| !word.starts_with('#'))
            .collect();
        if words.is_empty() {
            continue;
        }
        let rule = rule(&words).map_err(|reason| ScriptError {
            line: index + 1,
            reason,
        });
        rules.push(rule?);
    }
    Ok(rules)
}

fn rule(words: &[&str]) -> Result<Rule, String> {
    let (when, fault) = match words {
        ["graph", numbers, fault] => (When::Graph(range(numbers)?), fault),
        ["token", numbers, fault] => (When::Token(range(numbers)?), fault),
        ["path", text, fault] => (path(text, 1), fault),
        ["path", text, fault, often] => (path(text, times(often)?), fault),
        _ => {
            return Err(
                "expected `graph NUMBERS FAULT`, `token NUMBERS FAULT` or `path TEXT FAULT [TIMES]`"
                    .to_owned(),
            );
        }
    };
    let fault: Fault = fault.parse().map_err(|error| format!("{error}"))?;
    if matches!(when, When::Token(_)) && !fault.befalls_token_requests() {
        return Err(format!(
            "`{fault}` is a fault of Graph's and cannot befall a token request"
        ));
    }
    Ok(Rule { when, fault })
}

fn path(text: &str, left: u64) -> When {
    When::Path {
        text: text.to_owned(),
        left,
    }
}

/// `3`, `5-8`, `9-` or `all`.
fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let wrong = || format!("`{text}` is not a number from 1, `5-8`, `9-` or `all`");
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
    if text == "all" {
        return Ok(1..=u64::MAX);
    }
    let (first, last) = match text.split_once('-') {
        None => (number(text), number(text)),
        Some((first, "")) => (number(first), Some(u64::MAX)),
        Some((first, last)) => (number(first), number(last)),
    };
    let (first, last) = first.zip(last).ok_or_else(wrong)?;
    if first > last {
        return Err(wrong());
    }
    Ok(first..=last)
}

/// `x3` or `always`.
fn times(text: &str) -> Result<u64, String> {
    if text == "always" {
        return Ok(u64::MAX);
    }
    text.strip_prefix('x')
        .and_then(|number| number.parse().ok())
        .filter(|number| (1..u64::MAX).contains(number))
        .ok_or_else(|| format!("`{text}` is neither `x3` nor `always`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_paths_select_requests() {
        let mut rules = parse(
            "# the first page breaks off\n\
             graph 1      reset-in-body\n\
             graph 3-4    unavailable # a while\n\
             graph 9-     html\n\
             token 2      trickle\n\
             \n\
             path $skip=1000  empty-page x2\n\
             path getSmsLog( hang always\n",
        )
        .unwrap();
        let mut graph = |number, path| -> Vec<&str> {
            let befallen = rules
                .iter_mut()
                .filter_map(|rule| rule.befalls_graph(number, path).then(|| rule.fault.name()));
            befallen.collect()
        };
        assert_eq!(graph(1, "/"), ["reset-in-body"]);
        assert_eq!(graph(2, "/"), [""; 0]);
        assert_eq!(graph(4, "/"), ["unavailable"]);
        assert_eq!(graph(1_000, "/"), ["html"]);
        // Percent-encoded or not; twice and no more.
        assert_eq!(graph(5, "/a?%24skip=1000"), ["empty-page"]);
        assert_eq!(graph(5, "/a?$skip=1000"), ["empty-page"]);
        assert_eq!(graph(5, "/a?$skip=1000"), [""; 0]);
        for _ in 0..5 {
            assert_eq!(graph(5, "/getSmsLog()"), ["hang"]);
        }
        let token: Vec<bool> = (1..4).map(|n| rules[3].befalls_token(n)).collect();
        assert_eq!(token, [false, true, false]);
        assert!(!rules[0].befalls_token(1));
    }

    #[test]
    fn a_wrong_line_is_named_with_what_is_wrong() {
        for (script, line, word) in [
            ("graph 1 html\nhtml", 2, "expected `graph NUMBERS FAULT`"),
            ("graph 0 html", 1, "`0` is not a number from 1"),
            ("graph 5-3 html", 1, "`5-3`"),
            ("\n\ngraph 1 htm", 3, "no fault is called `htm`"),
            ("token 1 empty-page", 1, "cannot befall a token request"),
            ("path x html 3", 1, "neither `x3` nor `always`"),
            ("path x html x0", 1, "neither `x3` nor `always`"),
        ] {
            let error = parse(script).unwrap_err();
            assert_eq!(error.line, line, "{script}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
