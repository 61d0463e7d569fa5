//! The headers that every attempt bears: `User-Agent`, `Accept`, and a `client-request-id` of its own.
//!
//! Graph asks for a fresh GUID in `client-request-id`, by which Microsoft's support finds a request
//! (<https://learn.microsoft.com/graph/best-practices-concept>). It is set inside the retry, so that
//! each attempt has its own. An error of an attempt that never had an answer notes it, and an answer that does not
//! name it, a gateway's say, gets it as a header, so that what is made of that answer can name it too.

mod layer;
mod service;

pub use layer::RequestHeadersLayer;
pub use service::{RequestHeaders, RequestHeadersFuture};

/// The header that names a request from the client's side.
pub const CLIENT_REQUEST_ID: http::HeaderName = http::HeaderName::from_static("client-request-id");
