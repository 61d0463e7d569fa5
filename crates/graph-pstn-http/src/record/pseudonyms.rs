//! Made-up values in the place of real ones, the same one each time.

use std::{collections::HashMap, net::Ipv4Addr};

use crate::Endpoints;

/// Microsoft Graph's own application, which challenges name
/// (<https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in>).
const GRAPH_APPLICATION: &str = "00000003-0000-0000-c000-000000000000";

/// What a value is, and so what its pseudonym looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Token,
    Id,
    Tenant,
    Application,
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

impl Kind {
    /// What two values that are the same have in common: for some kinds upper and lower case tell two apart.
    fn key(self, value: &str) -> String {
        match self {
            Self::Token | Self::Name | Self::Call | Self::Parameter => value.to_owned(),
            _ => value.to_ascii_lowercase(),
        }
    }
}

/// The pseudonyms of one recording. They are counted up as values appear, and cannot be turned back.
#[derive(Default)]
pub(super) struct Pseudonyms {
    known: HashMap<Kind, HashMap<String, usize>>,
    /// Endpoints that are shown as others: the real ones, and those in their place.
    pub(super) exchanged: Option<(Endpoints, Endpoints)>,
}

impl Pseudonyms {
    /// The pseudonym of a value. An empty value stays empty: that it is empty matters.
    pub(super) fn of(&mut self, kind: Kind, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        if kind == Kind::Id && value == GRAPH_APPLICATION {
            return value.to_owned();
        }
        // An id is the same thing wherever it stands.
        let kind = match kind {
            Kind::Id => [Kind::Tenant, Kind::Application]
                .into_iter()
                .find(|kind| self.knows(*kind, value))
                .unwrap_or(kind),
            kind => kind,
        };
        if kind == Kind::Call && is_guid(value) {
            // Of Operator Connect: the id of a call record.
            return self.of(Kind::Id, value);
        }
        let number = self.number(kind, value);
        match kind {
            Kind::Token => format!("<token:{number}>"),
            Kind::Id => format!("00000000-0000-4000-8000-{number:012}"),
            // As hand-written fixtures have them, so that whoever replays one knows what to ask for.
            Kind::Tenant => format!("00000000-0000-4000-8000-00000000a{number:03}"),
            Kind::Application => format!("00000000-0000-4000-8000-00000000c{number:03}"),
            Kind::User => format!("user{number:04}@contoso.example"),
            Kind::Name => format!("User {number}"),
            Kind::Number => telephone_number(number, value),
            Kind::Call => format!("{number}_{number}@192.0.2.{}", number % 256),
            Kind::Conference => format!("{number:09}"),
            Kind::Address4 => address(number).to_string(),
            Kind::Address6 => format!("2001:db8::{number:x}"),
            Kind::Host => format!("host{number}.contoso.example"),
            Kind::Parameter => format!("value-{number}"),
        }
    }

    /// The place of the value among its kind, counted from 1.
    fn number(&mut self, kind: Kind, value: &str) -> usize {
        let known = self.known.entry(kind).or_default();
        let next = known.len() + 1;
        *known.entry(kind.key(value)).or_insert(next)
    }

    fn knows(&self, kind: Kind, value: &str) -> bool {
        let known = self.known.get(&kind);
        known.is_some_and(|known| known.contains_key(&kind.key(value)))
    }
}

/// A number of the area 555, which is none, of as many digits as the real one has and with as many of them
/// masked. No two real numbers share one. Short internal numbers stay short, and what is no number but
/// a name stays one.
fn telephone_number(number: usize, value: &str) -> String {
    const AREA: &str = "1555";
    const SHORT: usize = 5;
    if value.chars().any(char::is_alphabetic) {
        return format!("Caller {number}");
    }
    let plus = if value.starts_with('+') { "+" } else { "" };
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let masked = value.chars().rev().take_while(|c| *c == '*').count();
    if digits + masked <= SHORT && number.to_string().len() <= digits {
        let stars = "*".repeat(masked);
        return format!("{plus}{number:0digits$}{stars}");
    }
    let shown = digits.saturating_sub(AREA.len()).clamp(1, 11);
    let stars = "*".repeat(masked.min(4));
    format!("{plus}{AREA}{number:0shown$}{stars}")
}

/// An address that is for documentation (RFC 5737), and when those are used up one for benchmarks (RFC 2544).
fn address(number: usize) -> Ipv4Addr {
    const DOCUMENTATION: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
    let byte = |number: usize| u8::try_from(number % 256).unwrap_or_default();
    match DOCUMENTATION.get(number / 256) {
        Some([a, b, c]) => Ipv4Addr::new(*a, *b, *c, byte(number)),
        None => {
            let half = 18 + byte(number / 65_536) % 2;
            Ipv4Addr::new(198, half, byte(number / 256), byte(number))
        }
    }
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
    use std::collections::HashSet;

    use super::*;

    const GUID: &str = "12345678-1234-4321-8765-123456789abc";

    #[test]
    fn the_same_value_has_the_same_pseudonym() {
        let mut pseudonyms = Pseudonyms::default();
        let first = pseudonyms.of(Kind::Id, GUID);
        assert_eq!(first, "00000000-0000-4000-8000-000000000001");
        assert_eq!(pseudonyms.of(Kind::Id, &GUID.to_uppercase()), first);
        assert_eq!(pseudonyms.of(Kind::Call, GUID), first);
        assert_eq!(pseudonyms.of(Kind::User, "a@b"), "user0001@contoso.example");
        assert_eq!(pseudonyms.of(Kind::User, "c@b"), "user0002@contoso.example");
        assert_eq!(pseudonyms.of(Kind::User, "A@B"), "user0001@contoso.example");
        assert_eq!(pseudonyms.of(Kind::User, ""), "");
        assert_eq!(
            pseudonyms.of(Kind::Id, GRAPH_APPLICATION),
            GRAPH_APPLICATION
        );
    }

    #[test]
    fn the_tenant_and_the_app_have_ids_that_are_known() {
        let mut pseudonyms = Pseudonyms::default();
        let tenant = "00000000-0000-4000-8000-00000000a001";
        assert_eq!(pseudonyms.of(Kind::Tenant, GUID), tenant);
        assert_eq!(pseudonyms.of(Kind::Id, &GUID.to_uppercase()), tenant);
        let app = "00000000-0000-4000-8000-00000000c001";
        assert_eq!(pseudonyms.of(Kind::Application, "x"), app);
        assert_eq!(pseudonyms.of(Kind::Id, "x"), app);
    }

    #[test]
    fn what_differs_in_case_only_may_be_two_things() {
        let mut pseudonyms = Pseudonyms::default();
        assert_eq!(pseudonyms.of(Kind::Parameter, "AbC"), "value-1");
        assert_eq!(pseudonyms.of(Kind::Parameter, "aBc"), "value-2");
        assert_eq!(pseudonyms.of(Kind::Token, "x"), "<token:1>");
        assert_eq!(pseudonyms.of(Kind::Token, "X"), "<token:2>");
    }

    #[test]
    fn a_number_keeps_its_form() {
        let mut pseudonyms = Pseudonyms::default();
        let mut number = |value: &str| pseudonyms.of(Kind::Number, value);
        assert_eq!(number("+37212345678"), "+15550000001");
        assert_eq!(number("+4930123456***"), "+1555000002***");
        assert_eq!(number("+37212345678"), "+15550000001");
        assert_eq!(number("37212345670"), "15550000003");
        assert_eq!(number("+1001"), "+0004");
        assert_eq!(number("Internal Revenue Service"), "Caller 5");
        assert_eq!(number("***"), "15556***");
    }

    #[test]
    fn no_two_numbers_and_no_two_addresses_share_a_pseudonym() {
        let mut pseudonyms = Pseudonyms::default();
        let mut seen = HashSet::new();
        for number in 0..20_000 {
            let number = format!("+41445{number:05}****");
            assert!(seen.insert(pseudonyms.of(Kind::Number, &number)));
            assert!(seen.insert(pseudonyms.of(Kind::Address4, &number)));
        }
    }
}
