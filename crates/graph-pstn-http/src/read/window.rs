use graph_pstn_model::TimeRange;
use time::{Duration, OffsetDateTime, Time};

/// A part of the range that is read as one chain of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The rows that are wanted of it.
    pub(super) wanted: TimeRange,
    /// What Graph is asked for: the same, or the whole days around it.
    pub(super) asked: TimeRange,
}

impl Window {
    pub(super) fn new(wanted: TimeRange) -> Self {
        Self {
            wanted,
            asked: wanted,
        }
    }

    /// The same, asked for by whole days; `None` if it is already.
    pub(super) fn by_whole_days(self) -> Option<Self> {
        let from = midnight_before(self.wanted.from());
        let until = self.wanted.until();
        let until = match midnight_before(until) {
            midnight if midnight == until => until,
            midnight => midnight.checked_add(Duration::DAY)?,
        };
        let asked = TimeRange::new(from, until).ok()?;
        (asked != self.asked).then_some(Self { asked, ..self })
    }
}

/// The latest UTC midnight at or before this time.
pub(super) fn midnight_before(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_time(Time::MIDNIGHT)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn range(from: OffsetDateTime, until: OffsetDateTime) -> TimeRange {
        TimeRange::new(from, until).unwrap()
    }

    #[test]
    fn whole_days_enclose_what_is_wanted() {
        let window = Window::new(range(
            datetime!(2019-11-01 9:00 UTC),
            datetime!(2019-11-01 17:00 UTC),
        ));
        let whole = window.by_whole_days().unwrap();
        assert_eq!(whole.wanted, window.wanted);
        assert_eq!(
            whole.asked,
            range(
                datetime!(2019-11-01 0:00 UTC),
                datetime!(2019-11-02 0:00 UTC)
            )
        );
        assert_eq!(whole.by_whole_days(), None);
        let days = Window::new(whole.asked);
        assert_eq!(days.by_whole_days(), None);
    }
}
