//! The listening socket, its connections, and which part answers what.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use httpdate::fmt_http_date;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::entra::token_endpoint;
use crate::faults;
use crate::graph::endpoint;
use crate::server::reply::{self, Reply};
use crate::server::state::State;
use crate::server::wire::{Breakable, Wire};
use crate::server::{control, foreign};

/// The largest request body that is read; a token request with an assertion and a chain fits.
const MOST_BODY: usize = 256 << 10;
/// How long open connections may take to end after a shutdown began.
const GRACE: Duration = Duration::from_secs(2);
/// How long a client may take over its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Which of the two origins a listener is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// That of Graph and Entra.
    Own,
    /// The one where no token must be seen.
    Foreign,
}

/// By which way requests come in.
#[derive(Clone, Debug)]
struct Door {
    host: Host,
    /// The client is on this machine.
    local: bool,
    wire: Wire,
}

/// Accepts connections until `stop` changes, then lets the open ones finish.
pub(crate) async fn serve(
    host: Host,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let stopped = stop.clone();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let door = Door { host, local: peer.ip().is_loopback(), wire: Wire::new() };
                    if host == Host::Own {
                        state.counters.connections.one();
                    }
                    connections.spawn(connection(stream, tls.clone(), door, state.clone(), stopped.clone()));
                }
                // Out of descriptors, as a rule: others will be freed.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // Those that take longer are cut when the set is dropped.
    let _ = tokio::time::timeout(GRACE, all).await;
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    door: Door,
    state: Arc<State>,
    stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for acknowledgements; a socket that cannot be told works as well.
    let _ = stream.set_nodelay(true);
    let stream = Breakable::new(stream, door.wire.clone());
    match tls {
        None => exchange(stream, door, state, stop).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                exchange(stream, door, state, stop).await;
            }
        }
    }
}

async fn exchange<S>(stream: S, door: Door, state: Arc<State>, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (state, door) = (state.clone(), door.clone());
        async move {
            let mut answered = answer(&state, &door, request).await;
            // hyper adds the machine's own time where there is none.
            if let Ok(reply) = &mut answered
                && !state.options.clock_skew.is_zero()
                && let Ok(date) = HeaderValue::from_str(&fmt_http_date(state.clock().into()))
            {
                reply.headers_mut().insert(DATE, date);
            }
            answered
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A client that breaks off is none of the server's troubles.
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Answers a request. An error breaks the connection off; only a fault gives one.
async fn answer(state: &State, door: &Door, request: Request<Incoming>) -> io::Result<Reply> {
    let (parts, body) = request.into_parts();
    if door.host == Host::Foreign {
        return Ok(foreign::answer(state, &parts.headers));
    }
    let path = parts.uri.path();
    if let Some(rest) = path.strip_prefix(control::PREFIX) {
        return Ok(match whole(body).await {
            Ok(body) => control::answer(
                state,
                door.local,
                &parts.method,
                rest,
                parts.uri.query(),
                &body,
            ),
            Err(refused) => refused,
        });
    }
    state.counters.requests.one();
    if let Some(tenant) = token_path(path) {
        state.counters.token_requests.one();
        let body = match whole(body).await {
            Ok(body) => body,
            Err(refused) => return Ok(refused),
        };
        return match state.faults.of_token() {
            None => Ok(token_endpoint::answer(
                state,
                tenant,
                &parts.method,
                &parts.headers,
                &body,
            )),
            Some(drawn) => {
                faults::answer::token(state, &door.wire, &drawn, &parts, tenant, &body).await
            }
        };
    }
    let _busy = state.counters.enter();
    if !state.options.latency.is_zero() {
        tokio::time::sleep(state.options.latency).await;
    }
    let asked = parts
        .uri
        .path_and_query()
        .map_or(path, |asked| asked.as_str());
    let drawn = state.faults.of_graph(asked);
    let reply = match &drawn {
        None => endpoint::answer(state, &parts.method, &parts.uri, &parts.headers),
        Some(drawn) => faults::answer::graph(state, &door.wire, drawn, &parts).await?,
    };
    let failed = drawn.is_some_and(|drawn| drawn.fault.fails());
    if reply.status() == StatusCode::OK && !failed {
        state.faults.succeeded(asked);
    }
    Ok(reply)
}

/// The request's body, or the refusal of one that is too large.
async fn whole(body: Incoming) -> Result<Bytes, Reply> {
    match Limited::new(body, MOST_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(reply::typed(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text/plain",
            "The request's body is too large or was cut.",
        )),
    }
}

/// The tenant in `/{tenant}/oauth2/v2.0/token`.
fn token_path(path: &str) -> Option<&str> {
    path.strip_prefix('/')?
        .strip_suffix("/oauth2/v2.0/token")
        .filter(|t| !t.contains('/'))
}
