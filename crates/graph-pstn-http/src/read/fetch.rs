//! One window's chain of pages, fetched in a task of its own.
//!
//! A task of its own, so that a page that has arrived is read at once however slow the caller is, and
//! pages are decoded beside each other.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_core::Stream as _;
use graph_pstn_model::LogRow;
use time::Duration;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
};
use tower::util::BoxCloneSyncService;

use super::{plan::Limit, waiting::Waiting, window::Window};
use crate::{Error, Page, PageRequest, Pages, task};

/// A service of pages, boxed.
pub type PageSource<T> = BoxCloneSyncService<PageRequest, Page<T>, Error>;

/// What the reader hears of a window while others are being delivered.
#[derive(Debug)]
pub(super) enum Note {
    /// All its pages are there, with so many rows.
    Fetched(u64, u64),
    /// Its first page had so many rows in so much time, which is too much for one chain. Nothing of it is
    /// delivered.
    TooDense(u64, u64, Duration),
}

/// What a window delivers, in order.
#[derive(Debug)]
pub(super) enum Event<T> {
    Page(Page<T>),
    /// It failed, with so many failures told to the caller by then; the request is the one to go on with.
    Failed(Error, Option<PageRequest>, u64),
    End,
}

/// A window that is being fetched. Dropped, it is given up.
#[derive(Debug)]
pub(super) struct Fetch<T> {
    events: UnboundedReceiver<Event<T>>,
    task: JoinHandle<()>,
}

impl<T> Fetch<T> {
    pub(super) fn events(&mut self) -> &mut UnboundedReceiver<Event<T>> {
        &mut self.events
    }
}

impl<T> Drop for Fetch<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What all windows of a reader have in common.
pub(super) struct Fetcher<T> {
    pub(super) source: PageSource<T>,
    pub(super) waiting: Waiting,
    pub(super) notes: UnboundedSender<Note>,
    /// How many failures that may pass the caller has been told of.
    pub(super) told: Arc<AtomicU64>,
}

impl<T> Clone for Fetcher<T> {
    fn clone(&self) -> Self {
        Self {
            source: self.source.clone(),
            waiting: self.waiting.clone(),
            notes: self.notes.clone(),
            told: self.told.clone(),
        }
    }
}

impl<T: LogRow> Fetcher<T> {
    /// Begins to fetch a window from this page on. With a limit, a window that turns out too dense on
    /// its first page is given back.
    pub(super) fn start(
        &self,
        id: u64,
        window: Window,
        first: PageRequest,
        limit: Option<Limit>,
    ) -> Fetch<T> {
        let (sender, events) = unbounded_channel();
        let pages = Pages::new(self.source.clone(), first);
        let this = self.clone();
        let task = task::spawn(async move { this.run(id, window, pages, limit, &sender).await });
        Fetch { events, task }
    }

    async fn run(
        self,
        id: u64,
        window: Window,
        mut pages: Pages<PageSource<T>>,
        mut limit: Option<Limit>,
        events: &UnboundedSender<Event<T>>,
    ) {
        let mut rows = 0;
        loop {
            self.waiting.turn(id).await;
            // A service that always answers at once must not keep the reader from its turn.
            tokio::task::consume_budget().await;
            // A reader that is gone has aborted this task, or is about to: then nobody hears.
            let sent = match poll_fn(|cx| Pin::new(&mut pages).poll_next(cx)).await {
                None => {
                    let _ = self.notes.send(Note::Fetched(id, rows));
                    let _ = events.send(Event::End);
                    return;
                }
                Some(Err(error)) => {
                    let place = pages.continuation().cloned();
                    let told = self.told.load(Ordering::Relaxed);
                    let _ = events.send(Event::Failed(error, place, told));
                    return;
                }
                Some(Ok(page)) => {
                    if page.next.is_some()
                        && let Some(limit) = limit.take()
                        && let Some(span) = span(window, &page)
                        && limit.is_exceeded(window, page.rows.len() as u64, span)
                    {
                        let count = page.rows.len() as u64;
                        let _ = self.notes.send(Note::TooDense(id, count, span));
                        return;
                    }
                    limit = None;
                    rows += page.rows.len() as u64;
                    self.waiting.add(id, weight(&page));
                    events.send(Event::Page(page))
                }
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

/// What a page counts for among those that wait: its body, and something for one with hardly any.
pub(super) fn weight<T>(page: &Page<T>) -> usize {
    page.bytes.max(4 << 10)
}

/// How much of the window's time its first page covers.
fn span<T: LogRow>(window: Window, page: &Page<T>) -> Option<Duration> {
    let latest = page.rows.iter().filter_map(LogRow::time).max()?;
    Some((latest - window.asked.from()).max(Duration::SECOND))
}
