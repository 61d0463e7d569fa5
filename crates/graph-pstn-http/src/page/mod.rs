//! The typed edge of the stack: from a request for a page to its rows.
//!
//! Three small pieces, outer to inner:
//! - [`Pages`] follows the links of a chain as a stream, one request under way at a time, and with
//!   [`prefetch`](Pages::prefetch) (feature `prefetch`) one page ahead of the caller.
//! - [`PageService`] turns a [`PageRequest`] into the URL that Graph documents.
//! - [`DecodePage`] turns a whole body into a [`Page`], or a refusal into an error. It stands inside the
//!   retry, so that a body that cannot be read is fetched again under the same budget and deadline.
//!
//! A link of the service's is opaque: it is checked to lead to the configured origin and into the API,
//! and then sent as it is. Graph's documents show one whose parameters are named differently from the
//! request's (<https://learn.microsoft.com/graph/api/callrecords-callrecord-getpstncalls>), so it is never
//! taken apart or rebuilt.
//!
//! The rows may be of any type that serde can read, the caller's own included.

mod decode;
mod link;
mod pages;
#[cfg(feature = "prefetch")]
mod prefetch;
mod refusal;
mod request;
mod saved;
mod service;

pub use decode::{DecodePage, DecodePageLayer, Page};
pub use link::NextLink;
pub use pages::Pages;
#[cfg(feature = "prefetch")]
pub use prefetch::Prefetch;
pub use request::PageRequest;
#[cfg(feature = "read")]
pub(crate) use request::floor;
pub use service::{PageService, PageServiceFuture};
