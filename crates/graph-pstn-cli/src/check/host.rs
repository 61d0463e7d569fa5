//! A host as the network shows it: its name, the connection, and its clock.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use graph_pstn_http::{Error, ErrorKind, HttpService, Origin};
use http::header::{ACCEPT, CONTENT_TYPE, DATE, USER_AGENT};
use http::{Request, Response};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tower_service::Service as _;

use super::report::Line;
use crate::connection;
use crate::exit::{Exit, Failure};
use crate::hints::{Place, proxy_variable};

/// How long the look-up of a name may take.
const LOOK_UP: Duration = Duration::from_secs(10);

/// What a host's lines are called, and the option that names another host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) connection: &'static str,
    pub(super) option: &'static str,
}

pub(super) const LOGIN: Part = Part {
    name: "login-name",
    connection: "login-connection",
    option: "--authority-host",
};

pub(super) const GRAPH: Part = Part {
    name: "graph-name",
    connection: "graph-connection",
    option: "--graph-endpoint",
};

/// What was seen of a host.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) name: Line,
    pub(super) connection: Line,
    /// By how much the host's clock is ahead of this machine's.
    pub(super) ahead: Option<time::Duration>,
}

/// Looks at a host. The path is of something that needs no token, and that the real service answers in JSON, if only to
/// refuse it.
pub(super) async fn look(
    part: Part,
    origin: &Origin,
    path: &str,
    service: HttpService,
    place: &Place,
) -> Seen {
    let (found, answered) = tokio::join!(look_up(origin), ask(origin, path, service));
    let host = origin.host();
    // A proxy looks names up itself, so that a name which is unknown here does no harm.
    let name = match found {
        Ok(()) => Line::pass(part.name, format!("{host} is found")),
        Err(_) if answered.is_ok() => Line::skipped(
            part.name,
            format!("{host} is not known to this machine, but a proxy reaches it"),
        ),
        Err(why) => Line::fail(
            part.name,
            Exit::Unavailable,
            format!("{host} is not found: {why}"),
        )
        .with_remedy(format!(
            "check the spelling (--cloud, {}) and this machine's DNS; {}",
            part.option,
            match proxy_variable() {
                Some(name) =>
                    format!("a proxy that is reached, as {name} names one, would do without"),
                None => "behind a proxy set HTTPS_PROXY".to_owned(),
            }
        )),
    };
    let (answer, ahead) = match answered {
        Ok((answer, ahead)) => (answer, ahead),
        Err(error) => {
            let failure = place.failure_at(&error, host);
            return Seen {
                name,
                connection: Line::of_failure(part.connection, &failure),
                ahead: None,
            };
        }
    };
    Seen {
        name,
        connection: connection(part, origin, &answer),
        ahead,
    }
}

fn connection(part: Part, origin: &Origin, answer: &Response<Bytes>) -> Line {
    let host = origin.host();
    let status = answer.status().as_u16();
    let kind = answer.headers().get(CONTENT_TYPE);
    let html = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if status == 407 || status == 511 || html {
        return Line::fail(
            part.connection,
            Exit::Unavailable,
            format!("a page in HTML comes from {host} (status {status}), where it would send JSON"),
        )
        .with_remedy(
            "a proxy, firewall or portal answers in its place: sign in to it, have this host let through, \
             or set HTTPS_PROXY",
        );
    }
    if answer.status().is_server_error() {
        return Line::fail(
            part.connection,
            Exit::Unavailable,
            format!("{host} answers, but is not available just now (status {status})"),
        )
        .with_remedy("nothing is wrong on this side as far as can be seen: run again later");
    }
    let by = match origin.scheme() {
        "https" => "TLS, with a certificate that is trusted",
        _ => "plain HTTP on this machine",
    };
    Line::pass(part.connection, format!("{host} answers by {by}"))
}

async fn look_up(origin: &Origin) -> Result<(), String> {
    let looked_up = tokio::net::lookup_host((origin.host(), origin.port()));
    match tokio::time::timeout(LOOK_UP, looked_up).await {
        Ok(Ok(addresses)) => match addresses.count() {
            0 => Err("the name has no address".into()),
            _ => Ok(()),
        },
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", LOOK_UP.as_secs())),
    }
}

type Answered = (Response<Bytes>, Option<time::Duration>);

async fn ask(origin: &Origin, path: &str, mut service: HttpService) -> Result<Answered, Error> {
    let request = Request::get(format!("{origin}{path}"))
        .header(USER_AGENT, connection::USER_AGENT)
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|error| Error::new(ErrorKind::Config, "no request").with_source(error))?;
    std::future::poll_fn(|context| service.poll_ready(context)).await?;
    let sent = SystemTime::now();
    let answer = service.call(request).await?;
    let ahead = ahead(&answer, sent, SystemTime::now());
    Ok((answer, ahead))
}

/// By how much the `Date` of the answer is ahead of the middle of the exchange.
fn ahead(
    answer: &Response<Bytes>,
    sent: SystemTime,
    received: SystemTime,
) -> Option<time::Duration> {
    let date = answer.headers().get(DATE)?.to_str().ok()?;
    // RFC 9110, section 5.6.7: GMT is the only zone.
    let date = OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok()?;
    let half = received.duration_since(sent).unwrap_or_default() / 2;
    Some(date - OffsetDateTime::from(sent + half))
}

/// From this difference on, Entra refuses signed assertions.
const TOO_MUCH: time::Duration = time::Duration::seconds(300);
/// A smaller difference is not worth a word.
const NOTABLE: time::Duration = time::Duration::seconds(30);

/// The line on this machine's clock. One server that agrees with it proves it right.
pub(super) fn clock(seen: &[&Seen]) -> Line {
    const NAME: &str = "clock";
    let Some(ahead) = seen
        .iter()
        .filter_map(|seen| seen.ahead)
        .min_by_key(|ahead| ahead.abs())
    else {
        return Line::skipped(NAME, "no server has said what time it is");
    };
    let seconds = ahead.whole_seconds();
    let words = match seconds {
        -1..=1 => return Line::pass(NAME, "right to the second"),
        2.. => format!("{seconds} s slow, compared with the servers"),
        _ => format!(
            "{} s fast, compared with the servers",
            seconds.unsigned_abs()
        ),
    };
    let remedy = "set this machine's clock by a time server (NTP): `timedatectl set-ntp true` on Linux, \
                  `w32tm /resync` on Windows";
    if ahead.abs() >= TOO_MUCH {
        let why = "Entra does not accept what a certificate signs at such a time";
        Line::fail(NAME, Exit::Other, format!("{words}; {why}")).with_remedy(remedy)
    } else if ahead.abs() >= NOTABLE {
        Line::pass(NAME, words).with_remedy(remedy)
    } else {
        Line::pass(NAME, words)
    }
}

/// The lines of a host that was not looked at.
pub(super) fn not_looked_at(part: Part, why: &str) -> [Line; 2] {
    [part.name, part.connection].map(|name| Line::skipped(name, why))
}

/// The lines of both hosts when no connection can be made at all.
pub(super) fn no_transport(part: Part, failure: &Failure) -> [Line; 2] {
    [
        Line::skipped(part.name, "not looked up"),
        Line::of_failure(part.connection, failure),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &str)], status: u16) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        response
    }

    #[test]
    fn a_date_is_held_against_the_middle_of_the_exchange() {
        let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let later = sent + Duration::from_secs(4);
        let dated = answer(&[("date", "Sun, 06 Nov 1994 08:49:40 GMT")], 200);
        assert_eq!(ahead(&dated, sent, later), Some(time::Duration::SECOND));
        assert_eq!(ahead(&answer(&[], 200), sent, later), None);
        let none = answer(&[("date", "yesterday")], 200);
        assert_eq!(ahead(&none, sent, later), None);
    }

    #[test]
    fn any_answer_in_json_is_a_connection_and_a_page_is_none() {
        let origin: Origin = "https://graph.example".parse().unwrap();
        let json = [("content-type", "application/json")];
        assert!(connection(GRAPH, &origin, &answer(&json, 401)).has_passed());
        assert!(!connection(GRAPH, &origin, &answer(&json, 503)).has_passed());
        let html = [("content-type", "text/html; charset=utf-8")];
        assert!(!connection(GRAPH, &origin, &answer(&html, 200)).has_passed());
        assert!(!connection(GRAPH, &origin, &answer(&[], 407)).has_passed());
    }

    #[test]
    fn one_server_that_agrees_proves_the_clock_right() {
        let seen = |ahead: Option<i64>| Seen {
            name: Line::pass("n", ""),
            connection: Line::pass("c", ""),
            ahead: ahead.map(time::Duration::seconds),
        };
        let (far, near, silent) = (seen(Some(-7_200)), seen(Some(0)), seen(None));
        assert!(clock(&[&far, &near]).has_passed());
        assert!(!clock(&[&far, &silent]).has_passed());
        assert!(clock(&[&seen(Some(299))]).has_passed());
        let line = clock(&[&silent]);
        assert_eq!(
            line,
            Line::skipped("clock", "no server has said what time it is")
        );
    }
}
