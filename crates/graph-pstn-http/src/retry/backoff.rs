use std::{fmt, sync::Arc, time::Duration};

/// Draws a number from 0 up to, but not including, 1.
type Random = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Pauses drawn evenly between nothing and a bound that doubles with each attempt, up to a cap
/// ("full jitter": AWS Architecture Blog, "Exponential Backoff And Jitter").
///
/// Clones draw from the same source, so no two calls keep step with each other.
#[derive(Clone)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    random: Random,
}

impl Backoff {
    /// Bounds of `base`, 2 × `base`, 4 × `base` … up to `cap`.
    #[must_use]
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            random: Arc::new(fastrand::f64),
        }
    }

    /// Draws from `random` instead, for tests whose outcome must repeat. It gives numbers in `0.0..1.0`;
    /// others are brought into that range.
    #[must_use]
    pub fn with_random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// The most that the pause after this many failed attempts can be.
    #[must_use]
    pub fn bound(&self, failed_attempts: u32) -> Duration {
        let doublings = failed_attempts.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }

    /// Draws the pause after this many failed attempts.
    #[must_use]
    pub fn pause(&self, failed_attempts: u32) -> Duration {
        let drawn = (self.random)();
        let share = if drawn.is_finite() {
            drawn.clamp(0.0, 1.0)
        } else {
            1.0
        };
        self.bound(failed_attempts).mul_f64(share)
    }
}

impl Default for Backoff {
    /// Half a second, doubling, at most 30 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(30))
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff")
            .field("base", &self.base)
            .field("cap", &self.cap)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        let bounds: Vec<u64> = (1..=7).map(|n| backoff.bound(n).as_secs()).collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(backoff.bound(u32::MAX).as_secs(), 30);
        let endless = Backoff::new(Duration::MAX, Duration::MAX);
        assert_eq!(endless.bound(9), Duration::MAX);
    }

    #[test]
    fn no_two_calls_of_one_policy_keep_step() {
        // The jitter of tower 0.5.3 copies its generator with each call, and rounds to whole seconds.
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        let pauses = || -> Vec<Duration> {
            let mine = backoff.clone();
            (1..=8).map(|n| mine.pause(n)).collect()
        };
        let calls: HashSet<Vec<Duration>> = (0..20).map(|_| pauses()).collect();
        assert_eq!(calls.len(), 20);
        assert!(
            calls
                .iter()
                .flatten()
                .any(|pause| pause.subsec_nanos() != 0)
        );
    }

    #[test]
    fn a_pause_lies_within_its_bound() {
        for (drawn, expected) in [
            (0.0, 0),
            (0.5, 2_000),
            (-3.0, 0),
            (7.0, 4_000),
            (f64::NAN, 4_000),
        ] {
            let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
            let backoff = backoff.with_random(move || drawn);
            assert_eq!(backoff.pause(3), Duration::from_millis(expected), "{drawn}");
        }
    }
}
