//! The logical call: one [`CallClock`] for all of its attempts.
//!
//! A call is what the caller asked for once, however often it is sent. [`CallLayer`] stands outside
//! the retry and puts a clock into the request's extensions, where the layers below find it:
//! the retry asks it whether another attempt still fits, the rate limit whether a wait does, and the
//! attempt timeout how long the attempt may take at most.
//!
//! Time spent working and time spent waiting are kept apart. A server that names a time to come back,
//! a quota that is used up: neither is a sign that the call is stuck, so they count against
//! [`CallLimits::max_wait`] and not against [`CallLimits::working`].
//!
//! ```
//! use std::{convert::Infallible, time::Duration};
//! use graph_pstn_http::{CallClock, CallLayer, CallLimits};
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Infallible> {
//! let service = ServiceBuilder::new().layer(CallLayer::new(CallLimits::default())).service(service_fn(
//!     |request: http::Request<()>| async move {
//!         let clock = CallClock::of(request.extensions()).expect("the layer put it there");
//!         Ok::<_, Infallible>(clock.remaining())
//!     },
//! ));
//! let left = service.oneshot(http::Request::new(())).await?;
//! assert!(left <= Duration::from_secs(180));
//! # Ok(())
//! # }
//! ```

mod clock;
mod layer;

pub use clock::{CallClock, CallLimits};
pub use layer::{Call, CallLayer};
