//! Whole ranges of a log: every row once, however long the range and whatever the pages do.
//!
//! [`RangeReader`] stands above [`Pages`](crate::page::Pages). A chain of links is serial, so it cuts a
//! range into windows, fetches several at a time and delivers them in order. It sees to what a caller must
//! not have to think of:
//! - **Seams.** Bounds go out in whole seconds, and Graph counts the end in for most logs
//!   ([`CallLog::end_bound`](graph_pstn_model::CallLog::end_bound)), so rows outside a half-open window come back. They are
//!   dropped here, so that windows, months and reruns add up.
//! - **Repeats.** Pages are no snapshot: a row may come back on the next page. It is known by its `id`,
//!   dropped and counted. The same `id` with other content is a [conflict](Batch::conflicts): nobody but
//!   the caller can say which is right. Rows without an `id` cannot be known again and are delivered as they
//!   come; rows without a time are known again over the whole range.
//! - **Length.** A window spans at most 90 days, and half of that wherever Graph says that it is too long
//!   (406). The first request of a range asks for as much as that: if it has no link, that was all.
//!   Otherwise windows are cut at UTC midnights, by the number of rows seen so far, and within a day only
//!   where a day has many pages.
//! - **Memory.** What waits for its turn is bounded in bytes, whatever the range: see [`ReadOptions`].
//! - **Links.** One that lost the time of day brings rows of the whole day: its window is then read again
//!   by whole days. Where one may have lost the rows of a day's first hours, that day is asked for again.
//! - **Interruption.** A [`Checkpoint`] says up to where all has been delivered.

mod batch;
mod checkpoint;
mod density;
mod fetch;
mod last_day;
mod options;
mod plan;
mod reader;
mod rows;
mod seen;
mod sieve;
mod waiting;
mod window;

pub use batch::{Batch, Progress};
pub use checkpoint::Checkpoint;
pub use fetch::PageSource;
pub use options::ReadOptions;
pub use reader::RangeReader;
pub use rows::Rows;
