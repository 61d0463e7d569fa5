//! Challenges, and the claims in them: what has to be answered when it is replayed, and no more.
//!
//! A challenge may name the tenant, and the address that a policy saw
//! (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>).

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::STANDARD as PADDED,
    },
};

use super::{
    body,
    pseudonyms::{Kind, Pseudonyms, is_guid},
};
use crate::replay::redact::REDACTED;

/// Padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Pseudonyms {
    /// The value of a `WWW-Authenticate` header: schemes, names of parameters, the error and the claims
    /// stay.
    pub(super) fn challenge(&mut self, value: &str) -> String {
        let parts = outside_quotes(value).into_iter();
        let parts: Vec<_> = parts.map(|part| self.parameter(part)).collect();
        parts.join(",")
    }

    /// `Bearer realm=""`, ` error="…"`, or a scheme alone.
    fn parameter(&mut self, part: &str) -> String {
        let start = part.len() - part.trim_start().len();
        let (space, text) = part.split_at(start);
        let word = text.split([' ', '=']).next().unwrap_or_default();
        let (scheme, pair) = match text.strip_prefix(word).and_then(|r| r.strip_prefix(' ')) {
            Some(rest) => (format!("{} ", self.name(word)), rest),
            None => (String::new(), text),
        };
        let Some((name, value)) = pair.split_once('=') else {
            return format!("{space}{scheme}{}", self.name(pair));
        };
        let bare = value.trim();
        let unquoted = bare.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
        let shown = self.value(&name.to_ascii_lowercase(), unquoted.unwrap_or(bare));
        let quote = if unquoted.is_some() { "\"" } else { "" };
        format!("{space}{scheme}{}={quote}{shown}{quote}", self.name(name))
    }

    /// A scheme or the name of a parameter; what follows a scheme that has no parameters is a secret.
    fn name(&mut self, word: &str) -> String {
        let is_name = |c: char| c.is_ascii_alphabetic() || "-_".contains(c);
        if word.len() <= 24 && word.chars().all(is_name) {
            word.to_owned()
        } else {
            REDACTED.to_owned()
        }
    }

    fn value(&mut self, name: &str, value: &str) -> String {
        let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
        match name {
            _ if value.is_empty() => String::new(),
            "authorization_uri" => self.url(value),
            "client_id" if is_guid(value) => self.of(Kind::Id, value),
            "error" if value.len() <= 40 && value.chars().all(is_word) => value.to_owned(),
            "claims" => self.encoded_claims(value),
            "error_description" | "errordescription" => self.message(value).replace('"', "'"),
            _ => REDACTED.to_owned(),
        }
    }

    fn encoded_claims(&mut self, value: &str) -> String {
        let standard = value.replace('-', "+").replace('_', "/");
        let json = BASE64.decode(standard).ok();
        let json = json.and_then(|json| body::redacted_claims(&json, self));
        json.map_or_else(|| REDACTED.to_owned(), |json| PADDED.encode(json))
    }

    /// The `claims` of a token request or of an error, JSON in a string.
    pub(super) fn claims(&mut self, json: &str) -> String {
        body::redacted_claims(json.as_bytes(), self).unwrap_or_else(|| REDACTED.to_owned())
    }
}

/// The parts between commas, but for those in quotes.
fn outside_quotes(text: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        if c == ',' && !quoted {
            parts.push(&text[start..at]);
            start = at + 1;
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(challenge: &str) -> String {
        Pseudonyms::default().challenge(challenge)
    }

    #[test]
    fn what_has_to_be_answered_stays() {
        let json = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"xms_cc":{"values":["cp1"]}}}"#;
        let challenge = format!(
            "Bearer realm=\"\", authorization_uri=https://login.example/common/oauth2/authorize, \
             client_id=\"00000003-0000-0000-c000-000000000000\", error=\"insufficient_claims\", claims=\"{}\"",
            PADDED.encode(json)
        );
        assert_eq!(shown(&challenge), challenge);
        let unpadded = challenge.replace("0=\"", "0\"");
        assert_ne!(unpadded, challenge);
        assert_eq!(shown(&unpadded), challenge);
    }

    #[test]
    fn what_a_policy_saw_does_not() {
        let json = r#"{"access_token":{"xms_rp_ipaddr":{"value":"10.1.2.3"},"acrs":{"value":"urn:user:someone@tailspin.com"}}}"#;
        let challenge = format!(
            "Bearer realm=\"tailspin.com\", error=\"insufficient_claims\", claims=\"{}\", \
             error_description=\"for someone@tailspin.com\", x=1234567, Negotiate TlRMTVNT8, NTLM",
            PADDED.encode(json)
        );
        let kept = r#"{"access_token":{"xms_rp_ipaddr":{"value":"192.0.2.1"},"acrs":{"value":"<redacted>"}}}"#;
        assert_eq!(
            shown(&challenge),
            format!(
                "Bearer realm=\"<redacted>\", error=\"insufficient_claims\", claims=\"{}\", \
                 error_description=\"for <redacted>\", x=<redacted>, Negotiate <redacted>, NTLM",
                PADDED.encode(kept)
            )
        );
        assert_eq!(
            shown("Bearer claims=\"no claims\""),
            "Bearer claims=\"<redacted>\""
        );
    }
}
