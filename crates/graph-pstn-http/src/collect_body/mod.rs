//! Whole bodies instead of streams, so that a body cut half-way is an error that the retry can see.
//!
//! A page of 1,000 rows is some 700 kB, so nothing is gained by reading it in parts, and much is
//! lost: above this layer a response either is all there or failed. What arrives is bounded: past
//! the limit the rest is not read, and the call fails with [`ErrorKind::BodyTooLarge`].
//!
//! ```
//! use bytes::Bytes;
//! use graph_pstn_http::{CollectBodyLayer, Error, ErrorKind};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let service = ServiceBuilder::new().layer(CollectBodyLayer::new(4)).service(service_fn(
//!     |body: &'static str| async move {
//!         Ok::<_, Error>(http::Response::new(Full::new(Bytes::from(body))))
//!     },
//! ));
//! assert_eq!(service.clone().oneshot("four").await.unwrap().body(), "four");
//! assert_eq!(service.oneshot("fiver").await.unwrap_err().kind(), ErrorKind::BodyTooLarge);
//! # }
//! ```
//!
//! [`ErrorKind::BodyTooLarge`]: crate::ErrorKind::BodyTooLarge

mod layer;
mod service;

pub use layer::CollectBodyLayer;
pub use service::CollectBody;
