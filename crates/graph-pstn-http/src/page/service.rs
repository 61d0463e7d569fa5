use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Page, PageRequest};
use crate::{Error, Origin};

/// Asks a service of pages for the page that a [`PageRequest`] names. Stateless, so any layer of
/// `tower` may stand around it.
#[derive(Clone, Debug)]
pub struct PageService<S> {
    inner: S,
    graph: Origin,
}

impl<S> PageService<S> {
    /// Pages of `graph`, through `inner`.
    pub fn new(inner: S, graph: Origin) -> Self {
        Self { inner, graph }
    }
}

impl<S, T> Service<PageRequest> for PageService<S>
where
    S: Service<Request<Bytes>, Response = Response<Page<T>>>,
    S::Error: Into<Error>,
{
    type Response = Page<T>;
    type Error = Error;
    type Future = PageServiceFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, page: PageRequest) -> Self::Future {
        let uri = match page.uri(&self.graph) {
            Ok(uri) => uri,
            Err(error) => {
                return PageServiceFuture {
                    response: None,
                    refused: Some(error),
                };
            }
        };
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri;
        #[cfg(feature = "rate-limit")]
        request
            .extensions_mut()
            .insert(crate::Collection(page.log().function()));
        PageServiceFuture {
            response: Some(self.inner.call(request)),
            refused: None,
        }
    }
}

pin_project! {
    /// The future of [`PageService`].
    #[derive(Debug)]
    pub struct PageServiceFuture<F> {
        #[pin]
        response: Option<F>,
        refused: Option<Error>,
    }
}

impl<F, T, E> Future for PageServiceFuture<F>
where
    F: Future<Output = Result<Response<Page<T>>, E>>,
    E: Into<Error>,
{
    type Output = Result<Page<T>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(error) = this.refused.take() {
            return Poll::Ready(Err(error));
        }
        match this.response.as_pin_mut() {
            Some(response) => {
                let result = ready!(response.poll(cx));
                Poll::Ready(result.map(Response::into_body).map_err(Into::into))
            }
            // Polled again after its error it has nothing left to give.
            None => Poll::Pending,
        }
    }
}
