//! How a run ends: exit codes, and failures with their remedy.

use std::error::Error;
use std::process::ExitCode;

use graph_pstn_model::CallLog;

/// The exit codes, as `--help` lists them; [`Exit`] has them too.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
    0  done; also when `head` or the like has closed standard output
    1  any other failure: disk, certificate, data
    2  wrong use of the options
    3  not authorised: credential, consent or tenant
    4  Graph or Entra throttles, is down or not reached: try again later
    5  done, but rows were set aside
  130  interrupted";

/// How a run ended. The numbers are documented in `--help` and in the README; they do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Other = 1,
    Usage = 2,
    NotAuthorised = 3,
    Unavailable = 4,
    SetAside = 5,
    Interrupted = 130,
}

impl Exit {
    /// How it went, in a word or two.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Other | Self::Usage => "failed",
            Self::NotAuthorised => "not authorised",
            Self::Unavailable => "not reached",
            Self::SetAside => "done, with rows set aside",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a run failed: one line, what to do about it where that is known, and the exit code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// The options contradict each other or lack something.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message).with_hint(hint)
    }

    /// A failure of the system that has no better name.
    pub(crate) fn other(doing: &str, error: &dyn Error) -> Self {
        Self::new(Exit::Other, format!("{doing}: {}", one_line(error)))
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says which log it is about, if there are several.
    pub(crate) fn of_several(self, log: CallLog, several: bool) -> Self {
        match several {
            true => self.in_place(log.name()),
            false => self,
        }
    }

    /// Says where the trouble is.
    pub(crate) fn in_place(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Adds what else can be done.
    pub(crate) fn and_hint(mut self, hint: &str) -> Self {
        self.hint = Some(match self.hint {
            Some(first) => format!("{first}; {hint}"),
            None => hint.to_owned(),
        });
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// An error and what caused it, in one line. What a cause repeats is left out.
pub(crate) fn one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !text.is_empty() && !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    on_one_line(&line)
}

/// Text from a server must not break a line, nor reach the terminal as a control sequence.
pub(crate) fn on_one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c == ' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_chain_is_one_line_without_repetition_or_control_characters() {
        let inner = io::Error::other("bad\r\nnews \u{1b}[31mred");
        let outer = io::Error::other(inner);
        assert_eq!(one_line(&outer), "bad news [31mred");
    }
}
