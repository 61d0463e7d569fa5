//! The lines of `check`: how each thing stands, and what to do about it.

use std::io::{self, IsTerminal as _};

use serde_json::json;

use crate::exit::{Exit, Failure, on_one_line};
use crate::stdout::print;
use crate::ui::{Colour, colours, painted};

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Pass,
    Fail(Exit),
    /// It could not be looked at, since something before it has failed, or does not concern this set-up.
    Skipped,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    name: &'static str,
    status: Status,
    detail: String,
    /// What to do; with one that passes, what to do soon.
    remedy: Option<String>,
}

impl Line {
    pub(super) fn pass(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Status::Pass, detail.into())
    }

    pub(super) fn fail(name: &'static str, exit: Exit, detail: impl Into<String>) -> Self {
        Self::new(name, Status::Fail(exit), detail.into())
    }

    pub(super) fn skipped(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Status::Skipped, detail.into())
    }

    pub(super) fn of_failure(name: &'static str, failure: &Failure) -> Self {
        let line = Self::fail(name, failure.exit(), failure.message());
        match failure.hint() {
            Some(hint) => line.with_remedy(hint),
            None => line,
        }
    }

    fn new(name: &'static str, status: Status, detail: String) -> Self {
        Self {
            name,
            status,
            detail: on_one_line(&detail),
            remedy: None,
        }
    }

    pub(super) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn has_passed(&self) -> bool {
        self.status == Status::Pass
    }

    fn text(&self, colours: bool) -> String {
        let colour = match self.status {
            Status::Pass => Colour::Green,
            Status::Fail(_) => Colour::Red,
            Status::Skipped => Colour::Yellow,
        };
        let status = painted(&format!("{:<7}", self.status.name()), colour, colours);
        let mut text = format!("{status}  {:<16}  ", self.name);
        wrap(&mut text, &self.detail);
        if let Some(remedy) = &self.remedy {
            text.push_str(&" ".repeat(INDENT));
            wrap(&mut text, &format!("-> {remedy}"));
        }
        text
    }
}

/// Where details begin, and how wide a line may be: what fits a terminal as it comes.
const INDENT: usize = 27;
const WIDTH: usize = 80;

/// Adds words, with line breaks between them; the first line is indented already.
fn wrap(text: &mut String, words: &str) {
    let mut column = INDENT;
    for (index, word) in words.split(' ').enumerate() {
        let length = word.chars().count();
        if index > 0 && column + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(INDENT));
            column = INDENT;
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

/// All lines so far; in text each is printed as soon as it is known.
#[derive(Debug)]
pub(super) struct Report {
    lines: Vec<Line>,
    /// Whose lines they are, where there are several tenants.
    tenant: Option<String>,
    json: bool,
    colours: bool,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self {
            lines: Vec::new(),
            tenant: None,
            json,
            colours: colours(io::stdout().is_terminal()),
        }
    }

    /// The same for one of several tenants, whom JSON names.
    pub(super) fn of_tenant(self, tenant: String) -> Self {
        Self {
            tenant: Some(tenant),
            ..self
        }
    }

    /// Adds a line. Whether it has passed.
    pub(super) fn add(&mut self, line: Line) -> Result<bool, Failure> {
        if !self.json {
            print(line.text(self.colours).as_bytes())?;
        }
        let passed = line.has_passed();
        self.lines.push(line);
        Ok(passed)
    }

    /// The exit code: that of the first line that failed.
    pub(super) fn end(self) -> Result<Exit, Failure> {
        let failed = self.lines.iter().find_map(|line| match line.status {
            Status::Fail(exit) => Some(exit),
            _ => None,
        });
        let exit = failed.unwrap_or(Exit::Done);
        if self.json {
            let checks: Vec<_> = self
                .lines
                .iter()
                .map(|line| {
                    json!({
                        "name": line.name,
                        "status": line.status.name(),
                        "detail": line.detail,
                        "remedy": line.remedy,
                    })
                })
                .collect();
            let mut all =
                json!({"ok": exit == Exit::Done, "exit_code": exit as u8, "checks": checks});
            if let Some(tenant) = self.tenant {
                all["tenant"] = tenant.into();
            }
            print(format!("{all}\n").as_bytes())?;
        }
        Ok(exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_terminal() {
        let line = Line::fail("graph-connection", Exit::Other, "a word ".repeat(40))
            .with_remedy("do something ".repeat(20));
        let text = line.text(false);
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(
            text.starts_with("fail     graph-connection  a word a word"),
            "{text}"
        );
        assert_eq!(text.matches("-> do something").count(), 1);
    }

    #[test]
    fn the_first_failure_decides_the_exit_code() {
        let mut report = Report::new(false);
        report.add(Line::pass("a", "good")).unwrap();
        report.add(Line::skipped("b", "not looked at")).unwrap();
        report
            .add(Line::fail("c", Exit::Unavailable, "bad"))
            .unwrap();
        report
            .add(Line::fail("d", Exit::NotAuthorised, "worse"))
            .unwrap();
        assert_eq!(report.end(), Ok(Exit::Unavailable));
    }
}
