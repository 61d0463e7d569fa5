use tower_layer::Layer;

use super::{RateLimit, RateLimits};
use crate::SharedObserver;

/// Keeps requests within a quota. See the [module](super) for an example.
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
