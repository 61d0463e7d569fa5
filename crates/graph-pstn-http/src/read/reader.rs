use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use graph_pstn_model::{CallLog, LogRow, TimeRange};
use http::StatusCode;
use time::Duration;
use tower::util::BoxCloneSyncService;

use super::{
    Batch, Progress,
    chunk::{Chunk, chunks},
    seen::{Seen, Sight},
};
use crate::{
    Error, ErrorKind,
    page::{Page, PageRequest, Pages},
};

/// So many pages without a new row, one after the other, are a service that goes round in a circle.
const MOST_BARREN: u64 = 100;

/// A service of pages, boxed.
pub type PageSource<T> = BoxCloneSyncService<PageRequest, Page<T>, Error>;

/// Reads a range of a log, in order, each row once. See the [module](super).
///
/// A stream of [`Batch`]es, one for each page, that asks for a page when it is polled. After an error
/// that [may pass](Error::is_transient) it keeps its place and may be polled again; after any other it ends.
#[must_use = "a reader does nothing unless it is polled"]
pub struct RangeReader<T> {
    source: PageSource<T>,
    log: CallLog,
    chunks: VecDeque<Chunk>,
    reading: Option<Reading<T>>,
    /// The rows of the chunk that is being read.
    seen: Seen,
    /// The rows that have no time, which any chunk may bring.
    timeless: Seen,
    progress: Progress,
}

/// A chunk that has been begun.
struct Reading<T> {
    chunk: Chunk,
    pages: Pages<PageSource<T>>,
    read: u64,
    /// How many of the latest pages brought nothing new, and how many may.
    barren: u64,
    most_barren: u64,
}

impl<T> Reading<T> {
    fn new(source: PageSource<T>, log: CallLog, chunk: Chunk) -> Self {
        Self {
            chunk,
            pages: Pages::new(source, PageRequest::first(log, chunk.asked)),
            read: 0,
            barren: 0,
            most_barren: MOST_BARREN,
        }
    }
}

impl<T> RangeReader<T> {
    /// Reads `range` of `log` from `source`.
    pub fn new(source: PageSource<T>, log: CallLog, range: TimeRange) -> Self {
        let chunks = if log.splittable() {
            chunks(range).collect()
        } else {
            VecDeque::from([Chunk::new(range)])
        };
        Self {
            source,
            log,
            chunks,
            reading: None,
            seen: Seen::default(),
            timeless: Seen::default(),
            progress: Progress::default(),
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// A failure for good: nothing more will come, and nothing looks like the end of a chunk.
    fn end(&mut self) {
        self.reading = None;
        self.chunks.clear();
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

    /// Sorts a page's rows into new ones, repeated ones and strays.
    fn sort(&mut self, chunk: Chunk, page: Page<T>) -> (Batch<T>, bool) {
        let mut batch = Batch::new(page.rejects, page.rows.len());
        let mut lost_time_of_day = false;
        for row in page.rows {
            let time = row.time();
            if let Some(time) = time.filter(|time| !chunk.wanted.contains(*time)) {
                self.progress.strays += 1;
                // Within a second of the bounds is where whole seconds and inclusive ends bring rows.
                lost_time_of_day |= time < chunk.asked.from() - Duration::SECOND
                    || time > chunk.asked.until() + Duration::SECOND;
                continue;
            }
            let seen = if time.is_some() {
                &mut self.seen
            } else {
                &mut self.timeless
            };
            let sight = match row.id().filter(|id| !id.is_empty()) {
                Some(id) => seen.look(id, &row),
                None => Sight::New,
            };
            match sight {
                Sight::New => {
                    self.progress.position = time.or(self.progress.position);
                    batch.rows.push(row);
                }
                Sight::Duplicate => self.progress.duplicates += 1,
                Sight::Conflict => batch.conflicts.push(row),
            }
        }
        self.progress.pages += 1;
        self.progress.rows += batch.rows.len() as u64;
        self.progress.rejects += batch.rejects.len() as u64;
        self.progress.conflicts += batch.conflicts.len() as u64;
        (batch, lost_time_of_day)
    }

    /// Takes a page in; says when the chunk goes round in a circle.
    fn take(&mut self, page: Page<T>) -> Result<Batch<T>, Error> {
        let Some(chunk) = self.reading.as_ref().map(|reading| reading.chunk) else {
            return Ok(Batch::new(page.rejects, 0));
        };
        let (batch, lost_time_of_day) = self.sort(chunk, page);
        let whole_days = chunk
            .by_whole_days()
            .filter(|_| lost_time_of_day && self.log.splittable());
        let Some(reading) = &mut self.reading else {
            return Ok(batch);
        };
        reading.read += 1;
        let barren = batch.rows.is_empty() && batch.rejects.is_empty();
        reading.barren = if barren { reading.barren + 1 } else { 0 };
        if reading.barren > reading.most_barren {
            let pages = reading.barren;
            self.end();
            return Err(Error::new(
                ErrorKind::PagingLoop,
                format!("{pages} pages in a row brought no new row of the range"),
            ));
        }
        if let Some(whole) = whole_days {
            let mut again = Reading::new(self.source.clone(), self.log, whole);
            // What was read already will come again, and is known.
            again.most_barren += reading.read;
            self.reading = Some(again);
        }
        Ok(batch)
    }

    fn failed(&mut self, error: Error) -> Option<Error> {
        let halves = self.reading.as_ref().and_then(|reading| {
            let too_long = error.status() == Some(StatusCode::NOT_ACCEPTABLE);
            let may_cut = too_long && reading.read == 0 && self.log.splittable();
            reading.chunk.halves().filter(|_| may_cut)
        });
        if let Some([first, second]) = halves {
            self.chunks.push_front(second);
            self.chunks.push_front(first);
            self.reading = None;
            return None;
        }
        if !error.is_transient() {
            self.end();
        }
        Some(error)
    }
}

impl<T: LogRow> Stream for RangeReader<T> {
    type Item = Result<Batch<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let Some(reading) = &mut this.reading else {
                let Some(chunk) = this.chunks.pop_front() else {
                    return Poll::Ready(None);
                };
                this.reading = Some(Reading::new(this.source.clone(), this.log, chunk));
                continue;
            };
            match ready!(Pin::new(&mut reading.pages).poll_next(cx)) {
                Some(Ok(page)) => return Poll::Ready(Some(this.take(page))),
                Some(Err(error)) => {
                    if let Some(error) = this.failed(error) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                None => {
                    this.progress.position = Some(reading.chunk.wanted.until());
                    this.reading = None;
                    this.seen.clear();
                }
            }
        }
    }
}

impl<T: LogRow> FusedStream for RangeReader<T> {
    fn is_terminated(&self) -> bool {
        self.reading.is_none() && self.chunks.is_empty()
    }
}

impl<T> fmt::Debug for RangeReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeReader")
            .field("log", &self.log)
            .field("chunk", &self.reading.as_ref().map(|reading| reading.chunk))
            .field("chunks_left", &self.chunks.len())
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
