use tower_layer::Layer;

use super::{RateLimit, RateLimits};
use crate::SharedObserver;

/// Keeps requests within a quota. See the [module](super) for an example.
///
/// A request that waits keeps the readiness of the service below, which was polled before the wait. Where that
/// is a permit, as of `tower`'s `ConcurrencyLimit`, requests that wait for the quota of one log so hold up those to
/// another that need not wait. Give each log a limit of its own there, or one that has room for those that wait.
#[derive(Clone, Debug)]
pub struct RateLimitLayer {
    limits: RateLimits,
    observer: SharedObserver,
}

impl RateLimitLayer {
    /// Keeps within these limits, together with all else that shares them.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            observer: SharedObserver::default(),
        }
    }

    /// Tells `observer` of each wait.
    #[must_use]
    pub fn with_observer(mut self, observer: SharedObserver) -> Self {
        self.observer = observer;
        self
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit::new(inner, self.limits.clone(), self.observer.clone())
    }
}
