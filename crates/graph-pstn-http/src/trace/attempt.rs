use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Method, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, field::Empty};

use crate::{
    AttemptEnd, CallClock, Error, ErrorKind, Origin, SharedObserver, observe::method_name,
};

/// Wraps each attempt in a span, counts it in the call's clock, and tells an observer how it ended.
#[derive(Clone, Debug, Default)]
pub struct AttemptSpanLayer {
    observer: SharedObserver,
}

impl AttemptSpanLayer {
    /// Spans, and reports to `observer`.
    #[must_use]
    pub fn new(observer: SharedObserver) -> Self {
        Self { observer }
    }
}

impl<S> Layer<S> for AttemptSpanLayer {
    type Service = AttemptSpan<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AttemptSpan {
            inner,
            observer: self.observer.clone(),
        }
    }
}

/// The service of [`AttemptSpanLayer`].
#[derive(Clone, Debug)]
pub struct AttemptSpan<S> {
    inner: S,
    observer: SharedObserver,
}

impl<S, B, R> Service<Request<B>> for AttemptSpan<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<Error>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = AttemptSpanFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let number = CallClock::of(request.extensions()).map_or(1, CallClock::begin_attempt);
        let method = request.method().clone();
        let server = Origin::of(request.uri()).ok();
        let span = tracing::debug_span!(
            "graph.attempt",
            otel.name = method_name(&method),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = method_name(&method),
            http.request.resend_count = (number > 1).then(|| number - 1),
            server.address = server.as_ref().map(Origin::host),
            server.port = server.as_ref().map(Origin::port),
            url.path = request.uri().path(),
            http.response.status_code = Empty,
            error.type = Empty,
        );
        let sent = Instant::now();
        let response = span.in_scope(|| self.inner.call(request));
        AttemptSpanFuture {
            response,
            span,
            method,
            server,
            sent,
            observer: self.observer.clone(),
            ended: false,
        }
    }
}

pin_project! {
    /// The future of [`AttemptSpan`]. Dropped before its end it reports an attempt that was given up.
    #[derive(Debug)]
    pub struct AttemptSpanFuture<F> {
        #[pin]
        response: F,
        span: Span,
        method: Method,
        server: Option<Origin>,
        sent: Instant,
        observer: SharedObserver,
        ended: bool,
    }

    impl<F> PinnedDrop for AttemptSpanFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !*this.ended {
                let entered = this.span.enter();
                let end = AttemptEnd {
                    outcome: Err(ErrorKind::Canceled),
                    took: this.sent.elapsed(),
                    method: this.method.clone(),
                    server: this.server.take(),
                };
                report(this.span, this.observer, None, &end);
                drop(entered);
            }
        }
    }
}

fn report(span: &Span, observer: &SharedObserver, status: Option<StatusCode>, end: &AttemptEnd) {
    let status = status.map(|status| status.as_u16());
    span.record("http.response.status_code", status);
    if let Some(failure) = end.error_type() {
        span.record("error.type", &*failure);
        span.record("otel.status_code", "ERROR");
    }
    observer.attempt(end);
}

impl<F, R, E> Future for AttemptSpanFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = this.span.enter();
        let result = ready!(this.response.poll(cx)).map_err(Into::into);
        let (outcome, status) = match &result {
            Ok(response) => (Ok(response.status()), Some(response.status())),
            // A body that broke off had a status before.
            Err(error) => (Err(error.kind()), error.status()),
        };
        *this.ended = true;
        let end = AttemptEnd {
            outcome,
            took: this.sent.elapsed(),
            method: this.method.clone(),
            server: this.server.take(),
        };
        report(this.span, this.observer, status, &end);
        drop(entered);
        Poll::Ready(result)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use tower::{ServiceExt as _, service_fn};

    use super::*;
    use crate::{CallLimits, Observer};

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Observer for Heard {
        fn attempt(&self, attempt: &AttemptEnd) {
            self.0
                .lock()
                .unwrap()
                .push(format!("{:?}", attempt.outcome));
            assert_eq!(attempt.method, Method::PUT);
            let server = attempt.server.as_ref().map(ToString::to_string);
            assert_eq!(server.as_deref(), Some("http://[::1]:8080"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_counted_and_reported() {
        let heard = Arc::new(Heard::default());
        let layer = AttemptSpanLayer::new(SharedObserver::new(heard.clone()));
        let service = layer.layer(service_fn(|request: Request<bool>| async move {
            let error = Error::new(ErrorKind::Timeout, "slow");
            if *request.body() {
                Ok(Response::new(()))
            } else {
                Err(error)
            }
        }));
        let clock = CallClock::start(CallLimits::default());
        for good in [false, true] {
            let request = Request::put("http://[::1]:8080/v1.0").body(good);
            let mut request = request.unwrap();
            request.extensions_mut().insert(clock.clone());
            let result = service.clone().oneshot(request).await;
            assert_eq!(result.is_ok(), good);
        }
        assert_eq!(clock.attempts(), 2);
        assert_eq!(*heard.0.lock().unwrap(), ["Err(Timeout)", "Ok(200)"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_is_dropped_is_reported_once_and_as_canceled() {
        struct Took(Mutex<Vec<(Option<ErrorKind>, Duration)>>);
        impl Observer for Took {
            fn attempt(&self, attempt: &AttemptEnd) {
                let told = (attempt.outcome.err(), attempt.took);
                self.0.lock().unwrap().push(told);
            }
        }
        let heard = Arc::new(Took(Mutex::default()));
        let layer = AttemptSpanLayer::new(SharedObserver::new(heard.clone()));
        let hangs = layer.layer(service_fn(|_: Request<()>| {
            std::future::pending::<Result<Response<()>, Error>>()
        }));
        let call = hangs.oneshot(Request::new(()));
        let seconds = Duration::from_secs(7);
        assert!(tokio::time::timeout(seconds, call).await.is_err());
        let canceled = (Some(ErrorKind::Canceled), seconds);
        assert_eq!(*heard.0.lock().unwrap(), [canceled]);

        let answers = layer.layer(service_fn(|_: Request<()>| {
            std::future::ready(Ok::<_, Error>(Response::new(())))
        }));
        answers.oneshot(Request::new(())).await.unwrap();
        let answered = (None, Duration::ZERO);
        assert_eq!(*heard.0.lock().unwrap(), [canceled, answered]);
    }
}
