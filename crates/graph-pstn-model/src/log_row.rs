//! What paging, exports and filters need of a row.

use std::hash::Hash;

use time::OffsetDateTime;

/// A row of any of the logs.
pub trait LogRow: Hash + PartialEq + Send + 'static {
    /// Graph's `id`. `None` and `""` both mean that the row has no key.
    fn id(&self) -> Option<&str>;

    /// The time that the log's range is over: `startDateTime`, `sentDateTime` or `blockDateTime`.
    fn time(&self) -> Option<OffsetDateTime>;
}
