//! Whether a chain's links have kept the time of day of its end.
//!
//! The link that Graph documents shows dates only (`(from=2019-11-01,to=2019-12-01)`), and not how it shows
//! a range that ends within a day. Rounded outwards, rows come back that nobody asked for, which shows.
//! Rounded down to the day's first moment, the rows of that last day on later pages would be missing,
//! which does not. So when the later pages of a chain held no row of its last, begun day, the day is
//! asked for by itself: one request more, which as a rule brings what is known already.

use graph_pstn_model::{LogRow, TimeRange};

use super::window::{Window, midnight_before};
use crate::Page;

/// What the pages of one chain have shown of its last day.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastDay {
    pages: u64,
    /// A page that a link led to held a row of it.
    seen: bool,
}

impl LastDay {
    /// Looks at the next page of the chain.
    pub(super) fn look<T: LogRow>(&mut self, window: Window, page: &Page<T>) {
        self.pages += 1;
        if self.pages > 1 && !self.seen {
            let midnight = midnight_before(window.asked.until());
            let mut times = page.rows.iter().rev().filter_map(LogRow::time);
            // A link that ends at midnight brings a row of that very moment.
            self.seen = times.any(|time| time > midnight);
        }
    }

    /// The window as it is to be asked for again, now that its chain has ended; `None` when nothing is missing.
    pub(super) fn missing(self, window: Window) -> Option<Window> {
        let until = window.asked.until();
        let midnight = midnight_before(until);
        if self.pages < 2 || self.seen || midnight == until {
            return None;
        }
        match TimeRange::new(midnight, until) {
            Ok(day) if midnight > window.asked.from() => Some(Window {
                asked: day,
                ..window
            }),
            _ => window.by_whole_days(),
        }
    }
}
