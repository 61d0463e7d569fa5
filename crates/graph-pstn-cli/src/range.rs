//! Which calls: `--from` and `--to`, or `--last`, in the days of a time zone.

use std::str::FromStr;

use clap::Args;
use graph_pstn_model::{OffsetDateTime, TimeRange, TimeRangeError};
use time::{Date, Duration};

use crate::exit::Failure;
use crate::zone::Zone;

/// The range of time whose calls are wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Range")]
pub(crate) struct RangeArgs {
    /// First moment of the range: a date (its first moment in UTC, or in --time-zone) or an RFC 3339 time.
    ///
    /// The range is half-open: calls that start at --from are in it, calls that start at --to are
    /// not. So `--from 2019-11-01 --to 2019-12-01` is November, and months add up to years.
    #[arg(long, value_name = "TIME")]
    from: Option<Bound>,

    /// First moment after the range. Default: now.
    #[arg(long, value_name = "TIME")]
    to: Option<Bound>,

    /// Instead of both: the time up to now, such as 30d, 12h or 4w. With --time-zone days and weeks are
    /// whole days: 1d begins with yesterday.
    #[arg(long, value_name = "LENGTH", conflicts_with_all = ["from", "to"])]
    last: Option<Length>,

    /// The time zone of dates, by its IANA name, such as Europe/Berlin. Default: UTC. Times in the output are
    /// UTC in any case.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<Zone>,
}

/// A bound of the range.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// The first moment of a date.
    Date(Date),
    Moment(OffsetDateTime),
}

impl FromStr for Bound {
    type Err = TimeRangeError;

    fn from_str(text: &str) -> Result<Self, TimeRangeError> {
        let moment = TimeRange::parse_instant(text)?;
        // A time has a date, a `T` and more.
        Ok(match text.len() {
            10 => Self::Date(moment.date()),
            _ => Self::Moment(moment),
        })
    }
}

impl Bound {
    fn moment(self, zone: Option<&Zone>) -> Result<OffsetDateTime, TimeRangeError> {
        match (self, zone) {
            (Self::Moment(moment), _) => Ok(moment),
            (Self::Date(date), None) => Ok(date.midnight().assume_utc()),
            (Self::Date(date), Some(zone)) => {
                zone.first_moment(date).ok_or(TimeRangeError::OutOfCalendar)
            }
        }
    }
}

/// The length of a range that ends now.
#[derive(Clone, Copy, Debug)]
struct Length {
    duration: Duration,
    /// Whether it was given in days or weeks.
    in_days: bool,
}

impl FromStr for Length {
    type Err = TimeRangeError;

    fn from_str(text: &str) -> Result<Self, TimeRangeError> {
        Ok(Self {
            duration: TimeRange::parse_duration(text)?,
            in_days: text.ends_with(['d', 'w']),
        })
    }
}

impl RangeArgs {
    /// The range, if it is now `now`.
    pub(crate) fn range(&self, now: OffsetDateTime) -> Result<TimeRange, Failure> {
        let zone = self.time_zone.as_ref();
        let range = match (self.from, self.to, self.last) {
            (Some(from), to, _) => from.moment(zone).and_then(|from| {
                let to = to.map_or(Ok(now), |to| to.moment(zone))?;
                TimeRange::new(from, to)
            }),
            (None, _, Some(last)) => last.range(zone, now),
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

impl Length {
    fn range(self, zone: Option<&Zone>, now: OffsetDateTime) -> Result<TimeRange, TimeRangeError> {
        match zone {
            Some(zone) if self.in_days => {
                let from = zone.days_ago(self.duration.whole_days(), now);
                TimeRange::new(from.ok_or(TimeRangeError::OutOfCalendar)?, now)
            }
            _ => TimeRange::last(self.duration, now),
        }
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
    fn dates_and_days_are_those_of_the_time_zone() {
        let zone = ["--time-zone", "Europe/Berlin"];
        let november =
            range(&[&["--from", "2019-11-01", "--to", "2019-12-01"], &zone[..]].concat());
        let november = november.unwrap();
        assert_eq!(november.from(), datetime!(2019-10-31 23:00 UTC));
        assert_eq!(november.until(), datetime!(2019-11-30 23:00 UTC));
        // What names its offset means what it says.
        let time = range(&[&["--from", "2019-11-01T00:00:00Z"], &zone[..]].concat());
        assert_eq!(time.unwrap().from(), datetime!(2019-11-01 0:00 UTC));
        let last = |length| range(&[&["--last", length], &zone[..]].concat()).unwrap();
        assert_eq!(last("1d").from(), datetime!(2019-12-22 23:00 UTC));
        assert_eq!(last("1w").from(), datetime!(2019-12-16 23:00 UTC));
        assert_eq!(last("12h").from(), datetime!(2019-12-24 0:00 UTC));
        assert_eq!(last("1d").until(), NOW);
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
