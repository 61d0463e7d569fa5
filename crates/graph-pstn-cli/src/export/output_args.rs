//! The options that say where the rows go, and what of them goes together.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use graph_pstn_export::{Existing, Format};
use graph_pstn_model::CallLog;

use super::output::Output;
use crate::exit::Failure;
use crate::report::SummaryForm;
use crate::storage::StorageArgs;
use crate::storage::url::is_url;

/// The output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// The file to write, or `-` for standard output. `{log}` in it stands for the log's name. A file
    /// appears under its name only when it is complete, and on Unix only its owner may read it.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Write a folder with a file for each day: FILE/date=2019-11-01/part-00000.csv and so on.
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

    #[command(flatten)]
    storage: StorageArgs,

    /// How to report rows, seconds and charges on standard error at the end.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = SummaryForm::Text)]
    summary: SummaryForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Period {
    Day,
}

/// What stands for a log's name in the name of a file.
const LOG: &str = "{log}";

impl OutputArgs {
    /// As it was given; `None` for standard output.
    fn target(&self) -> Option<&Path> {
        Some(self.output.as_path()).filter(|path| *path != Path::new("-"))
    }

    /// The name of a file, by which its format goes.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.target().filter(|_| self.partition_by.is_none())
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
        if self.rejects.as_deref() == Some(Path::new("-")) {
            return Err(Failure::usage(
                "rejects do not go to standard output",
                "name a file; without one they are counted, and the first are named without what they hold",
            ));
        }
        if target.is_none() {
            self.check_stream()?;
        }
        if format.is_binary() && target.is_none() && io::stdout().is_terminal() {
            return Err(Failure::usage(
                format!("{format} is not for a terminal"),
                "name a file with --output",
            ));
        }
        logs.iter().map(|log| self.of_log(*log, several)).collect()
    }

    /// What is of no use without a file.
    fn check_stream(&self) -> Result<(), Failure> {
        let options = [
            (self.resume, "--resume"),
            (self.partition_by.is_some(), "--partition-by"),
            (self.overwrite && self.rejects.is_none(), "--overwrite"),
        ];
        match options.into_iter().find(|(is_given, _)| *is_given) {
            None => Ok(()),
            Some((_, option)) => Err(Failure::usage(
                format!("{option} is for files, and the rows go to standard output"),
                format!("name a file with --output, or leave {option} out"),
            )),
        }
    }

    fn of_log(&self, log: CallLog, several: bool) -> Result<Output, Failure> {
        let target = self.target().map(|target| of_log(target, log));
        let by_day = self.partition_by == Some(Period::Day);
        if let Some(target) = target.as_deref().filter(|target| !by_day && is_url(target)) {
            return Err(Failure::usage(
                format!("{} is for a folder of days", target.display()),
                "add --partition-by day, or name a file of this machine",
            ));
        }
        let mut named = target.iter().chain(&self.rejects);
        if let Some(open) = named.find(|file| is_open_already(file)) {
            return Err(Failure::usage(
                format!("{} is no file of its own", open.display()),
                "--output - writes to standard output; for another descriptor redirect that",
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
        if by_day && log.time_property().is_none() {
            return Err(Failure::usage(
                format!("the rows of {log} are of no day, so they cannot be put by days"),
                "leave --partition-by out, or export that log in a run of its own",
            ));
        }
        let folder = match target.as_deref().filter(|_| by_day) {
            Some(target) => Some(self.storage.folder(target)?),
            None => None,
        };
        Ok(Output {
            log,
            several,
            target,
            folder,
            rejects: self.rejects.as_deref().map(|file| of_log(file, log)),
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

/// Whether the name is that of a folder, or would be.
fn is_folder(target: &Path) -> bool {
    let text = target.as_os_str().to_string_lossy();
    text.ends_with(std::path::is_separator) || target.is_dir()
}

/// Whether it names what the process has open already: a complete file cannot take its place.
fn is_open_already(target: &Path) -> bool {
    let places = [
        "/dev/stdin",
        "/dev/stdout",
        "/dev/stderr",
        "/dev/fd",
        "/proc/self/fd",
    ];
    cfg!(unix) && places.iter().any(|place| target.starts_with(place))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use graph_pstn_model::TimeRange;

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
        let november = TimeRange::new(
            TimeRange::parse_instant("2019-11-01").unwrap(),
            TimeRange::parse_instant("2019-12-01").unwrap(),
        )
        .unwrap();
        let rejects = |options: &[&str]| resolve(options, PSTN).unwrap()[0].rejects_of(november);
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
        let by_day = ["-o", "calls", "--partition-by", "day"];
        for (log, options) in [
            (CallLog::Pstn, &["--overwrite"][..]),
            (CallLog::Pstn, &["--resume"]),
            (CallLog::Pstn, &["--partition-by", "day"]),
            (CallLog::Pstn, &["-o", "calls/"]),
            (CallLog::Pstn, &["-o", "calls.csv", "--rejects", "-"]),
            (CallLog::DialOut, &by_day),
        ] {
            let failure = resolve(options, &[log]).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage, "{options:?}");
        }
        assert!(resolve(&by_day, PSTN).is_ok());
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
