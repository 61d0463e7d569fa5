//! Runs that have a thread of their own: what asks an object store blocks it, and is to hold up neither other runs nor
//! Ctrl-C.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;

/// How long a run that was interrupted twice may take over its own ending.
const GRACE: Duration = Duration::from_secs(2);

/// Runs it on a thread of its own, where it may block.
pub(crate) async fn on_own_thread<F>(
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<Exit, Failure>
where
    F: Future<Output = Result<Exit, Failure>>,
{
    let runtime = Handle::current();
    let ended = tokio::task::spawn_blocking(move || runtime.block_on(work())).await;
    ended.unwrap_or_else(|error| Err(Failure::other("the run has come to no end", &error)))
}

/// The same, but no longer than until somebody insists that it ends.
pub(crate) async fn run<F>(work: impl FnOnce() -> F + Send + 'static) -> Result<Exit, Failure>
where
    F: Future<Output = Result<Exit, Failure>>,
{
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        biased;
        outcome = on_own_thread(work) => outcome,
        () = insistence(&mut interrupts, || ()) => {
            Err(Failure::new(Exit::Interrupted, "interrupted").with_hint(
                "what was under way did not end: the next run, of an export one with --resume, goes on with what there is",
            ))
        }
    }
}

/// Waits for somebody who interrupts twice, and then a little for a run that listens. `first` is done when they interrupt
/// once.
pub(crate) async fn insistence(interrupts: &mut Interrupts, first: impl FnOnce()) {
    interrupts.next().await;
    first();
    interrupts.next().await;
    tokio::time::sleep(GRACE).await;
}
