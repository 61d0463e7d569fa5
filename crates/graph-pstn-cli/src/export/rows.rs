//! Which rows: of which logs, of whom, and how much of their numbers.

use clap::{Args, ValueEnum};
use graph_pstn_export::{Filter, FilterError, Job, NumberMask, NumberPattern, Selection};
use graph_pstn_model::{ApiVersion, CallLog, Direction, MAX_RANGE, TimeRange};

use super::row_type::{ForRows, for_rows};
use crate::exit::Failure;

/// The rows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct RowsArgs {
    /// The log: pstn, direct-routing, sms, blocked-users or dial-out. May be given several times; each log
    /// needs an output of its own then, such as `--output 'calls-{log}.csv'`.
    #[arg(
        long,
        value_name = "LOG",
        default_value = "pstn",
        value_delimiter = ','
    )]
    log: Vec<CallLog>,

    /// Read the logs pstn and direct-routing by Graph's beta version, which has further columns (countries,
    /// administrative units, addresses) and may change at any time. The other logs are beta anyway.
    #[arg(long)]
    beta: bool,

    /// Only rows of this user, by object id or user principal name. May be given several times.
    #[arg(long, value_name = "ID-OR-UPN")]
    user: Vec<String>,

    /// Only rows with this number as caller or callee, given with its country's code. May be given several
    /// times. Digits that Graph hides (`***`) may be any.
    #[arg(long, value_name = "NUMBER", value_parser = NumberPattern::parse)]
    number: Vec<NumberPattern>,

    /// Only inbound or outbound calls or messages, by their type. Those of a type that does not tell are left
    /// out.
    #[arg(long, value_enum, value_name = "DIRECTION")]
    direction: Option<Way>,

    /// Hide the last digits of every number, 3 unless given, as Graph does in some countries. Filters see
    /// whole numbers.
    #[arg(
        long,
        value_name = "DIGITS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "3",
        value_parser = clap::value_parser!(u8).range(1..=15)
    )]
    mask_numbers: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    Inbound,
    Outbound,
}

/// The rows that are wanted.
#[derive(Clone, Debug)]
pub(crate) struct RowsWanted {
    pub(crate) logs: Vec<CallLog>,
    beta: bool,
    filter: Filter,
    mask: Option<NumberMask>,
}

impl RowsArgs {
    pub(crate) fn resolve(self) -> Result<RowsWanted, Failure> {
        let mut logs = Vec::new();
        for log in self.log {
            if logs.contains(&log) {
                return Err(Failure::usage(
                    format!("the log {log} is asked for twice"),
                    "name each log once",
                ));
            }
            logs.push(log);
        }
        let mut filter = Filter::default();
        for user in &self.user {
            if user.trim().is_empty() {
                return Err(Failure::usage(
                    "--user names nobody",
                    "give an object id or a user principal name",
                ));
            }
            filter = filter.or_user(user.trim());
        }
        for number in self.number {
            filter = filter.or_number(number);
        }
        if let Some(way) = self.direction {
            filter = filter.with_direction(match way {
                Way::Inbound => Direction::Inbound,
                Way::Outbound => Direction::Outbound,
            });
        }
        let rows = RowsWanted {
            logs,
            beta: self.beta,
            filter,
            mask: self.mask_numbers.map(NumberMask::new),
        };
        for log in &rows.logs {
            let check = Check(&rows.filter);
            for_rows(*log, rows.version(*log), check).map_err(|error| no_such_rows(*log, error))?;
        }
        Ok(rows)
    }
}

impl RowsWanted {
    /// Whether Graph can give all that is asked for in this range.
    pub(crate) fn check(&self, range: TimeRange) -> Result<(), Failure> {
        let one_request = self.logs.iter().find(|log| !log.splittable());
        match one_request {
            Some(log) if range.duration() > MAX_RANGE => Err(Failure::usage(
                format!(
                    "{log} is a report of sums over the range, and Graph makes one of at most {} days",
                    MAX_RANGE.whole_days()
                ),
                "ask for less; the parts of a longer range do not add up to the whole",
            )),
            _ => Ok(()),
        }
    }

    /// The version of the API that a log is read by.
    pub(crate) fn version(&self, log: CallLog) -> ApiVersion {
        match self.beta {
            true => ApiVersion::Beta,
            false => log.version(),
        }
    }

    /// What makes an export of a log what it is, besides the source and the format. What is chosen is personal
    /// data, so it is noted as a number that stands for it. That is not for messages: it could be tried out.
    pub(crate) fn job(&self, log: CallLog, raw: bool, job: Job) -> Job {
        job.with("log", log.name())
            .with("version of Graph", self.version(log).segment())
            .with("form of rows", if raw { "raw" } else { "typed" })
            .with_opaque(
                "choice of rows",
                format!("{:08x}", self.selection().fingerprint()),
                "users, numbers, direction or masking",
            )
    }

    pub(crate) fn selection(&self) -> Selection {
        let selection = Selection::default().with_filter(self.filter.clone());
        match self.mask {
            Some(mask) => selection.with_mask(mask),
            None => selection,
        }
    }

    /// How many digits of numbers are hidden.
    pub(crate) fn hidden_digits(&self) -> Option<u8> {
        self.mask.map(NumberMask::digits)
    }
}

struct Check<'a>(&'a Filter);

impl ForRows for Check<'_> {
    type Output = Result<(), FilterError>;

    fn of<T: graph_pstn_export::ExportRow>(self) -> Self::Output {
        self.0.check::<T>()
    }
}

fn no_such_rows(log: CallLog, error: FilterError) -> Failure {
    let option = match error {
        FilterError::NoDirection => "--direction",
        _ => "--number",
    };
    Failure::usage(
        format!("{option} leaves nothing of the log {log}: {error}"),
        format!("leave {option} out, or export {log} in a run of its own"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        rows: RowsArgs,
    }

    fn resolve(options: &[&str]) -> Result<RowsWanted, Failure> {
        let line: Line = clap::Parser::try_parse_from([&["x"], options].concat()).unwrap();
        line.rows.resolve()
    }

    #[test]
    fn logs_are_named_each_once() {
        assert_eq!(resolve(&[]).unwrap().logs, [CallLog::Pstn]);
        let several = resolve(&["--log", "sms", "--log", "direct-routing,dial-out"]).unwrap();
        assert_eq!(
            several.logs,
            [CallLog::Sms, CallLog::DirectRouting, CallLog::DialOut]
        );
        let twice = resolve(&["--log", "sms,sms"]).unwrap_err();
        assert_eq!(twice.exit(), Exit::Usage);
    }

    #[test]
    fn beta_is_asked_for_or_the_only_one() {
        let version = |options: &[&str], log| resolve(options).unwrap().version(log);
        assert_eq!(version(&[], CallLog::Pstn), ApiVersion::V1_0);
        assert_eq!(version(&["--beta"], CallLog::Pstn), ApiVersion::Beta);
        assert_eq!(version(&[], CallLog::Sms), ApiVersion::Beta);
    }

    #[test]
    fn a_filter_that_no_row_passes_is_refused() {
        for (log, option, value) in [
            ("blocked-users", "--direction", "inbound"),
            ("dial-out", "--direction", "inbound"),
            ("dial-out", "--number", "+15550100"),
        ] {
            let failure = resolve(&["--log", log, option, value]).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage);
            assert!(
                failure.message().starts_with(option),
                "{}",
                failure.message()
            );
        }
        assert!(resolve(&["--log", "blocked-users", "--number", "+15550100"]).is_ok());
        assert!(resolve(&["--log", "dial-out", "--user", "ada@contoso.example"]).is_ok());
        assert!(resolve(&["--user", " "]).is_err());
    }

    #[test]
    fn a_report_of_sums_is_of_one_request() {
        let range = |from, to| {
            let moment = |text| TimeRange::parse_instant(text).unwrap();
            TimeRange::new(moment(from), moment(to)).unwrap()
        };
        let days_90 = range("2019-01-01", "2019-04-01");
        let longer = range("2019-01-01", "2019-04-02");
        let dial_out = resolve(&["--log", "pstn,dial-out"]).unwrap();
        assert!(dial_out.check(days_90).is_ok());
        assert_eq!(dial_out.check(longer).unwrap_err().exit(), Exit::Usage);
        assert!(resolve(&[]).unwrap().check(longer).is_ok());
    }

    #[test]
    fn three_digits_are_hidden_unless_told() {
        let hidden = |options: &[&str]| resolve(options).unwrap().hidden_digits();
        assert_eq!(hidden(&[]), None);
        assert_eq!(hidden(&["--mask-numbers"]), Some(3));
        assert_eq!(hidden(&["--mask-numbers=4"]), Some(4));
    }
}
