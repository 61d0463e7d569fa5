//! Which calls: `--from` and `--to`, or `--last`.

use clap::Args;
use graph_pstn_model::{OffsetDateTime, TimeRange, TimeRangeError};
use time::Duration;

use crate::exit::Failure;

/// The range of time whose calls are wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Range")]
pub(crate) struct RangeArgs {
    /// First moment of the range: a date (its first moment in UTC) or an RFC 3339 time.
    ///
    /// The range is half-open: calls that start at --from are in it, calls that start at --to are
    /// not. So `--from 2019-11-01 --to 2019-12-01` is November, and months add up to years.
    #[arg(long, value_name = "TIME", value_parser = TimeRange::parse_instant)]
    from: Option<OffsetDateTime>,

    /// First moment after the range. Default: now.
    #[arg(long, value_name = "TIME", value_parser = TimeRange::parse_instant)]
    to: Option<OffsetDateTime>,

    /// Instead of both: the time up to now, such as 30d, 12h or 4w.
    #[arg(long, value_name = "LENGTH", value_parser = TimeRange::parse_duration, conflicts_with_all = ["from", "to"])]
    last: Option<Duration>,
}

impl RangeArgs {
    /// The range, if it is now `now`.
    pub(crate) fn range(&self, now: OffsetDateTime) -> Result<TimeRange, Failure> {
        let range = match (self.from, self.to, self.last) {
            (Some(from), to, _) => TimeRange::new(from, to.unwrap_or(now)),
            (None, _, Some(last)) => TimeRange::last(last, now),
            (None, Some(_), None) => {
                return Err(Failure::usage(
                    "--to alone is no range",
                    "add --from, the first moment of the range",
                ));
            }
            (None, None, None) => {
                return Err(Failure::usage(
                    "no range of time is given",
                    "add --from 2019-11-01 --to 2019-12-01, or --last 30d",
                ));
            }
        };
        range.map_err(|error| no_range(&error))
    }
}

/// The bounds are none of a range.
pub(crate) fn no_range(error: &TimeRangeError) -> Failure {
    Failure::usage(
        error.to_string(),
        "--from is the first moment of the range, --to (now, if it is left out) the first one after it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use clap::Parser;
    use time::macros::datetime;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        range: RangeArgs,
    }

    const NOW: OffsetDateTime = datetime!(2019-12-24 12:00 UTC);

    fn range(options: &[&str]) -> Result<TimeRange, Failure> {
        let line = Line::try_parse_from([&["x"], options].concat()).unwrap();
        line.range.range(NOW)
    }

    #[test]
    fn a_range_is_half_open_and_ends_now_unless_told() {
        let november = range(&["--from", "2019-11-01", "--to", "2019-12-01"]).unwrap();
        assert_eq!(november.from(), datetime!(2019-11-01 0:00 UTC));
        assert_eq!(november.until(), datetime!(2019-12-01 0:00 UTC));
        assert_eq!(range(&["--from", "2019-12-01"]).unwrap().until(), NOW);
        let last = range(&["--last", "12h"]).unwrap();
        assert_eq!(
            (last.from(), last.until()),
            (datetime!(2019-12-24 0:00 UTC), NOW)
        );
    }

    #[test]
    fn what_is_no_range_says_what_to_do() {
        let swapped = range(&["--from", "2019-12-01", "--to", "2019-11-01"]).unwrap_err();
        assert_eq!(swapped.exit(), Exit::Usage);
        assert_eq!(
            swapped.message(),
            "the range ends before it starts: 2019-11-01T00:00:00Z is before 2019-12-01T00:00:00Z"
        );
        for options in [&[][..], &["--to", "2019-12-01"], &["--last", "9000000w"]] {
            let failure = range(options).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage);
            assert!(failure.hint().is_some());
        }
    }
}
