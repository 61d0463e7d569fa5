use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// A bucket of retry tokens that all calls share.
///
/// Each retry takes some; a call that succeeds in the end puts back what its retries took, and any
/// success puts back one. A call that is dropped before its end puts back what it took as well. While the
/// service answers at all the bucket stays full; when it is down for everybody the bucket empties, and
/// failures are returned at once instead of being multiplied.
#[derive(Clone, Debug)]
pub struct RetryBudget(Arc<Bucket>);

#[derive(Debug)]
struct Bucket {
    capacity: u32,
    available: AtomicU32,
}

impl RetryBudget {
    /// A full bucket of this many tokens. A retry costs 5 of them, or 10 after a timeout or without a
    /// connection.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self(Arc::new(Bucket {
            capacity,
            available: AtomicU32::new(capacity),
        }))
    }

    /// How many tokens are left.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.0.available.load(Ordering::Relaxed)
    }

    /// Takes `cost` tokens, or none and says so with `false`.
    #[must_use = "without the tokens there must be no retry"]
    pub fn withdraw(&self, cost: u32) -> bool {
        let take = |available: u32| available.checked_sub(cost);
        self.0
            .available
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    /// Puts tokens back, up to the capacity.
    pub fn deposit(&self, tokens: u32) {
        let put = |available: u32| Some(available.saturating_add(tokens).min(self.0.capacity));
        // The closure never gives `None`, so the update always takes place.
        let _ = self
            .0
            .available
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, put);
    }
}

impl Default for RetryBudget {
    /// 500 tokens: 100 retries in a row without one success.
    fn default() -> Self {
        Self::new(500)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_gives_nothing_and_a_full_one_takes_nothing() {
        let budget = RetryBudget::new(12);
        let clone = budget.clone();
        assert!(budget.withdraw(10));
        assert!(!clone.withdraw(5));
        assert_eq!(budget.available(), 2);
        clone.deposit(3);
        assert!(budget.withdraw(5));
        budget.deposit(u32::MAX);
        assert_eq!(clone.available(), 12);
    }
}
