//! One attempt may take so long and no longer: headers and, since bodies are collected below, body.
//!
//! Differs from `tower`'s timeout in that it gives an [`Error`](crate::Error) of kind `Timeout`, and
//! that it is clamped to what the call's clock has left, if the request carries one.

mod layer;
mod service;

pub use layer::AttemptTimeoutLayer;
pub use service::{AttemptTimeout, AttemptTimeoutFuture};
