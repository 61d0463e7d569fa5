//! One limit for all that making a connection takes.
//!
//! hyper-util limits TCP alone: a host that accepts and then says nothing would hold up a tunnel or a
//! TLS handshake for as long as the attempt may last.

use std::{
    io,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use tokio::time::timeout;
use tower_service::Service;

use crate::BoxFuture;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A connector that gives up after a time.
#[derive(Clone, Debug)]
pub(super) struct ConnectTimeout<C> {
    connector: C,
    timeout: Duration,
}

impl<C> ConnectTimeout<C> {
    pub(super) fn new(connector: C, timeout: Duration) -> Self {
        Self { connector, timeout }
    }
}

impl<C> Service<Uri> for ConnectTimeout<C>
where
    C: Service<Uri>,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<C::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let connecting = self.connector.call(target);
        let limit = self.timeout;
        Box::pin(async move {
            match timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => {
                    let message = format!("it took longer than {:.1} s", limit.as_secs_f64());
                    Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
                }
            }
        })
    }
}
