use std::fmt;

use graph_pstn_model::RejectedRow;
use time::OffsetDateTime;

use super::seen::Sight;

/// What one page has brought that was not there before, in Graph's order.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Batch<T> {
    /// New rows of the range.
    pub rows: Vec<T>,
    /// Rows that could not be read. One that comes again is dropped, but at the seam of two windows.
    pub rejects: Vec<RejectedRow>,
    /// Rows whose `id` was delivered before with other content.
    pub conflicts: Vec<T>,
    /// With this batch every row before this time has been delivered: a window is finished, and
    /// [`RangeReader::checkpoint`](super::RangeReader::checkpoint) has moved.
    pub done_until: Option<OffsetDateTime>,
}

impl<T> Batch<T> {
    /// Sorts the rows of a page by what was seen of each.
    pub(super) fn new(rejects: Vec<RejectedRow>, rows: Vec<T>, sights: &[Sight]) -> Self {
        let mut batch = Self {
            rows,
            rejects,
            conflicts: Vec::new(),
            done_until: None,
        };
        // As a rule all are new, and stay where they are.
        if sights.iter().any(|sight| *sight != Sight::New) {
            let rows = std::mem::take(&mut batch.rows);
            for (row, sight) in rows.into_iter().zip(sights) {
                match sight {
                    Sight::New => batch.rows.push(row),
                    Sight::Conflict => batch.conflicts.push(row),
                    Sight::Duplicate | Sight::Stray => {}
                }
            }
        }
        batch
    }
}

impl<T> fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rows hold names and numbers, which have no place in a log.
        f.debug_struct("Batch")
            .field("rows", &self.rows.len())
            .field("rejects", &self.rejects.len())
            .field("conflicts", &self.conflicts.len())
            .field("done_until", &self.done_until)
            .finish()
    }
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pages read.
    pub pages: u64,
    /// Rows delivered.
    pub rows: u64,
    /// Rows that came again with the same content and were dropped.
    pub duplicates: u64,
    /// Rows that came again with other content.
    pub conflicts: u64,
    /// Rows outside what was asked for that were dropped; at the seams of windows a few are normal.
    pub strays: u64,
    /// Rows that could not be read and were set aside.
    pub rejects: u64,
    /// The time of the last row delivered, or the end of the last window that is done.
    pub position: Option<OffsetDateTime>,
}
