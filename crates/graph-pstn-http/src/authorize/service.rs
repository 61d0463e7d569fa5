use std::{
    fmt,
    future::poll_fn,
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use tower_service::Service;

use super::{Challenge, tokens::Tokens};
use crate::{
    AccessToken, BoxFuture, CallClock, Error, ErrorKind, Origin, TokenProvider, TokenReason,
    TokenRequest,
};

/// The service of [`AuthorizeLayer`](super::AuthorizeLayer).
#[derive(Clone)]
pub struct Authorize<S> {
    inner: S,
    origin: Origin,
    tokens: Tokens,
}

impl<S> Authorize<S> {
    /// Signs what `inner` sends to `origin`.
    pub fn new(inner: S, origin: Origin, tokens: Arc<dyn TokenProvider>) -> Self {
        Self::over(inner, origin, Tokens::new(tokens))
    }

    pub(super) fn over(inner: S, origin: Origin, tokens: Tokens) -> Self {
        Self {
            inner,
            origin,
            tokens,
        }
    }

    /// Signs the request if it goes to the right place.
    fn sign<B>(&self, request: &mut Request<B>, token: &AccessToken) -> Result<(), Error> {
        if !self.origin.is_origin_of(request.uri()) {
            let host = request.uri().host().unwrap_or("a relative address");
            return Err(Error::new(
                ErrorKind::UntrustedLink,
                format!(
                    "a request to {host} was not sent, since tokens go to {} only",
                    self.origin
                ),
            ));
        }
        request
            .headers_mut()
            .insert(AUTHORIZATION, token.authorization());
        Ok(())
    }
}

impl<S: fmt::Debug> fmt::Debug for Authorize<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorize")
            .field("inner", &self.inner)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for Authorize<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<Error>,
    S::Future: Send,
    B: Clone + Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<R>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one that is called.
        let clone = self.clone();
        let this = mem::replace(self, clone);
        Box::pin(this.run(request))
    }
}

impl<S> Authorize<S> {
    async fn run<B, R>(mut self, mut request: Request<B>) -> Result<Response<R>, Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S::Error: Into<Error>,
        B: Clone,
    {
        let clock = CallClock::of(request.extensions()).cloned();
        let clock = clock.as_ref();
        let token = self
            .tokens
            .token(TokenRequest::default(), TokenReason::Needed, clock)
            .await?;
        self.sign(&mut request, &token)?;
        has_time(clock)?;
        let response = self.inner.call(request.clone()).await.map_err(Into::into)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }

        self.tokens.invalidate(&token);
        let (wanted, reason) = match Challenge::claims_of(response.headers()) {
            Some(claims) => (TokenRequest::with_claims(claims), TokenReason::Challenged),
            None => (TokenRequest::default(), TokenReason::Refused),
        };
        let other = self.tokens.token(wanted, reason, clock).await?;
        if other.authorization() == token.authorization() {
            // The source has nothing else to give, so the answer would be the same.
            return Ok(response);
        }
        self.sign(&mut request, &other)?;
        poll_fn(|cx| self.inner.poll_ready(cx))
            .await
            .map_err(Into::into)?;
        has_time(clock)?;
        self.inner.call(request).await.map_err(Into::into)
    }
}

/// Whether the call may still work. A request that is given no time cannot be answered, but Graph would count it.
fn has_time(clock: Option<&CallClock>) -> Result<(), Error> {
    match clock {
        Some(clock) if clock.remaining().is_zero() => Err(Error::new(
            ErrorKind::Timeout,
            "the time that the call may work was over before the request could be sent",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
