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
//! The range, the cloud and what a message of the service says stay readable. Look a recording over
//! before you publish it.

mod body;
mod layer;
mod pseudonyms;
mod recorder;
mod service;
#[cfg(test)]
mod tests;

pub use layer::RecordLayer;
pub use recorder::Recorder;
pub use service::{Record, RecordFuture};
