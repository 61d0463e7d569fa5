use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_service::Service;

use super::recorder::{Place, Recorder};
use crate::Error;

/// The service of [`RecordLayer`](super::RecordLayer).
#[derive(Clone, Debug)]
pub struct Record<S> {
    inner: S,
    recorder: Recorder,
}

impl<S> Record<S> {
    pub(super) fn new(inner: S, recorder: Recorder) -> Self {
        Self { inner, recorder }
    }
}

impl<S> Service<Request<Bytes>> for Record<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>>,
    S::Error: Into<Error>,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = RecordFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        RecordFuture {
            place: self.recorder.request(&request),
            sent: Instant::now(),
            recorder: self.recorder.clone(),
            inner: self.inner.call(request),
        }
    }
}

pin_project! {
    /// The future of [`Record`].
    #[derive(Debug)]
    pub struct RecordFuture<F> {
        #[pin]
        inner: F,
        recorder: Recorder,
        place: Place,
        sent: Instant,
    }
}

impl<F, E> Future for RecordFuture<F>
where
    F: Future<Output = Result<Response<Bytes>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<Bytes>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.inner.poll(cx)).map_err(Into::into);
        this.recorder
            .end(*this.place, this.sent.elapsed(), &outcome);
        Poll::Ready(outcome)
    }
}
