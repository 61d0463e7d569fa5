//! Which way a connection goes: straight, or through a proxy's tunnel.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Uri, uri::Scheme};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::Matcher,
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::{BoxFuture, Error, ErrorKind, Origin};

type Connection = Result<TokioIo<TcpStream>, Box<dyn std::error::Error + Send + Sync>>;

/// Which proxy to use.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, by curl's rules.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Direct,
    /// This one, as `http://host:port`, with user info if it wants any.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::Direct => "Direct",
            // The URL may hold a password.
            Self::Url(_) => "Url(..)",
        })
    }
}

/// Connects to a host, through a proxy where one is due.
#[derive(Clone)]
pub(super) struct ProxyConnector {
    tcp: HttpConnector,
    matcher: Option<Arc<Matcher>>,
}

impl ProxyConnector {
    pub(super) fn new(tcp: HttpConnector, proxy: &Proxy) -> Result<Self, Error> {
        let matcher = match proxy {
            Proxy::Direct => None,
            Proxy::Environment => Some(Matcher::from_env()),
            Proxy::Url(url) => {
                let known = url.parse::<Uri>().ok().filter(|uri| uri.host().is_some());
                if known.is_none() {
                    return Err(unusable(
                        "the proxy is not a URL; write it as http://host:port",
                    ));
                }
                Some(Matcher::builder().https(url.as_str()).build())
            }
        };
        Ok(Self {
            tcp,
            matcher: matcher.map(Arc::new),
        })
    }

    /// The proxy's tunnel to `target`, if it is to go through one.
    fn tunnel(&self, target: &Uri) -> Result<Option<Tunnel<HttpConnector>>, Error> {
        let loopback = Origin::of(target).is_ok_and(|origin| origin.is_loopback());
        if loopback || target.scheme() != Some(&Scheme::HTTPS) {
            return Ok(None);
        }
        let intercepted = self.matcher.as_ref().and_then(|m| m.intercept(target));
        let Some(proxy) = intercepted else {
            return Ok(None);
        };
        if proxy.uri().scheme() != Some(&Scheme::HTTP) {
            return Err(unusable(
                "only http:// proxies are supported; they tunnel TLS untouched",
            ));
        }
        let tunnel = Tunnel::new(proxy.uri().clone(), self.tcp.clone());
        Ok(Some(match proxy.basic_auth() {
            Some(auth) => tunnel.with_auth(auth.clone()),
            None => tunnel,
        }))
    }
}

fn unusable(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl Service<Uri> for ProxyConnector {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Connection>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        match self.tunnel(&target) {
            Ok(None) => {
                let connecting = self.tcp.call(target);
                Box::pin(async move { connecting.await.map_err(Into::into) })
            }
            Ok(Some(mut tunnel)) => {
                let connecting = tunnel.call(target);
                Box::pin(async move { connecting.await.map_err(Into::into) })
            }
            Err(error) => Box::pin(std::future::ready(Err(error.into()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_through(proxy: &str, target: &str) -> bool {
        let connector =
            ProxyConnector::new(HttpConnector::new(), &Proxy::Url(proxy.to_owned())).unwrap();
        let tunnel = connector.tunnel(&target.parse().unwrap());
        tunnel.unwrap().is_some()
    }

    #[test]
    fn tokens_for_loopback_and_plain_http_never_meet_a_proxy() {
        let proxy = "http://proxy.example:3128";
        assert!(goes_through(proxy, "https://graph.example/v1.0"));
        assert!(!goes_through(proxy, "https://127.0.0.1:8443/v1.0"));
        assert!(!goes_through(proxy, "https://localhost/v1.0"));
        assert!(!goes_through(proxy, "http://127.0.0.1:8080/v1.0"));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused() {
        let refused = |url: &str| {
            ProxyConnector::new(HttpConnector::new(), &Proxy::Url(url.to_owned()))
                .and_then(|c| {
                    c.tunnel(&"https://graph.example/".parse().unwrap())
                        .map(|_| ())
                })
                .unwrap_err()
                .kind()
        };
        assert_eq!(refused("not a url"), ErrorKind::Config);
        assert_eq!(refused("socks5://proxy.example:1080"), ErrorKind::Config);
    }

    #[test]
    fn debug_shows_no_password() {
        let proxy = Proxy::Url("http://user:hidden@proxy.example".to_owned());
        assert!(!format!("{proxy:?}").contains("hidden"));
    }
}
