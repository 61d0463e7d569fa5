use std::{fmt, str::FromStr};

use http::Uri;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, ErrorKind, Origin};

/// A link to the next page, as Graph wrote it.
///
/// One that was stored and read back is only known to be a URL; the authorize layer looks at its origin
/// before it is sent, as it does for every request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NextLink(Uri);

impl NextLink {
    /// Reads the link of a page that came from `graph`.
    ///
    /// # Errors
    /// [`ErrorKind::UntrustedLink`] when it leads to another origin or out of the API, and
    /// [`ErrorKind::Decode`] when it is no URL.
    pub fn parse(link: &str, graph: &Origin) -> Result<Self, Error> {
        let uri: Uri = link.parse().map_err(|error| {
            let message = "the link to the next page is not a URL";
            Error::new(ErrorKind::Decode, message).with_source(error)
        })?;
        if !graph.is_origin_of(&uri) {
            let mut place = uri.host().unwrap_or("nowhere").to_owned();
            if let Some(port) = uri.port_u16() {
                place = format!("{place}:{port}");
            }
            return Err(Error::new(
                ErrorKind::UntrustedLink,
                format!(
                    "the link to the next page leads to {place}, not to {graph}; it was not followed"
                ),
            ));
        }
        if !["/v1.0/", "/beta/"]
            .iter()
            .any(|version| uri.path().starts_with(version))
        {
            return Err(Error::new(
                ErrorKind::UntrustedLink,
                "the link to the next page leads out of the Graph API; it was not followed",
            ));
        }
        Ok(Self(uri))
    }

    /// As much of it as may be shown: what a query holds is Graph's, and nobody knows what it tells.
    pub(super) fn without_query(&self) -> String {
        let origin = Origin::of(&self.0).map_or_else(|_| String::new(), |it| it.to_string());
        origin + self.0.path()
    }

    /// The URL.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.0
    }
}

impl fmt::Display for NextLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for NextLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.0.query().map_or("", |_| "?..");
        write!(f, "NextLink({}{query})", self.without_query())
    }
}

impl FromStr for NextLink {
    type Err = http::uri::InvalidUri;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self)
    }
}

impl Serialize for NextLink {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NextLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(link: &str) -> Result<NextLink, Error> {
        NextLink::parse(link, &"https://graph.example".parse().unwrap())
    }

    #[test]
    fn the_documented_link_is_taken_as_it_is() {
        for link in [
            "https://graph.example/v1.0/communications/callRecords/getPstnCalls(from=2019-11-01,to=2019-12-01)?$skip=1000",
            "https://graph.example/beta/communications/callRecords/getSmsLog(fromDateTime=2019-11-01,toDateTime=2019-12-01)?$skiptoken=a%2Fb%3D",
        ] {
            assert_eq!(parse(link).unwrap().to_string(), link);
        }
    }

    #[test]
    fn debug_shows_no_query_and_no_user() {
        let link = parse("https://graph.example/v1.0/x?$skiptoken=a").unwrap();
        let shown = format!("{link:?}");
        assert_eq!(shown, "NextLink(https://graph.example/v1.0/x?..)");
        let plain = parse("https://graph.example/v1.0/x").unwrap();
        let shown = format!("{plain:?}");
        assert_eq!(shown, "NextLink(https://graph.example/v1.0/x)");
        // One that was stored may be anything that is a URL.
        let stored: NextLink = "https://user:hidden@graph.example/x".parse().unwrap();
        assert_eq!(format!("{stored:?}"), "NextLink(/x)");
    }

    #[test]
    fn the_refusal_says_which_port_of_a_host_it_is() {
        for (link, place) in [
            (
                "https://graph.example:444/v1.0/x",
                " leads to graph.example:444, ",
            ),
            (
                "https://user:pass@evil.example/v1.0/x",
                " leads to evil.example, ",
            ),
        ] {
            let error = parse(link).unwrap_err().to_string();
            assert!(error.contains(place), "{error}");
        }
    }

    #[test]
    fn a_link_that_leads_away_is_refused() {
        for link in [
            "https://graph.example.evil.example/v1.0/x",
            "https://evil.example/v1.0/x?https://graph.example/",
            "https://graph.example@evil.example/v1.0/x",
            "https://user:pass@graph.example/v1.0/x",
            "http://graph.example/v1.0/x",
            "https://graph.example:444/v1.0/x",
            "https://graph.example/oauth2/v1.0/x",
            "https://graph.example/",
            "/v1.0/communications",
        ] {
            assert_eq!(
                parse(link).unwrap_err().kind(),
                ErrorKind::UntrustedLink,
                "{link}"
            );
        }
        assert_eq!(parse("").unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(
            parse("https://graph.example/v1.0/a b").unwrap_err().kind(),
            ErrorKind::Decode
        );
    }
}
