//! Which failures are worth another attempt, when, and how many.
//!
//! [`RetryPolicy`] is a policy for `tower::retry`. It decides by the kind of failure and by whether
//! the request may be sent twice, not by hope:
//!
//! | failure | another attempt |
//! |---|---|
//! | no connection | always: nothing was sent |
//! | timeout, broken connection, body cut or undecodable | if the method is idempotent (RFC 9110, section 9.2.2) |
//! | 408, 429, 500, 502, 503, 504, 509 | if the method is idempotent; 429, 503 and 509 with `Retry-After` always |
//! | no token, but the token source calls it transient | always |
//! | anything else | never |
//!
//! A `Retry-After` is obeyed in full, and so is the pause that a token source asks for. An attempt that ends
//! with the first does not count towards the most that there may be; one without a token does. Pauses of the
//! policy's own are drawn evenly between nothing and a bound that doubles ("full jitter"). A token bucket that
//! all clones share keeps retries from piling onto a service that is down. `tower`'s own backoff and budget
//! are not used: its jitter repeats itself in every call, and its budget starves a client with few requests.
//!
//! The policy reads a [`CallClock`](crate::CallClock) if the request carries one: a pause that no
//! longer fits is not begun, and the failure is returned at once.
//!
//! It stands over any `Service<http::Request<B>, Response = http::Response<R>>` whose error is
//! [`Error`](crate::Error) and whose `B` is [`Clone`], since a request that is sent again is a copy. Under a client of one's
//! own, map its errors first:
//!
//! ```
//! use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
//! use graph_pstn_http::{Error, ErrorKind, RetryPolicy};
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Error> {
//! let tries = Arc::new(AtomicU32::new(0));
//! let client = service_fn(move |_: Request<()>| {
//!     let try_number = tries.fetch_add(1, Ordering::Relaxed);
//!     async move { if try_number < 2 { Err("connection refused") } else { Ok(Response::new("calls")) } }
//! });
//! let service = ServiceBuilder::new()
//!     .retry(RetryPolicy::default())
//!     .map_err(|error: &str| Error::new(ErrorKind::Connect, error))
//!     .service(client);
//! assert_eq!(service.oneshot(Request::new(())).await?.into_body(), "calls");
//! # Ok(())
//! # }
//! ```

mod backoff;
mod budget;
mod failure;
mod policy;

pub use backoff::Backoff;
pub use budget::RetryBudget;
pub use policy::{RetryPolicy, RetryPolicyBuilder};
