use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use graph_pstn_model::BadRow;
use http::{Request, Response};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    AttemptSpanLayer, AttemptTimeoutLayer, AuthorizeLayer, CallLayer, CallLimits, CallSpanLayer,
    DecodePageLayer, Endpoints, Error, ErrorKind, HttpService, HyperTransport, Origin, Quota,
    RateLimitLayer, RateLimits, ReadOptions, RequestHeadersLayer, RetryBudget, RetryPolicy,
    SharedObserver, TokenProvider,
};

/// A page of 1,000 rows has some 700 kB; what is many times that is no page.
const BODY_LIMIT: usize = 64 << 20;

/// How many pages a window should have where no quota makes half-empty pages dear.
const UNMETERED_WINDOW_PAGES: u32 = 8;

/// Sets a [`GraphClient`](super::GraphClient) up. Only the token source has no default.
#[derive(Clone)]
#[must_use]
pub struct GraphClientBuilder {
    endpoints: Endpoints,
    tokens: Option<Arc<dyn TokenProvider>>,
    service: Option<HttpService>,
    headers: RequestHeadersLayer,
    rate_limits: RateLimits,
    retry: Option<RetryPolicy>,
    /// Of the default retry policy.
    budget: RetryBudget,
    limits: CallLimits,
    attempt_timeout: Duration,
    bad_row: BadRow,
    read: Option<ReadOptions>,
    observer: SharedObserver,
}

impl GraphClientBuilder {
    pub(super) fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            tokens: None,
            service: None,
            headers: RequestHeadersLayer::default(),
            rate_limits: RateLimits::default(),
            retry: None,
            budget: RetryBudget::default(),
            limits: CallLimits::default(),
            attempt_timeout: Duration::from_secs(60),
            bad_row: BadRow::SetAside,
            read: None,
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
    ///
    /// Its error may be of any type that becomes an [`Error`]: one of the caller's own with `impl From<_> for
    /// Error`, which says what kind of failure it is, or `tower::BoxError`, of which the retry can only
    /// know that it is foreign, and so does not retry it.
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<Error>,
        S::Future: Send + 'static,
    {
        self.service = Some(BoxCloneSyncService::new(service.map_err(Into::into)));
        self
    }

    /// The headers that every attempt bears; default: [`RequestHeadersLayer::default`].
    pub fn request_headers(mut self, headers: RequestHeadersLayer) -> Self {
        self.headers = headers;
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

    /// How much of a range is read at a time. Default: [`ReadOptions::default`] with a quota; without one
    /// windows of 8 pages, since half-empty pages then cost little and memory is worth saving.
    pub fn read_options(mut self, options: ReadOptions) -> Self {
        self.read = Some(options);
        self
    }

    /// Who hears of attempts, retries, waits and pages.
    pub fn observer(mut self, observer: SharedObserver) -> Self {
        self.observer = observer;
        self
    }
}

/// The layers of the default stack one by one, as the settings have them, outer to inner: for a stack
/// of one's own with some of them exchanged. See the [module](super) for an example.
impl GraphClientBuilder {
    /// The origin that requests go to.
    #[must_use]
    pub fn graph(&self) -> &Origin {
        self.endpoints.graph()
    }

    /// Starts the clock of each call.
    #[must_use]
    pub fn call_layer(&self) -> CallLayer {
        CallLayer::new(self.limits)
    }

    /// A span around all attempts of a call.
    #[must_use]
    pub fn call_span_layer(&self) -> CallSpanLayer {
        CallSpanLayer
    }

    /// What is retried, for `tower`'s `ServiceBuilder::retry`. All that this builder hands out share a budget.
    #[must_use]
    pub fn retry_policy(&self) -> RetryPolicy {
        self.retry.clone().unwrap_or_else(|| {
            RetryPolicy::builder()
                .budget(self.budget.clone())
                .observer(self.observer.clone())
                .build()
        })
    }

    /// Reads bodies as pages of `T`.
    #[must_use]
    pub fn decode_page_layer<T>(&self) -> DecodePageLayer<T> {
        DecodePageLayer::new(self.graph().clone(), self.bad_row)
            .with_observer(self.observer.clone())
    }

    /// Signs each attempt.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when there is no token source.
    pub fn authorize_layer(&self) -> Result<AuthorizeLayer, Error> {
        let tokens = self.tokens.clone().ok_or_else(|| {
            let message = "the client has no token source; give it one with token_provider";
            Error::new(ErrorKind::Config, message)
        })?;
        Ok(AuthorizeLayer::new(self.graph().clone(), tokens).with_observer(self.observer.clone()))
    }

    /// Keeps within the quota. All that this builder hands out count together.
    #[must_use]
    pub fn rate_limit_layer(&self) -> RateLimitLayer {
        RateLimitLayer::new(self.rate_limits.clone()).with_observer(self.observer.clone())
    }

    /// Sets the headers that every attempt bears.
    #[must_use]
    pub fn request_headers_layer(&self) -> RequestHeadersLayer {
        self.headers.clone()
    }

    /// A span around each attempt.
    #[must_use]
    pub fn attempt_span_layer(&self) -> AttemptSpanLayer {
        AttemptSpanLayer::new(self.observer.clone())
    }

    /// Ends attempts that take too long.
    #[must_use]
    pub fn attempt_timeout_layer(&self) -> AttemptTimeoutLayer {
        AttemptTimeoutLayer::new(self.attempt_timeout)
    }

    /// What stands below all layers: the service or the transport that was set, or else a new
    /// transport with default settings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when that transport cannot be built.
    pub fn bottom_service(&self) -> Result<HttpService, Error> {
        match &self.service {
            Some(service) => Ok(service.clone()),
            None => Ok(HyperTransport::builder().build()?.collected(BODY_LIMIT)),
        }
    }

    /// How much at a time is to be read through the stack, for [`RangeReader::with_options`](crate::RangeReader::with_options).
    #[must_use]
    pub fn reader_options(&self) -> ReadOptions {
        self.read.unwrap_or_else(|| {
            let options = ReadOptions::default();
            if self.rate_limits.quota() == Quota::unlimited() {
                options.with_window_pages(UNMETERED_WINDOW_PAGES)
            } else {
                options
            }
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
