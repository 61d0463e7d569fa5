use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// When the latest requests left: as many as a span may hold.
#[derive(Debug)]
pub(super) struct Window {
    limit: Option<usize>,
    span: Duration,
    left: VecDeque<Instant>,
}

impl Window {
    /// At most `limit` in any `span`; with no limit any number.
    pub(super) fn new(limit: Option<u32>, span: Duration) -> Self {
        Self {
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            span,
            left: VecDeque::new(),
        }
    }

    /// The earliest moment at which one more may leave; `None` for at once.
    pub(super) fn free_at(&self, now: Instant) -> Option<Instant> {
        let limit = self.limit?;
        if self.left.len() < limit {
            return None;
        }
        let oldest = self.left.front()?;
        Some(*oldest + self.span).filter(|free| *free > now)
    }

    /// Notes that one leaves now.
    pub(super) fn stamp(&mut self, now: Instant) {
        let Some(limit) = self.limit else { return };
        while self.left.len() >= limit {
            self.left.pop_front();
        }
        self.left.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the times at which requests want to leave, no span holds more than the limit.
        #[test]
        fn no_span_holds_more_than_the_limit(
            limit in 1_u32..6,
            gaps in proptest::collection::vec(0_u64..40_000, 1..60),
        ) {
            let span = Duration::from_secs(60);
            let mut window = Window::new(Some(limit), span);
            let mut now = Instant::now();
            let mut left = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                now = window.free_at(now).unwrap_or(now);
                prop_assert_eq!(window.free_at(now), None);
                window.stamp(now);
                left.push(now);
            }
            for (first, last) in left.iter().zip(left.iter().skip(limit as usize)) {
                prop_assert!(*last - *first >= span);
            }
        }
    }
}
