use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// `Bearer`, as it was spelt.
    pub scheme: String,
    /// Names in lower case, with their values unquoted, in the order they came.
    pub parameters: Vec<(String, String)>,
}

/// Services differ over padding, so it may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Challenge {
    /// All challenges of all `WWW-Authenticate` headers.
    ///
    /// Lenient where services are lax: a value may stand without quotes though it is no token, as
    /// Graph's `authorization_uri` does. What cannot be read as a challenge is passed over.
    #[must_use]
    pub fn all(headers: &HeaderMap) -> Vec<Self> {
        let mut all = Vec::new();
        for value in headers.get_all(WWW_AUTHENTICATE) {
            read(&String::from_utf8_lossy(value.as_bytes()), &mut all);
        }
        all
    }

    /// The decoded JSON that a claims challenge asks for: of a `Bearer` challenge with the error
    /// `insufficient_claims`, in base64 of either alphabet or as plain JSON.
    #[must_use]
    pub fn claims_of(headers: &HeaderMap) -> Option<String> {
        let challenges = Self::all(headers);
        challenges
            .iter()
            .filter(|challenge| challenge.scheme.eq_ignore_ascii_case("bearer"))
            .filter(|challenge| challenge.parameter("error") == Some("insufficient_claims"))
            .find_map(|challenge| decode(challenge.parameter("claims")?))
    }

    /// The value of a parameter, whose name is given in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn decode(claims: &str) -> Option<String> {
    let claims = claims.trim();
    if claims.starts_with('{') {
        return Some(claims.to_owned());
    }
    let standard = claims.replace('-', "+").replace('_', "/");
    let json = String::from_utf8(BASE64.decode(standard).ok()?).ok()?;
    json.trim_start().starts_with('{').then_some(json)
}

/// Reads the challenges of one header value and adds them to `all`.
fn read(text: &str, all: &mut Vec<Challenge>) {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return;
        }
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match after.trim_start_matches([' ', '\t']).strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after.trim_start_matches([' ', '\t']));
                if let Some(challenge) = all.last_mut() {
                    challenge
                        .parameters
                        .push((word.to_ascii_lowercase(), value));
                }
                rest = after;
            }
            None => {
                all.push(Challenge {
                    scheme: word.to_owned(),
                    parameters: Vec::new(),
                });
                rest = after;
            }
        }
    }
}

/// A quoted string (RFC 9110, section 5.6.4) or what stands up to the next comma or space.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    // The quote is never closed: all that is left belongs to it.
    (value, "")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn claims(values: &[&str]) -> Option<String> {
        Challenge::claims_of(&headers(values))
    }

    #[test]
    fn graphs_own_form_with_an_unquoted_uri_and_padding_inside_quotes() {
        let value = "Bearer realm=\"\", authorization_uri=https://login.example/common/oauth2/authorize?a=b, \
                     client_id=\"00000003-0000-0000-c000-000000000000\", error=\"insufficient_claims\", \
                     claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\", errorDescription=\"comma, inside\"";
        assert_eq!(claims(&[value]).unwrap(), r#"{"access_token":{}}"#);
        let challenge = &Challenge::all(&headers(&[value]))[0];
        assert_eq!(
            challenge.parameter("authorization_uri"),
            Some("https://login.example/common/oauth2/authorize?a=b")
        );
        assert_eq!(
            challenge.parameter("errordescription"),
            Some("comma, inside")
        );
    }

    #[test]
    fn several_challenges_in_one_header_and_in_several() {
        let bearer = r#"Bearer error="insufficient_claims", claims="eyJhIjoxfQ""#;
        let joined = format!("Negotiate, Basic realm=\"x\", {bearer}");
        assert_eq!(claims(&[&joined]).unwrap(), r#"{"a":1}"#);
        assert_eq!(claims(&["Negotiate abc==", bearer]).unwrap(), r#"{"a":1}"#);
        let other = r#"PoP error="insufficient_claims", claims="eyJhIjoyfQ""#;
        assert_eq!(claims(&[other, bearer]).unwrap(), r#"{"a":1}"#);
    }

    #[test]
    fn the_parameters_may_come_in_any_order_and_case() {
        let value = r#"BEARER Claims="eyJhIjoxfQ==" , ERROR = "insufficient_claims""#;
        assert_eq!(claims(&[value]).unwrap(), r#"{"a":1}"#);
    }

    #[test]
    fn either_alphabet_with_or_without_padding_or_plain() {
        // {"a":"???>>>"} has both characters in which the alphabets differ.
        for encoded in [
            "eyJhIjoiPz8/Pj4+In0=",
            "eyJhIjoiPz8_Pj4-In0=",
            "eyJhIjoiPz8_Pj4-In0",
            r#"{\"a\":\"???>>>\"}"#,
        ] {
            let value = format!("Bearer error=\"insufficient_claims\", claims=\"{encoded}\"");
            assert_eq!(claims(&[&value]).unwrap(), r#"{"a":"???>>>"}"#, "{encoded}");
        }
    }

    #[test]
    fn what_is_no_claims_challenge_gives_none() {
        for value in [
            r#"Bearer error="invalid_token", claims="eyJhIjoxfQ==""#,
            r#"Bearer error="insufficient_claims""#,
            r#"Bearer error="insufficient_claims", claims="!!!""#,
            r#"Bearer error="insufficient_claims", claims="bm90IGpzb24=""#,
            "",
            "Bearer",
            "=,=\"",
        ] {
            assert_eq!(claims(&[value]), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_header_value_breaks_it(text in "[ -~\t]{0,80}") {
            let _ = claims(&[text.trim()]);
        }

        #[test]
        fn a_quoted_value_comes_back(inner in "[ !#-\\[\\]-~]{0,30}") {
            let value = format!("Bearer a=\"{inner}\", b=c");
            let all = Challenge::all(&headers(&[&value]));
            prop_assert_eq!(all[0].parameter("a"), Some(inner.as_str()));
            prop_assert_eq!(all[0].parameter("b"), Some("c"));
        }
    }
}
