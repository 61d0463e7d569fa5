use std::{
    mem,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tower_service::Service;

use super::{Collection, RateLimits};
use crate::{BoxFuture, CallClock, Error, SharedObserver, retry_after::retry_after};

/// How long the gate stays closed after a 429 that names no time.
const UNSTATED: Duration = Duration::from_secs(2);

/// The longest that an answer closes the gate for everybody, whatever it asks for.
///
/// Graph counts requests to the PSTN logs over 60 s, so that by its own rules a minute of quiet is enough; ten
/// minutes is the span over which it counts requests for Outlook, one of the longest that it documents
/// (<https://learn.microsoft.com/graph/throttling-limits>). A longer wait is a mistake, a proxy's for instance, or an
/// outage whose end nobody knows. The call that was told keeps to what it was told. For all others the price of
/// not believing it is one look every ten minutes; that of believing a year would be a process to be started anew.
const LONGEST_CLOSED: Duration = Duration::from_secs(600);

/// The service of [`RateLimitLayer`](super::RateLimitLayer).
#[derive(Clone, Debug)]
pub struct RateLimit<S> {
    inner: S,
    limits: RateLimits,
    observer: SharedObserver,
}

impl<S> RateLimit<S> {
    /// Lets requests to `inner` leave as `limits` allow.
    pub fn new(inner: S, limits: RateLimits, observer: SharedObserver) -> Self {
        Self {
            inner,
            limits,
            observer,
        }
    }
}

impl<S, B, R> Service<Request<B>> for RateLimit<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<Error>,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<R>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one that is called.
        let clone = self.clone();
        let mut this = mem::replace(self, clone);
        Box::pin(async move {
            let extensions = request.extensions();
            let collection = extensions.get::<Collection>().copied().unwrap_or_default();
            let clock = CallClock::of(extensions);
            let ticket = this.limits.leave(collection, clock, &this.observer).await?;
            let response = this.inner.call(request).await.map_err(Into::into)?;
            this.limits.answered(&ticket);
            let status = response.status().as_u16();
            let wait = match (status, retry_after(response.headers())) {
                (429 | 500..=599, Some(stated)) => Some(stated),
                (429, None) => Some(UNSTATED),
                _ => None,
            };
            if let Some(wait) = wait {
                this.limits.close_gate(collection, wait.min(LONGEST_CLOSED));
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
