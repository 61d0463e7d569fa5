//! The rows of the logs.

mod pstn_call;
mod table;

pub use pstn_call::PstnCallLogRow;
pub(crate) use table::{KnownRow, NoteUnknown, log_row};
