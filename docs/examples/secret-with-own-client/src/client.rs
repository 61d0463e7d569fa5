//! An HTTP client of one's own: hyper's, as a `tower` service of whole bodies.
//!
//! What the credential needs of it is the `impl Service` at the end: requests and answers with their
//! whole body as `Bytes`, and errors as those of `graph_pstn_http`. reqwest or an in-house client is
//! wrapped the same way.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{Error, ErrorKind};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use tower_service::Service;

const LARGEST_BODY: usize = 16 << 20;
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Checks certificates with the system's own roots, follows no redirects, logs no bodies.
#[derive(Clone)]
pub(crate) struct OwnClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl OwnClient {
    pub(crate) fn new() -> io::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            // By name: which provider is the process's own depends on what else is in the build.
            .with_provider_and_platform_verifier(aws_lc_rs::default_provider())
            .map_err(io::Error::other)?
            // Plain HTTP is for an emulator on this machine; the credential refuses it elsewhere.
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let answer = self.0.request(request.map(Full::new)).await.map_err(|e| {
            if e.is_connect() {
                Error::new(ErrorKind::Connect, "no connection").with_source(e)
            } else {
                Error::new(ErrorKind::Interrupted, "the connection broke").with_source(e)
            }
        })?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_BODY)
            .collect()
            .await
            .map_err(|e| {
                Error::new(ErrorKind::Interrupted, "the answer is cut or too large").with_source(e)
            })?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

impl Service<Request<Bytes>> for OwnClient {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let sent = self.clone().send(request);
        Box::pin(async move {
            let slow = |_| Error::new(ErrorKind::Timeout, "no answer within 30 s");
            tokio::time::timeout(TIME_LIMIT, sent).await.map_err(slow)?
        })
    }
}
