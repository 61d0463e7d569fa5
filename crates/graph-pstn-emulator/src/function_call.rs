//! The function call in a request's path, read as strictly and as leniently as Graph reads it.
//!
//! Accepted: the short name and the qualified one (`microsoft.graph.callRecords.getPstnCalls`), raw or
//! percent-encoded; bounds in either order; a date or a date-time with `Z` or an offset. Refused with a
//! 400: quotes, a missing comma, empty or unknown parameters.

use percent_encoding::percent_decode_str;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::rows::Log;

/// A call of one of the log functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FunctionCall {
    pub(crate) version: Version,
    pub(crate) log: Log,
    pub(crate) from: OffsetDateTime,
    pub(crate) to: OffsetDateTime,
    /// Rows to pass over, from `$skip`.
    pub(crate) skip: u64,
}

/// The version of the API, the first segment of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl Version {
    pub(crate) const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// Why a path is no call that can be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such resource here; the segment that is not known.
    Unknown(String),
    /// The call cannot be read.
    Syntax(String),
    /// More than 90 days.
    TooLong,
}

/// The longest range that one call may ask for, in days ("getPstnCalls": 90 days).
const MOST_DAYS: i64 = 90;

impl FunctionCall {
    /// Reads the path and the query, both as they were sent.
    pub(crate) fn parse(path: &str, query: Option<&str>) -> Result<Self, Refusal> {
        let mut segments = path.trim_start_matches('/').split('/').map(decoded);
        let mut next = || segments.next().unwrap_or_default();
        let version = match next() {
            v if v == "v1.0" => Version::V1,
            v if v.eq_ignore_ascii_case("beta") => Version::Beta,
            other => return Err(Refusal::Unknown(other)),
        };
        for expected in ["communications", "callRecords"] {
            let segment = next();
            if !segment.eq_ignore_ascii_case(expected) {
                return Err(Refusal::Unknown(segment));
            }
        }
        let call = next();
        if let Some(rest) = segments.next().filter(|rest| !rest.is_empty()) {
            return Err(Refusal::Unknown(rest));
        }
        let (name, arguments) = call
            .split_once('(')
            .and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)))
            .ok_or_else(|| Refusal::Unknown(call.clone()))?;
        let log = function(name, version).ok_or_else(|| Refusal::Unknown(name.to_owned()))?;
        let (from, to) = bounds(arguments)?;
        if from > to {
            return Err(Refusal::Syntax(
                "fromDateTime must not be later than toDateTime.".into(),
            ));
        }
        if to - from > time::Duration::days(MOST_DAYS) {
            return Err(Refusal::TooLong);
        }
        Ok(Self {
            version,
            log,
            from,
            to,
            skip: skip(query)?,
        })
    }
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn function(name: &str, version: Version) -> Option<Log> {
    let short = ["microsoft.graph.callRecords.", "callRecords."]
        .iter()
        .find_map(|prefix| {
            let head = name.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix)
                .then(|| &name[prefix.len()..])
        })
        .unwrap_or(name);
    Log::ALL
        .iter()
        .copied()
        .find(|log| log.function().eq_ignore_ascii_case(short))
        .filter(|log| version == Version::Beta || !log.beta_only())
}

fn bounds(arguments: &str) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
    if arguments.contains(['\'', '"']) {
        return Err(Refusal::Syntax(
            "Bad Request - Error in query syntax.".into(),
        ));
    }
    let (mut from, mut to) = (None, None);
    let mut position = 0;
    for argument in arguments.split(',') {
        let (name, value) = argument
            .split_once('=')
            .ok_or_else(|| Refusal::Syntax("Bad Request - Error in query syntax.".into()))?;
        let value = value.trim();
        if value.is_empty() {
            // The words are those of microsoftgraph/msgraph-sdk-python issue 285.
            let at = position + name.len() + 1;
            return Err(Refusal::Syntax(format!(
                "Expression expected at position {at} in '{arguments}'."
            )));
        }
        // The documented link names the bounds `from` and `to`.
        let bound = match name.trim() {
            "fromDateTime" | "from" => &mut from,
            "toDateTime" | "to" => &mut to,
            other => {
                return Err(Refusal::Syntax(format!(
                    "The parameter '{other}' is not one of this function."
                )));
            }
        };
        let moment = moment(value).ok_or_else(|| {
            Refusal::Syntax(format!("The value of '{}' is no date-time.", name.trim()))
        })?;
        if bound.replace(moment).is_some() {
            return Err(Refusal::Syntax(format!(
                "'{}' is given twice.",
                name.trim()
            )));
        }
        position += argument.len() + 1;
    }
    from.zip(to).ok_or_else(|| {
        Refusal::Syntax("The function needs both fromDateTime and toDateTime.".into())
    })
}

/// A date alone is its first moment in UTC; whether the service reads `to` so is not documented.
fn moment(value: &str) -> Option<OffsetDateTime> {
    if value.len() == 10 {
        let mut parts = value.splitn(3, '-');
        let year = parts.next()?.parse().ok()?;
        let month: u8 = parts.next()?.parse().ok()?;
        let day = parts.next()?.parse().ok()?;
        let date = Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
        return Some(date.midnight().assume_utc());
    }
    OffsetDateTime::parse(value, &Rfc3339)
        .ok()
        .map(|at| at.to_offset(time::UtcOffset::UTC))
}

/// `$skip` counts; other options are tolerated and have no effect, since none is documented.
fn skip(query: Option<&str>) -> Result<u64, Refusal> {
    let mut skip = 0;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name == "$skip" {
            skip = value
                .parse()
                .map_err(|_| Refusal::Syntax("Invalid value for $skip query option.".into()))?;
        } else if name == "$skiptoken" {
            skip = crate::page::skip_of_token(&value)
                .ok_or_else(|| Refusal::Syntax("The $skiptoken is not valid.".into()))?;
        }
    }
    Ok(skip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const BASE: &str = "/v1.0/communications/callRecords/";

    fn parse(call: &str) -> Result<FunctionCall, Refusal> {
        FunctionCall::parse(&format!("{BASE}{call}"), None)
    }

    #[test]
    fn every_spelling_is_one_call() {
        let from = datetime!(2019-11-01 0:00 UTC);
        for call in [
            "getPstnCalls(fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-12-01T00:00:00Z)",
            "getPstnCalls(fromDateTime=2019-11-01,toDateTime=2019-12-01)",
            "getPstnCalls(from=2019-11-01,to=2019-12-01)",
            "microsoft.graph.callRecords.getPstnCalls(fromDateTime=2019-11-01T00%3A00%3A00%2B00%3A00,toDateTime=2019-12-01T01:00:00.000+01:00)",
            "callRecords.getPstnCalls%28fromDateTime%3D2019-11-01%2CtoDateTime%3D2019-12-01%29",
            "getPstnCalls(toDateTime=2019-12-01T00:00:00.000Z,fromDateTime=2019-11-01)",
        ] {
            let read = parse(call).unwrap_or_else(|e| panic!("{call}: {e:?}"));
            assert_eq!(
                (read.from, read.to),
                (from, datetime!(2019-12-01 0:00 UTC)),
                "{call}"
            );
        }
    }

    #[test]
    fn what_graph_refuses_is_refused() {
        for call in [
            "getPstnCalls(fromDateTime='2019-11-01',toDateTime='2019-12-01')",
            "getPstnCalls(fromDateTime=2019-11-01toDateTime=2019-12-01)",
            "getPstnCalls(fromDateTime=2019-11-01)",
            "getPstnCalls(fromDateTime=2019-13-01,toDateTime=2019-12-01)",
            "getPstnCalls(fromDateTime=2019-12-02,toDateTime=2019-12-01)",
            "getPstnCalls(since=2019-11-01,toDateTime=2019-12-01)",
            "getPstnCalls()",
        ] {
            assert!(matches!(parse(call), Err(Refusal::Syntax(_))), "{call}");
        }
        assert_eq!(
            parse("getPstnCalls(fromDateTime=,toDateTime=)"),
            Err(Refusal::Syntax(
                "Expression expected at position 13 in 'fromDateTime=,toDateTime='.".into()
            ))
        );
        assert!(matches!(parse("getCalls(a=1)"), Err(Refusal::Unknown(_))));
        assert!(matches!(parse("getPstnCalls"), Err(Refusal::Unknown(_))));
    }

    #[test]
    fn ninety_days_are_the_most() {
        assert!(parse("getPstnCalls(fromDateTime=2019-01-01,toDateTime=2019-04-01)").is_ok());
        assert_eq!(
            parse("getPstnCalls(fromDateTime=2019-01-01,toDateTime=2019-04-01T00:00:01Z)"),
            Err(Refusal::TooLong)
        );
    }

    #[test]
    fn skip_is_read_raw_or_encoded() {
        let path = format!("{BASE}getPstnCalls(from=2019-11-01,to=2019-12-01)");
        for query in ["$skip=1000", "%24skip=1000", "$top=5&$skip=1000"] {
            assert_eq!(FunctionCall::parse(&path, Some(query)).unwrap().skip, 1000);
        }
        assert!(FunctionCall::parse(&path, Some("$skip=-1")).is_err());
    }
}
