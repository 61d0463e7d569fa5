//! The function call in a request's path, read as strictly and as leniently as Graph reads it.
//!
//! Accepted: the short name and the qualified one (`microsoft.graph.callRecords.getPstnCalls`), raw or
//! percent-encoded, in any case; bounds in either order; a date or a date-time with `Z` or an offset; the
//! query options that the builders of Microsoft's SDKs know (`$top`, `$skip`, `$search`, `$filter`, `$count`) and
//! the other ones of OData. Refused with a 400: another version, quotes, a missing comma, empty or unknown
//! parameters, query options with a `$` that OData does not have.

use percent_encoding::percent_decode_str;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::graph::version::Version;
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

/// Why a path is no call that can be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The first segment names no version.
    Version,
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
        let version = Version::parse(&next()).ok_or(Refusal::Version)?;
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
        let (from, to) = bounds(log, arguments)?;
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

/// The names of the bounds: those of the schema, and for the PSTN log those of its documented link too.
fn names(log: Log) -> &'static [[&'static str; 2]] {
    const NAMES: [[&str; 2]; 2] = [["fromDateTime", "toDateTime"], ["from", "to"]];
    if log == Log::Pstn {
        &NAMES
    } else {
        &NAMES[..1]
    }
}

fn bounds(log: Log, arguments: &str) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
    let syntax = || Refusal::Syntax("Bad Request - Error in query syntax.".into());
    if arguments.contains(['\'', '"']) {
        return Err(syntax());
    }
    let mut given: Vec<(&str, OffsetDateTime)> = Vec::with_capacity(2);
    let mut position = 0;
    for argument in arguments.split(',') {
        let (name, value) = argument.split_once('=').ok_or_else(syntax)?;
        let name = name.trim();
        let value = value.trim();
        if value.is_empty() {
            // The words are those of microsoftgraph/msgraph-sdk-python issue 285.
            let at = position + argument.len();
            return Err(Refusal::Syntax(format!(
                "Expression expected at position {at} in '{arguments}'."
            )));
        }
        if !names(log)
            .iter()
            .flatten()
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            return Err(Refusal::Syntax(format!(
                "The parameter '{name}' is not one of this function."
            )));
        }
        if given
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            return Err(Refusal::Syntax(format!("'{name}' is given twice.")));
        }
        let moment = moment(value)
            .ok_or_else(|| Refusal::Syntax(format!("The value of '{name}' is no date-time.")))?;
        given.push((name, moment));
        position += argument.len() + 1;
    }
    let find = |name: &str| {
        let found = given
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, moment)| *moment)
    };
    names(log)
        .iter()
        .filter(|_| given.len() == 2)
        .find_map(|[from, to]| find(from).zip(find(to)))
        .ok_or_else(|| {
            Refusal::Syntax("The function needs both fromDateTime and toDateTime.".into())
        })
}

/// A date alone is its first moment in UTC; whether the service reads `to` so is not documented.
fn moment(value: &str) -> Option<OffsetDateTime> {
    if value.len() == 10 {
        let mut parts = value.splitn(3, '-').map(digits);
        let year = parts.next()??;
        let month = u8::try_from(parts.next()??).ok()?;
        let day = u8::try_from(parts.next()??).ok()?;
        let date = Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
        return Some(date.midnight().assume_utc());
    }
    OffsetDateTime::parse(value, &Rfc3339)
        .ok()
        .and_then(|at| at.checked_to_offset(time::UtcOffset::UTC))
}

/// A number of digits only, without a sign.
fn digits(text: &str) -> Option<i32> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all)
}

/// OData's other query options. They are tolerated and have no effect, since none is documented for these
/// functions.
const OPTIONS: [&str; 8] = [
    "$search", "$filter", "$select", "$orderby", "$expand", "$format", "$apply", "$compute",
];

/// The rows to pass over: what `$skip` counts.
fn skip(query: Option<&str>) -> Result<u64, Refusal> {
    let invalid = |name: &str| Refusal::Syntax(format!("Invalid value for {name} query option."));
    let mut skip = 0;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "$skip" => skip = value.parse().map_err(|_| invalid(&name))?,
            "$skiptoken" => {
                skip = crate::graph::skip_token::skip(&value)
                    .ok_or_else(|| Refusal::Syntax("The $skiptoken is not valid.".into()))?;
            }
            "$top" => {
                value.parse::<u32>().map_err(|_| invalid(&name))?;
            }
            "$count" => {
                value
                    .to_ascii_lowercase()
                    .parse::<bool>()
                    .map_err(|_| invalid(&name))?;
            }
            // OData leaves names without a `$` to the service ("OData URL Conventions", 5.2), and Graph
            // passes over those that it does not know.
            known if OPTIONS.contains(&known) || !known.starts_with('$') => {}
            other => {
                return Err(Refusal::Syntax(format!(
                    "The query parameter '{other}' is not supported."
                )));
            }
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
            "GetPSTNCalls(fromdatetime=2019-11-01,todatetime=2019-12-01)",
        ] {
            let read = parse(call).unwrap_or_else(|e| panic!("{call}: {e:?}"));
            assert_eq!(
                (read.from, read.to),
                (from, datetime!(2019-12-01 0:00 UTC)),
                "{call}"
            );
        }
    }

    /// What the builders of Microsoft's SDKs expand their template to: the qualified name, literal
    /// parentheses, comma and equals signs, colons as `%3A`, and any of five query options.
    #[test]
    fn the_urls_of_microsofts_sdks_are_taken() {
        for log in Log::ALL {
            for version in ["v1.0", "beta"] {
                let path = format!(
                    "/{version}/communications/callRecords/microsoft.graph.callRecords.{}\
                     (fromDateTime=2019-11-01T00%3A00%3A00Z,toDateTime=2019-12-01T00%3A00%3A00Z)",
                    log.function()
                );
                let query = "%24top=999&%24skip=3&%24search=%22a%22&%24filter=duration%20gt%200&%24count=True";
                let read = FunctionCall::parse(&path, Some(query));
                if version == "v1.0" && log.beta_only() {
                    assert!(matches!(read, Err(Refusal::Unknown(_))), "{path}");
                    continue;
                }
                let read = read.unwrap();
                assert_eq!((read.log, read.skip), (log, 3));
                assert_eq!(read.from, datetime!(2019-11-01 0:00 UTC));
                assert_eq!(read.to, datetime!(2019-12-01 0:00 UTC));
            }
        }
    }

    #[test]
    fn only_the_pstn_log_has_short_names_of_the_bounds() {
        for log in Log::ALL {
            let path = format!(
                "/beta/communications/callRecords/{}(from=2019-11-01,to=2019-12-01)",
                log.function()
            );
            let read = FunctionCall::parse(&path, None);
            assert_eq!(read.is_ok(), log == Log::Pstn, "{log}");
        }
    }

    #[test]
    fn there_are_two_versions() {
        for (version, known) in [
            ("v1.0", true),
            ("V1.0", true),
            ("Beta", true),
            ("v2.0", false),
            ("v1", false),
            ("communications", false),
        ] {
            let path = format!(
                "/{version}/communications/callRecords/getPstnCalls(from=2019-11-01,to=2019-12-01)"
            );
            let read = FunctionCall::parse(&path, None);
            assert_eq!(read.is_ok(), known, "{version}");
            assert!(known || read == Err(Refusal::Version));
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
            "getPstnCalls(from=2019-11-01,toDateTime=2019-12-01)",
            "getPstnCalls(fromDateTime=2019-11-01,fromDateTime=2019-11-01,toDateTime=2019-12-01)",
            "getPstnCalls(from=2019-11-01,to=2019-12-01,fromDateTime=2019-11-01,toDateTime=2019-12-01)",
            "getPstnCalls(fromDateTime=2019-11-01T00:00:00,toDateTime=2019-12-01)",
            "getPstnCalls(fromDateTime=+019-11-01,toDateTime=2019-12-01)",
            // In UTC that is the year 10000.
            "getPstnCalls(fromDateTime=2019-11-01,toDateTime=9999-12-31T23:59:59-01:00)",
            "getDirectRoutingCalls(fromDateTime=2019-11-01)",
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
        for query in [
            "$skip=-1",
            "$top=all",
            "$count=2",
            "$skiptoken=x",
            "$page=2",
        ] {
            let read = FunctionCall::parse(&path, Some(query));
            assert!(matches!(read, Err(Refusal::Syntax(_))), "{query}");
        }
        for query in [
            "",
            "page=2",
            "$select=id&$orderby=id",
            "$count=false&$top=0",
        ] {
            assert_eq!(FunctionCall::parse(&path, Some(query)).unwrap().skip, 0);
        }
    }
}
