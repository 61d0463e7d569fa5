use graph_pstn_model::{ApiVersion, CallLog, EndBound, TimeRange, format_time};
use http::Uri;
use time::{Duration, OffsetDateTime};

use super::NextLink;
use crate::{Error, ErrorKind, Origin};

/// What to ask for: the first page of a range, or the page that a link leads to. It can be stored with
/// serde, to go on from it in another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    pub(super) log: CallLog,
    pub(super) at: At,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    First(ApiVersion, TimeRange),
    Next(NextLink),
}

impl PageRequest {
    /// The first page of a range, by the oldest version of the API that has the log.
    ///
    /// The bounds go out in whole seconds that enclose the range, since finer ones are not documented. The
    /// beginning is inclusive, and the end by the log's [`end_bound`](CallLog::end_bound): exclusive for Direct Routing,
    /// inclusive for PSTN calls, and taken as inclusive where Microsoft's page does not tell. So all rows of the
    /// range come back, and with them rows before `from` or from `until` on, which are for the reader to drop.
    /// Of rows without a [time](CallLog::time_property), which are sums, nothing can be
    /// dropped: for them the bounds are the first and the last moment of the range, to the 100 ns.
    #[must_use]
    pub fn first(log: CallLog, range: TimeRange) -> Self {
        let at = At::First(log.version(), range);
        Self { log, at }
    }

    /// The page that a link of an earlier one leads to.
    #[must_use]
    pub fn next(log: CallLog, link: NextLink) -> Self {
        let at = At::Next(link);
        Self { log, at }
    }

    /// The same by another version of the API; a link has its own and keeps it.
    #[must_use]
    pub fn with_version(mut self, version: ApiVersion) -> Self {
        if let At::First(known, _) = &mut self.at {
            *known = version;
        }
        self
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> CallLog {
        self.log
    }

    /// The range that is asked for, if this is a first page.
    #[must_use]
    pub fn range(&self) -> Option<TimeRange> {
        match &self.at {
            At::First(_, range) => Some(*range),
            At::Next(_) => None,
        }
    }

    /// The link that is followed, unless this is a first page.
    #[must_use]
    pub fn link(&self) -> Option<&NextLink> {
        match &self.at {
            At::First(..) => None,
            At::Next(link) => Some(link),
        }
    }

    /// The URL at this origin.
    ///
    /// Parentheses, comma and equals sign stand literally and the values without quotes: Graph refuses
    /// anything else.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the origin makes no URL.
    pub fn uri(&self, graph: &Origin) -> Result<Uri, Error> {
        let (version, range) = match &self.at {
            At::Next(link) => return Ok(link.uri().clone()),
            At::First(version, range) => (version, range),
        };
        let (from, to) = bounds(self.log, *range);
        let uri = format!(
            "{graph}/{}/communications/callRecords/{}(fromDateTime={},toDateTime={})",
            version.segment(),
            self.log.function(),
            format_time(from),
            format_time(to),
        );
        uri.parse().map_err(|error| {
            let message = format!("{graph} makes no URL");
            Error::new(ErrorKind::Config, message).with_source(error)
        })
    }
}

/// What is asked for, for the range to be in the answer.
fn bounds(log: CallLog, range: TimeRange) -> (OffsetDateTime, OffsetDateTime) {
    let (from, until) = (range.from(), range.until());
    match (log.time_property(), log.end_bound()) {
        (Some(_), _) => (floor(from), ceil(until)),
        (None, EndBound::Inclusive) => (from, until - TICK),
        (None, EndBound::Exclusive) => (from, until),
    }
}

/// The finest that Graph's times are.
const TICK: Duration = Duration::nanoseconds(100);

/// The whole second at or before this time.
pub(crate) fn floor(at: OffsetDateTime) -> OffsetDateTime {
    at - Duration::nanoseconds(i64::from(at.nanosecond()))
}

/// The whole second at or after this time, or the last one of the calendar.
fn ceil(at: OffsetDateTime) -> OffsetDateTime {
    let below = floor(at);
    if below == at {
        at
    } else {
        below.checked_add(Duration::SECOND).unwrap_or(below)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn uri(from: OffsetDateTime, until: OffsetDateTime) -> String {
        uri_of(CallLog::Pstn, from, until)
    }

    fn uri_of(log: CallLog, from: OffsetDateTime, until: OffsetDateTime) -> String {
        let range = TimeRange::new(from, until).unwrap();
        let request = PageRequest::first(log, range);
        let uri = request.uri(&"https://graph.example".parse().unwrap());
        uri.unwrap().to_string()
    }

    #[test]
    fn the_url_is_the_documented_one() {
        assert_eq!(
            uri(
                datetime!(2019-11-01 0:00 UTC),
                datetime!(2019-12-01 0:00 UTC)
            ),
            "https://graph.example/v1.0/communications/callRecords/\
             getPstnCalls(fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-12-01T00:00:00Z)"
        );
    }

    #[test]
    fn whole_seconds_enclose_the_range() {
        let uri = uri(
            datetime!(2019-11-01 0:00:08.2589935 UTC),
            datetime!(2019-11-01 0:00:09.0000001 UTC),
        );
        assert!(
            uri.ends_with("(fromDateTime=2019-11-01T00:00:08Z,toDateTime=2019-11-01T00:00:10Z)"),
            "{uri}"
        );
    }

    #[test]
    fn sums_are_asked_for_to_the_last_moment_of_the_range() {
        let uri = uri_of(
            CallLog::DialOut,
            datetime!(2019-11-01 0:00:08.2589935 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let bounds =
            "(fromDateTime=2019-11-01T00:00:08.2589935Z,toDateTime=2019-11-30T23:59:59.9999999Z)";
        assert!(uri.ends_with(bounds), "{uri}");
    }

    #[test]
    fn logs_of_beta_only_are_asked_for_there() {
        let range = TimeRange::new(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let graph = "http://127.0.0.1:8080".parse().unwrap();
        let request = PageRequest::first(CallLog::Sms, range.unwrap());
        let uri = request.uri(&graph).unwrap().to_string();
        assert!(
            uri.starts_with("http://127.0.0.1:8080/beta/communications/callRecords/getSmsLog(")
        );
    }
}
