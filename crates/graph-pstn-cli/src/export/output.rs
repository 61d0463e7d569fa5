//! Where the rows go, and what is said about it afterwards.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use graph_pstn_export::{Error, ErrorKind, Existing, Export, Format, Rejects, SetAside, Summary};
use graph_pstn_model::PstnCallLogRow;
use indicatif::HumanCount;

use crate::exit::{Exit, Failure};
use crate::hints;
use crate::ui::Ui;

/// How many rows that were set aside are named one by one when there is no file for them.
const NAMED: u64 = 20;

/// The output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// The file to write, or `-` for standard output. A file appears under its name only when it
    /// is complete, and on Unix only its owner may read it.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// The format. Default: by the file's extension (.csv, .ndjson, .jsonl), else csv.
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<Format>,

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

/// An output that was found in order; nothing has been made for it yet.
#[derive(Debug)]
pub(crate) struct Output {
    /// `None` for standard output.
    target: Option<PathBuf>,
    rejects: Option<PathBuf>,
    format: Format,
    existing: Existing,
    summary: SummaryForm,
}

impl OutputArgs {
    pub(crate) fn resolve(self) -> Result<Output, Failure> {
        let target = (self.output != Path::new("-")).then_some(self.output);
        let format = match (self.format, &target) {
            (Some(format), _) => format,
            (None, Some(target)) => format_of(target)?,
            (None, None) => Format::Csv,
        };
        if self.overwrite && target.is_none() && self.rejects.is_none() {
            return Err(Failure::usage(
                "--overwrite is for files, and the rows go to standard output",
                "name a file with --output, or leave --overwrite out",
            ));
        }
        Ok(Output {
            format,
            rejects: self
                .rejects
                .or_else(|| target.as_deref().map(Rejects::beside)),
            target,
            existing: if self.overwrite {
                Existing::Replace
            } else {
                Existing::Refuse
            },
            summary: self.summary,
        })
    }
}

/// The format by the file's name. A name that promises another format is refused.
fn format_of(target: &Path) -> Result<Format, Failure> {
    if let Some(format) = Format::of_extension(target) {
        return Ok(format);
    }
    let extension = target.extension().unwrap_or_default().to_string_lossy();
    let promised = ["json", "parquet", "xlsx", "xls", "gz", "zip", "zst"];
    if promised.contains(&extension.to_ascii_lowercase().as_str()) {
        return Err(Failure::usage(
            format!("no format goes with the name {}", target.display()),
            "name a .csv or .ndjson file, or add --format csv or --format ndjson",
        ));
    }
    Ok(Format::Csv)
}

impl Output {
    /// Makes what can be made at the start, so that what is in its way shows before any request.
    pub(crate) fn open(&self, ui: &Ui) -> Result<Export<PstnCallLogRow>, Error> {
        let rejects = match &self.rejects {
            Some(file) => Rejects::to_file(file, self.existing),
            None => Rejects::told(teller(ui.clone())),
        };
        match &self.target {
            Some(target) => Export::to_file(target, self.format, self.existing, rejects),
            None => Export::to_stream(io::stdout(), self.format, rejects),
        }
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
    pub(crate) fn ended(error: &Error) -> Result<Exit, Failure> {
        match error.kind() {
            ErrorKind::ClosedPipe => Ok(Exit::Done),
            _ => Err(hints::output_failure(error)),
        }
    }

    /// What there is after an interruption.
    pub(crate) fn after_interruption(&self) -> String {
        match &self.target {
            Some(target) => format!("{} was not written; run again", target.display()),
            None => "the rows on standard output are not all of them".into(),
        }
    }

    /// Says what the export came to.
    pub(crate) fn report(&self, ui: &Ui, summary: &Summary) -> Result<Exit, Failure> {
        match self.summary {
            SummaryForm::Text => ui.note(&self.text(summary)),
            SummaryForm::Json => ui.say(
                &serde_json::to_string(summary)
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
            "warning: {} rows could not be read and {} contradict an earlier row with the same id; \
             {place}",
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
        let duration = u64::try_from(summary.duration).unwrap_or(0);
        let mut text = format!(
            "{target}: {} rows, {} seconds",
            HumanCount(summary.rows),
            HumanCount(duration)
        );
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
        text
    }
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

    fn resolve(options: &[&str]) -> Result<Output, Failure> {
        let line: Line = clap::Parser::try_parse_from([&["x"], options].concat()).unwrap();
        line.output.resolve()
    }

    #[test]
    fn the_format_goes_by_option_then_name() {
        let format = |options: &[&str]| resolve(options).unwrap().format;
        assert_eq!(format(&[]), Format::Csv);
        assert_eq!(format(&["-o", "calls.jsonl"]), Format::Ndjson);
        assert_eq!(format(&["-o", "calls"]), Format::Csv);
        assert_eq!(
            format(&["-o", "a.csv", "--format", "ndjson"]),
            Format::Ndjson
        );
        assert_eq!(
            format(&["-o", "a.json", "--format", "ndjson"]),
            Format::Ndjson
        );
        assert_eq!(resolve(&["-o", "a.json"]).unwrap_err().exit(), Exit::Usage);
    }

    #[test]
    fn rejects_go_beside_a_file_and_nowhere_for_a_stream() {
        let rejects = |options: &[&str]| resolve(options).unwrap().rejects;
        assert_eq!(rejects(&[]), None);
        assert_eq!(
            rejects(&["-o", "a/b.csv"]),
            Some("a/b.csv.rejects.ndjson".into())
        );
        assert_eq!(rejects(&["--rejects", "r"]), Some("r".into()));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        assert_eq!(resolve(&["--overwrite"]).unwrap_err().exit(), Exit::Usage);
    }
}
