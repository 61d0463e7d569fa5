use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until, timeout};

use super::{Quota, window::Window};
use crate::{CallClock, Error, ErrorKind, QuotaWait, SharedObserver, error::LONGEST_WAIT};

/// The log that a request is to, by which it is counted; put into the request's extensions.
/// Requests without one are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Collection(pub &'static str);

/// The counts of one app in one tenant, shared by cloning. [`RateLimitRegistry`](super::RateLimitRegistry) keeps
/// those of several apps and tenants.
#[derive(Clone)]
pub struct RateLimits(Arc<Inner>);

struct Inner {
    quota: Quota,
    tenant: TenantCount,
    app: Mutex<Window>,
    collections: Mutex<HashMap<Collection, Arc<Counted>>>,
}

/// The state of one log.
struct Counted {
    /// Tokio's lock lets waiters in by the order they came.
    turn: tokio::sync::Mutex<()>,
    /// How many wait for their turn, or have it.
    queue: AtomicUsize,
    window: Mutex<Window>,
    gate: Mutex<Option<Instant>>,
}

/// What all apps of a tenant have sent, shared by cloning.
#[derive(Clone)]
pub(super) struct TenantCount(Arc<Mutex<Window>>);

impl TenantCount {
    pub(super) fn new(quota: Quota) -> Self {
        Self(Arc::new(Mutex::new(window(quota.per_tenant()))))
    }
}

/// A place in a log's queue, given up when it is dropped.
struct Place<'a> {
    queue: &'a AtomicUsize,
    ahead: usize,
}

impl<'a> Place<'a> {
    fn take(queue: &'a AtomicUsize) -> Self {
        let ahead = queue.fetch_add(1, Ordering::Relaxed);
        Self { queue, ahead }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request that has left: where it is counted, and as which.
pub(super) struct Ticket {
    counted: Arc<Counted>,
    numbers: Numbers,
}

/// The numbers of a request in the windows of its log, its app and its tenant.
struct Numbers {
    in_collection: u64,
    in_app: u64,
    in_tenant: u64,
}

impl RateLimits {
    /// Counts that begin at nothing, of the only app in its tenant.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self::in_tenant(quota, TenantCount::new(quota))
    }

    /// Counts that begin at nothing, of an app beside others in the same tenant.
    pub(super) fn in_tenant(quota: Quota, tenant: TenantCount) -> Self {
        Self(Arc::new(Inner {
            quota,
            tenant,
            app: Mutex::new(window(quota.per_app())),
            collections: Mutex::default(),
        }))
    }

    /// The quota that is kept.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.0.quota
    }

    /// Lets nothing leave for this log before `wait` has passed. A gate that is closed for longer stays so.
    pub fn close_gate(&self, collection: Collection, wait: Duration) {
        let now = Instant::now();
        // What is too long for the clock to tell is longer than any call waits.
        let until = now.checked_add(wait).unwrap_or(now + LONGEST_WAIT);
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
    ) -> Result<Ticket, Error> {
        let begun = Instant::now();
        let left = clock.map_or(Duration::MAX, CallClock::remaining_wait);
        let turn = self.turn(collection, begun, left, observer);
        let result = timeout(left, turn).await;
        if let Some(clock) = clock {
            clock.add_wait(begun.elapsed());
        }
        result.unwrap_or_else(|_| Err(too_long(left, false)))
    }

    /// Notes that the answer to a request is there.
    pub(super) fn answered(&self, ticket: &Ticket) {
        let now = Instant::now();
        let Numbers {
            in_collection,
            in_app,
            in_tenant,
        } = ticket.numbers;
        locked(&ticket.counted.window).answered(in_collection, now);
        locked(&self.0.app).answered(in_app, now);
        locked(&self.0.tenant.0).answered(in_tenant, now);
    }

    async fn turn(
        &self,
        collection: Collection,
        begun: Instant,
        left: Duration,
        observer: &SharedObserver,
    ) -> Result<Ticket, Error> {
        let counted = self.counted(collection);
        let place = Place::take(&counted.queue);
        let quota = locked(&counted.window).free_after(place.ahead, begun);
        let gate = *locked(&counted.gate);
        if let Some(free) = gate.max(quota).filter(|free| *free - begun > left) {
            return Err(too_long(free - begun, gate >= quota));
        }
        let turn = counted.turn.lock().await;
        loop {
            let now = Instant::now();
            let (free, gate) = match self.try_leave(&counted, now) {
                Ok(numbers) => {
                    drop((turn, place));
                    return Ok(Ticket { counted, numbers });
                }
                Err(closed) => closed,
            };
            if free - begun > left {
                return Err(too_long(free - now, gate));
            }
            observer.wait(&QuotaWait {
                wait: free - now,
                gate,
            });
            sleep_until(free).await;
        }
    }

    /// Counts a request as leaving now, or says when one may, and whether the gate is why.
    fn try_leave(&self, counted: &Counted, now: Instant) -> Result<Numbers, (Instant, bool)> {
        let gate = locked(&counted.gate).filter(|gate| *gate > now);
        // Inner before outer, always, so that no two can wait for each other.
        let mut window = locked(&counted.window);
        let mut app = locked(&self.0.app);
        let mut tenant = locked(&self.0.tenant.0);
        let quota = window
            .free_at(now)
            .max(app.free_at(now))
            .max(tenant.free_at(now));
        match gate.max(quota) {
            None => Ok(Numbers {
                in_collection: window.stamp(now),
                in_app: app.stamp(now),
                in_tenant: tenant.stamp(now),
            }),
            Some(free) => Err((free, gate >= quota)),
        }
    }

    fn counted(&self, collection: Collection) -> Arc<Counted> {
        let mut collections = locked(&self.0.collections);
        let counted = collections.entry(collection).or_insert_with(|| {
            Arc::new(Counted {
                turn: tokio::sync::Mutex::default(),
                queue: AtomicUsize::new(0),
                window: Mutex::new(window(self.0.quota.per_collection())),
                gate: Mutex::default(),
            })
        });
        counted.clone()
    }
}

fn window(limit: Option<u32>) -> Window {
    Window::new(limit, Quota::SPAN, Quota::MARGIN)
}

/// The error of a call that may not wait so long, for the gate or for the quota.
fn too_long(wait: Duration, gate: bool) -> Error {
    let why = if gate {
        "Graph asked for quiet"
    } else {
        "the quota is used up"
    };
    let seconds = wait.as_secs_f64();
    Error::new(
        ErrorKind::Throttled,
        format!("{why} for another {seconds:.0} s, longer than this call may wait"),
    )
    .with_retry_after(wait)
    .with_transient(false)
}

/// What the locks guard is sound after any panic, so a poisoned lock is as good as another.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
