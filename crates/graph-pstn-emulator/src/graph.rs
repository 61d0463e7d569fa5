//! Graph's side: who may come in, how often, and the page that was asked for.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, ALLOW, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::function_call::{FunctionCall, Refusal};
use crate::page;
use crate::reply::{self, Ids, Reply};
use crate::state::State;
use crate::tokens::Verdict;

/// Answers a request to Graph.
pub(crate) fn answer(state: &State, method: &Method, uri: &Uri, headers: &HeaderMap) -> Reply {
    let ids = Ids::of(headers);
    if let Some(refused) = turned_away(state, headers, &ids) {
        return refused;
    }
    let call = match FunctionCall::parse(uri.path(), uri.query()) {
        Ok(call) => call,
        Err(refusal) => return refused(&ids, &refusal),
    };
    if method != Method::GET {
        let mut reply = reply::graph_error(
            &ids,
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        );
        reply
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET"));
        return reply;
    }
    if let Err(wait) = state.meter().arrive(call.log) {
        state.counters.throttled.one();
        return throttled(&ids, wait);
    }
    let gzip = state.options.compressed && accepts_gzip(headers);
    match body(state, &call, gzip) {
        Ok((body, rows, gzip)) => {
            state.counters.pages.one();
            state.counters.rows.add(rows as u64);
            reply::page(&ids, body, gzip)
        }
        Err(_) => reply::graph_error(
            &ids,
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "The page could not be compressed.",
        ),
    }
}

/// A 429 as Graph answers it, with whole seconds that are enough.
fn throttled(ids: &Ids, wait: Duration) -> Reply {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let reply = reply::graph_error(
        ids,
        StatusCode::TOO_MANY_REQUESTS,
        "TooManyRequests",
        "Too many requests. The limit of this collection, application or tenant is reached.",
    );
    reply::retry_after(reply, &seconds.max(1).to_string())
}

/// The refusal for who may not come in.
fn turned_away(state: &State, headers: &HeaderMap, ids: &Ids) -> Option<Reply> {
    let value = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let (message, claims) = match token.filter(|token| !token.is_empty()) {
        None => ("Access token is empty.", None),
        Some(token) => {
            let tokens = state.tokens();
            match tokens.check(token) {
                Verdict::Good => return None,
                Verdict::Forbidden => {
                    drop(tokens);
                    return Some(reply::graph_error(
                        ids,
                        StatusCode::FORBIDDEN,
                        "Forbidden",
                        "The application lacks a role that this request needs, such as \
                         CallRecords.Read.All.",
                    ));
                }
                Verdict::Unknown => (
                    "CompactToken parsing failed with error code: 80049217",
                    None,
                ),
                Verdict::Expired => ("Lifetime validation failed, the token is expired.", None),
                Verdict::Revoked => (
                    "CompactToken validation failed with reason code: 80049228.",
                    None,
                ),
                Verdict::Challenge => {
                    let claims = format!(
                        r#"{{"access_token":{{"nbf":{{"essential":true,"value":"{}"}}}}}}"#,
                        tokens.challenge_value()
                    );
                    (
                        "Continuous access evaluation resulted in challenge with result: \
                         InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
                        Some(STANDARD.encode(claims)),
                    )
                }
            }
        }
    };
    state.counters.unauthorized.one();
    let reply = reply::graph_error(
        ids,
        StatusCode::UNAUTHORIZED,
        "InvalidAuthenticationToken",
        message,
    );
    Some(reply::challenged(reply, &state.origin, claims.as_deref()))
}

fn refused(ids: &Ids, refusal: &Refusal) -> Reply {
    match refusal {
        // As in microsoftgraph/msgraph-sample-blazor-clientside issue 94.
        Refusal::Version => reply::graph_error(
            ids,
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "Invalid version.",
        ),
        Refusal::Unknown(segment) => reply::graph_error(
            ids,
            StatusCode::BAD_REQUEST,
            "BadRequest",
            &format!("Resource not found for the segment '{segment}'."),
        ),
        Refusal::Syntax(message) => {
            reply::graph_error(ids, StatusCode::BAD_REQUEST, "BadRequest", message)
        }
        // The status is known from the field; the words of its body are not.
        Refusal::TooLong => reply::graph_error(
            ids,
            StatusCode::NOT_ACCEPTABLE,
            "NotAcceptable",
            "The time between fromDateTime and toDateTime must not be more than 90 days.",
        ),
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
            let refused = weight.trim().strip_prefix("q=").is_some_and(|q| {
                q.trim()
                    .trim_start_matches('0')
                    .trim_start_matches('.')
                    .trim_matches('0')
                    .is_empty()
            });
            coding.trim().eq_ignore_ascii_case("gzip") && !refused
        })
}

fn body(state: &State, call: &FunctionCall, gzip: bool) -> std::io::Result<(Bytes, usize, bool)> {
    let view = state.view();
    // What changes with the time cannot be kept.
    let kept = state.options.pre_rendered && view.horizon.is_none();
    if kept && let Some((body, rows)) = state.rendered().get(call, gzip) {
        return Ok((body, rows, gzip));
    }
    let page = page::render(view, &state.origin, state.options.link_form, call);
    let body = if gzip {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&page.body)?;
        encoder.finish()?
    } else {
        page.body
    };
    let body = Bytes::from(body);
    if kept {
        state.rendered().put(*call, gzip, body.clone(), page.rows);
    }
    Ok((body, page.rows, gzip))
}
