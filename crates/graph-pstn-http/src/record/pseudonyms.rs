//! Made-up values in the place of real ones, the same one each time.

use std::collections::HashMap;

use http::Uri;

/// Microsoft Graph's own application, which challenges name
/// (<https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in>).
const GRAPH_APPLICATION: &str = "00000003-0000-0000-c000-000000000000";

/// Query parameters whose values say nothing of anybody.
const PLAIN_PARAMETERS: [&str; 4] = ["$count", "$skip", "$top", "api-version"];

/// What a value is, and so what its pseudonym looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Token,
    Id,
    User,
    Name,
    Number,
    Call,
    Conference,
    Address4,
    Address6,
    Host,
    Parameter,
}

/// The pseudonyms of one recording. They are counted up as values appear, and cannot be turned back.
#[derive(Default)]
pub(super) struct Pseudonyms(HashMap<Kind, HashMap<String, usize>>);

impl Pseudonyms {
    /// The pseudonym of a value. An empty value stays empty: that it is empty matters.
    pub(super) fn of(&mut self, kind: Kind, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        if kind == Kind::Id && value == GRAPH_APPLICATION {
            return value.to_owned();
        }
        let number = self.number(kind, value);
        match kind {
            Kind::Token => format!("<token:{number}>"),
            Kind::Id => format!("00000000-0000-4000-8000-{number:012}"),
            Kind::User => format!("user{number:04}@contoso.example"),
            Kind::Name => format!("User {number}"),
            Kind::Number => telephone_number(number, value),
            Kind::Call => format!("{number}_{number}@192.0.2.{}", number % 256),
            Kind::Conference => format!("{number:09}"),
            Kind::Address4 => format!("192.0.2.{}", number % 256),
            Kind::Address6 => format!("2001:db8::{number:x}"),
            Kind::Host => format!("host{number}.contoso.example"),
            Kind::Parameter => format!("value-{number}"),
        }
    }

    /// The place of the value among its kind, counted from 1.
    fn number(&mut self, kind: Kind, value: &str) -> usize {
        let known = self.0.entry(kind).or_default();
        let next = known.len() + 1;
        *known.entry(value.to_ascii_lowercase()).or_insert(next)
    }

    /// A URL with its identifying parts exchanged: a link and the request that follows it stay the
    /// same. Scheme, host, path and `$skip` stay.
    pub(super) fn url(&mut self, url: &str) -> String {
        // `…/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)`
        let (url, fragment) = match url.split_once('#') {
            Some((url, fragment)) if fragment.chars().all(is_of_type_name) => (url, Some(fragment)),
            _ => (url, None),
        };
        let Ok(uri) = url.parse::<Uri>() else {
            return "<redacted>".to_owned();
        };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return "<redacted>".to_owned();
        };
        // User info has no place in a fixture.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let mut shown = format!("{scheme}://{host}");
        let segments: Vec<_> = uri.path().split('/').skip(1).collect();
        let is_token_endpoint = segments.last() == Some(&"token");
        for (index, segment) in segments.iter().enumerate() {
            shown.push('/');
            if is_guid(segment) {
                shown.push_str(&self.of(Kind::Id, segment));
            } else if index == 0 && is_token_endpoint {
                // A tenant may be named by its domain.
                shown.push_str("contoso.example");
            } else {
                shown.push_str(segment);
            }
        }
        let mut separator = '?';
        for pair in uri.query().into_iter().flat_map(|query| query.split('&')) {
            shown.push(std::mem::replace(&mut separator, '&'));
            match pair.split_once('=') {
                Some((name, value)) if !PLAIN_PARAMETERS.contains(&name) => {
                    shown.push_str(name);
                    shown.push('=');
                    shown.push_str(&self.of(Kind::Parameter, value));
                }
                _ => shown.push_str(pair),
            }
        }
        if let Some(fragment) = fragment {
            shown.push('#');
            shown.push_str(fragment);
        }
        shown
    }

    /// A message for people: GUIDs exchanged, and what may be a name, a number, a link or a key left
    /// out.
    pub(super) fn message(&mut self, text: &str) -> String {
        const MOST_DIGITS: usize = 6;
        const LONGEST_WORD: usize = 32;
        let is_word = |c: char| c.is_alphanumeric() || "-_@:/.+~=".contains(c);
        let mut shown = String::with_capacity(text.len());
        for part in text.split_inclusive(|c| !is_word(c)) {
            let word = part.trim_end_matches(|c| !is_word(c));
            let bare = word.trim_end_matches(['.', ':']);
            let digits = bare.chars().filter(char::is_ascii_digit).count();
            let is_code = bare.starts_with("AADSTS");
            if is_guid(bare) {
                shown.push_str(&self.of(Kind::Id, bare));
            } else if bare.contains('@')
                || bare.contains("://")
                || (digits > MOST_DIGITS && !is_code)
                || bare.len() > LONGEST_WORD
            {
                shown.push_str("<redacted>");
            } else {
                shown.push_str(bare);
            }
            shown.push_str(&part[bare.len()..]);
        }
        shown
    }
}

/// A number of the area 555, which is none, with as many digits masked as the real one has.
fn telephone_number(number: usize, value: &str) -> String {
    const DIGITS: usize = 7;
    let masked = value.chars().rev().take_while(|c| *c == '*').count();
    let masked = masked.min(DIGITS - 1);
    let shown = DIGITS - masked;
    let room = (0..shown).fold(1, |room, _| room * 10);
    let stars = "*".repeat(masked);
    format!("+1555{:0shown$}{stars}", number % room)
}

fn is_of_type_name(c: char) -> bool {
    c.is_ascii_alphabetic() || "().$".contains(c)
}

pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "12345678-1234-4321-8765-123456789abc";

    #[test]
    fn the_same_value_has_the_same_pseudonym() {
        let mut pseudonyms = Pseudonyms::default();
        let first = pseudonyms.of(Kind::Id, GUID);
        assert_eq!(first, "00000000-0000-4000-8000-000000000001");
        assert_eq!(pseudonyms.of(Kind::Id, &GUID.to_uppercase()), first);
        assert_eq!(pseudonyms.of(Kind::User, "a@b"), "user0001@contoso.example");
        assert_eq!(pseudonyms.of(Kind::User, "c@b"), "user0002@contoso.example");
        assert_eq!(pseudonyms.of(Kind::User, ""), "");
        assert_eq!(
            pseudonyms.of(Kind::Id, GRAPH_APPLICATION),
            GRAPH_APPLICATION
        );
    }

    #[test]
    fn a_number_stays_as_masked_as_it_was() {
        let mut pseudonyms = Pseudonyms::default();
        let mut number = |value: &str| pseudonyms.of(Kind::Number, value);
        assert_eq!(number("+37212345678"), "+15550000001");
        assert_eq!(number("+4930123456***"), "+15550002***");
        assert_eq!(number("+37212345678"), "+15550000001");
    }

    #[test]
    fn a_link_and_the_request_that_follows_it_stay_the_same() {
        let mut pseudonyms = Pseudonyms::default();
        let function =
            "https://graph.microsoft.com/v1.0/x/getPstnCalls(from=2019-11-01,to=2019-12-01)";
        let link = format!("{function}?$skip=1000&$skiptoken=c2VjcmV0");
        let shown = format!("{function}?$skip=1000&$skiptoken=value-1");
        assert_eq!(pseudonyms.url(&link), shown);
        assert_eq!(pseudonyms.url(&link), shown);
        assert_eq!(
            pseudonyms.url(&format!(
                "https://login.microsoftonline.com/{GUID}/oauth2/v2.0/token"
            )),
            "https://login.microsoftonline.com/00000000-0000-4000-8000-000000000001/oauth2/v2.0/token"
        );
        let context = "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)";
        assert_eq!(pseudonyms.url(context), context);
        assert_eq!(
            pseudonyms.url("https://me:pw@login.microsoftonline.us/tailspin.com/oauth2/v2.0/token"),
            "https://login.microsoftonline.us/contoso.example/oauth2/v2.0/token"
        );
    }

    #[test]
    fn a_message_keeps_its_words_and_nothing_else() {
        let mut pseudonyms = Pseudonyms::default();
        let message = format!(
            "AADSTS7000215: Invalid secret for app '{GUID}' of someone@tailspin.com, \
             +37212345678. See https://tailspin.com/x."
        );
        assert_eq!(
            pseudonyms.message(&message),
            "AADSTS7000215: Invalid secret for app '00000000-0000-4000-8000-000000000001' of \
             <redacted>, <redacted>. See <redacted>."
        );
    }
}
