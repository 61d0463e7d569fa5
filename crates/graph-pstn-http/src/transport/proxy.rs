//! Which way a connection goes: straight, or through a proxy's tunnel.

use std::{
    env,
    ffi::OsString,
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
    /// As the environment has it when the transport is built. The rules are close to curl's, which prefers small
    /// letters, separates hosts by blanks as well, and takes `*` for addresses too.
    ///
    /// - The proxy is that of the first of `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY`, `all_proxy` that is set and not
    ///   empty, as in [`Url`](Self::Url). `HTTP_PROXY` does not count.
    /// - `NO_PROXY`, or else `no_proxy`, has the hosts that are reached without it, with commas between them. A
    ///   domain, with or without a dot before it, stands for itself and for all below it, in capitals or not; `*`
    ///   for every name. An address or a network (`192.0.2.0/24`) stands for hosts that are written as
    ///   addresses: no name is looked up for it. A port cannot be given.
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
            Proxy::Environment => of_environment(|name| env::var_os(name))?,
            Proxy::Url(url) => Some(matcher("the proxy", url, "")?),
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

/// The proxy that the variables name, if any.
fn of_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Matcher>, Error> {
    let first = |names: &[&'static str]| {
        // What is no Unicode is no URL and no host either, and must not count as nothing.
        let value = |name| Some(variable(name)?.to_string_lossy().into_owned());
        let mut set = names.iter().filter_map(|name| Some((*name, value(name)?)));
        set.find(|(_, value)| !value.is_empty())
    };
    let Some((name, url)) = first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) else {
        return Ok(None);
    };
    let no = first(&["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts);
    matcher(name, &url, &no.unwrap_or_default()).map(Some)
}

/// Sends everything but `no` to this proxy. hyper-util's own matcher would go without a proxy if it cannot
/// read its URL, and so by a way that the caller had ruled out.
fn matcher(name: &str, url: &str, no: &str) -> Result<Matcher, Error> {
    let anywhere = Uri::from_static("https://graph.example/");
    let all = Matcher::builder().https(url).build();
    if all.intercept(&anywhere).is_none() {
        let message = format!("{name} is not the URL of a proxy; write it as http://host:port");
        return Err(unusable(&message));
    }
    Ok(Matcher::builder().https(url).no(no).build())
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

    fn connector(matcher: Option<Matcher>) -> ProxyConnector {
        ProxyConnector {
            tcp: HttpConnector::new(),
            matcher: matcher.map(Arc::new),
        }
    }

    fn goes_through(connector: &ProxyConnector, target: &str) -> bool {
        let tunnel = connector.tunnel(&target.parse().unwrap());
        tunnel.unwrap().is_some()
    }

    /// What is connected by in an environment of these variables.
    fn environment(variables: &[(&str, &str)]) -> Result<ProxyConnector, Error> {
        let variable = |asked: &str| {
            let mut set = variables.iter();
            let (_, value) = set.find(|(name, _)| *name == asked)?;
            Some((*value).into())
        };
        of_environment(variable).map(connector)
    }

    const PROXY: &str = "http://proxy.example:3128";
    const GRAPH: &str = "https://graph.example/v1.0";

    #[test]
    fn tokens_for_loopback_and_plain_http_never_meet_a_proxy() {
        let url = Proxy::Url(PROXY.to_owned());
        let url = ProxyConnector::new(HttpConnector::new(), &url).unwrap();
        let all = [
            ("HTTPS_PROXY", PROXY),
            ("HTTP_PROXY", PROXY),
            ("ALL_PROXY", PROXY),
        ];
        for connector in [url, environment(&all).unwrap()] {
            assert!(goes_through(&connector, GRAPH));
            for target in [
                "https://127.0.0.1:8443/v1.0",
                "https://[::1]:8443/v1.0",
                "https://localhost/v1.0",
                "http://127.0.0.1:8080/v1.0",
                "http://graph.example/v1.0",
            ] {
                assert!(!goes_through(&connector, target), "{target}");
            }
        }
    }

    #[test]
    fn the_first_variable_that_says_something_names_the_proxy() {
        const NAMES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        const OTHER: &str = "http://other.example";
        for (at, name) in NAMES.into_iter().enumerate() {
            // Those before it are empty, which is as good as not set; those after it name another.
            let mut variables: Vec<_> = NAMES[..at].iter().map(|name| (*name, "")).collect();
            variables.push((name, PROXY));
            variables.extend(NAMES[at + 1..].iter().map(|name| (*name, OTHER)));
            let matcher = environment(&variables).unwrap().matcher.unwrap();
            let chosen = matcher.intercept(&Uri::from_static(GRAPH)).unwrap();
            assert_eq!(chosen.uri(), "http://proxy.example:3128/", "{name}");
        }
        for none in [
            &[][..],
            &[("HTTP_PROXY", PROXY), ("http_proxy", PROXY)],
            &[("HTTPS_PROXY", "")],
        ] {
            assert!(!goes_through(&environment(none).unwrap(), GRAPH));
        }
    }

    #[test]
    fn the_environment_names_hosts_that_are_reached_without_the_proxy() {
        let goes_through = |list: &[(&str, &str)], host: &str| {
            let mut variables = vec![("HTTPS_PROXY", PROXY)];
            variables.extend(list);
            let connector = environment(&variables).unwrap();
            goes_through(&connector, &format!("https://{host}/v1.0"))
        };
        for variable in ["NO_PROXY", "no_proxy"] {
            assert!(!goes_through(
                &[(variable, "graph.example")],
                "graph.example"
            ));
        }
        let both = [("NO_PROXY", "graph.example"), ("no_proxy", "login.example")];
        assert!(!goes_through(&both, "graph.example"));
        assert!(goes_through(&both, "login.example"));

        for (list, host) in [
            ("graph.example", "graph.example:8443"),
            ("graph.example", "a.b.graph.example"),
            (".graph.example", "graph.example"),
            (".graph.example", "a.graph.example"),
            ("GRAPH.example", "graph.EXAMPLE"),
            ("login.example, graph.example", "graph.example"),
            ("login.example,*", "graph.example"),
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.0/24", "192.0.2.7:8443"),
            ("2001:db8::7", "[2001:db8::7]"),
            ("2001:db8::/32", "[2001:db8::7]"),
        ] {
            assert!(!goes_through(&[("NO_PROXY", list)], host), "{list}, {host}");
        }
        for (list, host) in [
            ("", "graph.example"),
            ("graph.example", "login.example"),
            ("graph.example", "telegraph.example"),
            ("graph.example:443", "graph.example"),
            ("*.example", "graph.example"),
            ("login.example graph.example", "graph.example"),
            ("192.0.2.0/24", "198.51.100.7"),
            ("*", "192.0.2.7"),
        ] {
            assert!(goes_through(&[("NO_PROXY", list)], host), "{list}, {host}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_unicode_is_not_passed_over() {
        use std::os::unix::ffi::OsStringExt as _;

        let variable = |_: &str| Some(OsString::from_vec(b"http://\xff.example".to_vec()));
        let error = of_environment(variable).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused() {
        let refused = |url: &str| {
            let url = Proxy::Url(url.to_owned());
            let connector = ProxyConnector::new(HttpConnector::new(), &url);
            let tunnel = connector.and_then(|c| c.tunnel(&GRAPH.parse().unwrap()));
            tunnel.map(|_| ()).unwrap_err().kind()
        };
        for url in ["not a url", "", "/proxy", "ftp://proxy.example"] {
            assert_eq!(refused(url), ErrorKind::Config, "{url}");
        }
        assert_eq!(refused("socks5://proxy.example:1080"), ErrorKind::Config);
        assert_eq!(refused("https://proxy.example"), ErrorKind::Config);
        let error = environment(&[("ALL_PROXY", "http://user:hidden@ proxy")]).map(|_| ());
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("ALL_PROXY is not the URL of a proxy"),
            "{shown}"
        );
        assert!(!shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn debug_shows_no_password() {
        let proxy = Proxy::Url("http://user:hidden@proxy.example".to_owned());
        assert!(!format!("{proxy:?}").contains("hidden"));
    }
}
