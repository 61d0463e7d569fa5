//! What the server has done, in counters that anyone may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use crate::faults::Fault;

/// Counts since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests of any kind, but those to the control endpoint and to the foreign origin.
    pub requests: u64,
    /// Requests to the token endpoint.
    pub token_requests: u64,
    /// Tokens given out.
    pub tokens: u64,
    /// Pages of rows served without a fault.
    pub pages: u64,
    /// Rows on those pages.
    pub rows: u64,
    /// Requests that a fault befell, token requests among them.
    pub faults: u64,
    /// Requests refused by a quota.
    pub throttled: u64,
    /// Requests to Graph without a valid token.
    pub unauthorized: u64,
    /// Requests to Graph that are being answered now.
    pub concurrent: u64,
    /// The most requests to Graph that were being answered at one time.
    pub most_concurrent: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Requests seen on the foreign origin.
    pub foreign_requests: u64,
    /// Requests with an `Authorization` header seen on the foreign origin: each is a leak.
    pub foreign_tokens: u64,
    graph_faults: Numbers,
    token_faults: Numbers,
}

/// A number for each fault, in the order of [`Fault::ALL`].
type Numbers = [u64; Fault::ALL.len()];

impl Stats {
    /// How many requests to Graph each fault befell; those that befell none are left out.
    pub fn graph_faults(&self) -> impl Iterator<Item = (Fault, u64)> {
        by_kind(&self.graph_faults)
    }

    /// How many token requests each fault befell; those that befell none are left out.
    pub fn token_faults(&self) -> impl Iterator<Item = (Fault, u64)> {
        by_kind(&self.token_faults)
    }

    /// All of it, as the control endpoint tells it.
    pub(crate) fn to_json(self) -> Value {
        let map = |faults: &Numbers| -> Map<String, Value> {
            by_kind(faults)
                .map(|(fault, number)| (fault.name().to_owned(), number.into()))
                .collect()
        };
        json!({
            "requests": self.requests,
            "token_requests": self.token_requests,
            "tokens": self.tokens,
            "pages": self.pages,
            "rows": self.rows,
            "faults": self.faults,
            "graph_faults": map(&self.graph_faults),
            "token_faults": map(&self.token_faults),
            "throttled": self.throttled,
            "unauthorized": self.unauthorized,
            "concurrent": self.concurrent,
            "most_concurrent": self.most_concurrent,
            "connections": self.connections,
            "foreign_requests": self.foreign_requests,
            "foreign_tokens": self.foreign_tokens,
        })
    }
}

fn by_kind(numbers: &Numbers) -> impl Iterator<Item = (Fault, u64)> {
    let all = Fault::ALL.iter().copied().zip(*numbers);
    all.filter(|(_, number)| *number > 0)
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requests: Counter,
    pub(crate) token_requests: Counter,
    pub(crate) tokens: Counter,
    pub(crate) pages: Counter,
    pub(crate) rows: Counter,
    pub(crate) graph_faults: FaultCounters,
    pub(crate) token_faults: FaultCounters,
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

/// A counter for each fault.
#[derive(Debug)]
pub(crate) struct FaultCounters([Counter; Fault::ALL.len()]);

impl Default for FaultCounters {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Counter::default()))
    }
}

impl FaultCounters {
    pub(crate) fn one(&self, fault: Fault) {
        if let Some(counter) = self.0.get(fault.index()) {
            counter.one();
        }
    }

    fn read(&self) -> Numbers {
        self.0.each_ref().map(Counter::get)
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
        let (graph_faults, token_faults) = (self.graph_faults.read(), self.token_faults.read());
        let faults = graph_faults.iter().chain(&token_faults).sum();
        Stats {
            requests: self.requests.get(),
            token_requests: self.token_requests.get(),
            tokens: self.tokens.get(),
            pages: self.pages.get(),
            rows: self.rows.get(),
            faults,
            throttled: self.throttled.get(),
            unauthorized: self.unauthorized.get(),
            concurrent: self.concurrent.load(Ordering::Relaxed),
            most_concurrent: self.most_concurrent.load(Ordering::Relaxed),
            connections: self.connections.get(),
            foreign_requests: self.foreign_requests.get(),
            foreign_tokens: self.foreign_tokens.get(),
            graph_faults,
            token_faults,
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
