//! What of a body may be kept: an allow-list of members, by their names.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use serde::{
    Deserialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    pseudonyms::{Kind, Pseudonyms, is_guid},
    url::is_time,
};

const REDACTED: &str = "\"<redacted>\"";

/// What becomes of the text of a member.
enum Rule {
    /// A number, a time, or a few words that are the same for everybody.
    Keep,
    Exchange(Kind),
    Url,
    Message,
    /// JSON in a string.
    Claims,
    /// What a claim has to be.
    Claim,
}

/// The rule for a member of this name; `None` when nothing is known of it.
fn rule(name: &str) -> Option<Rule> {
    Some(match name {
        // Token responses and errors of Entra, error bodies of Graph.
        "token_type" | "expires_in" | "ext_expires_in" | "refresh_in" | "error" | "error_codes"
        | "suberror" | "timestamp" | "code" | "date" => Rule::Keep,
        "access_token" => Rule::Exchange(Kind::Token),
        "claims" => Rule::Claims,
        "trace_id" | "correlation_id" | "request-id" | "client-request-id" => {
            Rule::Exchange(Kind::Id)
        }
        "error_description" | "message" | "finalSipCodePhrase" => Rule::Message,
        // Pages.
        "@odata.context" | "@odata.nextLink" => Rule::Url,
        "@odata.count" | "@odata.type" => Rule::Keep,
        // Rows.
        "id"
        | "userId"
        | "correlationId"
        | "transferorCorrelationId"
        | "smsId"
        | "remediationId" => Rule::Exchange(Kind::Id),
        "callId" => Rule::Exchange(Kind::Call),
        "conferenceId" => Rule::Exchange(Kind::Conference),
        "userPrincipalName" => Rule::Exchange(Kind::User),
        "userDisplayName" => Rule::Exchange(Kind::Name),
        "calleeNumber"
        | "callerNumber"
        | "sourceNumber"
        | "destinationNumber"
        | "userTelephoneNumber" => Rule::Exchange(Kind::Number),
        "clientLocalIpV4Address" | "clientPublicIpV4Address" => Rule::Exchange(Kind::Address4),
        "clientLocalIpV6Address" | "clientPublicIpV6Address" => Rule::Exchange(Kind::Address6),
        "trunkFullyQualifiedDomainName" => Rule::Exchange(Kind::Host),
        "startDateTime"
        | "endDateTime"
        | "inviteDateTime"
        | "failureDateTime"
        | "sentDateTime"
        | "blockDateTime"
        | "duration"
        | "charge"
        | "connectionCharge"
        | "callCharge"
        | "totalCallCharge"
        | "totalCalls"
        | "totalCallSeconds"
        | "callType"
        | "smsType"
        | "smsUnits"
        | "currency"
        | "destinationContext"
        | "destinationName"
        | "licenseCapability"
        | "inventoryType"
        | "operator"
        | "callDurationSource"
        | "tenantCountryCode"
        | "usageCountryCode"
        | "userCountryCode"
        | "otherPartyCountryCode"
        | "usageLocation"
        | "successfulCall"
        | "finalSipCode"
        | "callEndSubReason"
        | "mediaBypassEnabled"
        | "mediaPathLocation"
        | "signalingLocation"
        | "blockReason"
        | "userBlockMode" => Rule::Keep,
        _ => return None,
    })
}

/// The rule for a member of `claims`.
fn claim_rule(name: &str) -> Option<Rule> {
    match name {
        "value" | "values" => Some(Rule::Claim),
        "essential" => Some(Rule::Keep),
        _ => None,
    }
}

/// What of a body is kept.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// At most so many rows of a page.
    pub(super) rows: Option<usize>,
}

/// The document with its structure and the members that may be kept; `None` if it is no JSON.
/// Numbers keep their text.
pub(super) fn redacted(
    json: &[u8],
    limits: Limits,
    pseudonyms: &mut Pseudonyms,
) -> Option<Box<RawValue>> {
    // Refuses what is nested more deeply than anything that reads it by recursion can bear.
    let _: serde_json::Value = serde_json::from_slice(json).ok()?;
    let mut document: Node<'_> = serde_json::from_slice(json).ok()?;
    if let (Node::Object(page), Some(rows)) = (&mut document, limits.rows) {
        cut(page, rows);
    }
    let mut out = String::with_capacity(json.len());
    write(&document, "", rule, pseudonyms, &mut out);
    RawValue::from_string(out).ok()
}

/// Claims, on one line as the token source writes them; `None` if they are no JSON object.
pub(super) fn redacted_claims(json: &[u8], pseudonyms: &mut Pseudonyms) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(json).ok()?;
    let document: Node<'_> = serde_json::from_slice(json).ok()?;
    let mut out = String::with_capacity(json.len());
    write(&document, "", claim_rule, pseudonyms, &mut out);
    value.is_object().then_some(out)
}

/// Leaves so many rows on a page, and counts them anew.
fn cut(page: &mut [(String, Node<'_>)], rows: usize) {
    let mut left = None;
    for (name, value) in &mut *page {
        if let ("value", Node::Array(items)) = (name.as_str(), value)
            && items.len() > rows
        {
            items.truncate(rows);
            left = Some(rows);
        }
    }
    for (name, value) in page {
        if let ("@odata.count", Some(rows)) = (name.as_str(), left) {
            *value = Node::Count(rows);
        }
    }
}

/// A JSON value whose numbers are still text and whose members are in their order.
enum Node<'a> {
    Object(Vec<(String, Node<'a>)>),
    Array(Vec<Node<'a>>),
    String(String),
    /// A number, a boolean or null.
    Other(&'a RawValue),
    /// A number of ours.
    Count(usize),
}

fn write(
    node: &Node<'_>,
    name: &str,
    rule: fn(&str) -> Option<Rule>,
    pseudonyms: &mut Pseudonyms,
    out: &mut String,
) {
    match node {
        Node::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                if is_name(name) {
                    quote(name, out);
                } else {
                    out.push_str(REDACTED);
                }
                out.push(':');
                write(value, name, rule, pseudonyms, out);
            }
            out.push('}');
        }
        Node::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, name, rule, pseudonyms, out);
            }
            out.push(']');
        }
        Node::String(text) => match rule(name) {
            Some(Rule::Keep) if is_plain(text) => quote(text, out),
            Some(Rule::Exchange(kind)) => quote(&pseudonyms.of(kind, text), out),
            Some(Rule::Url) => quote(&pseudonyms.url(text), out),
            Some(Rule::Message) => quote(&pseudonyms.message(text), out),
            Some(Rule::Claims) => quote(&pseudonyms.claims(text), out),
            Some(Rule::Claim) => match claim(text, pseudonyms) {
                Some(claim) => quote(&claim, out),
                None => out.push_str(REDACTED),
            },
            Some(Rule::Keep) | None => out.push_str(REDACTED),
        },
        Node::Count(count) => out.push_str(&count.to_string()),
        Node::Other(raw) => {
            let is_number = raw
                .get()
                .starts_with(|c: char| c == '-' || c.is_ascii_digit());
            let kept = !is_number || matches!(rule(name), Some(Rule::Keep));
            out.push_str(if kept { raw.get() } else { REDACTED });
        }
    }
}

/// Names are the service's own, unless somebody's data stands in the place of one.
fn is_name(name: &str) -> bool {
    const LONGEST: usize = 64;
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let bare = name.replace("@odata.", "");
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    name.len() <= LONGEST && digits <= MOST_DIGITS && !is_guid(name) && bare.chars().all(is_of_name)
}

/// Digits of a longer number may be somebody's.
const MOST_DIGITS: usize = 6;

/// What a member that is kept holds when it holds what it should.
fn is_plain(text: &str) -> bool {
    const LONGEST: usize = 64;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let words = text.len() <= LONGEST
        && digits <= MOST_DIGITS
        && !text.contains(['@', '*'])
        && !text.contains("://");
    words
        || is_time(text) && text.contains(['-', ':'])
        || text.contains('.') && !text.starts_with('+') && text.parse::<f64>().is_ok()
}

/// A moment, a capability, or the address that a policy saw.
fn claim(text: &str, pseudonyms: &mut Pseudonyms) -> Option<String> {
    const LONGEST: usize = 12;
    if text.parse::<Ipv4Addr>().is_ok() {
        Some(pseudonyms.of(Kind::Address4, text))
    } else if text.parse::<Ipv6Addr>().is_ok() {
        Some(pseudonyms.of(Kind::Address6, text))
    } else {
        let is_word = text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_alphanumeric());
        is_word.then(|| text.to_owned())
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let parsed = match raw.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(raw.get()).map(|Members(m)| Node::Object(m)),
            Some(b'[') => serde_json::from_str(raw.get()).map(|Items(i)| Node::Array(i)),
            Some(b'"') => serde_json::from_str(raw.get()).map(Node::String),
            _ => Ok(Node::Other(raw)),
        };
        parsed.map_err(serde::de::Error::custom)
    }
}

struct Members<'a>(Vec<(String, Node<'a>)>);
struct Items<'a>(Vec<Node<'a>>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> String {
        let body = redacted(
            json.as_bytes(),
            Limits::default(),
            &mut Pseudonyms::default(),
        );
        body.unwrap().get().to_owned()
    }

    #[test]
    fn what_is_listed_stays_in_its_order_and_its_text() {
        let row = r#"{"charge":0.00,"startDateTime":"2019-11-01T00:00:08.2589935Z","callType":"user_in","conferenceId":null,"mediaBypassEnabled":false}"#;
        let page = format!(r#"{{"value":[{row}],"@odata.count":1}}"#);
        assert_eq!(shown(&page), page);
    }

    #[test]
    fn what_is_personal_is_exchanged_and_what_is_unknown_is_not_kept() {
        assert_eq!(
            shown(
                r#"{"value":[{"id":"a","userDisplayName":"Real \"Name\"","calleeNumber":"+37212345678",
                "callId":"1_2@10.1.2.3","newProperty":"someone","newNumber":37212345678,
                "newFlag":true,"newList":["someone",{"code":"x","inner":"y"}]}]}"#
            ),
            r#"{"value":[{"id":"00000000-0000-4000-8000-000000000001","userDisplayName":"User 1","calleeNumber":"+15550000001","callId":"1_1@192.0.2.1","newProperty":"<redacted>","newNumber":"<redacted>","newFlag":true,"newList":["<redacted>",{"code":"x","inner":"<redacted>"}]}]}"#
        );
    }

    #[test]
    fn a_token_never_stays() {
        assert_eq!(
            shown(
                r#"{"token_type":"Bearer","expires_in":3599,"access_token":"secret","refresh_token":"secret"}"#
            ),
            r#"{"token_type":"Bearer","expires_in":3599,"access_token":"<token:1>","refresh_token":"<redacted>"}"#
        );
    }

    #[test]
    fn what_is_nested_without_end_is_refused() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let of = |body: &[u8]| redacted(body, Limits::default(), &mut Pseudonyms::default());
        assert!(of(deep.as_bytes()).is_none());
        assert!(of(b"<html>").is_none());
    }

    #[test]
    fn a_member_that_is_kept_is_not_when_it_holds_something_else() {
        assert_eq!(
            shown(
                r#"{"callType":"someone@tailspin.com","operator":"+37212345678","duration":"219",
                    "startDateTime":"2019-11-01T00:00:08.2589935Z","charge":"12345678.05",
                    "someone@tailspin.com":1,"12345678-1234-4321-8765-123456789abc":null,
                    "charge@odata.type":"Decimal"}"#
            ),
            r#"{"callType":"<redacted>","operator":"<redacted>","duration":"219","startDateTime":"2019-11-01T00:00:08.2589935Z","charge":"12345678.05","<redacted>":"<redacted>","<redacted>":null,"charge@odata.type":"<redacted>"}"#
        );
    }

    #[test]
    fn a_page_can_be_cut_short() {
        let page = r#"{"@odata.count":3,"value":[{"charge":0.00},{"charge":1},{"charge":2}],"@odata.nextLink":"https://graph.example/v1.0?$skip=3"}"#;
        let cut = |rows| {
            let limits = Limits { rows: Some(rows) };
            let body = redacted(page.as_bytes(), limits, &mut Pseudonyms::default());
            body.unwrap().get().to_owned()
        };
        assert_eq!(
            cut(1),
            r#"{"@odata.count":1,"value":[{"charge":0.00}],"@odata.nextLink":"https://graph.example/v1.0?$skip=3"}"#
        );
        assert_eq!(cut(3), page);
    }
}
