//! What of a request may be shown: an allow-list, and names for what may not.

use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

/// Stands for a value that is not shown.
pub(crate) const REDACTED: &str = "<redacted>";

/// Parameters of a token request that are no secret. What is not listed is not shown.
const PLAIN_PARAMETERS: [&str; 5] = [
    "claims",
    "client_assertion_type",
    "client_id",
    "grant_type",
    "scope",
];

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// The parameter with its value, or with a placeholder for it.
pub(crate) fn parameter(name: String, value: String) -> (String, String) {
    if PLAIN_PARAMETERS.contains(&name.as_str()) {
        (name, value)
    } else {
        (name, REDACTED.to_owned())
    }
}

/// Numbers what differs from run to run or is secret, in the order of its first appearance, so that
/// a reader sees which request bore which token.
#[derive(Default)]
pub(super) struct Numbering {
    tokens: Vec<HeaderValue>,
    ids: Vec<HeaderValue>,
}

impl Numbering {
    /// Names and values in the order of the names.
    pub(super) fn headers(&mut self, headers: &HeaderMap) -> Vec<(String, String)> {
        let mut shown: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), self.header(name, value)))
            .collect();
        shown.sort();
        shown
    }

    fn header(&mut self, name: &HeaderName, value: &HeaderValue) -> String {
        if *name == AUTHORIZATION {
            if value.as_bytes().starts_with(b"Bearer ") {
                format!("Bearer <token:{}>", number(&mut self.tokens, value))
            } else {
                REDACTED.to_owned()
            }
        } else if *name == CLIENT_REQUEST_ID {
            format!("<id:{}>", number(&mut self.ids, value))
        } else if value.is_sensitive() {
            REDACTED.to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        }
    }
}

/// The place of `value` among the `seen` ones, counted from 1.
fn number(seen: &mut Vec<HeaderValue>, value: &HeaderValue) -> usize {
    let place = seen.iter().position(|known| known == value);
    place.unwrap_or_else(|| {
        seen.push(value.clone());
        seen.len() - 1
    }) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_ids_are_numbered_and_secrets_not_shown() {
        let mut numbering = Numbering::default();
        let mut shown = |token: &'static str, id: &'static str| {
            let mut cookie = HeaderValue::from_static("session");
            cookie.set_sensitive(true);
            let headers = HeaderMap::from_iter([
                (AUTHORIZATION, HeaderValue::from_static(token)),
                (CLIENT_REQUEST_ID, HeaderValue::from_static(id)),
                (http::header::COOKIE, cookie),
            ]);
            numbering
                .headers(&headers)
                .into_iter()
                .map(|(_, value)| value)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            shown("Bearer a", "x"),
            ["Bearer <token:1>", "<id:1>", "<redacted>"]
        );
        assert_eq!(
            shown("Bearer b", "x"),
            ["Bearer <token:2>", "<id:1>", "<redacted>"]
        );
        assert_eq!(
            shown("Bearer a", "y"),
            ["Bearer <token:1>", "<id:2>", "<redacted>"]
        );
        assert_eq!(
            shown("Basic abc", "y"),
            ["<redacted>", "<id:2>", "<redacted>"]
        );
    }

    #[test]
    fn a_parameter_that_is_not_listed_is_not_shown() {
        let shown = |name: &str| parameter(name.to_owned(), "value".to_owned()).1;
        assert_eq!(shown("scope"), "value");
        assert_eq!(shown("client_secret"), "<redacted>");
        assert_eq!(shown("client_assertion"), "<redacted>");
        assert_eq!(shown("password"), "<redacted>");
    }
}
