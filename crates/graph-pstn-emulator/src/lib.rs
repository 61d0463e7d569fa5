//! A local server that speaks like Microsoft Graph and Microsoft Entra ID for PSTN call logs.
//!
//! It is a server, not a mock: a socket, TLS on demand, the token endpoint with real checks, Graph's
//! functions in all their spellings, pages, quotas and the documented errors. Rows are a pure function
//! of a seed, a rate and the time, so that [`Truth`] can say what an export must come to.
//!
//! It stands beside the client's layers and shares no code with them, so that it cannot share their
//! mistakes. Programs embed it, tests start it, `graph-pstn emulate` runs it alone. It has no features.
//!
//! ```
//! use graph_pstn_emulator::{Emulator, Quota};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let emulator =
//!     Emulator::builder().seed(7).rows_per_day(500).quota(Quota::documented()).start().await?;
//! println!("Graph and Entra at {}", emulator.graph_endpoint());
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod builder;
mod entra;
mod faults;
mod graph;
mod random;
mod rows;
mod running;
mod server;
mod truth;

pub use builder::{Emulator, EmulatorBuilder};
pub use entra::app_state::AppState;
pub use faults::{Fault, Faults, ScriptError, UnknownFault};
pub use graph::page::LinkForm;
pub use graph::quota::Quota;
pub use rows::{Log, UnknownLog};
pub use running::RunningEmulator;
pub use server::stats::Stats;
pub use truth::Truth;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
