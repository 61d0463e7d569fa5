//! The claims of a token, where it can be read. They are shown to people, and nothing is decided by them: a client
//! must take a token as it is (<https://learn.microsoft.com/entra/identity-platform/access-tokens>).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What stands in the second part of a JWT (RFC 7519).
#[derive(Debug)]
pub(super) struct Claims(Value);

impl Claims {
    /// `None` when the text is no JWT, or an encrypted one.
    pub(super) fn of(token: &str) -> Option<Self> {
        let mut parts = token.trim().split('.');
        let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&bytes).ok()?;
        claims.is_object().then_some(Self(claims))
    }

    /// The application roles.
    pub(super) fn roles(&self) -> Vec<&str> {
        let roles = self.0.get("roles").and_then(Value::as_array);
        let roles = roles.into_iter().flatten();
        roles.filter_map(Value::as_str).collect()
    }

    /// Whether it is a person's token: it has scopes, or says so.
    pub(super) fn is_delegated(&self) -> bool {
        self.0.get("scp").is_some() || self.text("idtyp") == Some("user")
    }

    /// A claim that is text.
    pub(super) fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim).and_then(Value::as_str)
    }

    /// When it ends, in seconds since 1970.
    pub(super) fn expires(&self) -> Option<i64> {
        let expires = self.0.get("exp")?;
        expires
            .as_i64()
            .or_else(|| expires.as_f64().map(|seconds| seconds as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_are_read_where_they_can_be() {
        let token = token(r#"{"roles":["A","B",1],"aud":"x","exp":1700000000.5}"#);
        let claims = Claims::of(&token).unwrap();
        assert_eq!(claims.roles(), ["A", "B"]);
        assert_eq!(claims.text("aud"), Some("x"));
        assert_eq!(claims.expires(), Some(1_700_000_000));
        assert!(!claims.is_delegated());
    }

    #[test]
    fn what_is_no_jwt_has_no_claims() {
        let five = format!("{}.a.b", token("{}"));
        for text in [
            "",
            "emulated.abc",
            "a.b.c",
            &five,
            &token("[]"),
            &token("{"),
        ] {
            assert!(Claims::of(text).is_none(), "{text}");
        }
    }
}
