//! In which form rows are written.

use std::path::Path;

use clap::Args;
use graph_pstn_export::{Calendar, ExportRow, Format, WriterOptions};
use graph_pstn_model::{CallLog, TimeRange, format_time};

use super::row_type::{ForRows, for_rows};
use super::rows::RowsWanted;
use crate::exit::Failure;
use crate::hints;

/// The form.
#[derive(Debug, Args)]
#[command(next_help_heading = "Format")]
pub(crate) struct FormArgs {
    /// The format. Default: by the file's extension (.csv, .ndjson, .jsonl, .parquet), else csv.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    /// NDJSON of Graph's own objects, unchanged, with properties that this program does not know.
    #[arg(long, conflicts_with_all = ["columns", "spreadsheet", "bom"])]
    raw: bool,

    /// Only these columns, by Graph's names and in this order, such as `startDateTime,charge,currency`.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Option<Vec<String>>,

    /// CSV for people who open it in a spreadsheet: texts that would become formulas, numbers or dates get an
    /// apostrophe before them, and there is a byte order mark.
    #[arg(long)]
    spreadsheet: bool,

    /// CSV with a byte order mark, by which some programs tell UTF-8.
    #[arg(long)]
    bom: bool,
}

/// The form, settled.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    options: WriterOptions,
    raw: bool,
}

impl FormArgs {
    /// For an output of this name; `None` for standard output.
    pub(crate) fn resolve(self, target: Option<&Path>) -> Result<Form, Failure> {
        let format = match (self.format, target) {
            (Some(format), _) => format,
            (None, None) if self.raw => Format::Ndjson,
            (None, Some(target)) => format_of(target)?,
            (None, None) => Format::Csv,
        };
        if self.raw && format != Format::Ndjson {
            return Err(Failure::usage(
                format!("--raw is for NDJSON, and the format is {format}"),
                "name a .ndjson file, or add --format ndjson",
            ));
        }
        for (given, option) in [(self.spreadsheet, "--spreadsheet"), (self.bom, "--bom")] {
            if given && format != Format::Csv {
                return Err(Failure::usage(
                    format!("{option} is for CSV, and the format is {format}"),
                    format!("leave {option} out, or name a .csv file"),
                ));
            }
        }
        let mut options = WriterOptions::new(format);
        if let Some(columns) = self.columns {
            options = options.with_columns(columns);
        }
        if self.spreadsheet {
            options = options.for_spreadsheets();
        }
        if self.bom {
            options = options.with_bom();
        }
        Ok(Form {
            options,
            raw: self.raw,
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
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        return Err(Failure::usage(
            format!("no format goes with the name {}", target.display()),
            format!(
                "name a .csv or .ndjson file, or add --format; this program writes {}",
                known.join(", ")
            ),
        ));
    }
    Ok(Format::Csv)
}

impl Form {
    /// In folders of a file for each day of that calendar.
    pub(crate) fn of_days(mut self, calendar: Calendar) -> Self {
        self.options = self.options.with_calendar(calendar);
        self
    }

    pub(crate) fn writer(&self) -> &WriterOptions {
        &self.options
    }

    pub(crate) fn format(&self) -> Format {
        self.options.format()
    }

    /// Whether rows are Graph's own objects.
    pub(crate) fn is_raw(&self) -> bool {
        self.raw
    }

    /// How many bytes of pages may wait for their turn, of those that may where a row costs no more memory than
    /// its text: raw rows keep what sums and filters need beside theirs, and a binary format collects rows.
    pub(crate) fn waiting(&self, bytes: usize) -> usize {
        match (self.raw, self.format().is_binary()) {
            (true, _) => bytes / 2,
            (false, true) => bytes / 4 * 3,
            (false, false) => bytes,
        }
    }

    /// Whether every log has the columns that are asked for.
    pub(crate) fn check(&self, rows: &RowsWanted) -> Result<(), Failure> {
        for log in &rows.logs {
            for_rows(*log, rows.version(*log), Check(&self.options)).map_err(|error| {
                hints::output_failure(&error).of_several(*log, rows.logs.len() > 1)
            })?;
        }
        Ok(())
    }

    /// How to write a log, with what the file is to say of itself.
    pub(crate) fn options(
        &self,
        log: CallLog,
        rows: &RowsWanted,
        range: TimeRange,
    ) -> WriterOptions {
        let mut options = self.options.clone();
        for (key, value) in [
            ("graph-pstn.log", log.name().to_owned()),
            (
                "graph-pstn.api-version",
                rows.version(log).segment().to_owned(),
            ),
            ("graph-pstn.from", format_time(range.from()).to_string()),
            ("graph-pstn.until", format_time(range.until()).to_string()),
        ] {
            options = options.with_metadata(key, &value);
        }
        match rows.hidden_digits() {
            Some(digits) => options.with_metadata("graph-pstn.hidden-digits", &digits.to_string()),
            None => options,
        }
    }
}

struct Check<'a>(&'a WriterOptions);

impl ForRows for Check<'_> {
    type Output = Result<(), graph_pstn_export::Error>;

    fn of<T: ExportRow>(self) -> Self::Output {
        self.0.check::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        form: FormArgs,
    }

    fn resolve(target: &str, options: &[&str]) -> Result<Form, Failure> {
        let line: Line = clap::Parser::try_parse_from([&["x"], options].concat()).unwrap();
        let target = Some(Path::new(target)).filter(|path| *path != Path::new("-"));
        line.form.resolve(target)
    }

    #[test]
    fn the_format_goes_by_option_then_name() {
        let format = |target, options: &[&str]| resolve(target, options).unwrap().format();
        assert_eq!(format("-", &[]), Format::Csv);
        assert_eq!(format("-", &["--raw"]), Format::Ndjson);
        assert_eq!(format("calls.jsonl", &[]), Format::Ndjson);
        assert_eq!(format("calls", &[]), Format::Csv);
        assert_eq!(format("a.csv", &["--format", "ndjson"]), Format::Ndjson);
        assert_eq!(format("a.json", &["--format", "ndjson"]), Format::Ndjson);
        assert_eq!(resolve("a.json", &[]).unwrap_err().exit(), Exit::Usage);
    }

    #[test]
    fn what_is_not_for_the_format_is_refused() {
        for (target, option) in [
            ("a.csv", "--raw"),
            ("a.ndjson", "--bom"),
            ("a.ndjson", "--spreadsheet"),
        ] {
            let failure = resolve(target, &[option]).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage);
            assert!(
                failure.message().starts_with(option),
                "{}",
                failure.message()
            );
        }
    }
}
