//! How long a token counts as fresh, and how long a failing endpoint is left alone.

use std::{fmt, sync::Arc, time::Duration};

use crate::{Error, ErrorKind};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The longest that a failure keeps everybody from the endpoint, whatever it asks for. The callers that were told keep
/// to what they were told; a proxy that says `86400` must not shut a process out for a day. As long as the gate
/// of the rate limit in `graph-pstn-http`, and for the same reasons.
pub(super) const LONGEST_QUIET: Duration = Duration::from_secs(600);

/// Draws a number from 0 to 1, each as likely as the other.
pub(crate) type Random = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The numbers of the cache.
#[derive(Clone)]
pub(crate) struct Policy {
    /// How long one flight may take, all its requests together.
    pub(crate) timeout: Duration,
    pub(crate) random: Random,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            timeout: MINUTE,
            random: Arc::new(fastrand::f64),
        }
    }
}

/// From a token's request: how long it is handed out, and when a new one is fetched behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub(super) valid: Duration,
    pub(super) fresh: Duration,
}

impl Policy {
    /// `refresh_in` as Entra says it; without it half of a long life, else all but five minutes. Up to
    /// a tenth of that is taken off by chance, so that a fleet does not refresh in step.
    pub(super) fn lifetime(
        &self,
        expires_in: Option<Duration>,
        refresh_in: Option<Duration>,
    ) -> Lifetime {
        // Entra always says it, and its longest tokens live for 28 hours.
        let stated = expires_in.unwrap_or(5 * MINUTE).min(48 * HOUR);
        let valid = stated - (stated / 10).min(MINUTE / 2);
        let fresh = match refresh_in {
            Some(refresh) => refresh,
            None if stated >= 2 * HOUR => stated / 2,
            None => stated.saturating_sub(5 * MINUTE).max(stated / 2),
        };
        let fresh = fresh.min(valid);
        Lifetime {
            valid,
            fresh: fresh - fresh.mul_f64(self.chance() / 10.0),
        }
    }

    /// How long a caller should leave the endpoint alone after its `failures`-th failure in a row, never shorter
    /// than it asked for.
    pub(super) fn pause(&self, error: &Error, failures: u32, token_is_valid: bool) -> Duration {
        let doubled = |first: Duration| {
            let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
            first.saturating_mul(factor).min(MINUTE)
        };
        let pause = match error.kind() {
            // By half at random, so that a fleet does not come back in step.
            ErrorKind::Transient => doubled(Duration::from_secs(1)),
            ErrorKind::Throttled => doubled(Duration::from_secs(10)),
            ErrorKind::Permanent | ErrorKind::Config => MINUTE,
        };
        let pause = pause.mul_f64(0.5 + self.chance() / 2.0);
        // With a valid token in hand there is no hurry.
        let least = if token_is_valid {
            MINUTE / 2
        } else {
            Duration::ZERO
        };
        pause
            .max(least)
            .max(error.retry_after().unwrap_or_default())
    }

    fn chance(&self) -> f64 {
        (self.random)().clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(random: fn() -> f64) -> Policy {
        Policy {
            random: Arc::new(random),
            ..Policy::default()
        }
    }

    fn seconds(expires_in: u64, refresh_in: Option<u64>) -> (u64, u64) {
        let lifetime = policy(|| 0.0).lifetime(
            Some(Duration::from_secs(expires_in)),
            refresh_in.map(Duration::from_secs),
        );
        (lifetime.valid.as_secs(), lifetime.fresh.as_secs())
    }

    #[test]
    fn a_token_is_renewed_well_before_it_ends() {
        assert_eq!(seconds(3_600, None), (3_570, 3_300));
        assert_eq!(seconds(86_400, None), (86_370, 43_200));
        assert_eq!(seconds(86_400, Some(40_000)), (86_370, 40_000));
        // Entra's word is not taken beyond the token's own end.
        assert_eq!(seconds(3_600, Some(7_200)), (3_570, 3_570));
        // Short tokens, as an emulator gives them.
        assert_eq!(seconds(10, None), (9, 5));
        assert_eq!(seconds(0, None), (0, 0));
        assert_eq!(seconds(u64::MAX, None).0, 48 * 3_600 - 30);
    }

    #[test]
    fn chance_renews_earlier_and_never_later() {
        let early = policy(|| 1.0).lifetime(Some(HOUR), None);
        assert_eq!(early.fresh.as_secs(), 3_300 - 330);
        assert_eq!(early.valid.as_secs(), 3_570);
    }

    #[test]
    fn pauses_grow_and_obey_the_server() {
        let of =
            |random, error: &Error, n, valid| policy(random).pause(error, n, valid).as_secs_f64();
        let broken = Error::transient("down");
        let growing: Vec<f64> = (1..=8).map(|n| of(|| 1.0, &broken, n, false)).collect();
        assert_eq!(growing, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        assert_eq!(of(|| 0.0, &broken, 3, false), 2.0);
        assert_eq!(of(|| 0.0, &broken, 1, true), 30.0);
        let asked = broken.with_retry_after(Some(Duration::from_secs(300)));
        assert_eq!(of(|| 0.0, &asked, 1, false), 300.0);
        assert_eq!(of(|| 1.0, &Error::permanent("no"), 1, false), 60.0);
        assert_eq!(of(|| 1.0, &Error::transient("down"), u32::MAX, false), 60.0);
    }
}
