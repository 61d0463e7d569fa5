//! What a JSON document may not hold: the rules for text on every string, and more where the name
//! beside a value says what it is.

use std::net::Ipv6Addr;

use serde_json::Value;

use super::{Leak, reserved, text};

/// Every leak in `value`, with the way to it, `log.entries[0].request.url` for instance.
pub(super) fn leaks(value: &Value) -> Vec<Leak> {
    let mut leaks = Vec::new();
    walk("", "", value, &mut leaks);
    leaks
}

/// `name` is what the value is called: its key, or the `name` beside a `value`.
fn walk(place: &str, name: &str, value: &Value, leaks: &mut Vec<Leak>) {
    match value {
        Value::Object(members) => {
            let member = |key: &str| members.get(key).and_then(Value::as_str);
            if let (Some("base64"), Some(body)) = (member("encoding"), member("text")) {
                encoded(place, body, leaks);
            }
            for (key, inner) in members {
                let name = match key.as_str() {
                    "text" if member("encoding") == Some("base64") => continue,
                    "value" => member("name").unwrap_or(key),
                    _ => key,
                };
                let dot = if place.is_empty() { "" } else { "." };
                leaks.extend(text::leaks(key).into_iter().map(|leak| leak.at(place)));
                walk(&format!("{place}{dot}{key}"), name, inner, leaks);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                walk(&format!("{place}[{index}]"), name, inner, leaks);
            }
        }
        Value::String(string) => {
            let mut found = named(name, string).unwrap_or_else(|| in_string(string));
            leaks.extend(found.drain(..).map(|leak| {
                let inner = if leak.place.is_empty() { "" } else { " → " };
                let place = format!("{place}{inner}{}", leak.place);
                leak.at(place)
            }));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A body in base64, which may hide anything.
fn encoded(place: &str, body: &str, leaks: &mut Vec<Leak>) {
    let text = text::decode_base64(body).and_then(|bytes| String::from_utf8(bytes).ok());
    match text {
        Some(text) => leaks.extend(in_string(&text).into_iter().map(|leak| leak.at(place))),
        None => leaks.push(Leak::new("bytes that cannot be read as text", body).at(place)),
    }
}

/// A string may be a JSON document of its own: the body of a response, the claims of a request.
fn in_string(string: &str) -> Vec<Leak> {
    match serde_json::from_str(string) {
        Ok(document @ (Value::Object(_) | Value::Array(_))) => leaks(&document),
        _ => text::leaks(string),
    }
}

/// The leaks of a value whose name says what it may be; `None` when the name says nothing.
fn named(name: &str, value: &str) -> Option<Vec<Leak>> {
    let name = name.to_ascii_lowercase();
    let unless = |fine: bool, what| {
        let leak = (!fine).then(|| Leak::new(what, value));
        Some(leak.into_iter().collect())
    };
    match name.as_str() {
        "authorization" => unless(
            value.strip_prefix("Bearer ").is_some_and(is_numbered_token),
            "an Authorization header; write `Bearer <token:1>`",
        ),
        "access_token" | "refresh_token" | "id_token" => {
            unless(is_numbered_token(value), "a token; write `<token:1>`")
        }
        "client_secret" | "client_assertion" | "password" => {
            unless(value == "<redacted>", "a secret; write `<redacted>`")
        }
        "cookie" | "set-cookie" | "proxy-authorization" => {
            unless(false, "a header that is never kept")
        }
        _ if name.ends_with("number") => {
            let digits = text::digits(value.trim_start_matches('+'));
            // Session border controllers send names and short internal numbers too.
            let fine = digits.len() < 6 || reserved::is_number(&digits);
            unless(fine, "a telephone number that is not reserved")
        }
        _ if name.contains("ipv6address") && value.contains(':') => {
            let fine = value.parse::<Ipv6Addr>().is_ok_and(reserved::is_ipv6);
            unless(fine, "a real address")
        }
        _ => None,
    }
}

fn is_numbered_token(value: &str) -> bool {
    value
        .strip_prefix("<token:")
        .and_then(|rest| rest.strip_suffix('>'))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Vec<(String, &'static str)> {
        let value = serde_json::from_str(json).unwrap();
        let leaks = leaks(&value).into_iter();
        leaks.map(|leak| (leak.place, leak.what)).collect()
    }

    #[test]
    fn planted_leaks_are_found_by_their_names() {
        for (json, place, what) in [
            (
                r#"{"headers":[{"name":"Authorization","value":"Bearer abc"}]}"#,
                "headers[0].value",
                "an Authorization header; write `Bearer <token:1>`",
            ),
            (
                r#"{"params":[{"name":"client_secret","value":"short"}]}"#,
                "params[0].value",
                "a secret; write `<redacted>`",
            ),
            (
                r#"{"_json":{"access_token":"opaque"}}"#,
                "_json.access_token",
                "a token; write `<token:1>`",
            ),
            (
                r#"{"headers":[{"name":"Set-Cookie","value":"x"}]}"#,
                "headers[0].value",
                "a header that is never kept",
            ),
            (
                r#"{"value":[{"calleeNumber":"37212345678"}]}"#,
                "value[0].calleeNumber",
                "a telephone number that is not reserved",
            ),
            (
                r#"{"clientPublicIpV6Address":"fe80::1"}"#,
                "clientPublicIpV6Address",
                "a real address",
            ),
        ] {
            assert_eq!(found(json), [(place.to_owned(), what)], "{json}");
        }
    }

    #[test]
    fn a_leak_does_not_hide_in_a_body() {
        let inner = r#"{\"id_token\":\"abc\"}"#;
        assert_eq!(
            found(&format!(r#"{{"content":{{"text":"{inner}"}}}}"#)),
            [(
                "content.text → id_token".to_owned(),
                "a token; write `<token:1>`"
            )]
        );
        // someone@contoso.com
        assert_eq!(
            found(r#"{"content":{"text":"c29tZW9uZUBjb250b3NvLmNvbQ==","encoding":"base64"}}"#),
            [("content".to_owned(), "a real host")]
        );
        assert_eq!(
            found(r#"{"content":{"text":"/////w==","encoding":"base64"}}"#),
            [("content".to_owned(), "bytes that cannot be read as text")]
        );
        // {"upn":"someone@contoso.com"} in the claims of a header
        let claims = "eyJ1cG4iOiJzb21lb25lQGNvbnRvc28uY29tIn0=";
        assert_eq!(
            found(&format!(
                r#"[{{"name":"www-authenticate","value":"claims={claims}"}}]"#
            )),
            [("[0].value → upn".to_owned(), "a real host")]
        );
    }

    #[test]
    fn what_a_fixture_needs_passes() {
        let none = [];
        assert_eq!(
            found(
                r#"{"request":{"headers":[{"name":"authorization","value":"Bearer <token:12>"}],
                    "postData":{"params":[{"name":"client_secret","value":"<redacted>"}]}},
                    "_json":{"access_token":"<token:1>","callerNumber":"+12065550123",
                    "calleeNumber":"+4930231251**","charge":0.00,
                    "callId":"1000000001_100000001@192.0.2.17",
                    "id":"00000000-0000-4000-8000-000000000001"}}"#
            ),
            none
        );
    }
}
