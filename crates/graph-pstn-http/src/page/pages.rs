use std::{
    collections::HashSet,
    fmt,
    hash::{BuildHasher as _, RandomState},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use tower_service::Service;

use super::{NextLink, Page, PageRequest};
use crate::{Error, ErrorKind};

/// So many pages without a row, one after the other, are a service that goes round in a circle.
const MOST_EMPTY: u32 = 100;

/// The pages of one chain of links, as a stream that asks for a page when it is polled.
///
/// - An empty page with a link is passed through, and the link followed.
/// - A link that was there before ends the stream with [`ErrorKind::PagingLoop`], as do
///   100 empty pages in a row.
/// - After an error that [may pass](Error::is_transient) the stream keeps its place: polled again, it asks
///   for the same page again. After any other it ends.
/// - [`continuation`](Self::continuation) is the page that would be asked for next; given to
///   [`Pages::new`], also in another process, it goes on from there.
#[must_use = "a stream asks for nothing unless it is polled"]
pub struct Pages<S: Service<PageRequest>> {
    service: S,
    /// The page to ask for, or the one that is being asked for.
    request: Option<PageRequest>,
    under_way: Option<Pin<Box<S::Future>>>,
    seen: HashSet<u64>,
    hasher: RandomState,
    empty: u32,
}

impl<S: Service<PageRequest>> Pages<S> {
    /// Begins at this page.
    pub fn new(service: S, first: PageRequest) -> Self {
        let mut pages = Self {
            service,
            request: None,
            under_way: None,
            seen: HashSet::new(),
            hasher: RandomState::new(),
            empty: 0,
        };
        if let Some(link) = first.link() {
            pages.seen.insert(pages.hasher.hash_one(link));
        }
        pages.request = Some(first);
        pages
    }

    /// The page that will be asked for next; `None` when the last one has been read.
    #[must_use]
    pub fn continuation(&self) -> Option<&PageRequest> {
        self.request.as_ref()
    }

    /// Takes note of the page's link.
    fn advance<T>(&mut self, page: &Page<T>) -> Result<(), Error> {
        self.empty = if page.rows.is_empty() && page.rejects.is_empty() {
            self.empty + 1
        } else {
            0
        };
        let Some(link) = &page.next else {
            self.request = None;
            return Ok(());
        };
        if !self.seen.insert(self.hasher.hash_one(link)) {
            return Err(looped(
                "a link to the next page came back that was followed before",
                link,
            ));
        }
        if self.empty >= MOST_EMPTY {
            return Err(looped("100 pages in a row held no row", link));
        }
        if let Some(request) = &mut self.request {
            *request = PageRequest::next(request.log(), link.clone());
        }
        Ok(())
    }
}

fn looped(what: &str, link: &NextLink) -> Error {
    let place = link.without_query();
    Error::new(ErrorKind::PagingLoop, format!("{what} ({place})"))
}

impl<S, T> Stream for Pages<S>
where
    S: Service<PageRequest, Response = Page<T>, Error = Error> + Unpin,
{
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(request) = &this.request else {
            return Poll::Ready(None);
        };
        let result = loop {
            if let Some(page) = &mut this.under_way {
                break ready!(page.as_mut().poll(cx));
            }
            match ready!(this.service.poll_ready(cx)) {
                Ok(()) => this.under_way = Some(Box::pin(this.service.call(request.clone()))),
                Err(error) => break Err(error),
            }
        };
        this.under_way = None;
        let result = result.and_then(|page| this.advance(&page).map(|()| page));
        if result.as_ref().is_err_and(|error| !error.is_transient()) {
            this.request = None;
        }
        Poll::Ready(Some(result))
    }
}

impl<S, T> FusedStream for Pages<S>
where
    S: Service<PageRequest, Response = Page<T>, Error = Error> + Unpin,
{
    fn is_terminated(&self) -> bool {
        self.request.is_none()
    }
}

impl<S: Service<PageRequest>> fmt::Debug for Pages<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("continuation", &self.request)
            .field("under_way", &self.under_way.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
