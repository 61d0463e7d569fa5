//! Graph's count of requests over 60 s, and whether a client's own kept within it.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

const SPAN: Duration = Duration::from_secs(60);

/// The count that Graph keeps of what arrives. A request that is refused counts too.
#[derive(Default)]
pub(crate) struct Arrivals {
    limit: usize,
    latest: VecDeque<Instant>,
}

impl Arrivals {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            latest: VecDeque::new(),
        }
    }

    /// Counts one; when it is one too many, gives the time until there is room again.
    pub(crate) fn arrives(&mut self, now: Instant) -> Option<Duration> {
        self.latest.push_back(now);
        if self.latest.len() <= self.limit {
            return None;
        }
        let oldest = self.latest.pop_front()?;
        Some((oldest + SPAN).duration_since(now)).filter(|wait| !wait.is_zero())
    }
}

/// The most requests in any 60 s, of moments in order.
pub(crate) fn most_in_span(moments: &[Instant]) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (index, at) in moments.iter().enumerate() {
        while *at - moments[first] >= SPAN {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}
