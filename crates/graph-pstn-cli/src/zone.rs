//! The time zone whose days `--from`, `--to` and `--last` mean.

use std::str::FromStr;

use graph_pstn_export::Calendar;
use graph_pstn_model::OffsetDateTime;
use jiff::civil;
use jiff::tz::{self, AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use time::Date;

/// A time zone by its IANA name. The system's database counts where it has the zone, since it is kept up to
/// date; otherwise that of this program, so that Windows and minimal images need none.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// The first moment of a date. Where clocks are set forward at midnight that is later than 0:00, where they
    /// are set back at midnight it is the first of two, and of a date that a zone has left out it is the first
    /// moment after it.
    pub(crate) fn first_moment(&self, date: Date) -> Option<OffsetDateTime> {
        let year = i16::try_from(date.year()).ok()?;
        let month = i8::try_from(u8::from(date.month())).ok()?;
        let day = i8::try_from(date.day()).ok()?;
        self.midnight(civil::Date::new(year, month, day).ok()?)
    }

    /// The first moment of the day that is so many days before today.
    pub(crate) fn days_ago(&self, days: i64, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let now = Timestamp::from_nanosecond(now.unix_timestamp_nanos()).ok()?;
        let today = now.to_zoned_datetime(self.0.clone()).date();
        let date = today.checked_sub(Span::new().try_days(days).ok()?).ok()?;
        self.midnight(date)
    }

    /// The date there at a moment.
    pub(crate) fn date(&self, at: OffsetDateTime) -> Option<Date> {
        let at = Timestamp::from_nanosecond(at.unix_timestamp_nanos()).ok()?;
        let date = at.to_zoned_datetime(self.0.clone()).date();
        let month = time::Month::try_from(u8::try_from(date.month()).ok()?).ok()?;
        let day = u8::try_from(date.day()).ok()?;
        Date::from_calendar_date(date.year().into(), month, day).ok()
    }

    /// The first moment of the day that a moment is in.
    pub(crate) fn midnight_before(&self, at: OffsetDateTime) -> Option<OffsetDateTime> {
        self.first_moment(self.date(at)?)
    }

    /// Its days, for folders of them; where the calendar ends, those of UTC.
    pub(crate) fn calendar(&self) -> Calendar {
        let zone = self.clone();
        let name = self.0.iana_name().unwrap_or("UTC").to_owned();
        Calendar::new(name, move |at| zone.date(at).unwrap_or_else(|| at.date()))
    }

    fn midnight(&self, date: civil::Date) -> Option<OffsetDateTime> {
        let midnight = date.at(0, 0, 0, 0);
        let moment = match self.0.to_ambiguous_timestamp(midnight).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(midnight).ok()?,
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(midnight).ok()?,
            // Midnight itself is left out, and the day begins when clocks have been set forward.
            AmbiguousOffset::Gap { after, .. } => {
                let before_gap = after.to_timestamp(midnight).ok()?;
                self.0.following(before_gap).next()?.timestamp()
            }
        };
        OffsetDateTime::from_unix_timestamp_nanos(moment.as_nanosecond()).ok()
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        tz::db()
            .get(name)
            .or_else(|_| TimeZoneDatabase::bundled().get(name))
            .map(Self)
            .map_err(|_| {
                "no such time zone; give an IANA name, such as Europe/Berlin or UTC".into()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_the_zones_midnight() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            berlin.first_moment(date!(2019 - 11 - 01)),
            Some(datetime!(2019-10-31 23:00 UTC))
        );
        // Clocks are changed within these days: they are 23 and 25 hours long.
        let length =
            |from, until| berlin.first_moment(until).unwrap() - berlin.first_moment(from).unwrap();
        assert_eq!(
            length(date!(2019 - 03 - 31), date!(2019 - 04 - 01)).whole_hours(),
            23
        );
        assert_eq!(
            length(date!(2019 - 10 - 27), date!(2019 - 10 - 28)).whole_hours(),
            25
        );
        assert_eq!(
            zone("UTC").first_moment(date!(2019 - 11 - 01)),
            Some(datetime!(2019-11-01 0:00 UTC))
        );
        assert_eq!(
            zone("asia/kathmandu").first_moment(date!(2019 - 11 - 01)),
            Some(datetime!(2019-10-31 18:15 UTC))
        );
    }

    #[test]
    fn a_midnight_that_is_skipped_or_comes_twice() {
        // Clocks went from 0:00 to 1:00.
        assert_eq!(
            zone("America/Sao_Paulo").first_moment(date!(2018 - 11 - 04)),
            Some(datetime!(2018-11-04 3:00 UTC))
        );
        // From 23:30 on 30 March to 0:30.
        assert_eq!(
            zone("America/Toronto").first_moment(date!(1919 - 03 - 31)),
            Some(datetime!(1919-03-31 4:30 UTC))
        );
        // From 1:00 back to 0:00: the day has two midnights, and begins at the first.
        assert_eq!(
            zone("America/Havana").first_moment(date!(2019 - 11 - 03)),
            Some(datetime!(2019-11-03 4:00 UTC))
        );
        // From 0:00 back to 23:00 on the day before: midnight was reached twice, and began a day once it stayed.
        assert_eq!(
            zone("America/Sao_Paulo").first_moment(date!(2018 - 02 - 18)),
            Some(datetime!(2018-02-18 3:00 UTC))
        );
        // There was no such day on Samoa.
        assert_eq!(
            zone("Pacific/Apia").first_moment(date!(2011 - 12 - 30)),
            zone("Pacific/Apia").first_moment(date!(2011 - 12 - 31))
        );
    }

    #[test]
    fn days_ago_are_the_zones() {
        let now = datetime!(2019-11-01 23:30 UTC);
        // It is 2 November already.
        assert_eq!(
            zone("Europe/Berlin").days_ago(1, now),
            Some(datetime!(2019-10-31 23:00 UTC))
        );
        assert_eq!(
            zone("UTC").days_ago(1, now),
            Some(datetime!(2019-10-31 0:00 UTC))
        );
        assert_eq!(zone("UTC").days_ago(i64::MAX, now), None);
        assert_eq!(zone("UTC").days_ago(9_000_000, now), None);
    }

    #[test]
    fn a_moment_is_in_the_day_that_has_begun_before_it() {
        for name in ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "UTC"] {
            let zone = zone(name);
            let calendar = zone.calendar();
            assert_eq!(calendar.name(), name);
            let mut at = datetime!(2018-02-16 00:00 UTC);
            let mut before = calendar.date(at);
            while at < datetime!(2018-11-06 00:00 UTC) {
                at += time::Duration::minutes(30);
                let date = calendar.date(at);
                assert!(
                    date == before || Some(date) == before.next_day(),
                    "{name} {at}"
                );
                before = date;
                let midnight = zone.midnight_before(at).unwrap();
                assert!(
                    midnight <= at && at - midnight < time::Duration::hours(25),
                    "{name} {at}"
                );
                assert_eq!(calendar.date(midnight), date, "{name} {at}");
            }
        }
        let apia = zone("Pacific/Apia");
        // The 29th was followed by the 31st.
        let at = datetime!(2011-12-30 10:00 UTC);
        assert_eq!(apia.date(at), Some(date!(2011 - 12 - 31)));
        assert_eq!(apia.midnight_before(at), Some(at));
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for name in ["", "Mars/Olympus", "+01:00", "Berlin"] {
            assert!(name.parse::<Zone>().is_err(), "{name}");
        }
    }

    #[test]
    fn the_programs_own_database_agrees() {
        for name in ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "UTC"] {
            let own = Zone(TimeZoneDatabase::bundled().get(name).unwrap());
            let date = date!(2018 - 11 - 04);
            assert_eq!(own.first_moment(date), zone(name).first_moment(date));
        }
    }
}
