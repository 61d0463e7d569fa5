//! Tower layers for the PSTN call logs of Microsoft Graph: authorization, retry, rate limit, paging.
//!
//! With no feature this crate holds the vocabulary that its layers and the token sources share:
//! [`Error`], [`Endpoints`], [`Origin`], [`TokenProvider`], [`Observer`]. Each layer is a feature and a
//! module of its own, usable under any `tower` service.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "attempt-timeout")]
pub mod attempt_timeout;
#[cfg(feature = "authorize")]
pub mod authorize;
#[cfg(feature = "call")]
pub mod call;
#[cfg(feature = "collect-body")]
pub mod collect_body;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "record")]
pub mod record;
#[cfg(feature = "replay")]
pub mod replay;
#[cfg(feature = "request-headers")]
pub mod request_headers;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(feature = "retry-after")]
mod retry_after;
#[cfg(feature = "trace")]
pub mod trace;
#[cfg(feature = "transport")]
pub mod transport;

mod cloud;
mod endpoints;
mod error;
mod observe;
mod token;

#[cfg(feature = "attempt-timeout")]
pub use attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
#[cfg(feature = "authorize")]
pub use authorize::{Authorize, AuthorizeLayer};
#[cfg(feature = "call")]
pub use call::{Call, CallClock, CallLayer, CallLimits};
#[cfg(feature = "collect-body")]
pub use collect_body::{CollectBody, CollectBodyLayer};
#[cfg(feature = "rate-limit")]
pub use rate_limit::{Collection, Quota, RateLimit, RateLimitLayer, RateLimits};
#[cfg(feature = "request-headers")]
pub use request_headers::{CLIENT_REQUEST_ID, RequestHeaders, RequestHeadersLayer};
#[cfg(feature = "retry")]
pub use retry::{Backoff, RetryBudget, RetryPolicy, RetryPolicyBuilder};
#[cfg(feature = "retry-after")]
pub use retry_after::retry_after;
#[cfg(feature = "trace")]
pub use trace::{AttemptSpan, AttemptSpanLayer, CallSpan, CallSpanLayer};
#[cfg(feature = "transport")]
pub use transport::{HttpService, HyperTransport, HyperTransportBuilder, Proxy};

pub use cloud::{Cloud, ParseCloudError};
pub use endpoints::{Endpoints, Origin, OriginError};
pub use error::{Error, ErrorKind};
pub use observe::{AttemptEnd, Observer, PageEnd, QuotaWait, RetryPause, SharedObserver};
pub use token::{AccessToken, BoxFuture, StaticToken, TokenProvider, TokenRequest};
