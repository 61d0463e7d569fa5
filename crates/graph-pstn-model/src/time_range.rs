//! Half-open ranges of time, and the texts that people give for their bounds.

use std::{error, fmt};

use time::{Duration, OffsetDateTime, Time, UtcOffset};

use crate::{format_time, instant};

/// The longest range that one request may ask for; Graph answers 406 beyond it ([getPstnCalls]).
///
/// [getPstnCalls]: https://learn.microsoft.com/en-us/graph/api/callrecords-callrecord-getpstncalls
pub const MAX_RANGE: Duration = Duration::days(90);

/// A range of time `[from, until)`: the start is in it, the end is not. UTC, to 100 ns, never empty.
///
/// Half-open ranges add up: a month and the next one share no moment and miss none.
///
/// ```
/// use graph_pstn_model::{MAX_RANGE, TimeRange};
///
/// let range = TimeRange::new(
///     TimeRange::parse_instant("2019-01-01")?,
///     TimeRange::parse_instant("2020-06-01")?,
/// )?;
/// assert_eq!(range.to_string(), "2019-01-01 until 2020-06-01");
/// assert_eq!(range.chunks(MAX_RANGE).count(), 6);
/// # Ok::<(), graph_pstn_model::TimeRangeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl TimeRange {
    /// A range of the given bounds, cut to 100 ns.
    ///
    /// # Errors
    ///
    /// When the range is empty, ends before it starts, or leaves the years 1 to 9999.
    pub fn new(from: OffsetDateTime, until: OffsetDateTime) -> Result<Self, TimeRangeError> {
        let (from, until) = (to_utc(from)?, to_utc(until)?);
        if from < until {
            Ok(Self { from, until })
        } else {
            Err(TimeRangeError::Empty { from, until })
        }
    }

    /// The time up to `now`, whose length is given.
    ///
    /// # Errors
    ///
    /// As [`TimeRange::new`].
    pub fn last(duration: Duration, now: OffsetDateTime) -> Result<Self, TimeRangeError> {
        let from = now
            .checked_sub(duration)
            .ok_or(TimeRangeError::OutOfCalendar)?;
        Self::new(from, now)
    }

    /// Reads a bound: a date, which is its first moment in UTC, or an RFC 3339 date-time.
    ///
    /// # Errors
    ///
    /// When the text is neither.
    pub fn parse_instant(text: &str) -> Result<OffsetDateTime, TimeRangeError> {
        let time = match instant::parse_date(text) {
            Some(date) => Some(date.midnight().assume_utc()),
            None => instant::parse(text),
        };
        let time = time.ok_or_else(|| TimeRangeError::NotAnInstant(text.to_owned()))?;
        to_utc(time)
    }

    /// Reads the length of a relative range: a whole number of weeks, days, hours or minutes,
    /// `30d` for instance.
    ///
    /// # Errors
    ///
    /// When the text is not of that form, or zero.
    pub fn parse_duration(text: &str) -> Result<Duration, TimeRangeError> {
        let error = || TimeRangeError::NotADuration(text.to_owned());
        let (number, unit) = text
            .find(|c: char| !c.is_ascii_digit())
            .and_then(|at| text.split_at_checked(at))
            .ok_or_else(error)?;
        let seconds = match unit {
            "w" => 604_800,
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            _ => return Err(error()),
        };
        let number: i64 = number.parse().map_err(|_| error())?;
        match number.checked_mul(seconds) {
            Some(seconds) if seconds > 0 => Ok(Duration::seconds(seconds)),
            _ => Err(error()),
        }
    }

    /// The first moment of the range.
    #[must_use]
    pub const fn from(self) -> OffsetDateTime {
        self.from
    }

    /// The first moment after the range.
    #[must_use]
    pub const fn until(self) -> OffsetDateTime {
        self.until
    }

    /// Whether a moment is in the range.
    #[must_use]
    pub fn contains(self, time: OffsetDateTime) -> bool {
        self.from <= time && time < self.until
    }

    /// How long the range is.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.until - self.from
    }

    /// Cuts the range into parts of a length, the last of which may be shorter. The length is cut to
    /// 100 ns, and is at least a second.
    pub fn chunks(self, at_most: Duration) -> impl Iterator<Item = Self> {
        let at_most = at_most.max(Duration::SECOND);
        let at_most =
            at_most - Duration::nanoseconds(i64::from(at_most.subsec_nanoseconds() % 100));
        self.cut(move |from| from.checked_add(at_most))
    }

    /// Cuts the range at the midnights of UTC.
    pub fn days(self) -> impl Iterator<Item = Self> {
        self.cut(|from| Some(from.date().next_day()?.midnight().assume_utc()))
    }

    /// Parts from one cut to the next, as `next` has it.
    fn cut(
        self,
        next: impl Fn(OffsetDateTime) -> Option<OffsetDateTime>,
    ) -> impl Iterator<Item = Self> {
        let mut from = self.from;
        std::iter::from_fn(move || {
            if from >= self.until {
                return None;
            }
            let until = next(from).map_or(self.until, |cut| cut.min(self.until));
            let part = Self { from, until };
            from = until;
            Some(part)
        })
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days_only = self.from.time() == Time::MIDNIGHT && self.until.time() == Time::MIDNIGHT;
        if days_only {
            write!(f, "{} until {}", self.from.date(), self.until.date())
        } else {
            write!(
                f,
                "{} until {}",
                format_time(self.from),
                format_time(self.until)
            )
        }
    }
}

/// In UTC, cut to 100 ns, within the years that Graph's date-times have.
fn to_utc(time: OffsetDateTime) -> Result<OffsetDateTime, TimeRangeError> {
    let time = time
        .checked_to_offset(UtcOffset::UTC)
        .ok_or(TimeRangeError::OutOfCalendar)?;
    if !(1..=9999).contains(&time.year()) {
        return Err(TimeRangeError::OutOfCalendar);
    }
    time.replace_nanosecond(time.nanosecond() / 100 * 100)
        .map_err(|_| TimeRangeError::OutOfCalendar)
}

/// Why something is no range of time, or no part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeRangeError {
    /// The end is not after the start.
    Empty {
        /// The start.
        from: OffsetDateTime,
        /// The end.
        until: OffsetDateTime,
    },
    /// Before the year 1 or after 9999.
    OutOfCalendar,
    /// The text is neither a date nor a date-time.
    NotAnInstant(String),
    /// The text is no length of time.
    NotADuration(String),
}

impl fmt::Display for TimeRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { from, until } if from == until => write!(
                f,
                "the range is empty: it starts and ends at {}, and the end is not part of it",
                format_time(*from)
            ),
            Self::Empty { from, until } => write!(
                f,
                "the range ends before it starts: {} is before {}",
                format_time(*until),
                format_time(*from)
            ),
            Self::OutOfCalendar => f.write_str("the range leaves the years 1 to 9999"),
            Self::NotAnInstant(text) => write!(
                f,
                "`{text}` is no time: give a date (2019-11-01) or a date-time with `Z` or an offset \
                 (2019-11-01T08:30:00Z)"
            ),
            Self::NotADuration(text) => write!(
                f,
                "`{text}` is no length of time: give a whole number of weeks, days, hours or minutes \
                 (2w, 30d, 12h, 90m)"
            ),
        }
    }
}

impl error::Error for TimeRangeError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn range(from: &str, until: &str) -> Result<TimeRange, TimeRangeError> {
        TimeRange::new(
            TimeRange::parse_instant(from)?,
            TimeRange::parse_instant(until)?,
        )
    }

    #[test]
    fn is_half_open() {
        let november = range("2019-11-01", "2019-12-01").unwrap();
        assert!(november.contains(datetime!(2019-11-01 0:00 UTC)));
        assert!(november.contains(datetime!(2019-11-30 23:59:59.9999999 UTC)));
        assert!(!november.contains(datetime!(2019-12-01 0:00 UTC)));
        assert_eq!(november.duration(), Duration::days(30));
    }

    #[test]
    fn chunks_add_up() {
        let range = range("2019-01-01T00:00:00.0000001Z", "2020-06-01").unwrap();
        let chunks: Vec<_> = range.chunks(MAX_RANGE).collect();
        assert_eq!(chunks.len(), 6);
        assert_eq!(chunks[0].from(), range.from());
        assert_eq!(chunks[5].until(), range.until());
        assert!(chunks.windows(2).all(|w| w[0].until() == w[1].from()));
        assert!(chunks.iter().all(|c| c.duration() <= MAX_RANGE));
        assert_eq!(
            range.chunks(Duration::ZERO).next().unwrap().duration(),
            Duration::SECOND
        );
    }

    #[test]
    fn parts_are_cut_at_ticks() {
        let range = range("2019-01-01", "2019-01-02").unwrap();
        let hour = Duration::HOUR + Duration::nanoseconds(50);
        for part in range.chunks(hour) {
            assert_eq!(TimeRange::new(part.from(), part.until()), Ok(part));
        }
    }

    #[test]
    fn days_are_cut_at_midnight() {
        let range = range("2019-11-01T08:00:00Z", "2019-11-03T06:00:00Z").unwrap();
        let days: Vec<_> = range.days().map(|d| d.to_string()).collect();
        assert_eq!(
            days,
            [
                "2019-11-01T08:00:00Z until 2019-11-02T00:00:00Z",
                "2019-11-02 until 2019-11-03",
                "2019-11-03T00:00:00Z until 2019-11-03T06:00:00Z",
            ]
        );
        let last = super::TimeRange::new(
            datetime!(9999-12-31 12:00 UTC),
            datetime!(9999-12-31 13:00 UTC),
        );
        assert_eq!(last.unwrap().days().count(), 1);
    }

    #[test]
    fn reads_relative_lengths() {
        assert_eq!(TimeRange::parse_duration("30d"), Ok(Duration::days(30)));
        assert_eq!(TimeRange::parse_duration("2w"), Ok(Duration::days(14)));
        assert_eq!(TimeRange::parse_duration("12h"), Ok(Duration::hours(12)));
        assert_eq!(TimeRange::parse_duration("90m"), Ok(Duration::minutes(90)));
        for text in [
            "",
            "d",
            "30",
            "0d",
            "-1d",
            "1.5d",
            "30 d",
            "30D",
            "99999999999999999999d",
            "é",
        ] {
            assert!(TimeRange::parse_duration(text).is_err(), "{text}");
        }
        let last = TimeRange::last(Duration::days(1), datetime!(2019-11-02 05:00 +05:00)).unwrap();
        assert_eq!(last.to_string(), "2019-11-01 until 2019-11-02");
        assert_eq!(
            TimeRange::last(Duration::days(9_000_000), datetime!(2019-11-02 0:00 UTC)),
            Err(TimeRangeError::OutOfCalendar)
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let text = |from, until| range(from, until).unwrap_err().to_string();
        assert_eq!(
            text("2019-12-01", "2019-11-01"),
            "the range ends before it starts: 2019-11-01T00:00:00Z is before 2019-12-01T00:00:00Z"
        );
        assert!(text("2019-11-01", "2019-11-01").starts_with("the range is empty"));
        assert!(text("2019-11-31", "2019-12-01").starts_with("`2019-11-31` is no time"));
        assert!(text("0000-11-30", "2019-12-01").contains("years 1 to 9999"));
    }

    fn instant() -> impl Strategy<Value = OffsetDateTime> {
        // 100 ns of Unix time, years 1 to 9999.
        (-621_355_968_000_000_000_i128..2_534_023_008_000_000_000).prop_map(|ticks| {
            OffsetDateTime::from_unix_timestamp_nanos(ticks * 100).expect("within the calendar")
        })
    }

    /// A range of at most some years, so that its parts can be counted.
    fn any_range() -> impl Strategy<Value = TimeRange> {
        (instant(), 1..1_000_000_000_000_000_i64).prop_filter_map("empty", |(from, ticks)| {
            let length =
                Duration::microseconds(ticks / 10) + Duration::nanoseconds(ticks % 10 * 100);
            TimeRange::new(from, from.checked_add(length)?).ok()
        })
    }

    fn add_up(range: TimeRange, parts: &[TimeRange]) -> bool {
        parts
            .first()
            .is_some_and(|first| first.from() == range.from())
            && parts
                .last()
                .is_some_and(|last| last.until() == range.until())
            && parts
                .windows(2)
                .all(|pair| pair[0].until() == pair[1].from())
            && parts.iter().all(|part| part.from() < part.until())
    }

    proptest! {
        #[test]
        fn any_chunks_add_up(range in any_range(), days in 1..400_i64) {
            let at_most = Duration::days(days);
            let chunks: Vec<_> = range.chunks(at_most).collect();
            prop_assert!(add_up(range, &chunks));
            prop_assert!(chunks.iter().all(|chunk| chunk.duration() <= at_most));
        }

        #[test]
        fn any_days_add_up(range in any_range()) {
            let days: Vec<_> = range.days().collect();
            prop_assert!(add_up(range, &days));
            prop_assert!(days.iter().skip(1).all(|day| day.from().time() == Time::MIDNIGHT));
            prop_assert!(days.iter().all(|day| day.duration() <= Duration::DAY));
        }

        #[test]
        fn what_is_written_is_read(time in instant()) {
            let text = format_time(time).to_string();
            prop_assert_eq!(TimeRange::parse_instant(&text), Ok(time));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[0-9TZ:.+-]{0,40}") {
            let _ = TimeRange::parse_instant(&text);
            let _ = TimeRange::parse_duration(&text);
        }
    }
}
