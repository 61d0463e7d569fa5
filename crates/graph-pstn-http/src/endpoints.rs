//! Where requests go: the Graph origin, the login origin and the scope.
//!
//! A bearer token may leave only for the Graph origin named here, so an [`Origin`] is compared as
//! parsed parts (scheme, host, port), never as text.

use std::{error, fmt, net::IpAddr, str::FromStr};

use http::{
    Uri,
    uri::{Authority, Scheme},
};

/// Scheme, host and port of a server (RFC 6454): `https`, or `http` for a loopback address only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    /// Lower case; an IPv6 address without its brackets.
    host: String,
    port: u16,
}

impl Origin {
    #[cfg(any(
        feature = "cloud-global",
        feature = "cloud-us-gov-l4",
        feature = "cloud-us-gov-l5",
        feature = "cloud-china"
    ))]
    fn https(host: &str) -> Self {
        Self {
            https: true,
            host: host.to_owned(),
            port: 443,
        }
    }

    /// The origin of an absolute URI, whatever its path.
    ///
    /// # Errors
    /// When it is not absolute, has user info, is neither `https` nor `http` on a loopback address.
    pub fn of(uri: &Uri) -> Result<Self, OriginError> {
        let https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(OriginError::NotAbsolute),
        };
        let authority = uri.authority().ok_or(OriginError::NotAbsolute)?;
        if authority.as_str().contains('@') {
            return Err(OriginError::UserInfo);
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_ascii_lowercase();
        if host.is_empty() {
            return Err(OriginError::NotAbsolute);
        }
        let default_port = if https { 443 } else { 80 };
        let origin = Self {
            https,
            host,
            port: port_of(authority)?.unwrap_or(default_port),
        };
        if !https && !origin.is_loopback() {
            return Err(OriginError::PlainHttp);
        }
        Ok(origin)
    }

    /// Whether `uri` has exactly this scheme, host and port, and no user info.
    #[must_use]
    pub fn is_origin_of(&self, uri: &Uri) -> bool {
        Self::of(uri).is_ok_and(|origin| origin == *self)
    }

    /// `https` or `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The host in lower case, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own one included.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is a loopback address or the name `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

fn port_of(authority: &Authority) -> Result<Option<u16>, OriginError> {
    // `Authority::port_u16` is `None` for "no port" and for "a port that is none" alike.
    match (authority.port(), authority.as_str().rsplit_once(']')) {
        (Some(port), _) => Ok(Some(port.as_u16())),
        (None, Some((_, ""))) => Ok(None),
        (None, None) if !authority.as_str().contains(':') => Ok(None),
        _ => Err(OriginError::Port),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default_port = if self.https { 443 } else { 80 };
        write!(f, "{}://", self.scheme())?;
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if self.port == default_port {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    /// Reads `https://host`, with a port or a closing slash if need be, but no path.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let uri: Uri = s.trim().parse().map_err(|_| OriginError::NotAbsolute)?;
        if uri
            .path_and_query()
            .is_some_and(|path| path.as_str() != "/")
        {
            return Err(OriginError::Path);
        }
        Self::of(&uri)
    }
}

/// Why a text or a URI is no origin that a token may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginError {
    /// No scheme or no host.
    NotAbsolute,
    /// Plain `http` to another machine.
    PlainHttp,
    /// A user name before the host, which hides the real host from a reader.
    UserInfo,
    /// A path or a query where only an origin is wanted.
    Path,
    /// The port is not a number from 1 to 65535.
    Port,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "not an absolute URL; write it as https://host",
            Self::PlainHttp => "plain http is for loopback addresses only; use https",
            Self::UserInfo => "user info before the host is refused",
            Self::Path => "only scheme, host and port belong here; leave out the path",
            Self::Port => "the port is not a number from 1 to 65535",
        })
    }
}

impl error::Error for OriginError {}

/// The Graph origin, the login origin and the scope that a token is asked for.
///
/// A [`Cloud`](crate::Cloud) has one; [`Endpoints::custom`] makes one for a sovereign cloud that
/// this crate does not name, or for an emulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    graph: Origin,
    authority: Origin,
    scope: String,
}

impl Endpoints {
    #[cfg(any(
        feature = "cloud-global",
        feature = "cloud-us-gov-l4",
        feature = "cloud-us-gov-l5",
        feature = "cloud-china"
    ))]
    pub(crate) fn of_hosts(graph: &str, authority: &str) -> Self {
        Self::custom(Origin::https(graph), Origin::https(authority))
    }

    /// Endpoints of the caller's choice; the scope is the Graph origin with `/.default`.
    #[must_use]
    pub fn custom(graph: Origin, authority: Origin) -> Self {
        let scope = format!("{graph}/.default");
        Self {
            graph,
            authority,
            scope,
        }
    }

    /// Exchanges the Graph origin, and the scope with it.
    #[must_use]
    pub fn with_graph(self, graph: Origin) -> Self {
        Self::custom(graph, self.authority)
    }

    /// Exchanges the login origin.
    #[must_use]
    pub fn with_authority(self, authority: Origin) -> Self {
        Self { authority, ..self }
    }

    /// Where Graph is, and the only place a token may be sent to.
    #[must_use]
    pub fn graph(&self) -> &Origin {
        &self.graph
    }

    /// Where tokens come from: the host before `/{tenant}/oauth2/v2.0/token`.
    #[must_use]
    pub fn authority(&self) -> &Origin {
        &self.authority
    }

    /// The scope of the token request: the Graph origin's `/.default`.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(s: &str) -> Origin {
        s.parse().unwrap()
    }

    #[test]
    fn the_parts_are_compared_and_not_the_text() {
        let graph = origin("https://graph.example");
        for same in [
            "https://graph.example/v1.0/x?$skip=1",
            "https://GRAPH.example:443/",
            "HTTPS://graph.example",
        ] {
            assert!(graph.is_origin_of(&same.parse().unwrap()), "{same}");
        }
        for other in [
            "http://graph.example/",
            "https://graph.example:8443/",
            "https://graph.example.evil.example/",
            "https://evil.example/graph.example",
            "https://graph.example@evil.example/",
            "https://user@graph.example/",
            "/v1.0/x",
        ] {
            let uri: Uri = other.parse().unwrap();
            assert!(!graph.is_origin_of(&uri), "{other}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback() {
        assert_eq!(
            origin("http://127.0.0.1:8080").to_string(),
            "http://127.0.0.1:8080"
        );
        assert_eq!(origin("http://[::1]:80/").to_string(), "http://[::1]");
        assert!(origin("http://localhost:1").is_loopback());
        assert_eq!(
            "http://10.0.0.1".parse::<Origin>(),
            Err(OriginError::PlainHttp)
        );
        assert_eq!(
            "http://localhost.evil.example".parse::<Origin>(),
            Err(OriginError::PlainHttp)
        );
    }

    #[test]
    fn what_is_no_origin_says_why() {
        assert_eq!(
            "graph.example".parse::<Origin>(),
            Err(OriginError::NotAbsolute)
        );
        assert_eq!(
            "https://graph.example/v1.0".parse::<Origin>(),
            Err(OriginError::Path)
        );
        assert_eq!(
            "https://a@graph.example".parse::<Origin>(),
            Err(OriginError::UserInfo)
        );
        assert_eq!(
            "ftp://graph.example".parse::<Origin>(),
            Err(OriginError::NotAbsolute)
        );
        assert!("https://graph.example:99999".parse::<Origin>().is_err());
    }

    #[test]
    fn the_scope_follows_the_graph_origin() {
        let endpoints = Endpoints::custom(
            origin("https://graph.example"),
            origin("https://login.example"),
        )
        .with_graph(origin("http://127.0.0.1:81"));
        assert_eq!(endpoints.scope(), "http://127.0.0.1:81/.default");
    }
}
