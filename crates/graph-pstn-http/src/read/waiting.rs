//! How much may wait for its turn, shared by all windows that are being fetched.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// The bytes that wait, by window.
#[derive(Clone, Debug)]
pub(super) struct Waiting(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    window_pages: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The windows in the order in which they will be delivered, and whether each is still being fetched.
    order: Vec<(u64, bool)>,
    bytes: HashMap<u64, usize>,
    /// How large a page has been lately.
    page: usize,
}

impl Waiting {
    /// At most so many bytes, for windows that have so many pages as a rule.
    pub(super) fn new(most: usize, window_pages: u32) -> Self {
        Self(Arc::new(Shared {
            most,
            window_pages: usize::try_from(window_pages).unwrap_or(usize::MAX),
            state: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// Sets the order of delivery, and which windows are still being fetched; windows that are not in it
    /// are forgotten.
    pub(super) fn set_order(&self, order: impl Iterator<Item = (u64, bool)>) {
        let mut state = self.state();
        state.order.clear();
        state.order.extend(order);
        let State { order, bytes, .. } = &mut *state;
        bytes.retain(|id, _| order.iter().any(|(known, _)| known == id));
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// Adds a page that has arrived.
    pub(super) fn add(&self, id: u64, page: usize) {
        let mut state = self.state();
        *state.bytes.entry(id).or_default() += page;
        // The last page of a window is smaller and says little.
        state.page = page.max(state.page / 2);
    }

    /// Takes off a page that is being delivered.
    pub(super) fn remove(&self, id: u64, page: usize) {
        if let Some(bytes) = self.state().bytes.get_mut(&id) {
            *bytes = bytes.saturating_sub(page);
        }
        self.0.changed.notify_waiters();
    }

    /// Waits until this window may fetch another page.
    pub(super) async fn turn(&self, id: u64) {
        loop {
            let changed = self.0.changed.notified();
            if self.may(id) {
                return;
            }
            changed.await;
        }
    }

    /// The window in front may always have one page in hand, or nothing would move. Another may fetch as
    /// long as those before it find room for a window's usual pages, or for their share of the room:
    /// what a far one took from a nearer one would stay taken until the nearer one had been delivered.
    fn may(&self, id: u64) -> bool {
        let state = self.state();
        let Some(place) = state.order.iter().position(|(known, _)| *known == id) else {
            return true;
        };
        let waiting = |id: u64| state.bytes.get(&id).copied().unwrap_or_default();
        if place == 0 && waiting(id) == 0 {
            return true;
        }
        let usual = state.page.saturating_mul(self.0.window_pages);
        let share = usual.min(self.0.most / state.order.len());
        let mut taken: usize = 0;
        for (at, (id, fetching)) in state.order.iter().enumerate() {
            let kept = if *fetching && at > 0 && at < place {
                share
            } else {
                0
            };
            taken = taken.saturating_add(waiting(*id).max(kept));
        }
        taken < self.0.most
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is sound after any panic, so a poisoned lock is as good as another.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_always_moves() {
        let waiting = Waiting::new(90, 1);
        waiting.set_order([(7, true), (8, true)].into_iter());
        waiting.add(8, 200);
        assert!(waiting.may(7) && !waiting.may(8));
        waiting.add(7, 60);
        assert!(!waiting.may(7), "a slow sink holds the front back too");
        waiting.remove(7, 60);
        assert!(waiting.may(7));
    }

    #[test]
    fn the_far_leave_the_near_room_for_a_window() {
        let waiting = Waiting::new(120, 3);
        let order = |fetching| {
            [7, 8, 9, 10]
                .map(|id| (id, id != 9 || fetching))
                .into_iter()
        };
        waiting.set_order(order(true));
        waiting.add(8, 10);
        // Windows of 30 bytes: two fit before the last, and leave it 60.
        assert!(waiting.may(8) && waiting.may(9) && waiting.may(10));
        for _ in 0..6 {
            waiting.add(10, 10);
        }
        assert!(!waiting.may(10));
        assert!(
            waiting.may(9) && waiting.may(8),
            "what is kept for them is theirs"
        );
        waiting.set_order(order(false));
        assert!(
            waiting.may(10),
            "one that is fetched needs no more than it has"
        );
    }

    #[test]
    fn little_room_is_shared_by_all() {
        let waiting = Waiting::new(16 << 20, 32);
        waiting.set_order((0..6).map(|id| (id, true)));
        waiting.add(0, 700_000);
        waiting.remove(0, 700_000);
        assert!((0..6).all(|id| waiting.may(id)));
    }

    #[test]
    fn what_has_been_delivered_makes_room() {
        let waiting = Waiting::new(90, 1);
        waiting.set_order([(7, true), (8, true)].into_iter());
        waiting.add(7, 200);
        assert!(!waiting.may(8));
        waiting.set_order([(8, true)].into_iter());
        assert!(waiting.may(8));
    }

    #[tokio::test]
    async fn one_that_waits_is_woken() {
        let waiting = Waiting::new(10, 1);
        waiting.set_order([(1, true), (2, true)].into_iter());
        waiting.add(1, 10);
        let other = waiting.clone();
        let turn = tokio::spawn(async move { other.turn(2).await });
        tokio::task::yield_now().await;
        assert!(!turn.is_finished());
        waiting.remove(1, 10);
        turn.await.unwrap();
    }
}
