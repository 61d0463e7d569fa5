//! What goes wrong on purpose: which request it befalls, and what then becomes of the answer.
//!
//! [`Schedule`] draws a fault for a request or finds it in a script; [`answer`] serves it. Without faults
//! neither costs a request more than the look at a flag.

pub(crate) mod answer;
mod body;
mod fault;
mod page;
mod plan;
mod schedule;
mod script;
mod status;

pub use fault::{Fault, UnknownFault};
pub use plan::Faults;
pub(crate) use schedule::Schedule;
pub use script::ScriptError;
