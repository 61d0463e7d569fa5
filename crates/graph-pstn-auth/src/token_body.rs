//! The body of a granted token request, as the `oauth2` crate hands it on.
//!
//! Microsoft's v2.0 endpoint sends `expires_in` as a number, its older one and some gateways as text;
//! `refresh_in` comes with long-lived tokens. Both are data of this type alone.

use std::{fmt, time::Duration};

use oauth2::{AccessToken, RefreshToken, Scope};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

#[derive(Deserialize, Serialize)]
pub(crate) struct TokenBody {
    access_token: AccessToken,
    token_type: TokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<u64>,
}

impl TokenBody {
    pub(crate) fn secret(&self) -> &str {
        self.access_token.secret()
    }

    /// RFC 6749, section 7.1: the type's case does not matter.
    pub(crate) fn is_bearer(&self) -> bool {
        self.token_type.0.eq_ignore_ascii_case("bearer")
    }

    pub(crate) fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    pub(crate) fn refresh_in(&self) -> Option<Duration> {
        self.refresh_in.map(Duration::from_secs)
    }
}

impl fmt::Debug for TokenBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBody")
            .field("expires_in", &self.expires_in)
            .field("refresh_in", &self.refresh_in)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct TokenType(String);

impl oauth2::TokenType for TokenType {}

impl oauth2::TokenResponse for TokenBody {
    type TokenType = TokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &TokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in()
    }

    /// The client-credentials grant has none.
    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// Seconds as a number or as text; anything else counts as not said.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let seconds = match Value::deserialize(deserializer)? {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => number(&text),
        _ => None,
    };
    // The cast saturates, and a part of a second matters to nobody.
    Ok(seconds.filter(|s| *s >= 0.0).map(|s| s as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lifetime: &str) -> TokenBody {
        let body = format!(
            r#"{{"token_type":"bearer","access_token":"made-up","expires_in":{lifetime},"refresh_in":{lifetime}}}"#
        );
        serde_json::from_str(&body).unwrap()
    }

    #[test]
    fn lifetimes_are_numbers_or_text() {
        for (text, seconds) in [
            ("3599", Some(3599)),
            ("\"3599\"", Some(3599)),
            ("3599.9", Some(3599)),
            ("null", None),
            ("\"soon\"", None),
            ("-1", None),
            ("1e300", Some(u64::MAX)),
        ] {
            let body = read(text);
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(
                (body.expires_in(), body.refresh_in()),
                (expected, expected),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let body = read("1");
        assert!(body.is_bearer());
        assert!(!format!("{body:?}").contains("made-up"));
    }
}
