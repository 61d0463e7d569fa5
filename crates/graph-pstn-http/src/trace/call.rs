use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, field::Empty};

use crate::{CallClock, Error};

/// Wraps each call in a span named `graph.call`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallSpanLayer;

impl<S> Layer<S> for CallSpanLayer {
    type Service = CallSpan<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallSpan { inner }
    }
}

/// The service of [`CallSpanLayer`].
#[derive(Clone, Debug)]
pub struct CallSpan<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for CallSpan<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<Error>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = CallSpanFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let clock = CallClock::of(request.extensions()).cloned();
        let span = tracing::debug_span!(
            "graph.call",
            otel.kind = "internal",
            otel.status_code = Empty,
            url.path = request.uri().path(),
            graph.attempts = Empty,
            graph.waited_ms = Empty,
            error.type = Empty,
        );
        let response = span.in_scope(|| self.inner.call(request));
        CallSpanFuture {
            response,
            span,
            clock,
        }
    }
}

pin_project! {
    /// The future of [`CallSpan`].
    #[derive(Debug)]
    pub struct CallSpanFuture<F> {
        #[pin]
        response: F,
        span: Span,
        clock: Option<CallClock>,
    }
}

impl<F, R, E> Future for CallSpanFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = this.span.enter();
        let result = ready!(this.response.poll(cx)).map_err(Into::into);
        if let Some(clock) = this.clock {
            let waited = u64::try_from(clock.waited().as_millis()).unwrap_or(u64::MAX);
            this.span.record("graph.attempts", clock.attempts());
            this.span.record("graph.waited_ms", waited);
        }
        if let Err(error) = &result {
            this.span.record("error.type", error.kind().name());
            this.span.record("otel.status_code", "ERROR");
            // Not the message, which may hold words of Graph's own.
            tracing::debug!(
                kind = error.kind().name(),
                status = error.status().map(|status| status.as_u16()),
                code = error.code(),
                request_id = error.request_id(),
                client_request_id = error.client_request_id(),
                "the call failed"
            );
        }
        drop(entered);
        Poll::Ready(result)
    }
}
