//! Setting an emulator up: what its rows, its pages and its service are like.

mod app_registration;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::entra::app_state::AppState;
use crate::entra::assertion::Registered;
use crate::faults::Faults;
use crate::graph::page::{LinkForm, PAGE_ROWS};
use crate::graph::quota::Quota;
use crate::rows::Tenant;
use crate::running::RunningEmulator;
use crate::server::connections::{self, Host};
use crate::server::state::{Options, State};
use crate::server::tls;

/// The tenant that the emulator plays unless told otherwise.
const TENANT_ID: &str = "00000000-0000-4000-8000-00000000a001";
/// The app registration that the tenant has.
const CLIENT_ID: &str = "00000000-0000-4000-8000-00000000c001";
/// Its secret. It opens nothing but an emulator.
const CLIENT_SECRET: &str = "emulator~only~no~real~secret~0001";

/// The emulator: see [`Emulator::builder`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Emulator;

impl Emulator {
    /// Starts setting an emulator up.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            options: Options {
                tenant: Tenant {
                    seed: 1,
                    rows_per_day: 1_000,
                },
                tenant_id: TENANT_ID.into(),
                client_id: CLIENT_ID.into(),
                client_secret: CLIENT_SECRET.into(),
                registered: Registered::default(),
                app_state: AppState::default(),
                readable_tokens: false,
                clock_skew: time::Duration::ZERO,
                roles: vec!["CallRecords.Read.All".into()],
                token_lifetime: Duration::from_secs(3_599),
                quota: Quota::unlimited(),
                link_form: LinkForm::default(),
                page_rows: PAGE_ROWS,
                pre_rendered: false,
                latency: Duration::ZERO,
                faults: Faults::none(),
                compressed: true,
                lag: None,
                retention: false,
                now: None,
            },
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            any_interface: false,
            tls_dir: None,
        }
    }
}

/// What an emulator is to be.
#[derive(Clone)]
#[must_use]
pub struct EmulatorBuilder {
    pub(crate) options: Options,
    bind: SocketAddr,
    any_interface: bool,
    tls_dir: Option<PathBuf>,
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("seed", &self.options.tenant.seed)
            .field("rows_per_day", &self.options.tenant.rows_per_day)
            .field("bind", &self.bind)
            .field("tls_dir", &self.tls_dir)
            .finish_non_exhaustive()
    }
}

impl EmulatorBuilder {
    /// Which rows there are: the same seed and rate give the same rows for ever. Default 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.tenant.seed = seed;
        self
    }

    /// How many PSTN rows a work day has on average; a Saturday or Sunday has about a seventh of that.
    /// Single days differ by up to 15 %. Default 1,000. For each thousand of them the Direct Routing log has
    /// 600 rows, that of text messages 150, and that of blocked users 4.
    pub fn rows_per_day(mut self, rows: u32) -> Self {
        self.options.tenant.rows_per_day = rows;
        self
    }

    /// Serves HTTPS, with a certificate authority that is made at start and whose certificate is
    /// written to `ca.pem` in this folder. Without it the emulator speaks plain HTTP.
    pub fn tls_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.tls_dir = Some(dir.into());
        self
    }

    /// Where to listen. Default: a free port of 127.0.0.1. Only loopback addresses are taken, unless
    /// [`any_interface`](Self::any_interface) is set.
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.bind = addr;
        self
    }

    /// Allows [`bind`](Self::bind) to an address that other machines can reach.
    pub fn any_interface(mut self, allowed: bool) -> Self {
        self.any_interface = allowed;
        self
    }

    /// How many requests are let through. Default: [`Quota::unlimited`].
    pub fn quota(mut self, quota: Quota) -> Self {
        self.options.quota = quota;
        self
    }

    /// How links to the next page are written. Default: [`LinkForm::Faithful`].
    pub fn link_form(mut self, form: LinkForm) -> Self {
        self.options.link_form = form;
        self
    }

    /// The most rows on a page, from 1 to 1,000. Default 1,000, as Graph's; smaller pages make long chains of links of
    /// few rows.
    pub fn page_rows(mut self, rows: usize) -> Self {
        self.options.page_rows = rows.clamp(1, PAGE_ROWS);
        self
    }

    /// What goes wrong. Default: [`Faults::none`].
    pub fn faults(mut self, faults: Faults) -> Self {
        self.options.faults = faults;
        self
    }

    /// Keeps up to 256 MiB of rendered pages and serves them again as they are, so that a benchmark
    /// measures its client. Default off.
    pub fn pre_rendered(mut self, kept: bool) -> Self {
        self.options.pre_rendered = kept;
        self
    }

    /// Whether pages are compressed for who accepts gzip. Default on, as with Graph.
    pub fn compressed(mut self, compressed: bool) -> Self {
        self.options.compressed = compressed;
        self
    }

    /// How long Graph takes over each answer. Default: no longer than it must.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.options.latency = latency;
        self
    }

    /// Lets each row arrive late: some time between half of this and all of it after the end of the call,
    /// the same for a row whenever one asks. Microsoft speaks of 24 to 48 hours ("Microsoft Teams PSTN usage
    /// report"). Without it rows are there before their time, in the future too. At most a century.
    pub fn lag(mut self, lag: Duration) -> Self {
        self.options.lag = Some(lag);
        self
    }

    /// Lets rows vanish after as many days as Microsoft names for the PSTN and the Direct Routing log, by
    /// the country of the user (the same report): 150 to 730. Default off.
    pub fn retention(mut self, kept: bool) -> Self {
        self.options.retention = kept;
        self
    }

    /// Stops the clock of the rows at this moment, until [`RunningEmulator::set_now`] moves it: only calls
    /// that were over by then are in the logs. Without it that clock is the system's, and matters only
    /// where [`lag`](Self::lag) or [`retention`](Self::retention) is set.
    pub fn now(mut self, now: OffsetDateTime) -> Self {
        self.options.now = Some(now);
        self
    }

    /// Sets the server's clock ahead of the machine's by so many seconds (behind it, if negative): its `Date`, and what
    /// it holds the times of an assertion against. Default 0.
    pub fn clock_skew(mut self, seconds: i64) -> Self {
        self.options.clock_skew = time::Duration::seconds(seconds);
        self
    }

    /// Starts listening, on the caller's tokio runtime.
    ///
    /// # Errors
    ///
    /// An address that is not loopback (kind `InvalidInput`) or cannot be bound, a folder for `ca.pem` that cannot
    /// be written, or a system without random numbers.
    pub async fn start(self) -> io::Result<RunningEmulator> {
        if !self.any_interface && !self.bind.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{} is not a loopback address, and any_interface is not set",
                    self.bind
                ),
            ));
        }
        let listener = TcpListener::bind(self.bind).await?;
        let addr = listener.local_addr()?;
        // Another port is another origin.
        let foreign_listener = TcpListener::bind(SocketAddr::from((addr.ip(), 0))).await?;
        let foreign = foreign_listener.local_addr()?;
        let tls = match &self.tls_dir {
            Some(dir) => Some(tls::set_up(dir, &addr.ip().to_string())?),
            None => None,
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{addr}");
        let foreign = format!("{scheme}://{foreign}");
        let state = Arc::new(State::new(self.options, origin, foreign));
        let (stop, stopped) = watch::channel(false);
        let (acceptor, ca) = tls.map_or((None, None), |tls| (Some(tls.acceptor), Some(tls.ca)));
        let serve = |host, listener| {
            let (acceptor, stopped) = (acceptor.clone(), stopped.clone());
            connections::serve(host, listener, acceptor, state.clone(), stopped)
        };
        let own = serve(Host::Own, listener);
        let foreign = serve(Host::Foreign, foreign_listener);
        let task = tokio::spawn(async move {
            tokio::join!(own, foreign);
        });
        Ok(RunningEmulator::new(state, addr, ca, stop, task))
    }
}
