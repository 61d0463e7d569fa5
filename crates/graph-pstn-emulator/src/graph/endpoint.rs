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

use crate::entra::tokens::Verdict;
use crate::graph::function_call::{FunctionCall, Refusal};
use crate::graph::page::{self, LinkForm};
use crate::server::reply::{self, Ids, Reply};
use crate::server::state::State;

/// How a page is to be served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) gzip: bool,
    pub(crate) link_form: LinkForm,
    /// How many rows of the page before are to come first.
    pub(crate) rows_back: u64,
}

impl Way {
    /// As the emulator was told to, and not compressed.
    pub(crate) fn of(state: &State) -> Self {
        Self {
            gzip: false,
            link_form: state.options.link_form,
            rows_back: 0,
        }
    }
}

/// What a request to Graph comes to.
pub(crate) enum Outcome {
    Page(Served),
    Refused(Reply),
}

/// A page that is ready to be sent.
pub(crate) struct Served {
    pub(crate) ids: Ids,
    pub(crate) body: Bytes,
    pub(crate) rows: usize,
    pub(crate) gzip: bool,
    /// How many rows of the page before come first.
    pub(crate) rows_back: u64,
}

/// Answers a request to Graph.
pub(crate) fn answer(state: &State, method: &Method, uri: &Uri, headers: &HeaderMap) -> Reply {
    let way = Way {
        gzip: compresses(state, headers),
        ..Way::of(state)
    };
    match outcome(state, method, uri, headers, &way) {
        Outcome::Page(page) => counted(state, page),
        Outcome::Refused(reply) => reply,
    }
}

/// A page that goes out as it should.
pub(crate) fn counted(state: &State, page: Served) -> Reply {
    state.counters.pages.one();
    state.counters.rows.add(page.rows as u64);
    reply::page(&page.ids, page.body, page.gzip)
}

/// What is to be answered. It is not counted as a page yet.
pub(crate) fn outcome(
    state: &State,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    way: &Way,
) -> Outcome {
    let ids = Ids::of(headers);
    if let Some(refused) = turned_away(state, headers, &ids) {
        return Outcome::Refused(refused);
    }
    let mut call = match FunctionCall::parse(uri.path(), uri.query()) {
        Ok(call) => call,
        Err(refusal) => return Outcome::Refused(refused(&ids, &refusal)),
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
        return Outcome::Refused(reply);
    }
    if let Err(wait) = state.meter().arrive(call.log) {
        state.counters.throttled.one();
        return Outcome::Refused(throttled(&ids, wait));
    }
    let rows_back = way.rows_back.min(call.skip);
    call.skip -= rows_back;
    match body(state, &call, way) {
        Ok((body, rows)) => Outcome::Page(Served {
            ids,
            body,
            rows,
            gzip: way.gzip,
            rows_back,
        }),
        Err(_) => Outcome::Refused(reply::graph_error(
            &ids,
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "The page could not be compressed.",
        )),
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

/// The token that a request bears.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The refusal for who may not come in.
fn turned_away(state: &State, headers: &HeaderMap, ids: &Ids) -> Option<Reply> {
    let token = bearer(headers);
    let (message, claims) = match token {
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

/// Whether this client gets its pages in gzip.
pub(crate) fn compresses(state: &State, headers: &HeaderMap) -> bool {
    state.options.compressed && accepts_gzip(headers)
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

fn body(state: &State, call: &FunctionCall, way: &Way) -> std::io::Result<(Bytes, usize)> {
    let options = &state.options;
    let view = state.view();
    // What changes with the time cannot be kept, nor what a fault has changed.
    let kept = options.pre_rendered && view.horizon.is_none() && way.link_form == options.link_form;
    if kept && let Some(rendered) = state.rendered().get(call, way.gzip) {
        return Ok(rendered);
    }
    let page = page::render(view, &state.origin, way.link_form, options.page_rows, call);
    let body = if way.gzip {
        gzipped(&page.body)?
    } else {
        page.body.into()
    };
    if kept {
        state
            .rendered()
            .put(*call, way.gzip, body.clone(), page.rows);
    }
    Ok((body, page.rows))
}

/// A body in gzip.
pub(crate) fn gzipped(body: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    Ok(encoder.finish()?.into())
}
