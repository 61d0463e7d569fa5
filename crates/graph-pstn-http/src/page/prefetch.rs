use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use tokio::task::JoinHandle;
use tower_service::Service;

use super::{Page, PageRequest, Pages};
use crate::{Error, ErrorKind, task};

/// [`Pages`] that ask for one page more than the caller has: see [`Pages::prefetch`].
///
/// # Panics
/// When it is polled outside a tokio runtime.
#[must_use = "a stream asks for nothing unless it is polled"]
pub struct Prefetch<S: Service<PageRequest>, T> {
    /// The chain, while no page is being asked for.
    pages: Option<Pages<S>>,
    /// The page that is being asked for, in a task of its own.
    ahead: Option<JoinHandle<Fetched<S, T>>>,
    continuation: Option<PageRequest>,
}

/// The chain, after a page of it was asked for.
struct Fetched<S: Service<PageRequest>, T> {
    pages: Pages<S>,
    item: Option<Result<Page<T>, Error>>,
}

impl<S: Service<PageRequest>> Pages<S> {
    /// Asks for the next page while the caller is busy with the one before, in a task of its own: one page
    /// ahead, no more. Nothing is asked for before the first poll, and after an error nothing before the
    /// next poll. Dropping the stream ends the task. The task is inside the span of whoever polled.
    pub fn prefetch<T>(self) -> Prefetch<S, T> {
        Prefetch {
            continuation: self.continuation().cloned(),
            pages: Some(self),
            ahead: None,
        }
    }
}

impl<S: Service<PageRequest>, T> Prefetch<S, T> {
    /// The page after the last one that the caller has; `None` when the last one has been read. A page
    /// that is ahead does not count.
    #[must_use]
    pub fn continuation(&self) -> Option<&PageRequest> {
        self.continuation.as_ref()
    }
}

impl<S, T> Prefetch<S, T>
where
    S: Service<PageRequest, Response = Page<T>, Error = Error> + Unpin + Send + 'static,
    S::Future: Send,
    T: Send + 'static,
{
    /// Asks for the next page, unless that is under way or there is none.
    fn ask(&mut self) {
        if let Some(mut pages) = self.pages.take_if(|pages| pages.continuation().is_some()) {
            self.ahead = Some(task::spawn(async move {
                let item = poll_fn(|cx| Pin::new(&mut pages).poll_next(cx)).await;
                Fetched { pages, item }
            }));
        }
    }
}

impl<S, T> Stream for Prefetch<S, T>
where
    S: Service<PageRequest, Response = Page<T>, Error = Error> + Unpin + Send + 'static,
    S::Future: Send,
    T: Send + 'static,
{
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.ask();
        let Some(ahead) = &mut this.ahead else {
            return Poll::Ready(None);
        };
        let fetched = ready!(Pin::new(ahead).poll(cx));
        this.ahead = None;
        let Ok(Fetched { pages, item }) = fetched else {
            // The task was ended with its runtime, or a layer of the caller's panicked in it.
            this.continuation = None;
            let message = "the task that fetched the next page was ended";
            return Poll::Ready(Some(Err(Error::new(ErrorKind::Canceled, message))));
        };
        this.continuation = pages.continuation().cloned();
        this.pages = Some(pages);
        if matches!(item, Some(Ok(_))) {
            this.ask();
        }
        Poll::Ready(item)
    }
}

impl<S, T> FusedStream for Prefetch<S, T>
where
    S: Service<PageRequest, Response = Page<T>, Error = Error> + Unpin + Send + 'static,
    S::Future: Send,
    T: Send + 'static,
{
    fn is_terminated(&self) -> bool {
        self.continuation.is_none()
    }
}

impl<S: Service<PageRequest>, T> Unpin for Prefetch<S, T> {}

impl<S: Service<PageRequest>, T> Drop for Prefetch<S, T> {
    fn drop(&mut self) {
        if let Some(ahead) = &self.ahead {
            ahead.abort();
        }
    }
}

impl<S: Service<PageRequest>, T> fmt::Debug for Prefetch<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prefetch")
            .field("continuation", &self.continuation)
            .field("ahead", &self.ahead.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use graph_pstn_model::{CallLog, TimeRange};
    use time::macros::datetime;
    use tokio::time::{Instant, sleep};
    use tower::{service_fn, util::BoxCloneSyncService};

    use super::*;

    const LATENCY: Duration = Duration::from_secs(1);
    type Chain = BoxCloneSyncService<PageRequest, Page<u32>, Error>;

    /// A chain of this many pages that each take a second; the one with the number `fails` fails the first
    /// time. Also gives how many requests were made.
    fn chain(pages: u32, fails: Option<u32>) -> (Prefetch<Chain, u32>, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let failed = Arc::new(AtomicU32::new(u32::from(fails.is_none())));
        let counted = asked.clone();
        let service = service_fn(move |request: PageRequest| {
            counted.fetch_add(1, Ordering::Relaxed);
            let number: u32 = request.link().map_or(0, |link| {
                let query = link.uri().query().unwrap();
                query.strip_prefix("$skip=").unwrap().parse().unwrap()
            });
            let fails = fails == Some(number) && failed.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                sleep(LATENCY).await;
                if fails {
                    return Err(Error::new(ErrorKind::Timeout, "late"));
                }
                let next = format!("https://graph.example/v1.0/x?$skip={}", number + 1);
                Ok(Page {
                    rows: vec![number],
                    rejects: Vec::new(),
                    next: (number + 1 < pages).then(|| next.parse().unwrap()),
                    request_id: None,
                    bytes: 0,
                })
            }
        });
        let pages = Pages::new(BoxCloneSyncService::new(service), first());
        (pages.prefetch(), asked)
    }

    fn first() -> PageRequest {
        let range = TimeRange::new(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        PageRequest::first(CallLog::Pstn, range.unwrap())
    }

    async fn next(pages: &mut Prefetch<Chain, u32>) -> Option<Result<Page<u32>, Error>> {
        poll_fn(|cx| Pin::new(&mut *pages).poll_next(cx)).await
    }

    #[tokio::test(start_paused = true)]
    async fn one_page_comes_while_the_caller_has_another() {
        let (mut pages, asked) = chain(4, None);
        sleep(LATENCY).await;
        assert_eq!(asked.load(Ordering::Relaxed), 0, "it is lazy");
        let begun = Instant::now();
        for number in 0..4 {
            let page = next(&mut pages).await.unwrap().unwrap();
            assert_eq!(page.rows, [number]);
            sleep(3 * LATENCY).await;
            assert_eq!(asked.load(Ordering::Relaxed), (number + 2).min(4));
        }
        assert!(next(&mut pages).await.is_none());
        assert!(pages.is_terminated());
        // The first page was waited for; the others were there.
        assert_eq!(begun.elapsed(), 13 * LATENCY);
    }

    #[tokio::test(start_paused = true)]
    async fn the_continuation_is_after_what_the_caller_has() {
        let (mut pages, _) = chain(3, None);
        assert!(pages.continuation().unwrap().link().is_none());
        next(&mut pages).await.unwrap().unwrap();
        sleep(3 * LATENCY).await;
        let link = pages.continuation().unwrap().link().unwrap();
        assert_eq!(link.uri().query(), Some("$skip=1"));
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_error_nothing_is_asked_for_before_the_next_poll() {
        let (mut pages, asked) = chain(3, Some(1));
        next(&mut pages).await.unwrap().unwrap();
        let error = next(&mut pages).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        sleep(5 * LATENCY).await;
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let rows = next(&mut pages).await.unwrap().unwrap().rows;
        assert_eq!(rows, [1]);
        let rows = next(&mut pages).await.unwrap().unwrap().rows;
        assert_eq!(rows, [2]);
        assert!(next(&mut pages).await.is_none());
    }

    #[tokio::test]
    async fn a_layer_that_panics_is_an_error_after_which_nothing_comes() {
        let service = service_fn(|_: PageRequest| async { panic!("of the caller's") });
        let service: Chain = BoxCloneSyncService::new(service);
        let mut pages = Pages::new(service, first()).prefetch();
        let error = next(&mut pages).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Canceled);
        assert!(pages.is_terminated());
        assert!(next(&mut pages).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_it_gives_up_the_page_ahead() {
        let (mut pages, asked) = chain(3, None);
        next(&mut pages).await.unwrap().unwrap();
        let held = Arc::strong_count(&asked);
        drop(pages);
        tokio::task::yield_now().await;
        assert!(Arc::strong_count(&asked) < held, "the service is gone");
    }
}
