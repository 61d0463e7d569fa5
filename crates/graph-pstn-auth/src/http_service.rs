//! The caller's HTTP client: any `tower` service of whole bodies, with its type forgotten.

use std::{future::poll_fn, sync::Arc};

use bytes::Bytes;
use graph_pstn_http::{BoxFuture, Error};
use http::{Request, Response};
use tower_service::Service;

/// Sends one request and gives the whole answer.
pub(crate) type HttpService =
    Arc<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, Error>> + Send + Sync>;

/// Forgets the type of a service, so that credentials need no type parameter for it.
pub(crate) fn erased<S>(service: S) -> HttpService
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Error: Into<Error>,
    S::Future: Send,
{
    Arc::new(move |request| {
        // The service that was polled ready is the one that is called.
        let mut service = service.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(Into::into)?;
            service.call(request).await.map_err(Into::into)
        })
    })
}
