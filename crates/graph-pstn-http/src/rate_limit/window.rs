use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// When the latest requests left: as many as the span may hold.
#[derive(Debug)]
pub(super) struct Window {
    limit: Option<usize>,
    /// The span in which the server counts.
    span: Duration,
    /// How much closer together requests may arrive than they left.
    margin: Duration,
    sent: VecDeque<Sent>,
    /// The number of the first of `sent`, counted from the beginning.
    first: u64,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    left: Instant,
    /// When its answer was there: by then at the latest the server had counted it.
    answered: Option<Instant>,
}

impl Window {
    /// At most `limit` in any `span`; with no limit any number.
    pub(super) fn new(limit: Option<u32>, span: Duration, margin: Duration) -> Self {
        Self {
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            span,
            margin,
            sent: VecDeque::new(),
            first: 0,
        }
    }

    /// The earliest moment at which one more may leave; `None` for at once.
    pub(super) fn free_at(&self, now: Instant) -> Option<Instant> {
        self.free_after(0, now)
    }

    /// The earliest moment at which one more may leave when so many others go before it; `None` for at once.
    pub(super) fn free_after(&self, ahead: usize, now: Instant) -> Option<Instant> {
        let limit = self.limit?.max(1);
        // Each takes the place of the one that left `limit` places before it.
        let before = (self.sent.len() + ahead).checked_sub(limit)?;
        let rounds = before / limit;
        let free = match self.sent.get(before % limit) {
            Some(sent) => {
                let latest = sent.left + self.margin;
                let counted = sent.answered.map_or(latest, |at| at.min(latest));
                (counted + self.span).max(now)
            }
            // That one waits too, and may leave at once.
            None => now + self.span,
        };
        let later = self
            .span
            .saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
        Some(free.checked_add(later).unwrap_or(free)).filter(|free| *free > now)
    }

    /// Notes that one leaves now; gives its number.
    pub(super) fn stamp(&mut self, now: Instant) -> u64 {
        let limit = self.limit.unwrap_or_default();
        while self.sent.len() >= limit.max(1) {
            self.sent.pop_front();
            self.first += 1;
        }
        self.sent.push_back(Sent {
            left: now,
            answered: None,
        });
        self.first + self.sent.len() as u64 - 1
    }

    /// Notes that the answer to this one is there.
    pub(super) fn answered(&mut self, number: u64, now: Instant) {
        let at = number.checked_sub(self.first).map(usize::try_from);
        if let Some(Ok(at)) = at
            && let Some(sent) = self.sent.get_mut(at)
        {
            sent.answered = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_waits_behind_others_knows_when_it_will_be_free() {
        let span = Duration::from_secs(60);
        let mut window = Window::new(Some(3), span, Duration::ZERO);
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        window.stamp(at(0));
        window.stamp(at(10));
        let free = |ahead| window.free_after(ahead, at(20));
        assert_eq!(free(0), None);
        // In the places of the two that left, of the one that leaves now, and so on.
        assert_eq!(free(1), Some(at(60)));
        assert_eq!(free(2), Some(at(70)));
        assert_eq!(free(3), Some(at(80)));
        assert_eq!(free(4), Some(at(120)));
        assert_eq!(free(9), Some(at(200)));
    }

    proptest! {
        /// Whatever the times at which requests want to leave, and however their ways differ within the
        /// margin, the server counts no more than the limit in any span.
        #[test]
        fn no_span_holds_more_than_the_limit(
            limit in 1_u32..6,
            requests in proptest::collection::vec((0_u64..40_000, 0_u64..2_000, 0_u64..90_000), 1..60),
        ) {
            let ms = Duration::from_millis;
            let span = Duration::from_secs(60);
            let mut window = Window::new(Some(limit), span, ms(2_000));
            let mut now = Instant::now();
            let mut answers: Vec<(Instant, u64)> = Vec::new();
            let mut arrivals = Vec::new();
            for (gap, way, back) in requests {
                now += ms(gap);
                // Answers that are there by now, or by the time at which a slot is free, are noted.
                loop {
                    answers.sort();
                    let due = answers.iter().take_while(|(at, _)| *at <= now).count();
                    for (at, number) in answers.drain(..due) {
                        window.answered(number, at);
                    }
                    match window.free_at(now) {
                        None => break,
                        Some(free) => now = answers.first().map_or(free, |(at, _)| free.min(*at)),
                    }
                }
                let number = window.stamp(now);
                arrivals.push(now + ms(way));
                answers.push((now + ms(way) + ms(back), number));
            }
            arrivals.sort();
            for (first, last) in arrivals.iter().zip(arrivals.iter().skip(limit as usize)) {
                prop_assert!(*last - *first >= span);
            }
        }
    }
}
