use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::capture_connection};
use tower::{ServiceBuilder, util::BoxCloneSyncService};
use tower_http::decompression::DecompressionLayer;
use tower_service::Service;

use super::{connect_timeout::ConnectTimeout, error, proxy::ProxyConnector};
use crate::{AttemptTimeoutLayer, BoxFuture, CollectBodyLayer, Error};

/// A service of whole bodies: the shape of all that stands above the collection of bodies.
pub type HttpService = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, Error>;

/// How connections are made: through a proxy or not, with TLS or without, within a time.
type Connector = ConnectTimeout<HttpsConnector<ProxyConnector>>;

/// HTTP over hyper. Clones share their connections.
#[derive(Clone)]
pub struct HyperTransport {
    client: Client<Connector, Full<Bytes>>,
}

impl HyperTransport {
    pub(super) fn new(client: Client<Connector, Full<Bytes>>) -> Self {
        Self { client }
    }

    /// Adds decompression (gzip), the collection of bodies of at most `body_limit` bytes, and a timeout
    /// for headers and body together.
    #[must_use]
    pub fn into_http_service(self, body_limit: usize, attempt_timeout: Duration) -> HttpService {
        let service = ServiceBuilder::new()
            .layer(AttemptTimeoutLayer::new(attempt_timeout))
            .service(self.collected(body_limit));
        BoxCloneSyncService::new(service)
    }

    /// Decompression and whole bodies, for the layers of the default stack.
    pub(crate) fn collected(self, body_limit: usize) -> HttpService {
        let service = ServiceBuilder::new()
            .layer(CollectBodyLayer::new(body_limit))
            .layer(DecompressionLayer::new())
            .service(self);
        BoxCloneSyncService::new(service)
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").finish_non_exhaustive()
    }
}

impl Service<Request<Bytes>> for HyperTransport {
    type Response = Response<Incoming>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Incoming>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // The client queues inside its call.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Bytes>) -> Self::Future {
        let to = request.uri().clone();
        let connection = capture_connection(&mut request);
        let response = self.client.request(request.map(Full::new));
        Box::pin(async move {
            let response = response
                .await
                .map_err(|error| error::of_client(error, &to))?;
            if response.status() == StatusCode::SERVICE_UNAVAILABLE
                && let Some(connection) = &*connection.connection_metadata()
            {
                // Graph asks for a retry over a new connection, which another front end may answer:
                // https://learn.microsoft.com/graph/errors
                connection.poison();
            }
            Ok(response)
        })
    }
}
