use std::{fmt, time::Duration};

use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

use super::{
    Proxy,
    connect_timeout::ConnectTimeout,
    proxy::ProxyConnector,
    service::HyperTransport,
    tls::{self, Roots},
};
use crate::Error;

/// Each window of a range wants a connection of its own over HTTP/1.1.
const POOL_PER_HOST: usize = 16;

/// Sets a [`HyperTransport`] up.
#[derive(Clone)]
#[must_use]
pub struct HyperTransportBuilder {
    connect_timeout: Duration,
    idle_timeout: Duration,
    roots: Roots,
    proxy: Proxy,
    http1_only: bool,
}

impl HyperTransport {
    /// Starts setting a transport up.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder {
            connect_timeout: Duration::from_secs(10),
            // Below the time after which servers hang up.
            idle_timeout: Duration::from_secs(60),
            roots: Roots::default(),
            proxy: Proxy::default(),
            http1_only: false,
        }
    }
}

impl HyperTransportBuilder {
    /// How long a connection may take to be made: the host's name, TCP to all its addresses together, a
    /// proxy's tunnel, and TLS; default 10 s. One that takes longer is a failure of kind
    /// [`Connect`](crate::ErrorKind::Connect).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a connection is kept that nothing uses; default 60 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Trusts the certificates of this PEM text besides the platform's own: for a company's
    /// TLS-inspecting proxy, or the emulator.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the text holds no certificate, or one that
    /// cannot be read.
    pub fn add_ca_certificate_pem(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.roots.add_pem(pem)?;
        Ok(self)
    }

    /// Trusts Mozilla's list of certificate authorities, as it was when this crate's dependency was published,
    /// instead of the platform's store: for containers that have none. What
    /// [`add_ca_certificate_pem`](Self::add_ca_certificate_pem) adds is trusted besides.
    #[cfg(feature = "webpki-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webpki-roots")))]
    pub fn bundled_roots(mut self) -> Self {
        self.roots.bundled = true;
        self
    }

    /// Which proxy to use; default [`Proxy::Environment`].
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Speaks HTTP/1.1 only, each request under way on a connection of its own.
    pub fn http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// The transport. Connections are made when the first request needs one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the TLS settings or the proxy cannot be used.
    pub fn build(self) -> Result<HyperTransport, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out among the addresses, so that one that does not answer leaves time for the next.
        tcp.set_connect_timeout(Some(self.connect_timeout));
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        let connector = ProxyConnector::new(tcp, &self.proxy)?;

        let tls = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(&self.roots)?)
            // Plain http goes to loopback only: `Origin` sees to that.
            .https_or_http();
        let connector = if self.http1_only {
            tls.enable_http1().wrap_connector(connector)
        } else {
            tls.enable_all_versions().wrap_connector(connector)
        };
        let connector = ConnectTimeout::new(connector, self.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(POOL_PER_HOST)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .build(connector);
        Ok(HyperTransport::new(client))
    }
}

impl fmt::Debug for HyperTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("proxy", &self.proxy)
            .field("http1_only", &self.http1_only)
            .finish_non_exhaustive()
    }
}
