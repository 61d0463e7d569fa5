use graph_pstn_model::LogRow;
use time::{Duration, OffsetDateTime};

use super::{
    Batch, Progress,
    seen::{Seen, Sight},
    window::Window,
};
use crate::Page;

/// What a page has brought.
pub(super) struct Sorted<T> {
    pub(super) batch: Batch<T>,
    /// Rows from so far outside that a link must have lost the time of day.
    pub(super) lost_time_of_day: bool,
    /// Nothing that was not there before: neither rows of the window nor others of the days around it.
    pub(super) is_barren: bool,
}

/// Sorts the rows of pages into new ones, repeated ones and strays.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    /// The rows of the window that is being delivered.
    seen: Seen,
    /// The rows that cannot be read, by their text, since their `id` may be what is wrong with them.
    rejects: Seen,
    /// Its rows without an `id`, and those of the days around it that are not wanted: they are told apart
    /// to see whether pages bring anything new.
    others: Seen,
    /// Up to where rows have been delivered, of a window that was cut afterwards.
    reaches: Option<OffsetDateTime>,
    /// The rows that have no time, which any window may bring.
    timeless: Seen,
    timeless_ids: Vec<String>,
    /// How many of them finished windows have brought.
    timeless_done: usize,
}

impl Sieve {
    /// Sorts a page of the window.
    pub(super) fn sort<T: LogRow>(
        &mut self,
        window: Window,
        page: Page<T>,
        progress: &mut Progress,
    ) -> Sorted<T> {
        let mut rejects = page.rejects;
        let before = rejects.len();
        rejects.retain(|reject| self.rejects.look(&reject.json, &()) == Sight::New);
        progress.duplicates += (before - rejects.len()) as u64;
        let mut lost_time_of_day = false;
        let mut news = false;
        let sights: Vec<Sight> = page
            .rows
            .iter()
            .map(|row| {
                let time = row.time();
                let id = row.id().filter(|id| !id.is_empty());
                if let Some(time) = time.filter(|time| !window.wanted.contains(*time)) {
                    // Within a second of the bounds is where whole seconds and inclusive ends bring rows.
                    lost_time_of_day |= window.asked.from() - time > Duration::SECOND
                        || time - window.asked.until() > Duration::SECOND;
                    if window.asked.contains(time) {
                        news |= self.others.is_new(row);
                    }
                    return Sight::Stray;
                }
                let sight = match (id, time) {
                    (None, _) => {
                        news |= self.others.is_new(row);
                        Sight::New
                    }
                    (Some(id), Some(_)) => self.seen.look(id, row),
                    (Some(id), None) => {
                        let sight = self.timeless.look(id, row);
                        if sight == Sight::New {
                            self.timeless_ids.push(id.to_owned());
                        }
                        sight
                    }
                };
                if sight == Sight::New {
                    news |= id.is_some();
                    progress.position = time.or(progress.position);
                }
                sight
            })
            .collect();
        let count = |sight| sights.iter().filter(|s| **s == sight).count() as u64;
        progress.strays += count(Sight::Stray);
        progress.duplicates += count(Sight::Duplicate);
        let batch = Batch::new(rejects, page.rows, &sights);
        progress.pages += 1;
        progress.rows += batch.rows.len() as u64;
        progress.rejects += batch.rejects.len() as u64;
        progress.conflicts += batch.conflicts.len() as u64;
        let is_barren = !news && batch.rejects.is_empty();
        Sorted {
            batch,
            lost_time_of_day,
            is_barren,
        }
    }

    /// All of the window has been delivered, so that it will not be read again.
    pub(super) fn window_is_done(&mut self) {
        self.timeless_done = self.timeless_ids.len();
    }

    /// The window is cut into parts, of which the later will bring again what it has brought.
    pub(super) fn window_is_cut(&mut self, window: Window) {
        self.reaches = self.reaches.max(Some(window.wanted.until()));
    }

    /// Whether it is a part of a window that was cut, and not the last: some of what follows has been
    /// delivered already, so there is no going on from its end.
    pub(super) fn is_within_cut(&self, window: Window) -> bool {
        self.reaches > Some(window.wanted.until())
    }

    /// Forgets the window's rows: no other brings them, unless it was a part of one that was cut. Says
    /// whether it did.
    pub(super) fn end_of_window(&mut self, window: Window) -> bool {
        self.others.clear();
        let forgets = !self.is_within_cut(window);
        if forgets {
            self.seen.clear();
            // One that asks for whole days brings the same rejects as the others of its last day.
            if window.asked.until() <= window.wanted.until() {
                self.rejects.clear();
            }
            self.reaches = None;
        }
        forgets
    }

    /// The `id`s of the rows without a time that finished windows have brought.
    pub(super) fn timeless(&self) -> &[String] {
        self.timeless_ids
            .get(..self.timeless_done)
            .unwrap_or_default()
    }

    /// Takes `id`s as delivered by an earlier run.
    pub(super) fn remember(&mut self, timeless: &[String]) {
        for id in timeless {
            self.timeless.remember(id);
        }
        self.timeless_ids.extend_from_slice(timeless);
        self.window_is_done();
    }
}

#[cfg(test)]
mod tests {
    use graph_pstn_model::{PstnCallLogRow, RejectedRow, TimeRange};
    use time::macros::datetime;

    use super::*;

    /// A page that holds nothing but the day's one row that cannot be read.
    fn page() -> Page<PstnCallLogRow> {
        Page {
            rows: Vec::new(),
            rejects: vec![RejectedRow::new(
                0,
                "duration",
                "not a number",
                r#"{"id":"a"}"#,
            )],
            next: None,
            request_id: None,
            bytes: 0,
        }
    }

    fn hours(from: OffsetDateTime, until: OffsetDateTime) -> Window {
        Window::new(TimeRange::new(from, until).unwrap())
    }

    #[test]
    fn a_reject_of_a_day_is_set_aside_once_however_many_windows_ask_for_the_day() {
        let (mut sieve, mut progress) = (Sieve::default(), Progress::default());
        let noon = datetime!(2019-11-05 12:00 UTC);
        let morning = hours(datetime!(2019-11-05 0:00 UTC), noon);
        let evening = hours(noon, datetime!(2019-11-06 0:00 UTC));
        let mut set_aside = Vec::new();
        for window in [morning, evening].map(|window| window.by_whole_days().unwrap()) {
            let sorted = sieve.sort(window, page(), &mut progress);
            set_aside.push(sorted.batch.rejects.len());
            sieve.end_of_window(window);
        }
        // The next day's is another row, though it reads the same.
        let next = hours(
            datetime!(2019-11-06 0:00 UTC),
            datetime!(2019-11-07 0:00 UTC),
        );
        set_aside.push(sieve.sort(next, page(), &mut progress).batch.rejects.len());
        assert_eq!(set_aside, [1, 0, 1]);
        assert_eq!((progress.rejects, progress.duplicates), (2, 1));
    }
}
