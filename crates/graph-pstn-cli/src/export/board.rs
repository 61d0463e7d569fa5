//! How far several logs have come together.

use std::sync::{Mutex, PoisonError};

use graph_pstn_http::Progress;
use graph_pstn_model::TimeRange;

use crate::ui::Ui;

/// Shows the sum of pages and rows, and the place of the log that has the longest way to go.
#[derive(Debug)]
pub(crate) struct Board {
    range: TimeRange,
    logs: Mutex<Vec<Progress>>,
}

impl Board {
    pub(crate) fn new(range: TimeRange, logs: usize) -> Self {
        Self {
            range,
            logs: Mutex::new(vec![Progress::default(); logs]),
        }
    }

    /// The log in this place has come so far.
    pub(crate) fn show(&self, ui: &Ui, place: usize, progress: &Progress) {
        ui.progress(self.range, &self.sum(place, progress));
    }

    fn sum(&self, place: usize, progress: &Progress) -> Progress {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get_mut(place) {
            *log = *progress;
        }
        let mut sum = Progress::default();
        sum.pages = logs.iter().map(|log| log.pages).sum();
        sum.rows = logs.iter().map(|log| log.rows).sum();
        let places = logs.iter().map(|log| log.position);
        sum.position = places.min().flatten();
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_slowest_log_says_how_far_it_is() {
        let (from, until) = (
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let board = Board::new(TimeRange::new(from, until).unwrap(), 2);
        let at = |rows, position| {
            let mut progress = Progress::default();
            (progress.rows, progress.position) = (rows, Some(position));
            progress
        };
        assert_eq!(board.sum(0, &at(5, until)).position, None);
        let sum = board.sum(1, &at(7, from));
        assert_eq!((sum.rows, sum.position), (12, Some(from)));
    }
}
