//! The whole stack in virtual time, against a service that draws what goes wrong from a seed.
//!
//! A seed stands for a log, a service with its troubles, and a caller with its own: see `scenario.rs`.
//! What passes by itself within the defaults of the client must not be seen by the caller: the range is
//! complete, every row is there once, and there is no error. What does not pass must be one clear error;
//! once it is gone, reading on from the checkpoint completes the range. What must be true of any run is
//! in `check.rs` and, where it is about a single request, in `service.rs`.
//!
//! `cargo xtask simulate` runs many seeds, and `--seed N` one, with what happened in it. All that is
//! random comes from the seed, so a seed that fails does so again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects by unwrapping, and fails by a panic"
)]

mod answer;
mod broken;
mod check;
mod client;
mod faults;
mod page;
mod quota;
mod rows;
mod run;
mod scenario;
mod seeds;
mod service;
mod truth;
