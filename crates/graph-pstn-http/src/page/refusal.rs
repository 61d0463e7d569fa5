//! Answers that are no page, as errors that say what to do.

use bytes::Bytes;
use graph_pstn_model::ErrorBody;
use http::{HeaderMap, Response, StatusCode};

use crate::{Error, ErrorKind, retry_after::retry_after};

/// The most of Graph's own words that is shown.
const LONGEST: usize = 300;

/// Reads an answer whose status is not 200.
pub(super) fn of(response: &Response<Bytes>) -> Error {
    let status = response.status();
    let body = ErrorBody::from_slice(response.body());
    let (kind, message) = meaning(status);
    let said = body
        .as_ref()
        .map(|body| one_line(body.message()))
        .unwrap_or_default();
    let message = if said.is_empty() {
        message.to_owned()
    } else {
        format!("{message}: {said}")
    };
    let wait = retry_after(response.headers());
    let message = match wait {
        Some(wait) => format!(
            "{message}; it asks to come back in {:.0} s",
            wait.as_secs_f64().ceil()
        ),
        None => message,
    };
    let mut error = Error::new(kind, message).with_status(status);
    if kind == ErrorKind::Server && !passes(status) {
        error = error.with_transient(false);
    }
    if let Some(wait) = wait {
        error = error.with_retry_after(wait);
    }
    if let Some(code) = body.as_ref().and_then(|body| said_in(body.code())) {
        error = error.with_code(code);
    }
    let of_header = |name| header(response.headers(), name).map(str::to_owned);
    let in_body = || said_in(body.as_ref()?.client_request_id()?);
    if let Some(id) = of_header("client-request-id").or_else(in_body) {
        error = error.with_client_request_id(id);
    }
    let in_body = || said_in(body.as_ref()?.request_id()?);
    match of_header("request-id").or_else(in_body) {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a failure of the service's own may be over the next time: not that it has no such function (501) or
/// that it does not speak this HTTP (505).
fn passes(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504)
}

fn meaning(status: StatusCode) -> (ErrorKind, &'static str) {
    match status.as_u16() {
        401 => (ErrorKind::Unauthorized, "Graph does not accept the token"),
        403 => (
            ErrorKind::Forbidden,
            "Graph does not let this app read the log; it needs the application permission \
             CallRecords.Read.All and an administrator's consent to it",
        ),
        406 => (
            ErrorKind::Client,
            "Graph refuses the range; it takes at most 90 days",
        ),
        408 => (ErrorKind::Server, "Graph gave up waiting for the request"),
        429 | 509 => (ErrorKind::Throttled, "Graph is throttling this app"),
        500 | 502..=504 => (ErrorKind::Server, "Graph is not available just now"),
        500..=599 => (ErrorKind::Server, "Graph cannot serve the request"),
        300..=399 => (
            ErrorKind::Client,
            "Graph answers with a redirect, which is not followed with a token",
        ),
        400..=499 => (ErrorKind::Client, "Graph refuses the request"),
        _ => (
            ErrorKind::Decode,
            "Graph's answer is neither a page nor an error",
        ),
    }
}

/// The first of the text, without line breaks.
/// What a body says in a few words, if it does, fit for a line.
pub(super) fn said_in(text: &str) -> Option<String> {
    Some(one_line(text)).filter(|text| !text.is_empty())
}

fn one_line(text: &str) -> String {
    let words = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    words.take(LONGEST).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, headers: &[(&'static str, &str)], body: &str) -> Error {
        let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        of(&response)
    }

    #[test]
    fn graphs_code_and_ids_are_kept() {
        let body = r#"{"error":{"code":"BadRequest","message":"Expression\r\nexpected.","innerError":
            {"date":"2021-02-23T13:54:17","request-id":"r1","client-request-id":"c1"}}}"#;
        let error = refusal(400, &[], body);
        assert_eq!(error.kind(), ErrorKind::Client);
        assert_eq!(
            (error.code(), error.request_id()),
            (Some("BadRequest"), Some("r1"))
        );
        assert_eq!(
            error.to_string(),
            "Graph refuses the request: Expression  expected. (status 400, code BadRequest, request-id r1, \
             client-request-id c1)"
        );
        let error = refusal(400, &[("request-id", "of the header")], body);
        assert_eq!(error.request_id(), Some("of the header"));
    }

    #[test]
    fn what_a_body_says_of_itself_is_on_one_line_or_not_told() {
        let body = r#"{"error":{"code":"","message":"no","innerError":
            {"request-id":"r\n1","client-request-id":""}}}"#;
        let error = refusal(400, &[], body);
        assert_eq!(error.code(), None);
        assert_eq!(error.client_request_id(), None);
        assert_eq!(
            error.to_string(),
            "Graph refuses the request: no (status 400, request-id r 1)"
        );
    }

    #[test]
    fn the_status_decides_whatever_the_body_says() {
        let unknown = r#"{"error":{"code":"UnknownError","message":""}}"#;
        for body in ["", "<html>busy</html>", unknown, "{", "[]"] {
            let error = refusal(429, &[("retry-after", "2.5")], body);
            assert_eq!(error.kind(), ErrorKind::Throttled, "{body}");
            assert_eq!(error.retry_after().unwrap().as_millis(), 2_500);
            assert!(error.to_string().contains("come back in 3 s"), "{error}");
            assert_eq!(refusal(503, &[], body).kind(), ErrorKind::Server);
            assert_eq!(refusal(403, &[], body).kind(), ErrorKind::Forbidden);
            assert_eq!(refusal(302, &[], body).kind(), ErrorKind::Client);
            assert_eq!(refusal(204, &[], body).kind(), ErrorKind::Decode);
        }
    }

    #[test]
    fn what_the_service_does_not_have_it_will_not_have_the_next_time() {
        for passing in [408, 500, 502, 503, 504, 429, 509] {
            assert!(refusal(passing, &[], "").is_transient(), "{passing}");
        }
        for lasting in [400, 403, 404, 406, 409, 410, 501, 505] {
            assert!(!refusal(lasting, &[], "").is_transient(), "{lasting}");
        }
    }

    #[test]
    fn a_message_without_end_is_cut() {
        let body = format!(
            r#"{{"error":{{"code":"x","message":"{}"}}}}"#,
            "ü".repeat(5_000)
        );
        assert!(refusal(400, &[], &body).to_string().len() < 1_000);
    }
}
