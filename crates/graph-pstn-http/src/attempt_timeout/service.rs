use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::Request;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use crate::{CallClock, Error, ErrorKind};

/// The service of [`AttemptTimeoutLayer`](super::AttemptTimeoutLayer).
#[derive(Clone, Debug)]
pub struct AttemptTimeout<S> {
    inner: S,
    timeout: Duration,
}

impl<S> AttemptTimeout<S> {
    /// Gives each call of `inner` at most `timeout`.
    pub fn new(inner: S, timeout: Duration) -> Self {
        Self { inner, timeout }
    }
}

impl<S, B> Service<Request<B>> for AttemptTimeout<S>
where
    S: Service<Request<B>>,
    S::Error: Into<Error>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = AttemptTimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let left = CallClock::of(request.extensions()).map(CallClock::remaining);
        let timeout = left.map_or(self.timeout, |left| left.min(self.timeout));
        AttemptTimeoutFuture {
            response: self.inner.call(request),
            sleep: sleep(timeout),
            timeout,
        }
    }
}

pin_project! {
    /// The future of [`AttemptTimeout`].
    #[derive(Debug)]
    pub struct AttemptTimeoutFuture<F> {
        #[pin]
        response: F,
        #[pin]
        sleep: Sleep,
        timeout: Duration,
    }
}

impl<F, T, E> Future for AttemptTimeoutFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Error>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(result) = this.response.poll(cx) {
            return Poll::Ready(result.map_err(Into::into));
        }
        this.sleep.poll(cx).map(|()| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!("no whole answer within {:.1} s", this.timeout.as_secs_f64()),
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;
    use tower::{ServiceExt as _, service_fn};

    use super::*;
    use crate::CallLimits;

    fn slow(takes: Duration) -> impl Service<Request<()>, Response = (), Error = Error> {
        service_fn(move |_| async move {
            sleep(takes).await;
            Ok(())
        })
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_ends_at_its_time() {
        let begun = Instant::now();
        let service = AttemptTimeout::new(slow(Duration::from_secs(61)), Duration::from_secs(60));
        let error = service.oneshot(Request::new(())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(begun.elapsed(), Duration::from_secs(60));

        let service = AttemptTimeout::new(slow(Duration::from_secs(59)), Duration::from_secs(60));
        assert!(service.oneshot(Request::new(())).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_call_has_left_is_the_most_an_attempt_may_take() {
        let begun = Instant::now();
        let service = AttemptTimeout::new(slow(Duration::from_secs(50)), Duration::from_secs(60));
        let mut request = Request::new(());
        let limits = CallLimits::new(Duration::from_secs(7), Duration::ZERO);
        request.extensions_mut().insert(CallClock::start(limits));
        assert!(service.oneshot(request).await.is_err());
        assert_eq!(begun.elapsed(), Duration::from_secs(7));
    }
}
