//! Which days a run reads, and up to where the data set is complete after it.

use graph_pstn_export::Calendar;
use graph_pstn_model::{OffsetDateTime, TimeRange};
use time::{Date, Duration, Time};

use crate::exit::Failure;
use crate::zone::Zone;

/// How far the first run goes back. Rows are kept for 150 days at least, depending on the user's country ("Microsoft
/// Teams PSTN usage report"), and a request for what is at the edge may find it gone.
const FIRST_DAYS: i64 = 149;

/// The days of the data set: of UTC, or of a time zone.
pub(super) struct Days(pub(super) Option<Zone>);

impl Days {
    pub(super) fn calendar(&self) -> Calendar {
        self.0.as_ref().map_or_else(Calendar::utc, Zone::calendar)
    }

    fn first_moment(&self, date: Date) -> Option<OffsetDateTime> {
        match &self.0 {
            Some(zone) => zone.first_moment(date),
            None => Some(date.midnight().assume_utc()),
        }
    }

    /// Whether a day begins before that moment.
    pub(super) fn is_before(&self, date: Date, at: OffsetDateTime) -> bool {
        self.first_moment(date).is_some_and(|first| first < at)
    }

    /// The first moment of the day that is so many days before that of a moment.
    fn days_before(&self, at: OffsetDateTime, days: i64) -> Result<OffsetDateTime, Failure> {
        let first = match &self.0 {
            Some(zone) => zone.days_ago(days, at),
            None => at
                .replace_time(Time::MIDNIGHT)
                .checked_sub(Duration::days(days)),
        };
        first.ok_or_else(|| {
            Failure::usage(
                "--reread goes back beyond the calendar",
                "read fewer days again",
            )
        })
    }

    /// What to read: whole days, up to now.
    pub(super) fn range(
        &self,
        since: Option<Date>,
        done_until: Option<OffsetDateTime>,
        reread: u16,
        now: OffsetDateTime,
    ) -> Result<TimeRange, Failure> {
        let since = match since {
            Some(date) => Some(self.first_moment(date).ok_or_else(|| {
                Failure::usage("--since is beyond the calendar", "name a later day")
            })?),
            None => None,
        };
        let from = match (since, done_until) {
            (since, Some(done)) => {
                // A clock that was ahead when the last run ended must not leave days out.
                let reread = self.days_before(done.min(now), reread.into())?;
                // And a day to begin with that is later would leave a gap which no run fills.
                since.map_or(reread, |since| since.min(reread))
            }
            (Some(since), None) => since,
            (None, None) => self.days_before(now, FIRST_DAYS)?,
        };
        if from >= now {
            return Err(Failure::usage(
                "the day of --since has not come yet",
                "name an earlier one: a run reads up to now",
            ));
        }
        TimeRange::new(from, now)
            .map_err(|error| Failure::usage(error.to_string(), "name a later day by --since"))
    }
}

/// Up to where the data set is complete when this range has been merged; `None` if it does not go on where what is
/// `known` ends.
pub(super) fn complete_until(
    known: Option<OffsetDateTime>,
    range: TimeRange,
) -> Option<OffsetDateTime> {
    match known {
        Some(known) if range.from() > known => None,
        // An older range that was gone on with does not take anything back.
        known => known.max(Some(range.until())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2019-12-24 12:00 UTC);

    fn from(since: Option<Date>, done_until: Option<OffsetDateTime>) -> OffsetDateTime {
        Days(None).range(since, done_until, 3, NOW).unwrap().from()
    }

    #[test]
    fn the_first_run_stays_inside_of_what_is_kept_and_later_ones_read_days_again() {
        assert_eq!(from(None, None), datetime!(2019-07-28 0:00 UTC));
        let done = datetime!(2019-12-20 18:30 UTC);
        assert_eq!(from(None, Some(done)), datetime!(2019-12-17 0:00 UTC));
        // The clock was ahead.
        let ahead = datetime!(2020-01-20 18:30 UTC);
        assert_eq!(from(None, Some(ahead)), datetime!(2019-12-21 0:00 UTC));
        let since = date!(2019 - 12 - 01);
        assert_eq!(
            from(Some(since), Some(done)),
            datetime!(2019-12-01 0:00 UTC)
        );
        assert_eq!(from(Some(since), None), datetime!(2019-12-01 0:00 UTC));
        // Days between the last run and that one would be missing for good.
        let late = date!(2019 - 12 - 22);
        assert_eq!(from(Some(late), Some(done)), datetime!(2019-12-17 0:00 UTC));
        let future = Days(None).range(Some(date!(2020 - 01 - 01)), None, 3, NOW);
        assert!(future.unwrap_err().message().contains("not come yet"));
        let tokyo = Days(Some("Asia/Tokyo".parse().unwrap()));
        let before = tokyo.range(Some(date!(0001 - 01 - 01)), None, 3, NOW);
        assert!(before.unwrap_err().hint().unwrap().contains("a later day"));
        let berlin = Days(Some("Europe/Berlin".parse().unwrap()));
        let from = |since, done| berlin.range(since, done, 3, NOW).unwrap().from();
        assert_eq!(from(None, Some(done)), datetime!(2019-12-16 23:00 UTC));
        assert_eq!(from(Some(since), None), datetime!(2019-11-30 23:00 UTC));
        // That was summer time.
        assert_eq!(from(None, None), datetime!(2019-07-27 22:00 UTC));
    }

    #[test]
    fn a_range_with_a_gap_before_it_does_not_count() {
        let of = |from, until| TimeRange::new(from, until).unwrap();
        let (first, third) = (
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-11-03 0:00 UTC),
        );
        let noon = datetime!(2019-11-02 12:00 UTC);
        assert_eq!(complete_until(None, of(first, noon)), Some(noon));
        assert_eq!(complete_until(Some(noon), of(first, third)), Some(third));
        assert_eq!(complete_until(Some(third), of(first, noon)), Some(third));
        assert_eq!(complete_until(Some(noon), of(third, NOW)), None);
    }
}
