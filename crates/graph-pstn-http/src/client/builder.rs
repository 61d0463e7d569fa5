use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use graph_pstn_model::BadRow;
use http::{Request, Response};
use tower::{Service, ServiceBuilder, ServiceExt as _, util::BoxCloneSyncService};

use super::GraphClient;
use crate::{
    AttemptSpanLayer, AttemptTimeoutLayer, AuthorizeLayer, CallLimits, Endpoints, Error, ErrorKind,
    HttpService, HyperTransport, Quota, RateLimitLayer, RateLimits, RequestHeadersLayer,
    RetryPolicy, SharedObserver, TokenProvider,
};

/// A page of 1,000 rows has some 700 kB; what is many times that is no page.
const BODY_LIMIT: usize = 64 << 20;

/// Sets a [`GraphClient`] up. Only the token source has no default.
#[must_use]
pub struct GraphClientBuilder {
    endpoints: Endpoints,
    tokens: Option<Arc<dyn TokenProvider>>,
    service: Option<HttpService>,
    headers: Option<RequestHeadersLayer>,
    rate_limits: RateLimits,
    retry: Option<RetryPolicy>,
    limits: CallLimits,
    attempt_timeout: Duration,
    bad_row: BadRow,
    observer: SharedObserver,
}

impl GraphClientBuilder {
    pub(super) fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            tokens: None,
            service: None,
            headers: None,
            rate_limits: RateLimits::default(),
            retry: None,
            limits: CallLimits::default(),
            attempt_timeout: Duration::from_secs(60),
            bad_row: BadRow::SetAside,
            observer: SharedObserver::default(),
        }
    }

    /// Where tokens come from.
    pub fn token_provider(mut self, tokens: impl TokenProvider + 'static) -> Self {
        self.tokens = Some(Arc::new(tokens));
        self
    }

    /// The connections to use; default: a [`HyperTransport`] of its own with default settings.
    pub fn transport(mut self, transport: HyperTransport) -> Self {
        self.service = Some(transport.collected(BODY_LIMIT));
        self
    }

    /// A service of whole bodies in the transport's place: another client, a replayed recording, a test.
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<Error>,
        S::Future: Send + 'static,
    {
        self.service = Some(BoxCloneSyncService::new(service.map_err(Into::into)));
        self
    }

    /// The headers that every attempt bears; default: this crate's name and version, and random ids.
    pub fn request_headers(mut self, headers: RequestHeadersLayer) -> Self {
        self.headers = Some(headers);
        self
    }

    /// How many requests may leave in 60 s; default [`Quota::documented`].
    pub fn quota(self, quota: Quota) -> Self {
        self.rate_limits(RateLimits::new(quota))
    }

    /// Counts that other clients of the same app and tenant share.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = limits;
        self
    }

    /// What is retried, when, and how often.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// How long a call may work, and how long it may wait.
    pub fn call_limits(mut self, limits: CallLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How long a call may wait for the quota and for times that the server names; default 5 minutes.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.limits.max_wait = wait;
        self
    }

    /// How long one attempt may take, headers and body together; default 60 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// What becomes of a row that cannot be read; default: it is set aside.
    pub fn bad_row(mut self, bad_row: BadRow) -> Self {
        self.bad_row = bad_row;
        self
    }

    /// Who hears of attempts, retries, waits and pages.
    pub fn observer(mut self, observer: SharedObserver) -> Self {
        self.observer = observer;
        self
    }

    /// Assembles the stack.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when there is no token source, or the default transport cannot be built.
    pub fn build(self) -> Result<GraphClient, Error> {
        let tokens = self.tokens.ok_or_else(|| {
            let message = "the client has no token source; give it one with token_provider";
            Error::new(ErrorKind::Config, message)
        })?;
        let service = match self.service {
            Some(service) => service,
            None => HyperTransport::builder().build()?.collected(BODY_LIMIT),
        };
        let headers = match self.headers {
            Some(headers) => headers,
            None => RequestHeadersLayer::new(concat!("graph-pstn/", env!("CARGO_PKG_VERSION")))?,
        };
        let graph = self.endpoints.graph().clone();
        let observer = self.observer;

        let signed = ServiceBuilder::new()
            .layer(AuthorizeLayer::new(graph.clone(), tokens))
            .layer(RateLimitLayer::new(self.rate_limits).with_observer(observer.clone()))
            .layer(headers)
            .layer(AttemptSpanLayer::new(observer.clone()))
            .layer(AttemptTimeoutLayer::new(self.attempt_timeout))
            .service(service);
        Ok(GraphClient {
            graph,
            signed: BoxCloneSyncService::new(signed),
            retry: self
                .retry
                .unwrap_or_else(|| RetryPolicy::builder().observer(observer.clone()).build()),
            limits: self.limits,
            bad_row: self.bad_row,
            observer,
        })
    }
}

impl fmt::Debug for GraphClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphClientBuilder")
            .field("endpoints", &self.endpoints)
            .field("rate_limits", &self.rate_limits)
            .field("limits", &self.limits)
            .field("attempt_timeout", &self.attempt_timeout)
            .finish_non_exhaustive()
    }
}
