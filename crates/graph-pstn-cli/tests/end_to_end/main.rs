//! The built program, run as a person runs it.

// All of it runs against the emulator, and some of it names clouds.
#![cfg(all(feature = "emulator", feature = "all-clouds"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

mod answers;
mod canned;
mod check;
mod credentials;
mod days;
#[cfg(unix)]
mod documented;
mod embedded;
mod faults;
#[cfg(feature = "parquet")]
mod formats;
#[cfg(unix)]
mod interrupted;
mod late;
mod logs;
mod manners;
#[cfg(feature = "parquet")]
mod parquet;
mod program;
mod refused;
mod resumed;
mod resumed_forms;
mod rows;
mod secrets;
mod served;
#[cfg(feature = "object-stores")]
mod stores;
mod sync;
mod tenants;
