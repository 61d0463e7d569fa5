//! Tower layers for the PSTN call logs of Microsoft Graph: authorization, retry, rate limit, paging.
//!
//! Take what you need. Each layer is a feature and a module of its own and stands under any `tower`
//! service; the feature `client` is all of them, assembled as [`GraphClient`]. Above it stands `graph-pstn-export`,
//! which takes the rows; below it `graph-pstn-model`, which is the rows; `graph-pstn-auth` is a source of tokens for it,
//! and this crate knows nothing of how a token is got. With no feature this crate
//! holds the vocabulary that the layers and the token sources share: [`Error`], [`Endpoints`], [`Origin`],
//! [`TokenProvider`], [`Observer`].
//!
//! | feature | what it adds | where it stands |
//! |---|---|---|
//! | `client` | [`GraphClient`]: all layers from `read` to `transport`, assembled | |
//! | `read` | [`RangeReader`]: whole ranges, every row once | above everything |
//! | `page` | [`PageService`], [`Pages`], [`DecodePage`]: URLs, links, rows | typed edge |
//! | `prefetch` | [`Prefetch`]: one page ahead of the caller | around [`Pages`] |
//! | `call` | [`CallLayer`]: one clock for all attempts | outside the retry |
//! | `trace` | [`CallSpanLayer`], [`AttemptSpanLayer`] | outside the retry; around an attempt |
//! | `retry` | [`RetryPolicy`] for `tower::retry` | outside the signature |
//! | `authorize` | [`AuthorizeLayer`]: bearer tokens, to one origin only | inside the retry |
//! | `rate-limit` | [`RateLimitLayer`]: quota, and the gate that a 429 closes | inside the signature |
//! | `request-headers` | [`RequestHeadersLayer`] | each attempt |
//! | `attempt-timeout` | [`AttemptTimeoutLayer`] | each attempt |
//! | `collect-body` | [`CollectBodyLayer`]: whole bodies, bounded | above the transport |
//! | `transport` | [`HyperTransport`]: hyper, rustls, gzip, proxies | the bottom |
//! | `aws-lc-rs` (default), `ring`, `fips`, `webpki-roots` | the [`transport`]'s cryptography and roots | |
//! | `metrics` | [`MetricsObserver`]: what the layers report, for the `metrics` crate | beside the stack |
//! | `record` | [`record`]: what passes, as a fixture | above the transport |
//! | `har` | [`record::har`]: captures of browsers and proxies as fixtures, and back | |
//! | `replay` | [`replay`]: recorded exchanges in the transport's place | the bottom |
//! | `retry-after` | [`retry_after()`]: `Retry-After` in every form that is sent | of use alone |
//! | `cloud-global`, `cloud-us-gov-l4`, `cloud-us-gov-l5`, `cloud-china`, `all-clouds` | the [`Cloud`]s of the build | |
//!
//! ```
//! # #[cfg(feature = "client")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use bytes::Bytes;
//! use graph_pstn_http::{AccessToken, Endpoints, Error, GraphClient, StaticToken};
//! use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
//! use time::macros::datetime;
//!
//! // In the transport's place: a service that always answers with one row.
//! let service = tower::service_fn(|_: http::Request<Bytes>| async {
//!     let page = r#"{"value":[{"id":"a","startDateTime":"2019-11-05T09:00:00Z","charge":0.0113}]}"#;
//!     Ok::<_, Error>(http::Response::new(Bytes::from(page)))
//! });
//! let endpoints = Endpoints::custom("https://graph.example".parse()?, "https://login.example".parse()?);
//! let client = GraphClient::builder(endpoints)
//!     .token_provider(StaticToken::new(AccessToken::new("opaque")?))
//!     .service(service)
//!     .build()?;
//!
//! let november = TimeRange::new(datetime!(2019-11-01 0:00 UTC), datetime!(2019-12-01 0:00 UTC))?;
//! let mut reader = client.read::<PstnCallLogRow>(CallLog::Pstn, november);
//! while let Some(batch) = reader.next_batch().await? {
//!     for row in batch.rows {
//!         assert_eq!(row.charge.map(|charge| charge.to_string()).as_deref(), Some("0.0113"));
//!     }
//! }
//! assert_eq!(reader.progress().rows, 1);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "client"))]
//! # fn main() {}
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
// The links of a build that leaves something out lead nowhere; those of docs.rs are checked.
#![cfg_attr(
    not(all(feature = "client", feature = "metrics", feature = "har")),
    allow(rustdoc::broken_intra_doc_links)
)]

#[cfg(feature = "attempt-timeout")]
pub mod attempt_timeout;
#[cfg(feature = "authorize")]
pub mod authorize;
#[cfg(feature = "call")]
pub mod call;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "collect-body")]
pub mod collect_body;
#[cfg(feature = "metrics")]
pub mod metrics_observer;
#[cfg(feature = "page")]
pub mod page;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "read")]
pub mod read;
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
#[cfg(test)]
#[cfg(any(feature = "authorize", feature = "rate-limit"))]
mod fussy;
mod observe;
#[cfg(any(feature = "prefetch", feature = "read"))]
mod task;
mod token;

#[cfg(feature = "attempt-timeout")]
pub use attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
#[cfg(feature = "authorize")]
pub use authorize::{Authorize, AuthorizeLayer};
#[cfg(feature = "call")]
pub use call::{Call, CallClock, CallLayer, CallLimits};
#[cfg(feature = "client")]
pub use client::{GraphClient, GraphClientBuilder};
#[cfg(feature = "collect-body")]
pub use collect_body::{CollectBody, CollectBodyLayer};
#[cfg(feature = "metrics")]
pub use metrics_observer::MetricsObserver;
#[cfg(feature = "prefetch")]
pub use page::Prefetch;
#[cfg(feature = "page")]
pub use page::{DecodePage, DecodePageLayer, NextLink, Page, PageRequest, PageService, Pages};
#[cfg(feature = "rate-limit")]
pub use rate_limit::{Collection, Quota, RateLimit, RateLimitLayer, RateLimitRegistry, RateLimits};
#[cfg(feature = "read")]
pub use read::{Batch, Checkpoint, PageSource, Progress, RangeReader, ReadOptions, Rows};
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
pub use observe::{
    AttemptEnd, Observer, PageEnd, QuotaWait, RetryPause, SharedObserver, TokenEnd, TokenReason,
};
pub use token::{AccessToken, BoxFuture, StaticToken, TokenProvider, TokenRequest};

/// The example of the README compiles.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
