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
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The windows in the order in which they will be delivered.
    order: Vec<u64>,
    bytes: HashMap<u64, usize>,
}

impl Waiting {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            most,
            state: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// Sets the order of delivery; windows that are not in it are forgotten.
    pub(super) fn set_order(&self, order: impl Iterator<Item = u64>) {
        let mut state = self.state();
        state.order.clear();
        state.order.extend(order);
        let State { order, bytes } = &mut *state;
        bytes.retain(|id, _| order.contains(id));
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// Adds a page that has arrived.
    pub(super) fn add(&self, id: u64, page: usize) {
        *self.state().bytes.entry(id).or_default() += page;
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

    /// The window in front may always have one page in hand, or nothing would move. Of the others, the
    /// nearer may fill more of the room than the farther, so that they are done one after the other, and
    /// not all at the same time.
    fn may(&self, id: u64) -> bool {
        let state = self.state();
        let Some(place) = state.order.iter().position(|known| *known == id) else {
            return true;
        };
        let waiting: usize = state.bytes.values().sum();
        let own = state.bytes.get(&id).copied().unwrap_or_default();
        if place == 0 && own == 0 {
            return true;
        }
        let places = state.order.len();
        waiting < self.0.most / places * (places - place)
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
    fn the_front_always_moves_and_the_nearer_may_have_more() {
        let waiting = Waiting::new(90);
        waiting.set_order([7, 8, 9].into_iter());
        waiting.add(8, 35);
        assert!(waiting.may(7) && waiting.may(8));
        assert!(!waiting.may(9), "a third of the room is full");
        waiting.add(8, 30);
        assert!(waiting.may(7) && !waiting.may(8));
        waiting.add(7, 60);
        assert!(!waiting.may(7), "a slow sink holds the front back too");
        waiting.remove(7, 60);
        assert!(waiting.may(7));
    }

    #[test]
    fn what_has_been_delivered_makes_room() {
        let waiting = Waiting::new(90);
        waiting.set_order([7, 8].into_iter());
        waiting.add(7, 200);
        assert!(!waiting.may(8));
        waiting.set_order([8].into_iter());
        assert!(waiting.may(8));
    }

    #[tokio::test]
    async fn one_that_waits_is_woken() {
        let waiting = Waiting::new(10);
        waiting.set_order([1, 2].into_iter());
        waiting.add(1, 10);
        let other = waiting.clone();
        let turn = tokio::spawn(async move { other.turn(2).await });
        tokio::task::yield_now().await;
        assert!(!turn.is_finished());
        waiting.remove(1, 10);
        turn.await.unwrap();
    }
}
