use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until, timeout},
};

use super::{Quota, window::Window};
use crate::{CallClock, Error, ErrorKind, QuotaWait, SharedObserver};

/// The log that a request is to, by which it is counted; put into the request's extensions.
/// Requests without one are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Collection(pub &'static str);

/// The counts of one app in one tenant, shared by cloning.
#[derive(Clone)]
pub struct RateLimits(Arc<Inner>);

struct Inner {
    quota: Quota,
    app: Mutex<Window>,
    collections: StdMutex<HashMap<Collection, Arc<Counted>>>,
}

/// The state of one log. Tokio's lock lets waiters in by the order they came.
struct Counted {
    window: Mutex<Window>,
    gate: StdMutex<Option<Instant>>,
}

impl RateLimits {
    /// Counts that begin at nothing.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self(Arc::new(Inner {
            quota,
            app: Mutex::new(Window::new(quota.per_app(), Quota::span())),
            collections: StdMutex::default(),
        }))
    }

    /// Lets nothing leave for this log before `wait` has passed. A gate that is closed for longer stays so.
    pub fn close_gate(&self, collection: Collection, wait: Duration) {
        let until = Instant::now() + wait;
        let counted = self.counted(collection);
        let mut gate = locked(&counted.gate);
        *gate = gate.max(Some(until));
    }

    /// Waits until a request may leave, and counts it as leaving now.
    pub(super) async fn leave(
        &self,
        collection: Collection,
        clock: Option<&CallClock>,
        observer: &SharedObserver,
    ) -> Result<(), Error> {
        let begun = Instant::now();
        let left = clock.map_or(Duration::MAX, CallClock::remaining_wait);
        let turn = self.turn(collection, begun, left, observer);
        let result = timeout(left, turn).await;
        if let Some(clock) = clock {
            clock.add_wait(begun.elapsed());
        }
        result.unwrap_or_else(|_| Err(too_long(left)))
    }

    async fn turn(
        &self,
        collection: Collection,
        begun: Instant,
        left: Duration,
        observer: &SharedObserver,
    ) -> Result<(), Error> {
        let counted = self.counted(collection);
        let mut window = counted.window.lock().await;
        let mut app = self.0.app.lock().await;
        loop {
            let now = Instant::now();
            let gate = locked(&counted.gate).filter(|gate| *gate > now);
            let quota = window.free_at(now).max(app.free_at(now));
            let Some(free) = gate.max(quota) else {
                window.stamp(now);
                app.stamp(now);
                return Ok(());
            };
            if free - begun > left {
                return Err(too_long(free - now));
            }
            observer.wait(&QuotaWait {
                wait: free - now,
                gate: gate >= quota,
            });
            if app.free_at(now).is_none() {
                // The other logs need not wait for this one's turn.
                drop(app);
                sleep_until(free).await;
                app = self.0.app.lock().await;
            } else {
                sleep_until(free).await;
            }
        }
    }

    fn counted(&self, collection: Collection) -> Arc<Counted> {
        let mut collections = locked(&self.0.collections);
        let counted = collections.entry(collection).or_insert_with(|| {
            Arc::new(Counted {
                window: Mutex::new(Window::new(self.0.quota.per_collection(), Quota::span())),
                gate: StdMutex::default(),
            })
        });
        counted.clone()
    }
}

fn too_long(wait: Duration) -> Error {
    Error::new(
        ErrorKind::Throttled,
        format!(
            "the quota is used up for another {:.0} s, longer than this call may wait",
            wait.as_secs_f64()
        ),
    )
    .with_retry_after(wait)
    .with_transient(false)
}

/// What the locks guard is sound after any panic, so a poisoned lock is as good as another.
fn locked<T>(mutex: &StdMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new(Quota::default())
    }
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits")
            .field("quota", &self.0.quota)
            .finish_non_exhaustive()
    }
}
