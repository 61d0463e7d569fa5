//! The built program, run as a person runs it.

// All of it runs against the emulator, and some of it names clouds.
#![cfg(all(feature = "emulator", feature = "all-clouds"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

mod answers;
mod check;
mod credentials;
mod embedded;
#[cfg(unix)]
mod interrupted;
mod late;
mod manners;
mod program;
mod refused;
mod served;
