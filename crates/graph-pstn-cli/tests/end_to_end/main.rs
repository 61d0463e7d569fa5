//! The built program, run as a person runs it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

mod embedded;
#[cfg(unix)]
mod interrupted;
mod program;
mod served;
