//! Which calls: `--from` and `--to`, or `--last`, in the days of a time zone.

use std::str::FromStr;

use clap::Args;
use graph_pstn_export::Calendar;
use graph_pstn_model::{OffsetDateTime, TimeRange, TimeRangeError};
use time::{Date, Duration, Time};

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

    /// The time zone of dates, by its IANA name, such as Europe/Berlin; with --partition-by day also that of the
    /// days. Default: UTC. Times in the output are UTC in any case.
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

impl RangeArgs {
    /// The range of an export that is resumed. It was fixed when the export began: what was relative to that
    /// moment still is, and what was not must be the same.
    pub(crate) fn resumed(
        &self,
        begun: TimeRange,
        settle: impl FnOnce(&Self, OffsetDateTime) -> Result<TimeRange, Failure>,
    ) -> Result<TimeRange, Failure> {
        if self.from.is_none() && self.to.is_none() && self.last.is_none() {
            return Ok(begun);
        }
        match settle(self, begun.until()) {
            Ok(range) if range == begun => Ok(begun),
            _ => Err(Failure::usage(
                format!("the unfinished export is of another range: {begun}"),
                "give that range, or leave the range out",
            )),
        }
    }

    /// Whose days are meant.
    pub(crate) fn calendar(&self) -> Calendar {
        let zone = self.time_zone.as_ref();
        zone.map_or_else(Calendar::utc, Zone::calendar)
    }

    /// The range in whole days, for an output that has a file for each: half a day's rows would take
    /// the place of the whole day's.
    pub(crate) fn whole_days(&self, now: OffsetDateTime) -> Result<TimeRange, Failure> {
        let range = self.range(now)?;
        let midnight = |at: OffsetDateTime| match &self.time_zone {
            None => at.replace_time(Time::MIDNIGHT),
            // Where the calendar ends there is none, and no day is whole.
            Some(zone) => zone
                .midnight_before(at)
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        };
        let from = match self.last {
            // Counted back from now, which is no midnight.
            Some(_) => midnight(range.from()),
            None => range.from(),
        };
        let is_whole = |bound: OffsetDateTime| bound == midnight(bound);
        // Not by comparing with now, which is told more finely than a range is.
        let is_up_to_now = self.to.is_none() || range.until() >= now;
        if !is_whole(from) || !(is_whole(range.until()) || is_up_to_now) {
            return Err(Failure::usage(
                "--partition-by day takes whole days, and the range begins or ends within one",
                "give dates without a time; the days are those of UTC, or of --time-zone",
            ));
        }
        TimeRange::new(from, range.until()).map_err(|error| no_range(&error))
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

    #[test]
    fn a_resumed_range_is_the_one_that_was_begun() {
        let begun = TimeRange::new(datetime!(2019-11-24 12:00 UTC), NOW).unwrap();
        let resumed = |options: &[&str]| {
            let line = Line::try_parse_from([&["x"], options].concat()).unwrap();
            line.range
                .resumed(begun, RangeArgs::range)
                .map_err(|failure| failure.exit())
        };
        for same in [
            &[][..],
            &["--last", "30d"],
            &["--from", "2019-11-24T12:00:00Z"],
            &[
                "--from",
                "2019-11-24T12:00:00Z",
                "--to",
                "2019-12-24T12:00:00Z",
            ],
        ] {
            assert_eq!(resumed(same), Ok(begun), "{same:?}");
        }
        for other in [
            &["--last", "31d"][..],
            &["--from", "2019-11-24"],
            &["--from", "2019-12-25"],
            &["--from", "2019-11-24T12:00:00Z", "--to", "2019-12-24"],
        ] {
            assert_eq!(resumed(other), Err(Exit::Usage), "{other:?}");
        }
    }

    #[test]
    fn today_ends_now_however_finely_the_clock_tells_it() {
        let now = datetime!(2019-12-24 12:00:00.123_456_789 UTC);
        for options in [["--last", "2d"], ["--from", "2019-12-22"]] {
            let line = Line::try_parse_from([&["x"], &options[..]].concat()).unwrap();
            let range = line.range.whole_days(now).unwrap();
            assert_eq!(range.from(), datetime!(2019-12-22 0:00 UTC));
            assert_eq!(range.until(), datetime!(2019-12-24 12:00:00.123_456_7 UTC));
        }
    }

    #[test]
    fn days_are_whole_but_for_today() {
        let days = |options: &[&str]| {
            let line = Line::try_parse_from([&["x"], options].concat()).unwrap();
            line.range
                .whole_days(NOW)
                .map(|range| range.to_string())
                .map_err(|failure| failure.exit())
        };
        let until_now = |from: &str| Ok(format!("{from}T00:00:00Z until 2019-12-24T12:00:00Z"));
        assert_eq!(days(&["--last", "30d"]), until_now("2019-11-24"));
        assert_eq!(days(&["--from", "2019-12-01"]), until_now("2019-12-01"));
        assert_eq!(
            days(&["--from", "2019-11-01", "--to", "2019-12-01"]),
            Ok("2019-11-01 until 2019-12-01".into())
        );
        let berlin = [
            "--from",
            "2019-11-01",
            "--to",
            "2019-12-01",
            "--time-zone",
            "Europe/Berlin",
        ];
        assert_eq!(
            days(&berlin),
            Ok("2019-10-31T23:00:00Z until 2019-11-30T23:00:00Z".into())
        );
        assert_eq!(
            days(&["--last", "30h", "--time-zone", "Europe/Berlin"]),
            Ok("2019-12-22T23:00:00Z until 2019-12-24T12:00:00Z".into())
        );
        let utc = [
            "--from",
            "2019-11-01T00:00:00Z",
            "--time-zone",
            "Europe/Berlin",
        ];
        assert_eq!(days(&utc), Err(Exit::Usage));
        let halves = [
            ["--from", "2019-11-01T09:00:00Z", "--to", "2019-12-01"],
            ["--from", "2019-11-01", "--to", "2019-12-01T09:00:00Z"],
        ];
        for half in halves {
            assert_eq!(days(&half), Err(Exit::Usage), "{half:?}");
        }
    }
}
