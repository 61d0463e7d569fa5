use time::Duration;

/// How many rows a second the log holds, as far as has been seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Density {
    rows: f64,
    seconds: f64,
    /// Whole windows have been counted, rather than one page: the first rows of a night say little about
    /// the day that follows.
    measured: bool,
    /// The longest window that has been counted.
    longest: Duration,
}

impl Density {
    /// Counts a window that has been fetched. Older ones count for less.
    pub(super) fn count(&mut self, rows: u64, span: Duration) {
        let weight = if self.measured { 0.7 } else { 0.0 };
        self.rows = self.rows * weight + float(rows);
        self.seconds = self.seconds * weight + span.as_seconds_f64();
        self.measured = true;
        self.longest = self.longest.max(span);
    }

    /// Takes one page's word for it, since what was known has turned out wrong.
    pub(super) fn guess(&mut self, rows: u64, span: Duration) {
        *self = Self {
            rows: float(rows),
            seconds: span.as_seconds_f64(),
            measured: false,
            longest: Duration::ZERO,
        };
    }

    pub(super) fn is_measured(self) -> bool {
        self.measured
    }

    /// How far what has been seen can be relied on: four times the longest window. A weekend says as
    /// little about a month as a night about a day.
    pub(super) fn reach(self) -> Duration {
        self.longest.checked_mul(4).unwrap_or(Duration::MAX)
    }

    /// Rows a second; `None` if nothing has been seen.
    pub(super) fn rate(self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.rows / self.seconds)
    }
}

/// Counts of rows are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn float(rows: u64) -> f64 {
    rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_outweigh_a_guess_and_the_latest_count_most() {
        let mut density = Density::default();
        assert_eq!(density.rate(), None);
        density.guess(1_000, Duration::HOUR);
        assert!(!density.is_measured());
        density.count(86_400, Duration::DAY);
        assert_eq!(density.rate(), Some(1.0));
        for _ in 0..20 {
            density.count(864_000, Duration::DAY);
        }
        assert!(density.rate().is_some_and(|rate| rate > 9.9));
    }
}
