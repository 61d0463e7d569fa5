//! The default stack, assembled.
//!
//! ```text
//! PageService            a page of a log → a URL
//!   Call                 the clock of the call
//!     CallSpan           a span around all attempts
//!       Retry            which failures are worth another attempt
//!         DecodePage     a whole body → rows
//!           Authorize    signs each attempt; to the Graph origin only
//!             RateLimit  waits for the quota; closes the gate on a 429
//!               RequestHeaders   User-Agent, Accept, client-request-id
//!                 AttemptSpan    a span around one attempt
//!                   AttemptTimeout
//!                     CollectBody ─ gzip ─ HyperTransport, or a service of the caller's
//! ```
//!
//! To exchange a layer, or to put one of your own between, build the stack from the layers that
//! [`GraphClientBuilder`] hands out; [`GraphClientBuilder::build`] does no more than this:
//!
//! ```
//! # use bytes::Bytes;
//! # use graph_pstn_http::{AccessToken, Endpoints, Error, GraphClient, PageService, RangeReader, StaticToken};
//! # use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
//! # use time::macros::datetime;
//! use tower::{ServiceBuilder, util::BoxCloneSyncService};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let endpoints = Endpoints::custom("https://graph.example".parse()?, "https://login.example".parse()?);
//! # let tokens = StaticToken::new(AccessToken::new("opaque")?);
//! # let service = tower::service_fn(|_: http::Request<Bytes>| async {
//! #     Ok::<_, Error>(http::Response::new(Bytes::from(r#"{"value":[{"id":"a"}]}"#)))
//! # });
//! # let november = TimeRange::new(datetime!(2019-11-01 0:00 UTC), datetime!(2019-12-01 0:00 UTC))?;
//! let layers = GraphClient::builder(endpoints).token_provider(tokens).service(service);
//! let stack = ServiceBuilder::new()
//!     .layer(layers.call_layer())
//!     .layer(layers.call_span_layer())
//!     .retry(layers.retry_policy())
//!     .layer(layers.decode_page_layer::<PstnCallLogRow>())
//!     .layer(layers.authorize_layer()?)
//!     .layer(layers.rate_limit_layer())
//!     // A layer of your own that sees signed requests as they leave goes here.
//!     .layer(layers.request_headers_layer())
//!     .layer(layers.attempt_span_layer())
//!     .layer(layers.attempt_timeout_layer())
//!     .service(layers.bottom_service()?);
//! let pages = BoxCloneSyncService::new(PageService::new(stack, layers.graph().clone()));
//! let mut reader = RangeReader::<PstnCallLogRow>::new(pages, CallLog::Pstn, november);
//! while let Some(batch) = reader.next_batch().await? {
//!     assert_eq!(batch.rows.len(), 1);
//! }
//! # Ok(())
//! # }
//! ```

mod builder;
mod graph_client;

pub use builder::GraphClientBuilder;
pub use graph_client::GraphClient;
