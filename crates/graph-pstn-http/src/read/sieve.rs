use graph_pstn_model::LogRow;
use time::Duration;

use super::{
    Batch, Progress,
    seen::{Seen, Sight},
    window::Window,
};
use crate::Page;

/// Sorts the rows of pages into new ones, repeated ones and strays.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    /// The rows of the window that is being delivered.
    seen: Seen,
    /// The rows that have no time, which any window may bring.
    timeless: Seen,
    timeless_ids: Vec<String>,
}

impl Sieve {
    /// Sorts a page of the window. Says whether it brought rows from so far outside that a link must have
    /// lost the time of day.
    pub(super) fn sort<T: LogRow>(
        &mut self,
        window: Window,
        page: Page<T>,
        progress: &mut Progress,
    ) -> (Batch<T>, bool) {
        let mut batch = Batch::new(page.rejects, page.rows.len());
        let mut lost_time_of_day = false;
        for row in page.rows {
            let time = row.time();
            if let Some(time) = time.filter(|time| !window.wanted.contains(*time)) {
                progress.strays += 1;
                // Within a second of the bounds is where whole seconds and inclusive ends bring rows.
                lost_time_of_day |= time < window.asked.from() - Duration::SECOND
                    || time > window.asked.until() + Duration::SECOND;
                continue;
            }
            let id = row.id().filter(|id| !id.is_empty());
            let sight = match (id, time) {
                (None, _) => Sight::New,
                (Some(id), Some(_)) => self.seen.look(id, &row),
                (Some(id), None) => {
                    let sight = self.timeless.look(id, &row);
                    if sight == Sight::New {
                        self.timeless_ids.push(id.to_owned());
                    }
                    sight
                }
            };
            match sight {
                Sight::New => {
                    progress.position = time.or(progress.position);
                    batch.rows.push(row);
                }
                Sight::Duplicate => progress.duplicates += 1,
                Sight::Conflict => batch.conflicts.push(row),
            }
        }
        progress.pages += 1;
        progress.rows += batch.rows.len() as u64;
        progress.rejects += batch.rejects.len() as u64;
        progress.conflicts += batch.conflicts.len() as u64;
        (batch, lost_time_of_day)
    }

    /// Forgets the window's rows: no other brings them.
    pub(super) fn end_of_window(&mut self) {
        self.seen.clear();
    }

    /// The `id`s of the rows without a time that have been delivered.
    pub(super) fn timeless(&self) -> &[String] {
        &self.timeless_ids
    }

    /// Takes `id`s as delivered by an earlier run.
    pub(super) fn remember(&mut self, timeless: &[String]) {
        for id in timeless {
            self.timeless.remember(id);
        }
        self.timeless_ids.extend_from_slice(timeless);
    }
}
