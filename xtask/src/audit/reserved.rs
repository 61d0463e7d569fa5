//! Values that belong to nobody: reserved names, numbers and addresses, and well-known public ids.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Public hosts that fixtures name: Graph and Entra of the four clouds, and Microsoft's pages.
const HOSTS: [&str; 8] = [
    "dod-graph.microsoft.us",
    "graph.microsoft.com",
    "graph.microsoft.us",
    "learn.microsoft.com",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "microsoftgraph.chinacloudapi.cn",
];

/// Ids that Microsoft publishes: Microsoft Graph's own application, and the two application roles.
const GUIDS: [&str; 3] = [
    "00000003-0000-0000-c000-000000000000",
    "45bbb07e-7321-4fd7-a8f6-3ff27e6a81c8",
    "a2611786-80b3-417e-adaa-707d4261a5f0",
];

/// A reserved name (RFC 2606, RFC 6761), or a listed host.
pub(super) fn is_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let below = |domain: &str| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    HOSTS.contains(&host.as_str())
        || ["example", "test", "invalid", "localhost"]
            .into_iter()
            .any(below)
        || ["example.com", "example.net", "example.org"]
            .into_iter()
            .any(below)
}

/// Made up for everybody to see: the first group is one digit eight times. Or a listed one.
pub(super) fn is_guid(guid: &str) -> bool {
    let guid = guid.to_ascii_lowercase();
    let first_group: Vec<_> = guid.chars().take(8).collect();
    first_group.windows(2).all(|pair| pair[0] == pair[1]) || GUIDS.contains(&guid.as_str())
}

/// Loopback, or for documentation (RFC 5737) or benchmarks (RFC 2544), or reserved (RFC 1112).
pub(super) fn is_ipv4(address: Ipv4Addr) -> bool {
    let is_for_benchmarks = matches!(address.octets(), [198, 18 | 19, ..]);
    let is_reserved = address.octets()[0] >= 240;
    address.is_loopback()
        || address.is_documentation()
        || address.is_unspecified()
        || is_for_benchmarks
        || is_reserved
}

/// Loopback, or for documentation (RFC 3849).
pub(super) fn is_ipv6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.segments()[..2] == [0x2001, 0xdb8]
}

/// A number, digits and masking stars after the `+`, that is never given to anybody: of the North
/// American area 555, which is none, or 555-0100 to 555-0199 of any area (NANPA), or one that Ofcom,
/// ARCEP and the Bundesnetzagentur keep for films.
pub(super) fn is_number(digits: &str) -> bool {
    // E.164 has no longer ones.
    const LONGEST: usize = 15;
    const PATTERNS: [&str; 4] = [
        "1xxx55501xx",
        "442079460xxx", // Ofcom: 020 7946 0000 to 0999
        "331990xxxxx",  // ARCEP: 01 99 00 to 01 99 09
        "493023125xxx", // Bundesnetzagentur: 030 23125
    ];
    let like = |pattern: &str| {
        pattern.len() == digits.len()
            && pattern
                .bytes()
                .zip(digits.bytes())
                .all(|(wanted, there)| wanted == b'x' || there == b'*' || wanted == there)
    };
    (digits.starts_with("1555") && digits.len() <= LONGEST) || PATTERNS.into_iter().any(like)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_whole() {
        for host in [
            "contoso.example",
            "login.EXAMPLE.com",
            "graph.microsoft.us",
            "localhost",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "contoso.com",
            "notexample.com",
            "evil-graph.microsoft.us",
            "aexample",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn made_up_guids_are_known() {
        assert!(is_guid("00000000-0000-4000-8000-00000000a001"));
        assert!(is_guid("11111111-2222-4333-8444-555555555555"));
        assert!(is_guid("00000003-0000-0000-C000-000000000000"));
        assert!(!is_guid("00000003-0000-0000-c000-000000000001"));
        assert!(!is_guid("12345678-1234-4321-8765-123456789abc"));
    }

    #[test]
    fn numbers_for_films_are_known_masked_or_not() {
        for digits in [
            "12065550123",
            "120655501**",
            "15550123456",
            "15550101",
            "1555010***",
            "442079460***",
            "33199001234",
        ] {
            assert!(is_number(digits), "{digits}");
        }
        for digits in ["12065551234", "1206555012", "442079461234", "37212345678"] {
            assert!(!is_number(digits), "{digits}");
        }
    }
}
