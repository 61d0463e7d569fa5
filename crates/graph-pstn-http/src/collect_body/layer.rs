use tower_layer::Layer;

use super::CollectBody;

/// Collects response bodies up to a limit. See the [module](super) for an example.
#[derive(Clone, Copy, Debug)]
pub struct CollectBodyLayer {
    limit: usize,
}

impl CollectBodyLayer {
    /// Bodies of at most `limit` bytes, counted after decompression.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for CollectBodyLayer {
    type Service = CollectBody<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CollectBody::new(inner, self.limit)
    }
}
