//! Whole ranges of a log: every row once, however long the range and whatever the pages do.
//!
//! [`RangeReader`] stands above [`Pages`](crate::page::Pages). It cuts a range into chunks that Graph takes,
//! reads them one after the other, and sees to what a caller must not have to think of:
//! - Graph's bounds are inclusive at both ends and go out in whole seconds, so rows outside the
//!   half-open range come back. They are dropped here, so that chunks, months and reruns add up.
//! - Pages are no snapshot: a row may come back on the next page. It is known by its `id` and dropped,
//!   and counted. The same `id` with other content is a [conflict](Batch::conflicts): nobody but the
//!   caller can say which is right.
//! - A chunk that Graph finds too long (406) is halved.
//! - A link that lost the time of day brings rows of the whole day: the chunk is then read again by
//!   whole days.
//!
//! Rows without an `id` cannot be known again and are delivered as they come.

mod batch;
mod chunk;
mod reader;
mod seen;

pub use batch::{Batch, Progress};
pub use reader::{PageSource, RangeReader};
