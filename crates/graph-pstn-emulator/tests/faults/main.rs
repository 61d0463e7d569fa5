//! Each fault, as it looks on the wire.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod answers;
#[cfg(test)]
#[path = "../client/mod.rs"]
mod client;
mod connections;
mod documented;
mod pages;
mod rates;
mod tokens;

use graph_pstn_emulator::{Emulator, Fault, Faults, RunningEmulator};

/// A work day; of the emulators below it has some 2,000 rows, more than a page.
pub(crate) const DAY: &str =
    "getPstnCalls(fromDateTime=2019-11-05T00:00:00Z,toDateTime=2019-11-06T00:00:00Z)";

pub(crate) async fn emulator(script: &str) -> RunningEmulator {
    with(Faults::none().script(script).unwrap()).await
}

pub(crate) async fn with(faults: Faults) -> RunningEmulator {
    let builder = Emulator::builder().rows_per_day(2_000).faults(faults);
    builder.start().await.unwrap()
}

pub(crate) fn number(faults: impl Iterator<Item = (Fault, u64)>, fault: Fault) -> u64 {
    let mut faults = faults;
    faults
        .find(|(kind, _)| *kind == fault)
        .map_or(0, |(_, number)| number)
}

pub(crate) fn served(emulator: &RunningEmulator, fault: Fault) -> u64 {
    number(emulator.stats().graph_faults(), fault)
}
