//! The service that answers from a fixture.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::{Instant, sleep};
use tower_service::Service;

use super::{
    difference::Difference,
    fixture::{Exchange, Fixture, Outcome},
    redact::Numbering,
    sent::SentRequest,
};
use crate::{BoxFuture, Error, ErrorKind};

/// Answers the requests of a [`Fixture`], each in its turn, in place of a transport.
///
/// Clones share their place in the fixture. `Debug` shows counts only.
#[derive(Clone)]
pub struct ReplayService {
    shared: Arc<Shared>,
}

struct Shared {
    exchanges: Vec<Exchange>,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answered: usize,
    sent: Vec<SentRequest>,
    numbering: Numbering,
    /// Why the first request that was not the expected one was refused.
    refused: Option<Refusal>,
}

#[derive(Clone)]
struct Refusal {
    message: String,
    difference: Option<Difference>,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        // Not transient: the same request would be refused again.
        let error = Self::new(ErrorKind::Other, refusal.message);
        match refusal.difference {
            Some(difference) => error.with_source(difference),
            None => error,
        }
    }
}

impl ReplayService {
    /// A service at the first entry of `fixture`. The time of [`requests`](Self::requests) counts
    /// from now.
    #[must_use]
    pub fn new(fixture: &Fixture) -> Self {
        let shared = Shared {
            exchanges: fixture.exchanges().to_vec(),
            start: Instant::now(),
            state: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// What was sent so far, in its order; a refused request is the last one that matters.
    #[must_use]
    pub fn requests(&self) -> Vec<SentRequest> {
        self.shared.state().sent.clone()
    }

    /// Says whether every request was the expected one and every entry was asked for.
    ///
    /// # Errors
    /// The first request that was refused, or else the entries that are left.
    pub fn finish(&self) -> Result<(), Error> {
        let state = self.shared.state();
        if let Some(refusal) = &state.refused {
            return Err(refusal.clone().into());
        }
        let all = self.shared.exchanges.len();
        let Some(next) = self.shared.exchanges.get(state.answered) else {
            return Ok(());
        };
        let message = format!(
            "{} of the fixture's {all} entries were not asked for; the next one is {} {}",
            all - state.answered,
            next.request.method,
            next.request.url
        );
        Err(Error::new(ErrorKind::Other, message))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the request, and takes the entry whose turn it is if it is the expected one.
    fn take(&self, request: &Request<Bytes>) -> Result<&Exchange, Error> {
        let at = self.start.elapsed();
        let mut guard = self.state();
        let state = &mut *guard;
        let sent = SentRequest::new(request, at, &mut state.numbering);
        let all = self.exchanges.len();
        let taken = match self.exchanges.get(state.answered) {
            Some(exchange) => match Difference::between(&exchange.request, request, &sent) {
                None => {
                    state.answered += 1;
                    Ok(exchange)
                }
                Some(difference) => Err(Refusal {
                    message: format!(
                        "the request is not entry {} of {all} of the fixture",
                        state.answered + 1
                    ),
                    difference: Some(difference),
                }),
            },
            None => Err(Refusal {
                message: format!(
                    "the fixture's {all} entries are used up, and one more request came: {} {}",
                    sent.method, sent.url
                ),
                difference: None,
            }),
        };
        state.sent.push(sent);
        taken.map_err(|refusal| {
            state.refused.get_or_insert_with(|| refusal.clone());
            refusal.into()
        })
    }
}

impl Service<Request<Bytes>> for ReplayService {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let taken = self.shared.take(&request).cloned();
        Box::pin(async move {
            let exchange = taken?;
            if !exchange.delay.is_zero() {
                sleep(exchange.delay).await;
            }
            match exchange.outcome {
                Outcome::Response(response) => Ok(response),
                Outcome::Cut { sent, length } => Err(Error::new(
                    ErrorKind::Interrupted,
                    format!("the body ended after {sent} of {length} bytes"),
                )),
                Outcome::Connect => Err(Error::new(
                    ErrorKind::Connect,
                    "no connection came about (replayed)",
                )),
                Outcome::Tls => Err(Error::new(
                    ErrorKind::Tls,
                    "the server's certificate is not trusted (replayed)",
                )),
                Outcome::Interrupted => Err(Error::new(
                    ErrorKind::Interrupted,
                    "the connection broke before the response (replayed)",
                )),
                Outcome::Silence => std::future::pending().await,
            }
        })
    }
}

impl fmt::Debug for ReplayService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("ReplayService")
            .field("entries", &self.shared.exchanges.len())
            .field("answered", &state.answered)
            .field("sent", &state.sent.len())
            .finish()
    }
}
