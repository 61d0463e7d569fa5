use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::{CallClock, CallLimits};

/// Starts a [`CallClock`] for each request that has none.
#[derive(Clone, Copy, Debug)]
pub struct CallLayer {
    limits: CallLimits,
}

impl CallLayer {
    /// Clocks with these limits.
    #[must_use]
    pub fn new(limits: CallLimits) -> Self {
        Self { limits }
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = Call<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Call {
            inner,
            limits: self.limits,
        }
    }
}

/// The service of [`CallLayer`].
#[derive(Clone, Debug)]
pub struct Call<S> {
    inner: S,
    limits: CallLimits,
}

impl<S, B> Service<Request<B>> for Call<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // A caller that measures several requests as one call has put its own clock there.
        if CallClock::of(request.extensions()).is_none() {
            request
                .extensions_mut()
                .insert(CallClock::start(self.limits));
        }
        self.inner.call(request)
    }
}
