//! The listening socket, its connections, and which part answers what.

use std::convert::Infallible;
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

use crate::reply::{self, Reply};
use crate::state::State;
use crate::{graph, token_endpoint};

/// The largest request body that is read; a token request with an assertion and a chain fits.
const MOST_BODY: usize = 256 << 10;
/// How long open connections may take to end after a shutdown began.
const GRACE: Duration = Duration::from_secs(2);
/// How long a client may take over its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Accepts connections until `stop` changes, then lets the open ones finish.
pub(crate) async fn serve(
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
                Ok((stream, _)) => {
                    state.counters.connections.one();
                    connections.spawn(connection(stream, tls.clone(), state.clone(), stopped.clone()));
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
    state: Arc<State>,
    stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for acknowledgements; a socket that cannot be told works as well.
    let _ = stream.set_nodelay(true);
    match tls {
        None => exchange(stream, state, stop).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                exchange(stream, state, stop).await;
            }
        }
    }
}

async fn exchange<S>(stream: S, state: Arc<State>, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let state = state.clone();
        async move {
            let mut reply = answer(&state, request).await;
            // hyper adds the machine's own time where there is none.
            if !state.options.clock_skew.is_zero()
                && let Ok(date) = HeaderValue::from_str(&fmt_http_date(state.clock().into()))
            {
                reply.headers_mut().insert(DATE, date);
            }
            Ok::<_, Infallible>(reply)
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

async fn answer(state: &State, request: Request<Incoming>) -> Reply {
    state.counters.requests.one();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if let Some(tenant) = token_path(path) {
        return match Limited::new(body, MOST_BODY).collect().await {
            Ok(body) => {
                let body: Bytes = body.to_bytes();
                token_endpoint::answer(state, tenant, &parts.method, &parts.headers, &body)
            }
            Err(_) => reply::typed(
                StatusCode::PAYLOAD_TOO_LARGE,
                "text/plain",
                "The request's body is too large or was cut.",
            ),
        };
    }
    let _busy = state.counters.enter();
    if !state.options.latency.is_zero() {
        tokio::time::sleep(state.options.latency).await;
    }
    graph::answer(state, &parts.method, &parts.uri, &parts.headers)
}

/// The tenant in `/{tenant}/oauth2/v2.0/token`.
fn token_path(path: &str) -> Option<&str> {
    path.strip_prefix('/')?
        .strip_suffix("/oauth2/v2.0/token")
        .filter(|t| !t.contains('/'))
}
