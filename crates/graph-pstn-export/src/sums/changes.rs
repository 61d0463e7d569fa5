//! What merging has changed in a folder of days.

use serde::{Deserialize, Serialize};

/// What merging has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changes {
    /// Days whose file is another now, or is new.
    pub days: u64,
    /// Rows that were not there before.
    pub added: u64,
    /// Rows that are there with other content than before.
    pub changed: u64,
    /// Rows that the service has not got any more, and that stay.
    pub missing: u64,
    /// Rows that the service has not got any more, and that were removed.
    pub removed: u64,
}

impl Changes {
    pub(crate) fn add(&mut self, day: &Self) {
        self.days += day.days;
        self.added += day.added;
        self.changed += day.changed;
        self.missing += day.missing;
        self.removed += day.removed;
    }
}
