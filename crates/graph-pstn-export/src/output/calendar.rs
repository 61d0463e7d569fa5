//! Which day a moment belongs to.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use graph_pstn_model::OffsetDateTime;
use time::{Date, UtcOffset};

/// The days of a folder: those of UTC, or of a place whose clocks somebody knows.
///
/// Two calendars of one name are taken for the same.
#[derive(Clone)]
pub struct Calendar {
    name: Arc<str>,
    date: Arc<dyn Fn(OffsetDateTime) -> Date + Send + Sync>,
}

impl Calendar {
    /// The days of UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self::new("UTC", |at| match at.checked_to_offset(UtcOffset::UTC) {
            Some(at) => at.date(),
            // Some hours beyond the calendar, on its last day or its first.
            None if at.offset().is_negative() => Date::MAX,
            None => Date::MIN,
        })
    }

    /// The days of a time zone, by its IANA name; `date` says what date it is there at a moment. It must never go back as
    /// time goes on.
    pub fn new(
        name: impl Into<Arc<str>>,
        date: impl Fn(OffsetDateTime) -> Date + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            date: Arc::new(date),
        }
    }

    /// The name of the time zone.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The date at a moment.
    #[must_use]
    pub fn date(&self, at: OffsetDateTime) -> Date {
        (self.date)(at)
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self::utc()
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Calendar {}

impl Hash for Calendar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Calendar").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn moments_at_the_ends_of_the_calendar_have_a_day_too() {
        let date = |at| Calendar::utc().date(at).to_string();
        assert_eq!(date(datetime!(2019-11-01 23:30 -1)), "2019-11-02");
        assert_eq!(date(datetime!(9999-12-31 23:30 -1)), "9999-12-31");
        assert_eq!(date(datetime!(9999-12-30 23:30 -25)), "9999-12-31");
        assert_eq!(date(datetime!(-9999-01-01 0:30 +1)), "-9999-01-01");
    }
}
