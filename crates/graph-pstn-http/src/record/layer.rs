use tower_layer::Layer;

use super::{Record, Recorder};

/// Records what passes: see the [module](super).
#[derive(Clone, Debug)]
pub struct RecordLayer {
    recorder: Recorder,
}

impl RecordLayer {
    /// Records into `recorder`.
    #[must_use]
    pub fn new(recorder: Recorder) -> Self {
        Self { recorder }
    }
}

impl<S> Layer<S> for RecordLayer {
    type Service = Record<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Record::new(inner, self.recorder.clone())
    }
}
