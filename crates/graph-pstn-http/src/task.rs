//! Tasks that the readers of pages start.

use tokio::task::JoinHandle;

/// Starts a task of its own, inside the span that the caller is in.
///
/// # Panics
/// Outside a tokio runtime.
pub(crate) fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    #[cfg(feature = "trace")]
    let work = tracing::Instrument::in_current_span(work);
    tokio::spawn(work)
}
