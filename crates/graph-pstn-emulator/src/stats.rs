//! What the server has done, in counters that anyone may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests of any kind, but those to the control endpoint.
    pub requests: u64,
    /// Requests to the token endpoint.
    pub token_requests: u64,
    /// Tokens given out.
    pub tokens: u64,
    /// Pages of rows served without a fault.
    pub pages: u64,
    /// Rows on those pages.
    pub rows: u64,
    /// Answers that were spoilt on purpose.
    pub faults: u64,
    /// Requests refused by a quota.
    pub throttled: u64,
    /// Requests to Graph without a valid token.
    pub unauthorized: u64,
    /// The most requests to Graph that were being answered at one time.
    pub most_concurrent: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Requests seen on the foreign origin.
    pub foreign_requests: u64,
    /// Requests with an `Authorization` header seen on the foreign origin: each is a leak.
    pub foreign_tokens: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requests: Counter,
    pub(crate) token_requests: Counter,
    pub(crate) tokens: Counter,
    pub(crate) pages: Counter,
    pub(crate) rows: Counter,
    pub(crate) faults: Counter,
    pub(crate) throttled: Counter,
    pub(crate) unauthorized: Counter,
    pub(crate) connections: Counter,
    pub(crate) foreign_requests: Counter,
    pub(crate) foreign_tokens: Counter,
    concurrent: AtomicU64,
    most_concurrent: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Counts a request as being answered until the guard is dropped.
    pub(crate) fn enter(&self) -> Busy<'_> {
        let now = self.concurrent.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_concurrent.fetch_max(now, Ordering::Relaxed);
        Busy(self)
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            requests: self.requests.get(),
            token_requests: self.token_requests.get(),
            tokens: self.tokens.get(),
            pages: self.pages.get(),
            rows: self.rows.get(),
            faults: self.faults.get(),
            throttled: self.throttled.get(),
            unauthorized: self.unauthorized.get(),
            most_concurrent: self.most_concurrent.load(Ordering::Relaxed),
            connections: self.connections.get(),
            foreign_requests: self.foreign_requests.get(),
            foreign_tokens: self.foreign_tokens.get(),
        }
    }
}

/// See [`Counters::enter`].
#[derive(Debug)]
pub(crate) struct Busy<'a>(&'a Counters);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.concurrent.fetch_sub(1, Ordering::Relaxed);
    }
}
