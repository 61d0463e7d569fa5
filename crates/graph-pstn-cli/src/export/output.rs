//! Where the rows go, and what is said about it afterwards.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use graph_pstn_export::{
    Error, ErrorKind, Existing, Export, ExportRow, Format, Rejects, SetAside, Summary,
    WriterOptions,
};
use graph_pstn_model::CallLog;
use indicatif::HumanCount;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::hints;
use crate::ui::Ui;

/// How many rows that were set aside are named one by one when there is no file for them.
const NAMED: u64 = 20;

/// The output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// The file to write, or `-` for standard output. `{log}` in it stands for the log's name. A file
    /// appears under its name only when it is complete, and on Unix only its owner may read it.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Replace the output file if it is there already.
    #[arg(long)]
    overwrite: bool,

    /// A file for rows that are set aside. Default: the output's name with .rejects.ndjson added; for
    /// standard output there is none, and such rows are only counted and named.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// How to report rows, seconds and charges on standard error at the end.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = SummaryForm::Text)]
    summary: SummaryForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SummaryForm {
    /// For people; left out with --quiet.
    Text,
    /// One line of JSON, also with --quiet.
    Json,
}

/// The output of a log that was found in order; nothing has been made for it yet.
#[derive(Debug)]
pub(crate) struct Output {
    log: CallLog,
    /// Whether other logs are exported in the same run.
    several: bool,
    /// `None` for standard output.
    target: Option<PathBuf>,
    rejects: Option<PathBuf>,
    existing: Existing,
    summary: SummaryForm,
}

/// What stands for a log's name in the name of a file.
const LOG: &str = "{log}";

impl OutputArgs {
    /// The file as it was given; `None` for standard output.
    pub(crate) fn target(&self) -> Option<&Path> {
        Some(self.output.as_path()).filter(|path| *path != Path::new("-"))
    }

    /// An output for each log.
    pub(crate) fn resolve(self, logs: &[CallLog], format: Format) -> Result<Vec<Output>, Failure> {
        let target = self.target();
        let several = logs.len() > 1;
        if several && !target.is_some_and(names_log) {
            return Err(Failure::usage(
                "several logs cannot go to one output",
                "let {log} stand for the log's name: --output 'calls-{log}.csv'",
            ));
        }
        if several && self.rejects.as_deref().is_some_and(|file| !names_log(file)) {
            return Err(Failure::usage(
                "the rejects of several logs cannot go to one file",
                "let {log} stand for the log's name, or leave --rejects out",
            ));
        }
        if self.overwrite && target.is_none() && self.rejects.is_none() {
            return Err(Failure::usage(
                "--overwrite is for files, and the rows go to standard output",
                "name a file with --output, or leave --overwrite out",
            ));
        }
        if format.is_binary() && target.is_none() && io::stdout().is_terminal() {
            return Err(Failure::usage(
                format!("{format} is not for a terminal"),
                "name a file with --output",
            ));
        }
        let output = |log: &CallLog| {
            let target = target.map(|target| of_log(target, *log));
            let rejects = self.rejects.as_deref().map(|file| of_log(file, *log));
            Output {
                log: *log,
                several,
                rejects: rejects.or_else(|| target.as_deref().map(Rejects::beside)),
                target,
                existing: if self.overwrite {
                    Existing::Replace
                } else {
                    Existing::Refuse
                },
                summary: self.summary,
            }
        };
        Ok(logs.iter().map(output).collect())
    }
}

fn names_log(file: &Path) -> bool {
    file.to_str().is_some_and(|name| name.contains(LOG))
}

/// The file of a log.
fn of_log(file: &Path, log: CallLog) -> PathBuf {
    match file.to_str() {
        Some(name) => name.replace(LOG, log.name()).into(),
        None => file.to_owned(),
    }
}

impl Output {
    /// Makes what can be made at the start, so that what is in its way shows before any request.
    pub(crate) fn open<T: ExportRow>(
        &self,
        ui: &Ui,
        options: WriterOptions,
    ) -> Result<Export<T>, Error> {
        let rejects = match &self.rejects {
            Some(file) => Rejects::to_file(file, self.existing),
            None => Rejects::told(teller(ui.clone())),
        };
        match &self.target {
            Some(target) => Export::to_file(target, options, self.existing, rejects),
            None => Export::to_stream(io::stdout(), options, rejects),
        }
    }

    pub(crate) fn log(&self) -> CallLog {
        self.log
    }

    pub(crate) fn is_file(&self) -> bool {
        self.target.is_some()
    }

    /// Whether rows and progress would be drawn over each other.
    pub(crate) fn is_terminal(&self) -> bool {
        self.target.is_none() && io::stdout().is_terminal()
    }

    /// How the run ends when the output takes no more. Who closes a pipe has all that was wanted, as
    /// `head` has: whether a reader failed is for the reader's own exit code to say.
    pub(crate) fn ended(&self, error: &Error) -> Result<Exit, Failure> {
        match error.kind() {
            ErrorKind::ClosedPipe => Ok(Exit::Done),
            // The file that they name says which log it is.
            _ => Err(hints::output_failure(error)),
        }
    }

    /// What there is after an interruption of these.
    pub(crate) fn after_interruption(outputs: &[&Self]) -> String {
        let files = outputs.iter().filter_map(|output| output.target.as_deref());
        let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
        match files.as_slice() {
            [] => "the rows on standard output are not all of them".into(),
            [file] => format!("{file} was not written; run again"),
            files => format!("{} were not written; run again", files.join(", ")),
        }
    }

    /// Says what the export came to.
    pub(crate) fn report(&self, ui: &Ui, summary: &Summary) -> Result<Exit, Failure> {
        match self.summary {
            SummaryForm::Text => ui.note(&self.text(summary)),
            SummaryForm::Json => ui.say(
                &serde_json::to_string(&Line {
                    summary,
                    log: self.log.name(),
                })
                .map_err(|error| Failure::other("the summary has no form in JSON", &error))?,
            ),
        }
        if !summary.has_set_aside() {
            return Ok(Exit::Done);
        }
        let place = match &self.rejects {
            Some(file) => format!("they are in {}", file.display()),
            None => "--rejects FILE would keep them".into(),
        };
        ui.say(&format!(
            "warning: {}{} rows could not be read or written and {} contradict an earlier row with the same id; \
             {place}",
            match self.several {
                true => format!("{}: ", self.log),
                false => String::new(),
            },
            HumanCount(summary.rejects),
            HumanCount(summary.conflicts),
        ));
        Ok(Exit::SetAside)
    }

    fn text(&self, summary: &Summary) -> String {
        let target = match &self.target {
            Some(target) => target.display().to_string(),
            None => "standard output".into(),
        };
        let mut text = format!("{target}: {} rows", HumanCount(summary.rows));
        // Messages and blocks take no time.
        if !matches!(self.log, CallLog::Sms | CallLog::BlockedUsers) {
            let duration = u64::try_from(summary.duration).unwrap_or(0);
            text.push_str(&format!(", {} seconds", HumanCount(duration)));
        }
        for (index, (currency, total)) in summary.charge.iter().enumerate() {
            let currency = match currency.as_str() {
                "" => "without a currency",
                currency => currency,
            };
            text.push_str(if index == 0 { ", charged " } else { ", " });
            text.push_str(&format!("{total} {currency}"));
        }
        if summary.duplicates > 0 {
            let duplicates = HumanCount(summary.duplicates);
            text.push_str(&format!("; {duplicates} repeated rows left out"));
        }
        if summary.filtered > 0 {
            let filtered = HumanCount(summary.filtered);
            text.push_str(&format!("; {filtered} rows were not wanted"));
        }
        text
    }
}

/// The summary as JSON.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    log: &'a str,
}

/// Names the first rows that are set aside, without what they hold.
fn teller(ui: Ui) -> impl FnMut(&SetAside<'_>) + Send {
    let mut named = 0;
    move |note| {
        named += 1;
        if named > NAMED {
            return;
        }
        let place = match (note.index, note.path) {
            (Some(index), "") => format!("row {index} of its page"),
            (Some(index), path) => format!("row {index} of its page, {path},"),
            (None, _) => "a row".into(),
        };
        ui.say(&format!("warning: {place} is set aside: {}", note.reason));
        if named == NAMED {
            ui.say("warning: further rows that are set aside are only counted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        output: OutputArgs,
    }

    const PSTN: &[CallLog] = &[CallLog::Pstn];

    fn resolve(options: &[&str], logs: &[CallLog]) -> Result<Vec<Output>, Failure> {
        let line: Line = clap::Parser::try_parse_from([&["x"], options].concat()).unwrap();
        line.output.resolve(logs, Format::Csv)
    }

    #[test]
    fn rejects_go_beside_a_file_and_nowhere_for_a_stream() {
        let rejects = |options: &[&str]| resolve(options, PSTN).unwrap().remove(0).rejects;
        assert_eq!(rejects(&[]), None);
        assert_eq!(
            rejects(&["-o", "a/b.csv"]),
            Some("a/b.csv.rejects.ndjson".into())
        );
        assert_eq!(rejects(&["--rejects", "r"]), Some("r".into()));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let failure = resolve(&["--overwrite"], PSTN).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
    }

    #[test]
    fn each_log_has_its_own_file() {
        let logs = [CallLog::Pstn, CallLog::DirectRouting];
        let outputs = resolve(&["-o", "{log}/of-{log}.csv"], &logs).unwrap();
        let targets: Vec<&Path> = outputs
            .iter()
            .filter_map(|output| output.target.as_deref())
            .collect();
        assert_eq!(
            targets,
            [
                Path::new("pstn/of-pstn.csv"),
                Path::new("direct-routing/of-direct-routing.csv")
            ]
        );
        for options in [
            &[][..],
            &["-o", "calls.csv"],
            &["-o", "{log}.csv", "--rejects", "rejects"],
        ] {
            let failure = resolve(options, &logs).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage);
        }
        let one = resolve(&["-o", "calls-{log}.csv"], PSTN).unwrap();
        assert_eq!(one[0].target, Some("calls-pstn.csv".into()));
    }
}
