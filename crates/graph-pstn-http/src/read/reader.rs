use std::{
    collections::HashMap,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use graph_pstn_model::{ApiVersion, CallLog, LogRow, TimeRange};
use http::StatusCode;
use time::OffsetDateTime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{
    Batch, Checkpoint, Progress, ReadOptions,
    fetch::{Event, Fetch, Fetcher, Note, PageSource, weight},
    last_day::LastDay,
    plan::{Part, Plan},
    sieve::Sieve,
    waiting::Waiting,
    window::Window,
};
use crate::{Error, ErrorKind, Page, PageRequest};

/// So many pages without a new row, one after the other, are a service that goes round in a circle.
const MOST_BARREN: u64 = 100;

/// Reads a range of a log, in order of time, each row once. See the [module](super).
///
/// A stream of [`Batch`]es, one for each page. It asks for nothing before it is polled; from then on
/// several windows are fetched at a time, in tasks of their own that end when the reader is dropped and are inside
/// the span of whoever polled. After an error that [may pass](Error::is_transient) it keeps its place and may be polled again, which asks again
/// for whatever failed up to then; after any other it ends.
///
/// # Panics
/// When it is polled outside a tokio runtime.
#[must_use = "a reader does nothing unless it is polled"]
pub struct RangeReader<T> {
    source: PageSource<T>,
    log: CallLog,
    version: ApiVersion,
    range: TimeRange,
    options: ReadOptions,
    plan: Plan,
    work: Option<Work<T>>,
    sieve: Sieve,
    /// Where the window in front is to go on after a failure that may pass.
    interrupted: Option<(Window, PageRequest)>,
    progress: Progress,
    done_until: OffsetDateTime,
    /// How many pages of the window in front have been read, how many of the latest brought nothing
    /// new, and how many may.
    read: u64,
    barren: u64,
    most_barren: u64,
    /// Of the chain in front.
    last_day: LastDay,
}

/// What there is from the first poll on.
struct Work<T> {
    fetcher: Fetcher<T>,
    notes: UnboundedReceiver<Note>,
    fetches: HashMap<u64, Fetch<T>>,
}

impl<T> RangeReader<T> {
    /// Reads `range` of `log` from `source`.
    pub fn new(source: PageSource<T>, log: CallLog, range: TimeRange) -> Self {
        let options = ReadOptions::default();
        Self {
            source,
            log,
            version: log.version(),
            range,
            options,
            plan: plan(log, range, options),
            work: None,
            sieve: Sieve::default(),
            interrupted: None,
            progress: Progress::default(),
            done_until: range.from(),
            read: 0,
            barren: 0,
            most_barren: MOST_BARREN,
            last_day: LastDay::default(),
        }
    }

    /// Reads by another version of the API than the oldest that has the log; to be set before the first poll.
    pub fn with_version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// Reads so much at a time; to be set before the first poll.
    pub fn with_options(mut self, options: ReadOptions) -> Self {
        self.options = options;
        if self.work.is_none()
            && let Ok(rest) = TimeRange::new(self.done_until, self.range.until())
        {
            self.plan = plan(self.log, rest, options);
        }
        self
    }

    /// Goes on from a checkpoint of the same log and range; to be set before the first poll.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the checkpoint is of something else.
    pub fn resume(mut self, checkpoint: &Checkpoint) -> Result<Self, Error> {
        let rest = checkpoint.rest(self.log, self.range)?;
        self.done_until = checkpoint.done_until()?;
        self.sieve.remember(checkpoint.timeless());
        match rest {
            Some(rest) => self.plan = plan(self.log, rest, self.options),
            None => self.plan.clear(),
        }
        Ok(self)
    }

    /// Up to where all has been delivered. It moves with each batch that
    /// [finishes a window](Batch::done_until).
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let timeless = self.sieve.timeless().to_vec();
        Checkpoint::new(self.log, self.range, self.done_until, timeless)
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// A failure for good: nothing more will come, and nothing looks like the end of the range.
    fn end(&mut self) {
        self.work = None;
        self.plan.clear();
    }
}

fn plan(log: CallLog, range: TimeRange, options: ReadOptions) -> Plan {
    if log.splittable() {
        Plan::new(range, options)
    } else {
        Plan::unsplit(range, options)
    }
}

impl<T: LogRow> RangeReader<T> {
    /// The next batch; `None` when the range has been read.
    ///
    /// Dropping the future loses nothing: what was under way goes on with the next call.
    ///
    /// # Errors
    /// Those of the stack below, after its retries; [`ErrorKind::PagingLoop`] when the pages bring nothing new
    /// for too long.
    pub async fn next_batch(&mut self) -> Result<Option<Batch<T>>, Error> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    fn work(&mut self) -> &mut Work<T> {
        let (source, options) = (&self.source, self.options);
        self.work.get_or_insert_with(|| {
            let (sender, notes) = unbounded_channel();
            Work {
                fetcher: Fetcher {
                    source: source.clone(),
                    waiting: Waiting::new(options.waiting_bytes(), options.window_pages()),
                    notes: sender,
                    told: Arc::default(),
                },
                notes,
                fetches: HashMap::new(),
            }
        })
    }

    /// Hears what the windows under way have to say, and begins new ones.
    fn keep_going(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(note)) = self.work().notes.poll_recv(cx) {
            match note {
                Note::Fetched(id, rows) => {
                    self.plan.fetched(id, rows);
                    self.tell_order();
                }
                Note::TooDense(id, rows, span) => {
                    self.plan.too_dense(id, rows, span);
                    self.work().fetches.remove(&id);
                }
            }
        }
        if let Some((window, place)) = self.interrupted.take() {
            self.begin_again(window, place);
        }
        while let Some((id, window)) = self.plan.start() {
            let first = PageRequest::first(self.log, window.asked).with_version(self.version);
            let limit = self.plan.limit();
            self.tell_order();
            let work = self.work();
            let fetch = work.fetcher.start(id, window, first, Some(limit));
            work.fetches.insert(id, fetch);
        }
    }

    /// Fetches the window in front again, from this page on.
    fn begin_again(&mut self, window: Window, place: PageRequest) {
        if let Some((old, _)) = self.plan.front().and_then(Part::window) {
            self.work().fetches.remove(&old);
        }
        if let Some(id) = self.plan.again(window) {
            self.tell_order();
            let work = self.work();
            let fetch = work.fetcher.start(id, window, place, None);
            work.fetches.insert(id, fetch);
        }
    }

    fn tell_order(&mut self) {
        let order: Vec<(u64, bool)> = self.plan.order().collect();
        self.work().fetcher.waiting.set_order(order.into_iter());
    }

    /// Takes a page of the window in front.
    fn take(&mut self, window: Window, page: Page<T>) -> Result<Batch<T>, Error> {
        let last = page.next.is_none();
        self.last_day.look(window, &page);
        let sorted = self.sieve.sort(window, page, &mut self.progress);
        let mut batch = sorted.batch;
        self.read += 1;
        self.barren = if sorted.is_barren { self.barren + 1 } else { 0 };
        if self.barren > self.most_barren {
            let pages = self.barren;
            self.end();
            return Err(Error::new(
                ErrorKind::PagingLoop,
                format!("{pages} pages in a row brought no new row of the range"),
            ));
        }
        if sorted.lost_time_of_day
            && self.log.splittable()
            && let Some(whole) = window.by_whole_days()
        {
            self.plan.keep_to_whole_days();
            self.ask_again(whole);
        } else if last
            && self.log.splittable()
            && let Some(missing) = self.last_day.missing(window)
        {
            self.ask_again(missing);
        } else if last && !self.sieve.is_within_cut(window) {
            batch.done_until = Some(window.wanted.until());
            self.done_until = window.wanted.until();
            self.sieve.window_is_done();
        }
        Ok(batch)
    }

    /// Asks for the window in front anew, in other bounds. What was read already will come again, and is
    /// known.
    fn ask_again(&mut self, window: Window) {
        self.most_barren += self.read;
        self.last_day = LastDay::default();
        let first = PageRequest::first(self.log, window.asked).with_version(self.version);
        self.begin_again(window, first);
    }

    /// The window in front has been delivered.
    fn delivered(&mut self, id: u64, window: Window) {
        self.progress.position = Some(window.wanted.until());
        (self.read, self.barren) = (0, 0);
        self.last_day = LastDay::default();
        if self.sieve.end_of_window(window) {
            self.most_barren = MOST_BARREN;
        }
        self.plan.delivered();
        self.work().fetches.remove(&id);
        self.tell_order();
    }

    /// The window in front failed; gives the error, unless the window was cut, or is fetched again since
    /// the caller has been told of a failure after this one: an outage hits all that are under way.
    fn failed(
        &mut self,
        id: u64,
        window: Window,
        error: Error,
        place: Option<PageRequest>,
        told: u64,
    ) -> Option<Error> {
        let too_long = error.status() == Some(StatusCode::NOT_ACCEPTABLE);
        if too_long && self.plan.too_long(id) {
            self.work().fetches.remove(&id);
            self.last_day = LastDay::default();
            // Whole days may be more than the window in place of which they were asked for.
            if self.read > 0 {
                self.sieve.window_is_cut(window);
            }
            return None;
        }
        let Some(place) = place.filter(|_| error.is_transient()) else {
            self.end();
            return Some(error);
        };
        self.interrupted = Some((window, place));
        let told_by_now = &self.work().fetcher.told;
        if told < told_by_now.load(Ordering::Relaxed) {
            return None;
        }
        told_by_now.fetch_add(1, Ordering::Relaxed);
        Some(error)
    }
}

impl<T: LogRow> Stream for RangeReader<T> {
    type Item = Result<Batch<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if this.plan.is_empty() {
                return Poll::Ready(None);
            }
            this.keep_going(cx);
            let work = this.work.as_mut();
            let front = this.plan.front().and_then(Part::window);
            let Some((id, window, fetch, waiting)) = front.zip(work).and_then(|(front, work)| {
                let (id, window) = front;
                Some((
                    id,
                    window,
                    work.fetches.get_mut(&id)?,
                    &work.fetcher.waiting,
                ))
            }) else {
                // The window in front is the first to be begun, so there always is one.
                this.end();
                let message = "a window was lost from the plan";
                return Poll::Ready(Some(Err(Error::new(ErrorKind::Canceled, message))));
            };
            match ready!(fetch.events().poll_recv(cx)) {
                Some(Event::Page(page)) => {
                    waiting.remove(id, weight(&page));
                    return Poll::Ready(Some(this.take(window, page)));
                }
                Some(Event::End) => this.delivered(id, window),
                Some(Event::Failed(error, place, told)) => {
                    if let Some(error) = this.failed(id, window, error, place, told) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                // Too dense: the note says so, and has arrived before.
                // Its task was ended with its runtime, or a layer of the caller's panicked in it.
                None if this.work().notes.is_empty() => {
                    this.end();
                    let message = "the task that fetched a window was ended";
                    return Poll::Ready(Some(Err(Error::new(ErrorKind::Canceled, message))));
                }
                None => {}
            }
        }
    }
}

impl<T: LogRow> FusedStream for RangeReader<T> {
    fn is_terminated(&self) -> bool {
        self.plan.is_empty()
    }
}

impl<T> fmt::Debug for RangeReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeReader")
            .field("log", &self.log)
            .field("range", &self.range)
            .field("options", &self.options)
            .field("done_until", &self.done_until)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "reader_tests/mod.rs"]
mod tests;
