//! How long an export goes on without a new page.

use std::time::Duration;

use graph_pstn_http::Error;
use tokio::time::Instant;

/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Decides whether a page is asked for once more, after the layers below have given up on it.
///
/// They give up soon, as a caller at a keyboard wants it. An export that has brought rows has shown that
/// everything is set up right, so a network that is away for a while must not cost what hours have
/// brought. One that has not brought any fails at once.
#[derive(Debug)]
pub(super) struct Patience {
    most: Duration,
    /// Whether a page has come.
    proven: bool,
    /// Since when a page is waited for. Writing the one before may have taken hours, if its reader paused.
    since: Instant,
    pause: Duration,
}

impl Patience {
    /// Goes on for `most` without a page.
    pub(super) fn new(most: Duration) -> Self {
        Self {
            most,
            proven: false,
            since: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    /// A page is waited for from now on.
    pub(super) fn begin(&mut self) {
        self.since = Instant::now();
        self.pause = FIRST_PAUSE;
    }

    /// The page has come.
    pub(super) fn progress(&mut self) {
        self.proven = true;
    }

    /// How long to wait before the page is asked for again, or `None` to give up.
    pub(super) fn pause(&mut self, error: &Error) -> Option<Duration> {
        if !self.proven || !error.is_transient() {
            return None;
        }
        let pause = self.pause.max(error.retry_after().unwrap_or_default());
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        (self.since.elapsed() + pause <= self.most).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_http::ErrorKind;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn broken() -> Error {
        Error::new(ErrorKind::Connect, "no connection")
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_page_there_is_no_patience() {
        assert_eq!(Patience::new(HOUR).pause(&broken()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_without_a_page_is_waited_out_and_no_more() {
        let mut patience = Patience::new(HOUR);
        patience.progress();
        let start = Instant::now();
        let mut pauses = 0;
        while let Some(pause) = patience.pause(&broken()) {
            tokio::time::advance(pause).await;
            pauses += 1;
        }
        assert!(start.elapsed() > HOUR - LONGEST_PAUSE && start.elapsed() <= HOUR);
        assert!((30..45).contains(&pauses), "{pauses}");
        patience.progress();
        patience.begin();
        assert_eq!(patience.pause(&broken()), Some(FIRST_PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn time_spent_on_writing_a_page_does_not_count() {
        let mut patience = Patience::new(HOUR);
        patience.begin();
        patience.progress();
        tokio::time::advance(HOUR * 8).await;
        patience.begin();
        assert_eq!(patience.pause(&broken()), Some(FIRST_PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stated_time_is_obeyed_or_the_end() {
        let mut patience = Patience::new(HOUR);
        patience.progress();
        let stated = |wait| Error::new(ErrorKind::Throttled, "").with_retry_after(wait);
        assert_eq!(patience.pause(&stated(HOUR / 2)), Some(HOUR / 2));
        assert_eq!(patience.pause(&stated(HOUR * 2)), None);
        let refused = Error::new(ErrorKind::Forbidden, "");
        assert_eq!(patience.pause(&refused), None);
    }
}
