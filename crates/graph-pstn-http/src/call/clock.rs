use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use http::Extensions;
use tokio::time::Instant;

/// How long a call may work, and how long it may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallLimits {
    /// The most time that attempts, and pauses of the client's own choosing, may take together.
    pub working: Duration,
    /// The most time that may be spent waiting for the quota, and for times that the server named.
    pub max_wait: Duration,
}

impl CallLimits {
    /// Limits of the caller's choice.
    #[must_use]
    pub fn new(working: Duration, max_wait: Duration) -> Self {
        Self { working, max_wait }
    }
}

impl Default for CallLimits {
    /// Three minutes of work and five of waiting: a library's caller should hear of trouble soon.
    fn default() -> Self {
        Self::new(Duration::from_secs(180), Duration::from_secs(300))
    }
}

/// The clock of one call, shared by all of its attempts.
#[derive(Clone, Debug)]
pub struct CallClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    started: Instant,
    limits: CallLimits,
    waited_nanos: AtomicU64,
    attempts: AtomicU32,
}

impl CallClock {
    /// Starts a clock now.
    #[must_use]
    pub fn start(limits: CallLimits) -> Self {
        Self(Arc::new(Inner {
            started: Instant::now(),
            limits,
            waited_nanos: AtomicU64::new(0),
            attempts: AtomicU32::new(0),
        }))
    }

    /// The clock that [`CallLayer`](super::CallLayer) put into a request's extensions.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// How long ago the call began, waits included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// How long the call has waited for the quota and for times that the server named.
    #[must_use]
    pub fn waited(&self) -> Duration {
        Duration::from_nanos(self.0.waited_nanos.load(Ordering::Relaxed))
    }

    /// How much working time is left.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        let worked = self.elapsed().saturating_sub(self.waited());
        self.0.limits.working.saturating_sub(worked)
    }

    /// How much waiting is left.
    #[must_use]
    pub fn remaining_wait(&self) -> Duration {
        self.0.limits.max_wait.saturating_sub(self.waited())
    }

    /// Notes a wait that does not count as work.
    pub fn add_wait(&self, wait: Duration) {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        let add = |waited: u64| Some(waited.saturating_add(nanos));
        // The closure never gives `None`, so the update always takes place.
        let _ = self
            .0
            .waited_nanos
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Counts a request that is about to be sent; gives its number, the first being 1. One layer of a stack does
    /// so, below all that may hold a request back or send it again: in the default stack the attempt span.
    pub fn begin_attempt(&self) -> u32 {
        self.0
            .attempts
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1)
    }

    /// How many requests the call has sent: one that was sent again with another token after a 401 counts twice, and
    /// a try that ended for want of a token not at all.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_is_not_working() {
        let seconds = Duration::from_secs;
        let clock = CallClock::start(CallLimits::new(seconds(10), seconds(100)));
        tokio::time::advance(seconds(4)).await;
        assert_eq!(clock.remaining(), seconds(6));
        tokio::time::advance(seconds(30)).await;
        clock.add_wait(seconds(30));
        assert_eq!(clock.remaining(), seconds(6));
        assert_eq!(clock.remaining_wait(), seconds(70));
        tokio::time::advance(seconds(7)).await;
        assert_eq!(clock.remaining(), Duration::ZERO);
        clock.add_wait(Duration::MAX);
        assert_eq!(clock.remaining_wait(), Duration::ZERO);
    }
}
