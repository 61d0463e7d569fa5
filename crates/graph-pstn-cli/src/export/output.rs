//! Where the rows go, and what is said about it afterwards.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use graph_pstn_export::{
    Error, ErrorKind, Existing, Export, Format, Job, Rejects, SetAside, Summary, Unfinished,
};
use graph_pstn_http::RangeReader;
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange, format_time};
use indicatif::HumanCount;

use super::transfer::Left;
use crate::exit::{Exit, Failure};
use crate::hints;
use crate::ui::Ui;

/// The log that is exported.
pub(super) const LOG: CallLog = CallLog::Pstn;

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

    /// Write a folder with a file for each day in UTC: FILE/date=2019-11-01/part-00000.csv and so on.
    /// Takes whole days; --last begins with the first moment of a day then.
    #[arg(long, value_name = "PERIOD")]
    partition_by: Option<Period>,

    /// Replace the output file if it is there already; with --partition-by, all days of the range
    /// and no others. Without --resume, an unfinished export of it is given up.
    #[arg(long)]
    overwrite: bool,

    /// Go on with an export that was interrupted, with otherwise the same options. The range may be left
    /// out. Where there is nothing to go on with it starts from the beginning.
    #[arg(long)]
    resume: bool,

    /// A file for rows that are set aside. Default: the output's name with .rejects.ndjson added; for
    /// standard output there is none, and such rows are only counted and named.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// How to report rows, seconds and charges on standard error at the end.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = SummaryForm::Text)]
    summary: SummaryForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Period {
    Day,
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
    /// The target is a folder with a file for each day.
    by_day: bool,
    /// `None` for where they go by default.
    rejects: Option<PathBuf>,
    format: Format,
    existing: Existing,
    resume: bool,
    summary: SummaryForm,
}

impl OutputArgs {
    pub(crate) fn resolve(self) -> Result<Output, Failure> {
        let target = (self.output != Path::new("-")).then_some(self.output);
        let by_day = self.partition_by == Some(Period::Day);
        let format = match (self.format, &target) {
            (Some(format), _) => format,
            (None, Some(target)) if !by_day => format_of(target)?,
            (None, _) => Format::Csv,
        };
        if target.is_none() {
            check_stream(
                self.resume,
                by_day,
                self.overwrite && self.rejects.is_none(),
            )?;
        }
        if self.resume && !format.can_go_on() {
            return Err(Failure::usage(
                format!("an export in {format} cannot be resumed"),
                "leave --resume out, or choose --format csv or --format ndjson",
            ));
        }
        if let Some(target) = target
            .as_deref()
            .filter(|target| !by_day && is_folder(target))
        {
            return Err(Failure::usage(
                format!("{} is a folder", target.display()),
                "add --partition-by day for a file for each day in it, or name a file",
            ));
        }
        Ok(Output {
            target,
            by_day,
            rejects: self.rejects,
            format,
            existing: if self.overwrite {
                Existing::Replace
            } else {
                Existing::Refuse
            },
            resume: self.resume,
            summary: self.summary,
        })
    }
}

/// What is of no use without a file.
fn check_stream(resume: bool, by_day: bool, overwrite: bool) -> Result<(), Failure> {
    let options = [
        (resume, "--resume"),
        (by_day, "--partition-by"),
        (overwrite, "--overwrite"),
    ];
    match options.into_iter().find(|(is_given, _)| *is_given) {
        None => Ok(()),
        Some((_, option)) => Err(Failure::usage(
            format!("{option} is for files, and the rows go to standard output"),
            format!("name a file with --output, or leave {option} out"),
        )),
    }
}

/// Whether the name is that of a folder, or would be.
fn is_folder(target: &Path) -> bool {
    let text = target.as_os_str().to_string_lossy();
    text.ends_with(std::path::is_separator) || target.is_dir()
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
    /// The export to go on with, if that is wanted.
    pub(crate) fn unfinished(&self, ui: &Ui) -> Result<Option<Unfinished>, Failure> {
        let Some(target) = self.target.as_deref().filter(|_| self.resume) else {
            return Ok(None);
        };
        let unfinished = if self.by_day {
            Unfinished::of_days(target)
        } else {
            Unfinished::of_file(target)
        };
        let unfinished = unfinished.map_err(|error| hints::output_failure(&error))?;
        if unfinished.is_none() {
            ui.note(&format!(
                "note: there is no unfinished export of {}; it starts from the beginning",
                target.display()
            ));
        }
        Ok(unfinished)
    }

    /// Makes what can be made at the start, so that what is in its way shows before any request. `reader` has
    /// not begun.
    pub(crate) fn open(
        &self,
        ui: &Ui,
        range: TimeRange,
        job: Job,
        reader: &RangeReader<PstnCallLogRow>,
        unfinished: Option<Unfinished>,
    ) -> Result<Export<PstnCallLogRow>, Error> {
        let (format, existing) = (self.format, self.existing);
        let rejects = match self.rejects_of(range) {
            Some(file) => Rejects::to_file(file, existing),
            None => Rejects::told(teller(ui.clone())),
        };
        let Some(target) = &self.target else {
            return Export::to_stream(io::stdout(), format, rejects);
        };
        if let Some(unfinished) = unfinished {
            let rows = unfinished.summary().rows;
            let export = if self.by_day {
                unfinished.resume_days(LOG, format, existing, rejects, job)?
            } else {
                unfinished.resume_file(format, existing, rejects, job)?
            };
            ui.note(&format!(
                "going on with {} after {} rows",
                target.display(),
                HumanCount(rows)
            ));
            return Ok(export);
        }
        let export = if self.by_day {
            Export::to_days(target, (LOG, range), format, existing, rejects)?
        } else {
            Export::to_file(target, format, existing, rejects)?
        };
        if format.can_go_on() {
            export.resumable(job, reader.checkpoint())
        } else {
            Ok(export)
        }
    }

    /// The file for rows that are set aside.
    fn rejects_of(&self, range: TimeRange) -> Option<PathBuf> {
        let by_default = |target: &Path| {
            if self.by_day {
                Rejects::within(target, range)
            } else {
                Rejects::beside(target)
            }
        };
        let given = self.rejects.clone();
        given.or_else(|| self.target.as_deref().map(by_default))
    }

    pub(crate) fn is_on_disk(&self) -> bool {
        self.target.is_some()
    }

    pub(crate) fn has_days(&self) -> bool {
        self.by_day
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

    /// Adds to a failure what there is of the export, and how to go on with it.
    pub(crate) fn with_what_is_left(&self, failure: Failure, left: &Left) -> Failure {
        let interrupted = failure.exit() == Exit::Interrupted;
        let hint = match (left, &self.target) {
            (Left::Kept(kept), _) => format!(
                "{} rows, up to {}, are kept in {}: the same command with --resume goes on from there",
                HumanCount(kept.rows),
                format_time(kept.until),
                kept.folder.display()
            ),
            (Left::Unknown, Some(_)) => {
                "the same command with --resume goes on with what there is".into()
            }
            (Left::Nothing, Some(target)) if interrupted => {
                format!("{} was not written; run again", target.display())
            }
            (_, None) if interrupted => "the rows on standard output are not all of them".into(),
            _ => return failure,
        };
        failure.and_hint(&hint)
    }

    /// Says what the export came to.
    pub(crate) fn report(
        &self,
        ui: &Ui,
        range: TimeRange,
        summary: &Summary,
    ) -> Result<Exit, Failure> {
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
        let place = match self.rejects_of(range) {
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
        let november = TimeRange::new(
            TimeRange::parse_instant("2019-11-01").unwrap(),
            TimeRange::parse_instant("2019-12-01").unwrap(),
        )
        .unwrap();
        let rejects = |options: &[&str]| resolve(options).unwrap().rejects_of(november);
        assert_eq!(rejects(&[]), None);
        assert_eq!(
            rejects(&["-o", "a/b.csv"]),
            Some("a/b.csv.rejects.ndjson".into())
        );
        assert_eq!(
            rejects(&["-o", "calls", "--partition-by", "day"]),
            Some("calls/_rejects-2019-11-01_2019-12-01.ndjson".into())
        );
        assert_eq!(rejects(&["--rejects", "r"]), Some("r".into()));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for options in [
            &["--overwrite"][..],
            &["--resume"],
            &["--partition-by", "day"],
            &["-o", "calls/"],
        ] {
            assert_eq!(
                resolve(options).unwrap_err().exit(),
                Exit::Usage,
                "{options:?}"
            );
        }
    }
}
