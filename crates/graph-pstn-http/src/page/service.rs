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
use crate::{Error, ErrorKind, Origin};

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
            // Its error was given away. Who polls on, against the rules, is told rather than left to hang.
            None => Poll::Ready(Err(Error::new(
                ErrorKind::Other,
                "the answer to a page was asked for again after it was given",
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin};

    use super::*;

    #[tokio::test]
    async fn a_refusal_that_is_polled_again_does_not_hang() {
        type Answer = std::future::Ready<Result<Response<Page<u32>>, Error>>;
        let mut refused = pin!(PageServiceFuture::<Answer> {
            response: None,
            refused: Some(Error::new(ErrorKind::Config, "no URL")),
        });
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let polled = poll_fn(|cx| Poll::Ready(refused.as_mut().poll(cx))).await;
            let Poll::Ready(Err(error)) = polled else {
                panic!("it hangs");
            };
            kinds.push(error.kind());
        }
        assert_eq!(kinds, [ErrorKind::Config, ErrorKind::Other]);
    }
}
