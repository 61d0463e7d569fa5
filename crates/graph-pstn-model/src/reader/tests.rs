//! The reader agrees with serde on every input that it does not give up.

use proptest::prelude::*;
use serde::Serialize;

use super::{cursor::plain_length, *};
use crate::{
    BadRow, DirectRoutingLogRow, PstnCallLogRow, beta, decode::with_serde, rows::KnownRow,
};

/// Whether the reader read the page; what it read is then compared with what serde reads.
fn read_alike<R>(text: &str) -> bool
where
    R: ScanRow + KnownRow + Serialize + PartialEq + std::fmt::Debug,
{
    let Some(read) = read_page::<R>(text) else {
        return false;
    };
    let expected = with_serde::decode::<R, _>(text, BadRow::Fail, Counting::default);
    match (read, expected) {
        (Ok(read), Ok(expected)) => {
            assert_eq!(read, expected, "{text}");
            // Scales, which equality does not look at.
            assert_eq!(
                serde_json::to_string(&read.rows).unwrap(),
                serde_json::to_string(&expected.rows).unwrap(),
                "{text}"
            );
        }
        (Err(read), Err(expected)) => assert_eq!(read.to_string(), expected.to_string(), "{text}"),
        (read, expected) => panic!("{text}: {read:?} instead of {expected:?}"),
    }
    true
}

fn page(rows: &str) -> String {
    format!(r#"{{"@odata.count":2,"value":[{rows}],"@odata.nextLink":"https://n"}}"#)
}

#[test]
fn finds_the_end_of_a_string() {
    for length in 0..40 {
        let text = "é".repeat(length / 2) + &"~".repeat(length % 2) + "\", \"next\": \"and more\"";
        assert_eq!(plain_length(text.as_bytes()), Some(length));
        let cut = "x".repeat(length);
        assert_eq!(plain_length(cut.as_bytes()), None);
        for stop in ["\\n", "\u{1f}", "\0"] {
            let text = "x".repeat(length) + stop + "\", \"next\": \"and more\"";
            assert_eq!(plain_length(text.as_bytes()), None, "{text}");
        }
        assert_eq!(plain_length((cut + "\"").as_bytes()), Some(length));
    }
}

#[test]
fn reads_what_it_should_without_serde() {
    let other_order = r#"{"charge":1.50,"id":"a","new":[{"charge":1}],"duration":5}"#;
    let values = r#"{ "id" : "\u00e9\"\\\/" , "userId":null,"startDateTime":"2019-11-01T00:00:00Z",
        "endDateTime":"0001-01-01T00:00:00Z","duration":"5","charge":"0.10","connectionCharge":-1e-3,
        "callType":"","callDurationSource":"Microsoft","operator":"\ud83d\ude00" }"#;
    for text in [
        page(""),
        page(other_order),
        page(&[other_order, other_order].join(" , ")),
        page(values),
    ] {
        assert!(read_alike::<PstnCallLogRow>(&text), "{text}");
        assert!(read_alike::<beta::PstnCallLogRow>(&text), "{text}");
        assert!(read_alike::<DirectRoutingLogRow>(&text), "{text}");
    }
    let beta =
        r#"{"successfulCall":true,"administrativeUnitInfos":[{"id":"u","x":1},{}],"id":"a"}"#;
    assert!(read_alike::<beta::DirectRoutingLogRow>(&page(beta)));
}

#[test]
fn leaves_to_serde_what_it_does_not_know() {
    for rows in [
        "5",
        "[]",
        r#"{"id":"a","id":"b"}"#,
        r#"{"i\u0064":"a"}"#,
        r#"{"id":"a",}"#,
        r#"{"id":"a"},"#,
        r#"{"id" "a"}"#,
        r#"{"id""userId":"a"}"#,
        r#"{"id":"a" "userId":"b"}"#,
        r#"{"id":5}"#,
        "{\"id\":\"a\nb\"}",
        r#"{"id":"\ud800"}"#,
        r#"{"id":"\x"}"#,
        r#"{"id":nul}"#,
        r#"{"duration":01}"#,
        r#"{"duration":-0}"#,
        r#"{"duration":1.0}"#,
        r#"{"duration":2147483648}"#,
        r#"{"charge":01}"#,
        r#"{"charge":1.}"#,
        r#"{"charge":1e99}"#,
        r#"{"charge":1 5}"#,
        r#"{"startDateTime":"2019-11-01"}"#,
        r#"{"startDateTime":"2019-11-01T00:00:61.0000000Z"}"#,
        r#"{"new":01}"#,
    ] {
        assert!(!read_alike::<PstnCallLogRow>(&page(rows)), "{rows}");
    }
    for text in [
        "",
        "{}",
        "[]",
        "null",
        "{\"value\":[]} x",
        "{\"value\":[]",
        "{\"value\":[],\"value\":[]}",
    ] {
        assert!(!read_alike::<PstnCallLogRow>(text), "{text}");
    }
}

/// A row like those of the service, with its members turned by some places.
fn row() -> impl Strategy<Value = String> {
    let members = [
        r#""id":"11111111-1111-4111-8111-000000000001""#,
        r#""callId":"1000000001_100000002@192.0.2.176""#,
        r#""userId":null"#,
        r#""userPrincipalName":"ada@contoso.example""#,
        r#""userDisplayName":"Zo\u00eb \"Z\" Example""#,
        r#""startDateTime":"2019-11-01T00:00:08.2589935Z""#,
        r#""endDateTime":"2019-11-01T00:03:47+01:00""#,
        r#""duration":219"#,
        r#""charge":0.00"#,
        r#""callType":"user_in""#,
        r#""currency":"USD""#,
        r#""calleeNumber":"+15550100""#,
        r#""usageCountryCode":"US""#,
        r#""tenantCountryCode":"US""#,
        r#""connectionCharge":"0.010""#,
        r#""callerNumber":"+1555010***""#,
        r#""destinationContext":null"#,
        r#""destinationName":"United States""#,
        r#""conferenceId":"""#,
        r#""licenseCapability":"MCOPSTNU""#,
        r#""inventoryType":"Subscriber""#,
        r#""operator":"Microsoft""#,
        r#""callDurationSource":"microsoft""#,
        r#""new":{"a":[1,"}"]}"#,
    ];
    let separator = prop::sample::select(vec![",", ", ", " ,\n  "]);
    (0..members.len(), 0..=members.len(), separator).prop_map(move |(turn, count, separator)| {
        let mut members = members;
        members.rotate_left(turn);
        format!(
            "{{{}}}",
            members.get(..count).unwrap_or_default().join(separator)
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn reads_rows_in_any_order(rows in prop::collection::vec(row(), 0..4)) {
        prop_assert!(read_alike::<PstnCallLogRow>(&page(&rows.join(","))));
        prop_assert!(read_alike::<beta::PstnCallLogRow>(&page(&rows.join(" ,"))));
    }

    /// A few bytes of a page exchanged, taken out, doubled.
    #[test]
    fn agrees_on_damaged_pages(
        rows in prop::collection::vec(row(), 1..3),
        damage in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..4_u8, prop::sample::select(DAMAGE.to_vec()), 0..12_usize),
            1..4,
        ),
    ) {
        let mut text = page(&rows.join(","));
        for (at, kind, insert, length) in damage {
            let at = boundary(&text, at.index(text.len()));
            let end = boundary(&text, at + length);
            match kind {
                0 => text.replace_range(at..end, ""),
                1 => text.insert_str(at, insert),
                2 => text.replace_range(at..end, insert),
                _ => {
                    let part = text[at..end].to_owned();
                    text.insert_str(end, &part);
                }
            }
        }
        read_alike::<PstnCallLogRow>(&text);
        read_alike::<DirectRoutingLogRow>(&text);
    }
}

/// The start of the character at or before a place.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

const DAMAGE: [&str; 24] = [
    "\"",
    "\\",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "0",
    "-",
    ".",
    "e5",
    " ",
    "\n",
    "null",
    "true",
    "é",
    "\\u0041",
    "\\ud800",
    "\u{1f}",
    "\"id\":",
    "\"id\"",
    "\"value\":[],",
    "Z",
];
