//! Replay: recorded or hand-written HTTP exchanges in place of a transport.
//!
//! [`ReplayService`] stands at the bottom of the stack, where the transport would, and serves the
//! token endpoint and Graph alike. It answers in strict order: a request that is not the one whose
//! turn it is fails, and its error says how the two differ. [`ReplayService::requests`] tells what
//! was sent and when, without tokens and secrets, for a snapshot.
//!
//! # The file
//!
//! One JSON file per scenario, in the vocabulary of
//! [HAR 1.2](http://www.softwareishard.com/blog/har-12-spec/): `log.entries[]` with `request`
//! (`method`, `url`, `headers`, `postData` with `params` for a form) and `response` (`status`,
//! `headers`, `content` with `mimeType` and `text`, base64 if `encoding` says so). `time` is the
//! number of milliseconds until the response is there; under tokio's paused clock it costs no real
//! time. Beside HAR's names stand ours, with an underscore:
//!
//! - `content._json`: the body as JSON and not as JSON in a string. It is sent without the white
//!   space between its tokens; the text of numbers stays (`0.00`).
//! - `content._cutAfter`: the connection breaks after so many bytes of the body.
//! - `entry._failure` in place of `response`: `connect`, `tls`, `interrupted`, or `silence` for a response that
//!   never comes.
//!
//! Around `log` stand `description` and `provenance` for the reader, `recorded` (a time, or `null`
//! for a synthetic fixture) and `scenario`: what to ask the stack for. It has `cloud`, `log`, `from` and `to`, and
//! if need be `credential` (one of [`CredentialKind`]'s in kebab case, where it is not a client secret),
//! `stopAfter` (the reading stops after so many batches, and a new reader resumes) and `parallel` (so many
//! windows are read at a time; one, if it is not there). Names that are not known are errors.
//!
//! A request has to have the entry's method, origin, path and query parameters (in any order), an
//! `Authorization` header if and only if the entry lists one, and the same form parameters (in any
//! order); the values of parameters that may be secret are replaced by `<redacted>` before they are
//! compared.
//!
//! ```
//! use bytes::Bytes;
//! use graph_pstn_http::replay::{Fixture, ReplayService};
//! use http::Request;
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fixture = Fixture::from_slice(br#"{
//!   "description": "A page without rows", "provenance": "by hand", "recorded": null,
//!   "scenario": { "cloud": "global", "log": "pstn", "from": "2019-11-01", "to": "2019-12-01" },
//!   "log": { "version": "1.2", "creator": { "name": "by hand", "version": "1" }, "entries": [{
//!     "request": { "method": "GET", "url": "https://graph.example/v1.0/x?$skip=1&a=b" },
//!     "response": { "status": 200, "content": { "mimeType": "application/json", "_json": { "value": [] } } }
//!   }] }
//! }"#)?;
//! let replay = ReplayService::new(&fixture);
//! let request = Request::get("https://graph.example/v1.0/x?a=b&$skip=1").body(Bytes::new())?;
//! let response = replay.clone().oneshot(request).await?;
//! assert_eq!(response.into_body(), r#"{"value":[]}"#);
//! replay.finish()?;
//! # Ok(())
//! # }
//! ```

#[cfg(test)]
#[cfg(feature = "record")]
pub(crate) mod committed;
pub(crate) mod compact;
mod difference;
pub(crate) mod file;
mod fixture;
#[cfg(feature = "record")]
pub(crate) mod layout;
pub(crate) mod redact;
mod scenario;
pub(crate) mod sent;
mod service;
#[cfg(test)]
mod tests;

pub use fixture::Fixture;
pub use scenario::{CredentialKind, Scenario};
pub use sent::{SentBody, SentRequest};
pub use service::ReplayService;
