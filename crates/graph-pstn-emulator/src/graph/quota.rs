//! Graph's documented limits for the PSTN logs, as sliding windows over arrivals.
//!
//! Source: "Microsoft Graph service-specific throttling limits", call records: 50 requests in 60 s per
//! collection (read here as per function), 200 per app and tenant, 1,000 per tenant. Refused requests
//! count too, as "Microsoft Graph throttling guidance" says.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::rows::Log;

/// How many requests are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    limits: Option<Limits>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    window: Duration,
    per_function: u32,
    per_app: u32,
    per_tenant: u32,
}

impl Quota {
    /// No limit.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { limits: None }
    }

    /// The documented limits: in 60 s, 50 requests per function, 200 per app in the tenant, 1,000 in all.
    #[must_use]
    pub const fn documented() -> Self {
        Self::per_window(Duration::from_secs(60), 50, 200, 1_000)
    }

    /// Limits of one's own, for tests that must not take minutes. A limit of 0 refuses everything.
    #[must_use]
    pub const fn per_window(
        window: Duration,
        per_function: u32,
        per_app: u32,
        per_tenant: u32,
    ) -> Self {
        Self {
            limits: Some(Limits {
                window,
                per_function,
                per_app,
                per_tenant,
            }),
        }
    }
}

impl Default for Quota {
    fn default() -> Self {
        Self::unlimited()
    }
}

/// The arrivals of the last window.
#[derive(Debug)]
pub(crate) struct Meter {
    quota: Quota,
    functions: HashMap<Log, VecDeque<Instant>>,
    app: VecDeque<Instant>,
    tenant: VecDeque<Instant>,
}

impl Meter {
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            quota,
            functions: HashMap::new(),
            app: VecDeque::new(),
            tenant: VecDeque::new(),
        }
    }

    /// Counts an arrival. `Err` says how long to stay away.
    pub(crate) fn arrive(&mut self, log: Log) -> Result<(), Duration> {
        let Some(limits) = self.quota.limits else {
            return Ok(());
        };
        let now = Instant::now();
        let function = self.functions.entry(log).or_default();
        let waits = [
            wait(function, limits.per_function, limits.window, now),
            wait(&mut self.app, limits.per_app, limits.window, now),
            wait(&mut self.tenant, limits.per_tenant, limits.window, now),
        ];
        waits.into_iter().max().flatten().map_or(Ok(()), Err)
    }
}

fn wait(
    arrivals: &mut VecDeque<Instant>,
    limit: u32,
    window: Duration,
    now: Instant,
) -> Option<Duration> {
    let limit = limit as usize;
    while arrivals
        .front()
        .is_some_and(|at| now.saturating_duration_since(*at) >= window)
    {
        arrivals.pop_front();
    }
    arrivals.push_back(now);
    // Who hammers on is remembered for so long and no longer, which bounds the memory.
    while arrivals.len() > limit.saturating_mul(2).max(1) {
        arrivals.pop_front();
    }
    // One more fits when all but `limit - 1` of those that count have left the window.
    let over = arrivals.len().checked_sub(limit).filter(|over| *over > 0)?;
    let leaves = arrivals
        .get(over)
        .or_else(|| arrivals.back())
        .map_or(window, |at| {
            window.saturating_sub(now.saturating_duration_since(*at))
        });
    Some(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fifty_fit_and_the_wait_that_is_named_is_enough() {
        let mut meter = Meter::new(Quota::documented());
        for _ in 0..50 {
            assert_eq!(meter.arrive(Log::Pstn), Ok(()));
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        let wait = meter.arrive(Log::Pstn).unwrap_err();
        assert!(
            wait <= Duration::from_secs(60) && wait > Duration::from_secs(50),
            "{wait:?}"
        );
        tokio::time::advance(wait).await;
        assert_eq!(meter.arrive(Log::Pstn), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_even_pace_of_the_quota_is_never_refused() {
        let mut meter = Meter::new(Quota::documented());
        for _ in 0..500 {
            assert_eq!(meter.arrive(Log::Pstn), Ok(()));
            tokio::time::advance(Duration::from_millis(1_200)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_logs_have_a_limit_each_and_share_that_of_the_app() {
        let mut meter = Meter::new(Quota::documented());
        for log in [Log::Pstn, Log::DirectRouting, Log::Sms, Log::BlockedUsers] {
            for _ in 0..50 {
                assert_eq!(meter.arrive(log), Ok(()));
            }
        }
        // The fifth log has asked for nothing yet, and the app for 200 pages.
        assert_eq!(meter.arrive(Log::DialOut), Err(Duration::from_secs(60)));

        let mut meter = Meter::new(Quota::documented());
        for _ in 0..50 {
            assert_eq!(meter.arrive(Log::Pstn), Ok(()));
        }
        assert!(meter.arrive(Log::Pstn).is_err());
        assert_eq!(meter.arrive(Log::Sms), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_tenants_limit_holds_for_all() {
        let mut meter = Meter::new(Quota::per_window(Duration::from_secs(60), 50, 1_000, 60));
        for _ in 0..50 {
            assert_eq!(meter.arrive(Log::Pstn), Ok(()));
        }
        let served = (0..50).filter(|_| meter.arrive(Log::Sms).is_ok()).count();
        assert_eq!(served, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_refuses_nothing() {
        let mut meter = Meter::new(Quota::unlimited());
        assert!((0..5_000).all(|_| meter.arrive(Log::Pstn).is_ok()));
    }
}
