//! Record: what really passes, as a fixture for [`replay`](crate::replay), without what must not be
//! published.
//!
//! [`RecordLayer`] stands directly above a service of whole, decoded bodies: around what
//! `HyperTransport::into_http_service` gives, for Graph and for the token endpoint alike. Layers with
//! clones of one [`Recorder`] record one scenario.
//!
//! What is kept is listed, by the names of headers, parameters and members of JSON; all else is
//! replaced by `<redacted>` before it is stored. Tokens become `<token:1>`. Ids, names, numbers and
//! addresses become made-up ones, the same value the same one each time, in bodies, URLs and links
//! alike, so that paging still joins up. Times, durations and charges stay. Of a body that is no JSON
//! only its length is kept.
//!
//! The range, the cloud and the words of a message of the service stay readable; what a message quotes does
//! not. Look a recording over before you publish it.
//!
//! ```
//! use bytes::Bytes;
//! use graph_pstn_http::{Error, record::{RecordLayer, Recorder}, replay::Scenario};
//! use http::{Request, Response};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let graph = service_fn(|_: Request<Bytes>| async {
//!     let page = r#"{"value":[{"userDisplayName":"Real Name","charge":0.00}]}"#;
//!     Ok::<_, Error>(Response::new(Bytes::from(page)))
//! });
//! let recorder = Recorder::new();
//! let service = RecordLayer::new(recorder.clone()).layer(graph);
//! service.oneshot(Request::get("https://graph.example/v1.0/x").body(Bytes::new())?).await?;
//!
//! let scenario = Scenario::new("global", "pstn", "2019-11-01", "2019-12-01");
//! let fixture = recorder.fixture(&scenario, "2026-11-25T08:00:00Z", "One row", "A tenant of ours")?;
//! assert!(fixture.contains(r#"{ "userDisplayName": "User 1", "charge": 0.00 }"#));
//! # Ok(())
//! # }
//! ```

mod body;
mod claims;
#[cfg(feature = "har")]
pub mod har;
mod layer;
mod message;
mod pseudonyms;
mod recorder;
mod service;
#[cfg(test)]
mod tests;
mod url;

pub use layer::RecordLayer;
pub use recorder::Recorder;
pub use service::{Record, RecordFuture};
