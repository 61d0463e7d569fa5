//! What a line of text may not hold.

use std::{borrow::Cow, net::Ipv4Addr};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{Leak, fixture, reserved};

/// Names of parameters whose value is a secret wherever it stands.
const SECRETS: [&str; 5] = [
    "access_token=",
    "client_assertion=",
    "client_secret=",
    "password=",
    "refresh_token=",
];

/// What stands in a secret's place: placeholders, and what the tests of token requests send.
const MADE_UP: [&str; 4] = ["<", "made-up", "HEADER.CLAIMS.SIGNATURE", "for/00000000-"];

/// Last parts of bare host names that are looked for. Not `md` or `rs`: files are named so.
const TOP_LEVEL: [&str; 24] = [
    "at", "au", "biz", "ca", "ch", "cloud", "cn", "co", "com", "de", "edu", "eu", "fr", "gov",
    "info", "io", "jp", "mil", "net", "nl", "org", "ru", "uk", "us",
];

/// Everything in `text` that looks like a secret or like somebody's data.
pub(super) fn leaks(text: &str) -> Vec<Leak> {
    let text = percent_decoded(text);
    let text = text.as_ref();
    let mut leaks = Vec::new();
    if text.contains("-----BEGIN") {
        leaks.push(Leak::new("a PEM block", text));
    }
    for name in SECRETS {
        for value in text.split(name).skip(1) {
            if !value.is_empty() && !MADE_UP.iter().any(|made_up| value.starts_with(made_up)) {
                leaks.push(Leak::new("the value of a secret parameter", value));
            }
        }
    }
    numbers(text, &mut leaks);
    let is_word = |c: char| c.is_ascii_alphanumeric() || "+/_~=.-@:*".contains(c);
    for word in text.split(|c| !is_word(c)) {
        in_word(word, &mut leaks);
    }
    leaks
}

/// A form or a URL as text: what is encoded must not hide.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after
            .first_chunk::<2>()
            .filter(|digits| first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let decoded = digits
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn in_word(word: &str, leaks: &mut Vec<Leak>) {
    let word = word.trim_end_matches(['.', ':']);
    if let Some((_, rest)) = word.split_once("://") {
        in_url(rest, leaks);
        return;
    }
    if let Some((_, host)) = word.split_once('@') {
        // `@odata.nextLink` has nothing before the `@`.
        if !word.starts_with('@') {
            host_or_address(host, leaks);
        }
        return;
    }
    if let Ok(address) = word.parse::<Ipv4Addr>() {
        ipv4(address, leaks);
        return;
    }
    if is_guid(word) {
        if !reserved::is_guid(word) {
            leaks.push(Leak::new("a GUID that is not made up", word));
        }
        return;
    }
    if is_bare_host(word) && !reserved::is_host(word) {
        leaks.push(Leak::new("a real host", word));
        return;
    }
    // `name=value`, but not the padding of base64.
    match word.trim_end_matches('=').split_once('=') {
        Some((_, value)) if !value.is_empty() => in_word(value, leaks),
        _ => random(word, leaks),
    }
}

/// `rest` follows `://`. The words of the path and the query are looked at one by one, since a path
/// as a whole looks like base64.
fn in_url(rest: &str, leaks: &mut Vec<Leak>) {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(user, host)| {
            leaks.push(Leak::new("user info in a URL", user));
            host
        });
    let host = authority
        .split_once(':')
        .map_or(authority, |(host, _)| host);
    host_or_address(host, leaks);
    for segment in path.split('/') {
        in_word(segment, leaks);
    }
}

fn host_or_address(host: &str, leaks: &mut Vec<Leak>) {
    if let Ok(address) = host.parse() {
        ipv4(address, leaks);
    } else if !host.is_empty() && !reserved::is_host(host) {
        leaks.push(Leak::new("a real host", host));
    }
}

fn ipv4(address: Ipv4Addr, leaks: &mut Vec<Leak>) {
    if !reserved::is_ipv4(address) {
        leaks.push(Leak::new("a real address", &address.to_string()));
    }
}

fn is_guid(word: &str) -> bool {
    let mut groups = word.split('-');
    let lengths = [8, 4, 4, 4, 12];
    lengths.into_iter().all(|length| {
        groups.next().is_some_and(|group| {
            group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }) && groups.next().is_none()
}

fn is_bare_host(word: &str) -> bool {
    let mut labels: Vec<_> = word.split('.').collect();
    let last = labels.pop().unwrap_or_default().to_ascii_lowercase();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    !labels.is_empty() && TOP_LEVEL.contains(&last.as_str()) && labels.iter().all(is_label)
}

/// Numbers with a `+` before them, with the spaces, hyphens and parentheses that people write.
fn numbers(text: &str, leaks: &mut Vec<Leak>) {
    const SHORTEST: usize = 7;
    for (at, _) in text.match_indices('+') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            continue; // an offset from UTC, or base64
        }
        let digits = digits(&text[at + 1..]);
        if digits.len() >= SHORTEST && !reserved::is_number(&digits) {
            leaks.push(Leak::new(
                "a telephone number that is not reserved",
                &text[at..],
            ));
        }
    }
}

/// The digits and masking stars at the beginning of a telephone number.
pub(super) fn digits(number: &str) -> String {
    number
        .chars()
        .take_while(|c| c.is_ascii_digit() || "* -()".contains(*c))
        .filter(|c| c.is_ascii_digit() || *c == '*')
        .collect()
}

/// What a generator of tokens, keys or secrets made, by its length and its mixture of characters.
fn random(word: &str, leaks: &mut Vec<Leak>) {
    const SHORTEST: usize = 32;
    const SHORTEST_WITH_TILDE: usize = 24;
    let mut json_parts = word.split('.').filter(|part| part.starts_with("eyJ"));
    if json_parts.next().is_some() && json_parts.next().is_some() {
        leaks.push(Leak::new("a JWT", word));
        return;
    }
    if let Some(decoded) = base64_json(word) {
        leaks.extend(fixture::leaks(&decoded));
        return;
    }
    let mixed = |part: &str| {
        let has = |class: fn(&u8) -> bool| part.bytes().any(|b| class(&b));
        has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
    };
    // Entra's client secrets have tildes, and full stops and hyphens like plain text.
    if word.len() >= SHORTEST_WITH_TILDE && word.contains('~') && mixed(word) {
        leaks.push(Leak::new("a client secret", word));
        return;
    }
    for part in word.split(['.', '-', ':']) {
        let hex = part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic());
        if part.len() >= SHORTEST && (hex || mixed(part)) {
            leaks.push(Leak::new("a token or key", part));
        }
    }
}

/// The object that a base64 text holds, as `claims` of a challenge do.
fn base64_json(word: &str) -> Option<serde_json::Value> {
    let bytes = decode_base64(word)?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    value.is_object().then_some(value)
}

/// Base64 in either alphabet, padded or not.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&'static str> {
        leaks(text).into_iter().map(|leak| leak.what).collect()
    }

    #[test]
    fn planted_leaks_are_found() {
        for (text, what) in [
            (
                "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhYmNkZWYifQ.c2lnbmF0dXJl",
                "a JWT",
            ),
            (
                "AbC8Q~planted.Secret-For_This.Test0000000",
                "a client secret",
            ),
            (
                "key UGxhbnRlZEtleUZvclRoaXNUZXN0T25seTAxMjM0NTY3ODk/QUJD==",
                "a token or key",
            ),
            ("0123456789abcdef0123456789abcdef", "a token or key"),
            (
                "https://graph.microsoft.com/x?sig=UGxhbnRlZFNpZ25hdHVyZUZvclRoaXNUZXN0",
                "a token or key",
            ),
            ("-----BEGIN PRIVATE KEY-----", "a PEM block"),
            (
                "grant_type=x&client_secret=hunter2",
                "the value of a secret parameter",
            ),
            (
                "from +37212345678.",
                "a telephone number that is not reserved",
            ),
            (
                "+1 (206) 555-1234",
                "a telephone number that is not reserved",
            ),
            (
                "+49 30 1234567***",
                "a telephone number that is not reserved",
            ),
            (
                "id 12345678-1234-4321-8765-123456789abc",
                "a GUID that is not made up",
            ),
            ("someone@contoso.com", "a real host"),
            ("upn=someone%40contoso.com", "a real host"),
            (
                "client_secret=hunter2%7E",
                "the value of a secret parameter",
            ),
            ("https://evil.contoso.com:8443/x", "a real host"),
            ("trunk sbc01.adatum.biz", "a real host"),
            ("call 1_2@10.9.8.7", "a real address"),
            ("from 10.1.2.3", "a real address"),
            ("https://user@graph.microsoft.com/", "user info in a URL"),
        ] {
            assert_eq!(found(text), [what], "{text}");
        }
    }

    #[test]
    fn what_a_fixture_needs_passes() {
        for text in [
            "https://graph.microsoft.com/v1.0/communications/callRecords/getPstnCalls(fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-12-01T00:00:00Z)?$skip=1000",
            "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)",
            "https://login.microsoftonline.com/00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token",
            "@odata.nextLink",
            "2019-11-01T00:00:08.2589935Z",
            "2021-02-23T13:54:17+00:00",
            "+1 206 555 0123",
            "+4420794601**",
            "1000000001_100000001@192.0.2.17",
            "user0001@contoso.example",
            "client_secret=<redacted>",
            "client_secret=%3Credacted%3E&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            "100 % of 20%",
            "CallRecord-PstnCalls.Read.All",
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
            "crates/graph-pstn-http/tests/snapshots.rs and fixtures/README.md",
            // {"access_token":{"acrs":{"essential":true,"value":"cp1"}}}
            "claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiY3AxIn19fQ==\"",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
