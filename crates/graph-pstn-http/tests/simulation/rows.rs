//! The row types that the simulation reads, and how many rows there are at a time.

use std::{
    cell::Cell,
    hash::{Hash, Hasher},
};

use graph_pstn_model::{LogRow, PstnCallLogRow};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use time::OffsetDateTime;

/// What the simulation must know of a row.
pub(crate) trait Known: LogRow + DeserializeOwned + Unpin {
    /// The row as Graph has it.
    fn row(&self) -> &PstnCallLogRow;
}

impl Known for PstnCallLogRow {
    fn row(&self) -> &PstnCallLogRow {
        self
    }
}

thread_local! {
    static ALIVE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// How many rows were alive at the same time, at the most, since this was asked last.
pub(crate) fn most_alive() -> usize {
    ALIVE.with(|cell| {
        let (alive, most) = cell.get();
        cell.set((alive, alive));
        most
    })
}

/// A row of a caller's own type, which serde reads.
#[derive(PartialEq, Eq)]
pub(crate) struct Counted {
    row: PstnCallLogRow,
    alive: Alive,
}

#[derive(PartialEq, Eq)]
struct Alive;

impl Alive {
    fn new() -> Self {
        ALIVE.with(|cell| {
            let (alive, most) = cell.get();
            cell.set((alive + 1, most.max(alive + 1)));
        });
        Self
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.with(|cell| {
            let (alive, most) = cell.get();
            cell.set((alive.saturating_sub(1), most));
        });
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = PstnCallLogRow::deserialize(deserializer)?;
        let alive = Alive::new();
        Ok(Self { row, alive })
    }
}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.row.hash(state);
    }
}

impl LogRow for Counted {
    fn id(&self) -> Option<&str> {
        self.row.id()
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.row.time()
    }
}

impl Known for Counted {
    fn row(&self) -> &PstnCallLogRow {
        &self.row
    }
}

/// A row whose `id` is not known, so that the reader cannot tell it from another.
#[derive(PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub(crate) struct Anonymous(PstnCallLogRow);

impl LogRow for Anonymous {
    fn id(&self) -> Option<&str> {
        None
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.0.time()
    }
}

impl Known for Anonymous {
    fn row(&self) -> &PstnCallLogRow {
        &self.0
    }
}
