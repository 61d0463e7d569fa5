/// How a range is read: how much at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    parallel: usize,
    window_pages: u32,
    waiting_bytes: usize,
}

impl ReadOptions {
    /// Windows that are fetched at a time, at least 1; default 6. One chain of links brings one page for
    /// each round trip, so latency × rate is what is worth having: with the documented quota and answers
    /// within 5 s that is 4.
    #[must_use]
    pub fn with_parallel(mut self, windows: usize) -> Self {
        self.parallel = windows.max(1);
        self
    }

    /// How many pages a window should have, at least 1; default 32. The last page of a window is half
    /// empty on average, which costs a quota; small windows need less memory for the same speed.
    #[must_use]
    pub fn with_window_pages(mut self, pages: u32) -> Self {
        self.window_pages = pages.max(1);
        self
    }

    /// How many bytes of pages may wait for their turn, as Graph sent them (uncompressed); default 128 MiB, which
    /// is what answers that take 5 s need to use the documented quota in full; faster ones need less.
    /// Windows that are under way may exceed it by a page each.
    #[must_use]
    pub fn with_waiting_bytes(mut self, bytes: usize) -> Self {
        self.waiting_bytes = bytes;
        self
    }

    /// See [`with_parallel`](Self::with_parallel).
    #[must_use]
    pub fn parallel(&self) -> usize {
        self.parallel
    }

    /// See [`with_window_pages`](Self::with_window_pages).
    #[must_use]
    pub fn window_pages(&self) -> u32 {
        self.window_pages
    }

    /// See [`with_waiting_bytes`](Self::with_waiting_bytes).
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            parallel: 6,
            window_pages: 32,
            waiting_bytes: 128 << 20,
        }
    }
}
