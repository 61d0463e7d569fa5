//! What the connections of one emulator share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use time::OffsetDateTime;

use crate::entra::app_state::AppState;
use crate::entra::assertion::Registered;
use crate::entra::tokens::Tokens;
use crate::faults::{Faults, Schedule};
use crate::graph::function_call::FunctionCall;
use crate::graph::page::LinkForm;
use crate::graph::quota::{Meter, Quota};
use crate::rows::{self, Horizon, Tenant, View};
use crate::server::stats::Counters;

/// What the builder was told.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) tenant: Tenant,
    pub(crate) tenant_id: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) registered: Registered,
    pub(crate) app_state: AppState,
    pub(crate) readable_tokens: bool,
    /// By how much the server's clock is ahead.
    pub(crate) clock_skew: time::Duration,
    pub(crate) roles: Vec<String>,
    pub(crate) token_lifetime: Duration,
    pub(crate) quota: Quota,
    pub(crate) link_form: LinkForm,
    pub(crate) page_rows: usize,
    pub(crate) pre_rendered: bool,
    pub(crate) latency: Duration,
    pub(crate) faults: Faults,
    pub(crate) compressed: bool,
    /// How late rows are, if they are.
    pub(crate) lag: Option<Duration>,
    /// Whether rows vanish as documented.
    pub(crate) retention: bool,
    /// Where the clock of the rows stands, instead of going with the system's.
    pub(crate) now: Option<OffsetDateTime>,
}

impl Options {
    /// Whether the application's roles let it read the logs.
    pub(crate) fn may_read(&self) -> bool {
        // Both names are documented: the newer, and that of the permissions reference.
        let enough = ["CallRecords.Read.All", "CallRecord-PstnCalls.Read.All"];
        self.roles
            .iter()
            .any(|role| enough.contains(&role.as_str()))
    }
}

/// Bodies that were rendered before, plain and compressed.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pages: HashMap<(FunctionCall, bool), (Bytes, usize)>,
    bytes: usize,
}

/// The most bytes of pages that are kept.
const KEPT: usize = 256 << 20;

impl Rendered {
    pub(crate) fn get(&self, call: &FunctionCall, gzip: bool) -> Option<(Bytes, usize)> {
        self.pages.get(&(*call, gzip)).cloned()
    }

    pub(crate) fn put(&mut self, call: FunctionCall, gzip: bool, body: Bytes, rows: usize) {
        if self.bytes + body.len() > KEPT {
            self.pages.clear();
            self.bytes = 0;
        }
        self.bytes += body.len();
        self.pages.insert((call, gzip), (body, rows));
    }
}

/// Everything that outlives a request.
pub(crate) struct State {
    pub(crate) options: Options,
    /// Scheme, host and port, without a slash at the end.
    pub(crate) origin: String,
    /// The foreign origin, in the same form.
    pub(crate) foreign: String,
    pub(crate) counters: Counters,
    pub(crate) faults: Schedule,
    tokens: Mutex<Tokens>,
    meter: Mutex<Meter>,
    rendered: Mutex<Rendered>,
    now: Mutex<Option<OffsetDateTime>>,
}

impl State {
    pub(crate) fn new(options: Options, origin: String, foreign: String) -> Self {
        let faults = Schedule::new(options.faults.clone());
        let meter = Mutex::new(Meter::new(options.quota));
        let now = Mutex::new(options.now);
        Self {
            options,
            origin,
            foreign,
            counters: Counters::default(),
            faults,
            tokens: Mutex::default(),
            meter,
            rendered: Mutex::default(),
            now,
        }
    }

    /// What the server takes the time to be. Rows have a clock of their own.
    pub(crate) fn clock(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.checked_add(self.options.clock_skew).unwrap_or(now)
    }

    /// What can be seen of the rows now.
    pub(crate) fn view(&self) -> View {
        let options = &self.options;
        let now = *locked(&self.now);
        let bounded = now.is_some() || options.lag.is_some() || options.retention;
        let horizon = bounded.then(|| Horizon {
            now: rows::ticks(now.unwrap_or_else(OffsetDateTime::now_utc)),
            lag: options.lag.map_or(0, rows::ticks_of),
            retention: options.retention,
        });
        View {
            tenant: options.tenant,
            horizon,
        }
    }

    /// Sets the clock of the rows, which stands still from then on.
    pub(crate) fn set_now(&self, now: OffsetDateTime) {
        *locked(&self.now) = Some(now);
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        locked(&self.tokens)
    }

    pub(crate) fn meter(&self) -> MutexGuard<'_, Meter> {
        locked(&self.meter)
    }

    pub(crate) fn rendered(&self) -> MutexGuard<'_, Rendered> {
        locked(&self.rendered)
    }
}

/// What the locks guard is sound after any panic, so a poisoned lock is as good as another.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
