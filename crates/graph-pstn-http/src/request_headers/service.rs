use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{
    HeaderValue, Request, Response,
    header::{ACCEPT, USER_AGENT},
};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::CLIENT_REQUEST_ID;
use crate::Error;

/// Where `client-request-id`s come from.
pub(super) type NewId = Arc<dyn Fn() -> String + Send + Sync>;

/// The service of [`RequestHeadersLayer`](super::RequestHeadersLayer).
#[derive(Clone)]
pub struct RequestHeaders<S> {
    inner: S,
    user_agent: HeaderValue,
    new_id: NewId,
}

impl<S> RequestHeaders<S> {
    pub(super) fn new(inner: S, user_agent: HeaderValue, new_id: NewId) -> Self {
        Self {
            inner,
            user_agent,
            new_id,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for RequestHeaders<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHeaders")
            .field("inner", &self.inner)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for RequestHeaders<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<Error>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = RequestHeadersFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let id = (self.new_id)();
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        // An id that is no header value is left out, which harms nothing.
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(CLIENT_REQUEST_ID, value);
        }
        RequestHeadersFuture {
            response: self.inner.call(request),
            id: Some(id),
        }
    }
}

pin_project! {
    /// The future of [`RequestHeaders`].
    #[derive(Debug)]
    pub struct RequestHeadersFuture<F> {
        #[pin]
        response: F,
        id: Option<String>,
    }
}

impl<F, R, E> Future for RequestHeadersFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.response.poll(cx)).map_err(Into::into);
        let Some(id) = this.id.take() else {
            return Poll::Ready(result);
        };
        Poll::Ready(match result {
            Ok(mut response) => {
                if let Ok(value) = HeaderValue::from_str(&id) {
                    let headers = response.headers_mut();
                    headers.entry(CLIENT_REQUEST_ID).or_insert(value);
                }
                Ok(response)
            }
            Err(error) => Err(error.with_client_request_id(id)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use tower::{ServiceExt as _, service_fn};
    use tower_layer::Layer as _;

    use super::{super::RequestHeadersLayer, *};
    use crate::ErrorKind;

    #[tokio::test]
    async fn each_attempt_has_an_id_of_its_own() {
        let echo = service_fn(|request: Request<()>| async move {
            Ok::<_, Error>(Response::new(request.headers().clone()))
        });
        let count = Arc::new(AtomicU32::new(0));
        let layer = RequestHeadersLayer::new("tester/1")
            .unwrap()
            .with_ids(move || format!("id-{}", count.fetch_add(1, Ordering::Relaxed)));
        for id in ["id-0", "id-1"] {
            let response = layer.layer(echo).oneshot(Request::new(())).await.unwrap();
            let headers = response.body();
            assert_eq!(headers["client-request-id"], id);
            assert_eq!(headers["user-agent"], "tester/1");
            assert_eq!(headers["accept"], "application/json");
        }
    }

    #[tokio::test]
    async fn by_default_requests_name_the_project_and_have_random_guids() {
        let echo = service_fn(|request: Request<()>| async move {
            Ok::<_, Error>(Response::new(request.headers().clone()))
        });
        let layer = RequestHeadersLayer::default();
        let mut ids = Vec::new();
        for _ in 0..2 {
            let response = layer.layer(echo).oneshot(Request::new(())).await.unwrap();
            let headers = response.body();
            let version = concat!("graph-pstn/", env!("CARGO_PKG_VERSION"));
            assert_eq!(headers["user-agent"], version);
            let id = headers["client-request-id"].to_str().unwrap();
            ids.push(id.parse::<uuid::Uuid>().unwrap());
        }
        assert_ne!(ids[0], ids[1]);
    }

    #[tokio::test]
    async fn the_error_of_an_attempt_without_an_answer_knows_its_id() {
        let deaf = service_fn(|_: Request<()>| async {
            Err::<Response<()>, _>(Error::new(ErrorKind::Timeout, "too slow"))
        });
        let layer = RequestHeadersLayer::new("tester/1")
            .unwrap()
            .with_ids(|| "id-7".to_owned());
        let error = layer
            .layer(deaf)
            .oneshot(Request::new(()))
            .await
            .unwrap_err();
        assert_eq!(error.client_request_id(), Some("id-7"));
    }

    #[tokio::test]
    async fn an_answer_that_does_not_name_the_request_has_its_id_added() {
        for (sent, wanted) in [(None, "id-7"), (Some("id-of-graph"), "id-of-graph")] {
            let service = service_fn(move |_: Request<()>| async move {
                let response = Response::builder().status(503);
                let response = match sent {
                    Some(id) => response.header(CLIENT_REQUEST_ID, id),
                    None => response,
                };
                Ok::<_, Error>(response.body(()).unwrap())
            });
            let layer = RequestHeadersLayer::default().with_ids(|| "id-7".to_owned());
            let response = layer.layer(service).oneshot(Request::new(())).await;
            assert_eq!(response.unwrap().headers()[CLIENT_REQUEST_ID], wanted);
        }
    }

    #[test]
    fn a_user_agent_with_a_line_break_is_refused() {
        let error = RequestHeadersLayer::new("tester\r\nX: y").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
