//! Made-up values in the place of real ones, the same one each time.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, Ipv6Addr},
};

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
            Kind::Address4 => address4(number).to_string(),
            Kind::Address6 => address6(number).to_string(),
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

/// An address that is for documentation (RFC 5737), when those are used up one for benchmarks (RFC 2544), and then one
/// that is reserved (RFC 1112, section 4). Of these there are more than rows of a recording fit into memory.
fn address4(number: usize) -> Ipv4Addr {
    const DOCUMENTATION: [Ipv4Addr; 3] = [
        Ipv4Addr::new(192, 0, 2, 0),
        Ipv4Addr::new(198, 51, 100, 0),
        Ipv4Addr::new(203, 0, 113, 0),
    ];
    const BENCHMARKS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);
    const RESERVED: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 0);
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let (block, within) = match DOCUMENTATION
        .into_iter()
        .zip(0..)
        .find(|(_, at)| *at == number >> 8)
    {
        Some((block, _)) => (block, number & 0xff),
        None if number < 1 << 17 => (BENCHMARKS, number),
        None => (RESERVED, number),
    };
    Ipv4Addr::from_bits(block.to_bits() | within)
}

/// An address that is for documentation (RFC 3849).
fn address6(number: usize) -> Ipv6Addr {
    const DOCUMENTATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
    Ipv6Addr::from_bits(DOCUMENTATION.to_bits() | number as u128)
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
    fn no_two_numbers_share_a_pseudonym() {
        let mut pseudonyms = Pseudonyms::default();
        let mut seen = HashSet::new();
        for number in 0..20_000 {
            let number = format!("+41445{number:05}****");
            assert!(seen.insert(pseudonyms.of(Kind::Number, &number)));
        }
    }

    #[test]
    fn no_two_addresses_share_a_pseudonym_and_each_is_an_address() {
        // More than the ranges for documentation and for benchmarks have.
        const MANY: usize = 140_000;
        let mut pseudonyms = Pseudonyms::default();
        let (mut seen4, mut seen6) = (HashSet::new(), HashSet::new());
        for number in 0..MANY {
            let number = number.to_string();
            let address: Ipv4Addr = pseudonyms.of(Kind::Address4, &number).parse().unwrap();
            assert!(seen4.insert(address), "{address}");
            let address: Ipv6Addr = pseudonyms.of(Kind::Address6, &number).parse().unwrap();
            assert!(seen6.insert(address), "{address}");
        }
    }
}
