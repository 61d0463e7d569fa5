//! The quota that Microsoft allows, kept on this side, and the gate that a 429 closes.
//!
//! Graph counts requests to the PSTN logs over 60 s: 50 for each log, 200 for an app in a tenant,
//! 1,000 for a tenant (<https://learn.microsoft.com/graph/throttling-limits>), and a request that is
//! refused counts too. So a client that runs into the limit makes it worse; one that counts for itself
//! never sees it.
//!
//! - The count is exact over any 60 s, not an average: in no such span do more leave than the quota
//!   says. Graph counts arrivals, and requests may arrive closer together than they left: a slot is free
//!   60 s after the answer was there, or after a margin of a second and a half, whichever comes first.
//! - A 429, or a 5xx that names a time to come back, closes the gate for all clones at once, on its
//!   way out: the retry, which sees only its own failures, could not hold back the other requests. It stays
//!   closed for as long as was asked, but no longer than ten minutes: an absurd wait is obeyed by the call that
//!   was told, which gives up if it may not wait so long, and does not shut all others out for a day.
//! - Waiting happens in the response's future, first come, first served, and never in `poll_ready`. It
//!   is noted in the call's clock, and a wait that no longer fits the clock is an error at once.
//! - A request whose future is dropped while it waits has not been counted.
//!
//! [`RateLimits`] is shared by cloning. Give the same one to every client of the same app and tenant, or
//! take it from a [`RateLimitRegistry`], which knows them by their ids and counts a tenant's apps together.
//!
//! ```
//! use std::time::Duration;
//! use graph_pstn_http::{Error, Quota, RateLimitLayer, RateLimits};
//! use http::{Request, Response};
//! use tokio::time::Instant;
//! use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Error> {
//! let limits = RateLimits::new(Quota::per_minute(2));
//! let mut service = ServiceBuilder::new()
//!     .layer(RateLimitLayer::new(limits))
//!     .service(service_fn(|_: Request<()>| async { Ok::<_, Error>(Response::new(())) }));
//! let begun = Instant::now();
//! for _ in 0..3 {
//!     service.ready().await?.call(Request::new(())).await?;
//! }
//! assert!(begun.elapsed() >= Duration::from_secs(60));
//! # Ok(())
//! # }
//! ```

mod layer;
mod limits;
mod quota;
mod registry;
mod service;
mod window;

pub use layer::RateLimitLayer;
pub use limits::{Collection, RateLimits};
pub use quota::Quota;
pub use registry::RateLimitRegistry;
pub use service::RateLimit;
