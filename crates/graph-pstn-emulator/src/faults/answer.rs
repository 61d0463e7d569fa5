//! The answer to a request that a fault befalls.

use std::io;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode, Version};
use http_body_util::BodyExt as _;

use super::body::{End, Pieces};
use super::fault::Fault;
use super::schedule::Drawn;
use super::{page, status};
use crate::entra::token_endpoint;
use crate::graph::endpoint::{self, Outcome, Served, Way};
use crate::graph::page::LinkForm;
use crate::server::reply::{self, Ids, Reply};
use crate::server::state::State;
use crate::server::wire::Wire;

/// The bytes of an answer that come before the reset of [`Fault::ResetInHeaders`]: the status line and a part of a header.
const SOME_HEADERS: u64 = 25;
/// By how many rows [`Fault::ShiftedPage`] goes back.
const SHIFT: u64 = 2;

/// Answers a request to Graph. An error breaks the connection off.
pub(crate) async fn graph(
    state: &State,
    wire: &Wire,
    drawn: &Drawn,
    parts: &Parts,
) -> io::Result<Reply> {
    let fault = drawn.fault;
    let served = |reply| {
        state.counters.graph_faults.one(fault);
        Ok(reply)
    };
    let ids = Ids::of(&parts.headers);
    let of_graph = |status, code: &str, text: &str| reply::graph_error(&ids, status, code, text);
    if let Some(reply) = status::failure(drawn, of_graph)
        .or_else(|| status::redirect(fault, &state.foreign, &parts.uri))
    {
        return served(reply);
    }
    match fault {
        Fault::ResetBeforeAnswer | Fault::Hang => {
            state.counters.graph_faults.one(fault);
            return Err(silence(drawn, wire, parts).await);
        }
        Fault::Html => return served(status::html()),
        Fault::ErrorObject => {
            let text = "An error that the status does not tell.";
            return served(of_graph(StatusCode::OK, "UnknownError", text));
        }
        _ => {}
    }
    if fault.costs_the_token() {
        match fault {
            Fault::ClaimsChallenge => state.tokens().challenge(),
            _ => spend(state, parts, fault),
        }
        let reply = endpoint::answer(state, &parts.method, &parts.uri, &parts.headers);
        if reply.status() == StatusCode::UNAUTHORIZED {
            state.counters.graph_faults.one(fault);
        }
        return Ok(reply);
    }

    let mut way = Way::of(state);
    match fault {
        Fault::ShiftedPage => way.rows_back = SHIFT,
        Fault::DatelessLink => way.link_form = LinkForm::Documented,
        _ => {}
    }
    let outcome = endpoint::outcome(state, &parts.method, &parts.uri, &parts.headers, &way);
    match outcome {
        Outcome::Page(page) => spoilt(state, wire, drawn, parts, page),
        // Refused already: there is nothing to spoil.
        Outcome::Refused(reply) => Ok(reply),
    }
}

/// Answers with a page in which the fault is, if it has something to be in.
fn spoilt(
    state: &State,
    wire: &Wire,
    drawn: &Drawn,
    parts: &Parts,
    page: Served,
) -> io::Result<Reply> {
    let fault = drawn.fault;
    let served = |reply| {
        state.counters.graph_faults.one(fault);
        Ok(reply)
    };
    match fault {
        Fault::ShiftedPage if page.rows_back == 0 => {
            Ok(endpoint::counted(state, packable(state, parts, page)?))
        }
        Fault::DatelessLink if !page::has_link(&page.body) => {
            Ok(endpoint::counted(state, packable(state, parts, page)?))
        }
        Fault::ShiftedPage | Fault::DatelessLink => served(packed(state, parts, page)?),
        Fault::HalfGzip | Fault::CorruptGzip => served(damaged_gzip(page, fault)?),
        Fault::InvalidJson
        | Fault::NoValue
        | Fault::EmptyLink
        | Fault::LinkLoop
        | Fault::ForeignLink
        | Fault::EmptyPage
        | Fault::DuplicatedRow => {
            let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let url = format!("{}{path}", state.origin);
            let foreign = format!("{}{path}", state.foreign);
            match page::spoilt(fault, drawn.dice, &page.body, &url, &foreign) {
                Some(body) => {
                    let body = body.into();
                    served(packed(state, parts, Served { body, ..page })?)
                }
                None => Ok(endpoint::counted(state, packable(state, parts, page)?)),
            }
        }
        _ => {
            let page = packable(state, parts, page)?;
            let body = page.body.clone();
            let reply = reply::page(&page.ids, Bytes::new(), page.gzip);
            served(broken(reply, body, drawn, wire, parts)?)
        }
    }
}

/// Answers a token request. An error breaks the connection off.
pub(crate) async fn token(
    state: &State,
    wire: &Wire,
    drawn: &Drawn,
    parts: &Parts,
    tenant: &str,
    body: &Bytes,
) -> io::Result<Reply> {
    let fault = drawn.fault;
    state.counters.token_faults.one(fault);
    let of_entra = |status, _: &str, _: &str| token_endpoint::down(state, status, &parts.headers);
    if let Some(reply) = status::failure(drawn, of_entra)
        .or_else(|| status::redirect(fault, &state.foreign, &parts.uri))
    {
        return Ok(reply);
    }
    match fault {
        Fault::ResetBeforeAnswer | Fault::Hang => return Err(silence(drawn, wire, parts).await),
        Fault::Html => return Ok(status::html()),
        _ => {}
    }
    let good = token_endpoint::answer(state, tenant, &parts.method, &parts.headers, body);
    let (head, body) = good.into_parts();
    let body = body.collect().await?.to_bytes();
    let reply = Response::from_parts(head, reply::full(Bytes::new()));
    broken(reply, body, drawn, wire, parts)
}

/// Spoils the sending of a body that is sound.
fn broken(
    reply: Reply,
    body: Bytes,
    drawn: &Drawn,
    wire: &Wire,
    parts: &Parts,
) -> io::Result<Reply> {
    let body = match drawn.fault {
        Fault::ResetInHeaders if parts.version == Version::HTTP_2 => return Err(broken_off()),
        Fault::ResetInHeaders => {
            wire.reset_after(SOME_HEADERS);
            reply::full(body)
        }
        Fault::ResetInBody => {
            let end = if parts.version == Version::HTTP_2 {
                End::Cut
            } else {
                End::Reset(wire.clone())
            };
            Pieces::half(&body, true, end).boxed_unsync()
        }
        Fault::TruncatedBody => Pieces::half(&body, true, End::Cut).boxed_unsync(),
        Fault::TruncatedChunks => Pieces::half(&body, false, End::Cut).boxed_unsync(),
        Fault::Trickle => Pieces::trickling(&body, drawn.trickle).boxed_unsync(),
        Fault::InvalidJson => reply::full(body.slice(..body.len() / 2)),
        _ => reply::full(body),
    };
    Ok(reply.map(|_| body))
}

/// Says nothing, for a while or not, and then breaks off.
async fn silence(drawn: &Drawn, wire: &Wire, parts: &Parts) -> io::Error {
    if drawn.fault == Fault::Hang {
        tokio::time::sleep(drawn.hang).await;
    }
    // A connection of HTTP/2 has other requests on it; only this one's stream is reset.
    if parts.version != Version::HTTP_2 {
        wire.reset_after(0);
    }
    broken_off()
}

fn broken_off() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "reset on purpose")
}

/// Makes the token of the request worthless.
fn spend(state: &State, parts: &Parts, fault: Fault) {
    let Some(token) = endpoint::bearer(&parts.headers) else {
        return;
    };
    let mut tokens = state.tokens();
    match fault {
        Fault::TokenExpired => tokens.expire(token),
        _ => tokens.revoke(token),
    }
    // The client gets a new token without claims, and must not meet a second 401 with that.
    tokens.settle_challenge();
}

/// The page as the client wants it, compressed or not.
fn packable(state: &State, parts: &Parts, page: Served) -> io::Result<Served> {
    if !endpoint::compresses(state, &parts.headers) {
        return Ok(page);
    }
    let body = endpoint::gzipped(&page.body)?;
    let gzip = true;
    Ok(Served { body, gzip, ..page })
}

fn packed(state: &State, parts: &Parts, page: Served) -> io::Result<Reply> {
    let page = packable(state, parts, page)?;
    Ok(reply::page(&page.ids, page.body, page.gzip))
}

/// A page in gzip that cannot be unpacked, whether the client asked for gzip or not.
fn damaged_gzip(page: Served, fault: Fault) -> io::Result<Reply> {
    let packed = endpoint::gzipped(&page.body)?;
    let middle = packed.len() / 2;
    let body = if fault == Fault::HalfGzip {
        packed.slice(..middle)
    } else {
        let mut bytes = packed.to_vec();
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0x55;
        }
        bytes.into()
    };
    Ok(reply::page(&page.ids, body, true))
}
