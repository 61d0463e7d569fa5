//! URLs with what may tell of somebody exchanged: an allow-list of hosts, of words in paths and of parameters.

use std::net::IpAddr;

use http::{Uri, uri::Authority};

use super::pseudonyms::{Kind, Pseudonyms, is_guid};
use crate::{Cloud, replay::redact::REDACTED};

/// Words of paths that are the same for everybody.
const SEGMENTS: [&str; 12] = [
    "",
    "$metadata",
    ".default",
    "authorize",
    "beta",
    "callRecords",
    "common",
    "communications",
    "oauth2",
    "token",
    "v1.0",
    "v2.0",
];

/// Graph's functions.
const FUNCTIONS: [&str; 5] = [
    "getDirectRoutingCalls",
    "getPstnBlockedUsersLog",
    "getPstnCalls",
    "getPstnOnlineMeetingDialoutReport",
    "getSmsLog",
];

/// Query parameters whose values, being numbers, say nothing of anybody.
const PLAIN_PARAMETERS: [&str; 4] = ["$count", "$skip", "$top", "api-version"];

/// Top-level names that are given to nobody (RFC 2606, RFC 6761).
const RESERVED: [&str; 4] = [".example", ".invalid", ".localhost", ".test"];

impl Pseudonyms {
    /// A URL with its identifying parts exchanged: a link and the request that follows it stay the
    /// same. The scheme, known hosts, Graph's functions with their range, and `$skip` stay.
    pub(super) fn url(&mut self, url: &str) -> String {
        // `…/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)`
        let (url, fragment) = match url.split_once('#') {
            Some((url, fragment)) if fragment.chars().all(is_of_type_name) => (url, Some(fragment)),
            _ => (url, None),
        };
        let Ok(uri) = url.parse::<Uri>() else {
            return REDACTED.to_owned();
        };
        let Some(mut shown) = self.origin(&uri) else {
            return REDACTED.to_owned();
        };
        let segments: Vec<_> = uri.path().split('/').skip(1).collect();
        // A host alone has the path `/`, which need not have been written.
        if segments != [""] || url.ends_with('/') {
            let is_login = is_login(&uri);
            for (index, segment) in segments.iter().enumerate() {
                shown.push('/');
                shown.push_str(&self.segment(segment, index == 0 && is_login));
            }
        }
        let mut separator = '?';
        for pair in uri.query().into_iter().flat_map(|query| query.split('&')) {
            shown.push(std::mem::replace(&mut separator, '&'));
            shown.push_str(&self.pair(pair));
        }
        if let Some(fragment) = fragment {
            shown.push('#');
            shown.push_str(fragment);
        }
        shown
    }

    /// Scheme, host and port; `None` if there is no host.
    fn origin(&mut self, uri: &Uri) -> Option<String> {
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        if let Some((real, shown)) = &self.exchanged {
            // The emulator has Graph and Entra under one origin.
            let by_path = [
                (real.authority(), shown.authority()),
                (real.graph(), shown.graph()),
            ];
            let [login, graph] = by_path;
            let order = if is_login(uri) {
                [login, graph]
            } else {
                [graph, login]
            };
            let known = order.iter().find(|(real, _)| real.is_origin_of(uri));
            if let Some((_, shown)) = known {
                return Some(shown.to_string());
            }
        }
        // User info has no place in a fixture.
        let host = self.host(authority);
        let port = authority.port().map(|port| format!(":{port}"));
        Some(format!("{scheme}://{host}{}", port.unwrap_or_default()))
    }

    fn host(&mut self, authority: &Authority) -> String {
        let host = authority.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return match address {
                _ if address.is_loopback() => host.to_owned(),
                IpAddr::V4(_) => self.of(Kind::Address4, bare),
                IpAddr::V6(_) => format!("[{}]", self.of(Kind::Address6, bare)),
            };
        }
        if is_public_host(host) {
            host.to_owned()
        } else {
            self.of(Kind::Host, host)
        }
    }

    fn segment(&mut self, segment: &str, is_tenant: bool) -> String {
        if SEGMENTS.contains(&segment) || is_call(segment) {
            segment.to_owned()
        } else if is_tenant {
            // By its id or by one of its domains.
            self.of(Kind::Tenant, segment)
        } else if is_guid(segment) {
            self.of(Kind::Id, segment)
        } else {
            self.of(Kind::Parameter, segment)
        }
    }

    fn pair(&mut self, pair: &str) -> String {
        const LONGEST: usize = 24;
        let Some((name, value)) = pair.split_once('=') else {
            return self.of(Kind::Parameter, pair);
        };
        let is_name = |c: char| c.is_ascii_alphabetic() || "$-_".contains(c);
        let shown = if name.len() <= LONGEST && name.chars().all(is_name) {
            name.to_owned()
        } else {
            self.of(Kind::Parameter, name)
        };
        let is_plain = PLAIN_PARAMETERS.contains(&name)
            && (value == "true" || value.len() <= 10 && value.chars().all(is_of_version));
        if is_plain {
            format!("{shown}={value}")
        } else {
            format!("{shown}={}", self.of(Kind::Parameter, value))
        }
    }
}

/// Whether this host is the same for everybody: one of a cloud of this build, or one that is reserved.
pub(super) fn is_public_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let of_cloud = |cloud: &Cloud| {
        let endpoints = cloud.endpoints();
        [endpoints.graph(), endpoints.authority()]
            .iter()
            .any(|origin| origin.host() == host)
    };
    host == "localhost"
        || RESERVED.iter().any(|reserved| host.ends_with(reserved))
        || Cloud::ALL.iter().any(of_cloud)
}

fn is_login(uri: &Uri) -> bool {
    uri.path().contains("/oauth2/")
}

/// `getPstnCalls(fromDateTime=2019-11-01T00:00:00Z,toDateTime=…)`, with the longer name that Microsoft's
/// libraries give it or not: a function of Graph, and nothing but times in it.
fn is_call(segment: &str) -> bool {
    const NAMESPACE: &str = "microsoft.graph.callRecords.";
    let call = segment.strip_prefix(NAMESPACE).unwrap_or(segment);
    let Some((function, arguments)) = call.strip_suffix(')').and_then(|call| call.split_once('('))
    else {
        return false;
    };
    FUNCTIONS.contains(&function)
        && arguments.split(',').count() <= 2
        && arguments.split(',').all(|argument| {
            argument.split_once('=').is_some_and(|(name, time)| {
                let name_is_plain =
                    name.len() <= 16 && name.chars().all(|c| c.is_ascii_alphabetic());
                name_is_plain && is_time(&time.replace("%3A", ":").replace("%3a", ":"))
            })
        })
}

/// Digits and what stands between them in a time: no room for anything else.
pub(super) fn is_time(text: &str) -> bool {
    text.len() <= 40
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || "TZtz:.+- '".contains(c))
}

fn is_of_version(c: char) -> bool {
    c.is_ascii_digit() || ".-".contains(c)
}

fn is_of_type_name(c: char) -> bool {
    c.is_ascii_alphabetic() || "().$".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Endpoints;

    const CALL: &str = "getPstnCalls(from=2019-11-01,to=2019-12-01)";

    #[test]
    #[cfg(feature = "cloud-global")]
    fn a_link_and_the_request_that_follows_it_stay_the_same() {
        const GUID: &str = "12345678-1234-4321-8765-123456789abc";
        let mut pseudonyms = Pseudonyms::default();
        let function =
            format!("https://graph.microsoft.com/v1.0/communications/callRecords/{CALL}");
        let link = format!("{function}?$skip=1000&$skiptoken=c2VjcmV0");
        let shown = format!("{function}?$skip=1000&$skiptoken=value-1");
        assert_eq!(pseudonyms.url(&link), shown);
        assert_eq!(pseudonyms.url(&link), shown);
        assert_eq!(
            pseudonyms.url(&format!(
                "https://login.microsoftonline.com/{GUID}/oauth2/v2.0/token"
            )),
            "https://login.microsoftonline.com/00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token"
        );
        let context = "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)";
        assert_eq!(pseudonyms.url(context), context);
        let scope = "https://graph.microsoft.com/.default";
        assert_eq!(pseudonyms.url(scope), scope);
        assert_eq!(
            pseudonyms
                .url("https://me:pw@login.microsoftonline.com/tailspin.com/oauth2/v2.0/token"),
            "https://login.microsoftonline.com/00000000-0000-4000-8000-00000000a002/oauth2/v2.0/token"
        );
    }

    #[test]
    fn what_is_not_known_is_exchanged_wherever_it_stands() {
        let mut pseudonyms = Pseudonyms::default();
        for (url, shown) in [
            (
                "https://proxy.tailspin.com:8443/v1.0/users/someone@tailspin.com",
                "https://host1.contoso.example:8443/v1.0/value-1/value-2",
            ),
            (
                "https://graph.example/beta?someone@tailspin.com&$filter=a%20eq%20b&someone%40tailspin.com=1&$top=99",
                "https://graph.example/beta?value-2&$filter=value-3&value-4=value-5&$top=99",
            ),
            (
                "https://graph.example/getPstnCalls(fromDateTime=someone,toDateTime=x)",
                "https://graph.example/value-6",
            ),
            ("http://10.1.2.3/token", "http://192.0.2.1/token"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            (
                "https://graph.example/v1.0?$skip=secret",
                "https://graph.example/v1.0?$skip=value-7",
            ),
            ("somewhere else", "<redacted>"),
            ("/v1.0", "<redacted>"),
        ] {
            assert_eq!(pseudonyms.url(url), shown, "{url}");
        }
        for call in [
            CALL,
            "microsoft.graph.callRecords.getSmsLog(fromDateTime=2019-11-01T00%3A00%3A00Z,toDateTime=2019-12-01T00:00:00Z)",
        ] {
            let url = format!("https://graph.example/v1.0/{call}");
            assert_eq!(pseudonyms.url(&url), url);
        }
    }

    #[test]
    fn endpoints_can_be_shown_as_others() {
        let endpoints = |graph: &str, authority: &str| {
            Endpoints::custom(graph.parse().unwrap(), authority.parse().unwrap())
        };
        let mut pseudonyms = Pseudonyms::default();
        pseudonyms.exchanged = Some((
            endpoints("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
            endpoints("https://graph.example", "https://login.example"),
        ));
        for (url, shown) in [
            (
                "http://127.0.0.1:4000/.default",
                "https://graph.example/.default",
            ),
            (
                "http://127.0.0.1:4000/tailspin.com/oauth2/v2.0/token",
                "https://login.example/00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token",
            ),
            ("http://127.0.0.1:4001/v1.0", "http://127.0.0.1:4001/v1.0"),
        ] {
            assert_eq!(pseudonyms.url(url), shown);
        }
    }
}
