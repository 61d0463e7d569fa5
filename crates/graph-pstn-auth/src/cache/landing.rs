//! How a flight tells those who wait for it.
//!
//! Unlike a `watch` channel, which wakes whom it will, it lets callers go on in the order they came.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use graph_pstn_http::AccessToken;
use tokio::sync::Notify;

use crate::Error;

/// A flight, for its own task. Dropped without an outcome it is lost.
pub(super) struct Landing(Landed);

/// A flight, for those who wait.
#[derive(Clone)]
pub(super) struct Landed(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

enum State {
    Flying,
    Over(Result<AccessToken, Error>),
    Lost,
}

pub(super) fn flight() -> (Landing, Landed) {
    let landed = Landed(Arc::new(Shared {
        state: Mutex::new(State::Flying),
        changed: Notify::new(),
    }));
    (Landing(landed.clone()), landed)
}

impl Landing {
    pub(super) fn over(self, outcome: Result<AccessToken, Error>) {
        *self.0.state() = State::Over(outcome);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if matches!(*state, State::Flying) {
            *state = State::Lost;
        }
        drop(state);
        self.0.0.changed.notify_waiters();
    }
}

impl Landed {
    /// Waits for the outcome; `None` when the flight is lost.
    pub(super) async fn outcome(&self) -> Option<Result<AccessToken, Error>> {
        loop {
            let changed = self.0.changed.notified();
            match &*self.state() {
                State::Over(outcome) => return Some(outcome.clone()),
                State::Lost => return None,
                State::Flying => {}
            }
            changed.await;
        }
    }

    /// Whether its task is gone without an outcome.
    pub(super) fn is_lost(&self) -> bool {
        matches!(*self.state(), State::Lost)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is only ever replaced as a whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Landed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Landed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_who_wait_go_on_in_the_order_they_came() {
        for _ in 0..20 {
            let (landing, landed) = flight();
            let order = Arc::new(Mutex::new(Vec::new()));
            let waiting: Vec<_> = (0..10)
                .map(|number| {
                    let (landed, order) = (landed.clone(), order.clone());
                    tokio::spawn(async move {
                        assert!(landed.outcome().await.is_some());
                        order.lock().unwrap().push(number);
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            landing.over(AccessToken::new("made-up").map_err(|_| unreachable!()));
            for task in waiting {
                task.await.unwrap();
            }
            assert!(order.lock().unwrap().is_sorted());
        }
    }

    #[tokio::test]
    async fn a_flight_whose_task_is_gone_is_lost() {
        let (landing, landed) = flight();
        assert!(!landed.is_lost());
        drop(landing);
        assert!(landed.is_lost());
        assert!(landed.outcome().await.is_none());
    }
}
