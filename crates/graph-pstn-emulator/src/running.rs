//! The handle on an emulator that serves.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::faults::Faults;
use crate::rows::Log;
use crate::server::state::State;
use crate::server::stats::Stats;
use crate::truth::Truth;

/// An emulator that serves until it is shut down or dropped.
#[must_use = "an emulator that is dropped stops"]
pub struct RunningEmulator {
    state: Arc<State>,
    addr: SocketAddr,
    ca: Option<PathBuf>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl fmt::Debug for RunningEmulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningEmulator")
            .field("origin", &self.state.origin)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl RunningEmulator {
    /// The handle on what `task` serves until `stop` is told.
    pub(crate) fn new(
        state: Arc<State>,
        addr: SocketAddr,
        ca: Option<PathBuf>,
        stop: watch::Sender<bool>,
        task: JoinHandle<()>,
    ) -> Self {
        Self {
            state,
            addr,
            ca,
            stop,
            task: Some(task),
        }
    }

    /// Graph's root, e.g. `http://127.0.0.1:43210`, without a slash at the end. The scope to ask a token for
    /// is this with `/.default`.
    #[must_use]
    pub fn graph_endpoint(&self) -> &str {
        &self.state.origin
    }

    /// The root of the token endpoint: the same origin.
    #[must_use]
    pub fn authority_host(&self) -> &str {
        &self.state.origin
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.state.options.tenant_id
    }

    /// The application's id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.state.options.client_id
    }

    /// The application's secret, which opens this emulator only.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.state.options.client_secret
    }

    /// Where the certificate of the authority was written, if the emulator speaks TLS.
    #[must_use]
    pub fn ca_certificate(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The foreign origin, where no client must send a token: links and redirects of some faults lead there, and
    /// [`Stats::foreign_tokens`] counts.
    #[must_use]
    pub fn foreign_origin(&self) -> &str {
        &self.state.foreign
    }

    /// What it has done so far. `GET /emulator/stats` tells the same.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state.counters.read()
    }

    /// Exchanges what goes wrong, from the next request on; requests are numbered from 1 again.
    pub fn set_faults(&self, faults: Faults) {
        self.state.faults.set(faults);
    }

    /// Sets the clock of the rows, which stands still from then on; see [`EmulatorBuilder::now`](crate::EmulatorBuilder::now).
    pub fn set_now(&self, now: OffsetDateTime) {
        self.state.set_now(now);
    }

    /// What a client must find in `[from, until)` of this log now, computed without serving it.
    #[must_use]
    pub fn truth(&self, log: Log, from: OffsetDateTime, until: OffsetDateTime) -> Truth {
        Truth::seen(self.state.view(), log, from, until)
    }

    /// Makes every token that was given out worthless, as an administrator's revocation does. Gives
    /// their number.
    pub fn revoke_tokens(&self) -> usize {
        self.state.tokens().revoke_all()
    }

    /// From now on answers tokens of clients that declared `cp1` with a claims challenge (401 with `claims`),
    /// until they come with a token that was requested with those claims.
    pub fn challenge_tokens(&self) {
        self.state.tokens().challenge();
    }

    /// Stops accepting, lets the answers under way finish for up to two seconds, and ends.
    pub async fn shutdown(mut self) {
        // The receiver lives as long as the task.
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for RunningEmulator {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
