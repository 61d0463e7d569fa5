//! All five logs over real sockets: pages against the truth, and what each version has.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

#[cfg(test)]
#[path = "../client/mod.rs"]
mod client;
mod late;
mod requests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use client::{follow, get_url, send, token};
use graph_pstn_emulator::{Emulator, LinkForm, Log, Quota, RunningEmulator, Truth};
use http::Request;
use http_body_util::Full;
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;

const FROM: OffsetDateTime = datetime!(2019-11-01 0:00 UTC);
const UNTIL: OffsetDateTime = datetime!(2019-12-01 0:00 UTC);

fn url(emulator: &RunningEmulator, version: &str, log: Log, bounds: &str) -> String {
    format!(
        "{}/{version}/communications/callRecords/{}({bounds})",
        emulator.graph_endpoint(),
        log.function()
    )
}

/// A rate at which the log has several pages a month.
fn rate(log: Log) -> u32 {
    match log {
        Log::BlockedUsers => 20_000,
        Log::DialOut => 5_000,
        Log::Sms => 500,
        _ => 150,
    }
}

/// Seconds, distinct ids and charges, as a spreadsheet would sum them: in ten-thousandths.
fn sums(log: Log, rows: &[Value]) -> (u64, usize, BTreeMap<String, u64>) {
    let (seconds, charge) = match log {
        Log::DialOut => ("totalCallSeconds", "totalCallCharge"),
        Log::Sms => ("duration", "callCharge"),
        _ => ("duration", "charge"),
    };
    let ids: HashSet<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    let mut charges = BTreeMap::new();
    for row in rows {
        if let Some(amount) = row[charge].as_f64() {
            let currency = row["currency"].as_str().unwrap().to_owned();
            *charges.entry(currency).or_insert(0) += (amount * 10_000.0).round() as u64;
        }
    }
    let seconds = rows.iter().filter_map(|row| row[seconds].as_u64()).sum();
    (seconds, ids.len(), charges)
}

fn assert_is_truth(log: Log, rows: &[Value], truth: &Truth) {
    let (seconds, ids, charges) = sums(log, rows);
    assert_eq!(rows.len() as u64, truth.rows(), "{log}");
    assert_eq!(seconds, truth.duration(), "{log}");
    assert_eq!(ids as u64, truth.ids(), "{log}");
    let told: BTreeMap<String, u64> = truth
        .charges()
        .map(|(currency, sum)| {
            let (whole, rest) = sum.split_once('.').unwrap_or((&sum, ""));
            let units = format!("{whole}{rest:0<4}");
            (currency.to_owned(), units.parse().unwrap())
        })
        .collect();
    assert_eq!(charges, told, "{log}");
}

/// The bounds of a request for `[FROM, UNTIL)`, which is what Direct Routing takes them for anyway.
fn november(log: Log) -> String {
    let to = match log {
        Log::DirectRouting => "2019-12-01T00:00:00Z",
        _ => "2019-11-30T23:59:59.9999999Z",
    };
    format!("fromDateTime=2019-11-01T00:00:00Z,toDateTime={to}")
}

#[tokio::test]
async fn the_pages_of_each_log_are_its_truth() {
    for log in Log::ALL {
        for form in [LinkForm::Faithful, LinkForm::SkipToken] {
            let emulator = Emulator::builder()
                .seed(3)
                .rows_per_day(rate(log))
                .link_form(form)
                .start()
                .await
                .unwrap();
            let token = token(&emulator, &[]).await;
            let rows = follow(
                &emulator,
                &token,
                url(&emulator, "beta", log, &november(log)),
            )
            .await;
            assert!(rows.len() > 1_000, "{log} has {} rows", rows.len());
            let truth = Truth::of(log, 3, rate(log), FROM, UNTIL);
            assert_eq!(truth, emulator.truth(log, FROM, UNTIL));
            assert_is_truth(log, &rows, &truth);
        }
    }
}

#[tokio::test]
async fn whole_months_come_by_documented_links_too() {
    for log in Log::ALL {
        let emulator = Emulator::builder()
            .rows_per_day(rate(log))
            .link_form(LinkForm::Documented)
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let bounds = "fromDateTime=2019-11-01,toDateTime=2019-12-01";
        let page = get_url(&emulator, &token, &url(&emulator, "beta", log, bounds)).await;
        let next = page.json()["@odata.nextLink"].as_str().unwrap().to_owned();
        let shown = match log {
            Log::Pstn => "from=2019-11-01,to=2019-12-01",
            _ => bounds,
        };
        assert_eq!(next, url(&emulator, "beta", log, shown) + "?$skip=1000");
        let rows = follow(&emulator, &token, url(&emulator, "beta", log, bounds)).await;
        // The last day's first moment is in, but for Direct Routing.
        let until = match log {
            Log::DirectRouting => UNTIL,
            _ => UNTIL + Duration::from_nanos(100),
        };
        assert_is_truth(log, &rows, &emulator.truth(log, FROM, until));
    }
}

#[tokio::test]
async fn a_version_has_the_properties_of_its_schema() {
    let table = include_str!("../../../../fixtures/model/properties.json");
    let table: Value = serde_json::from_str(table).unwrap();
    for (version, log, kind) in [
        ("v1.0", Log::Pstn, "pstnCallLogRow"),
        ("v1.0", Log::DirectRouting, "directRoutingLogRow"),
        ("beta", Log::Pstn, "pstnCallLogRow"),
        ("beta", Log::DirectRouting, "directRoutingLogRow"),
        ("beta", Log::Sms, "smsLogRow"),
        ("beta", Log::BlockedUsers, "pstnBlockedUsersLogRow"),
        ("beta", Log::DialOut, "pstnOnlineMeetingDialoutReport"),
    ] {
        let emulator = Emulator::builder()
            .rows_per_day(rate(log))
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let first = url(&emulator, version, log, &november(log));
        let page = get_url(&emulator, &token, &first).await.json();
        let context = format!(
            "{}/{version}/$metadata#Collection(microsoft.graph.callRecords.{kind})",
            emulator.graph_endpoint()
        );
        assert_eq!(page["@odata.context"], context);
        let rows = follow(&emulator, &token, first).await;
        let schema = table[version][kind].as_object().unwrap();
        let names: BTreeSet<&String> = schema.keys().collect();
        let mut filled = BTreeSet::new();
        for row in &rows {
            let row = row.as_object().unwrap();
            assert_eq!(
                row.keys().collect::<BTreeSet<_>>(),
                names,
                "{version} {log}"
            );
            for (name, value) in row {
                assert!(
                    fits(value, &schema[name]),
                    "{version} {log} {name}: {value}"
                );
                if !value.is_null() && *value != Value::Array(Vec::new()) {
                    filled.insert(name);
                }
            }
        }
        assert_eq!(filled, names, "{version} {log}");
    }
}

/// Whether a value is of the schema's type.
fn fits(value: &Value, edm: &Value) -> bool {
    value.is_null()
        || match edm.as_str().unwrap() {
            "Edm.Int32" => value
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            "Edm.Decimal" => value.is_number(),
            "Edm.Boolean" => value.is_boolean(),
            "Edm.DateTimeOffset" => value.as_str().is_some_and(|text| text.ends_with('Z')),
            collection if collection.starts_with("Collection(") => value
                .as_array()
                .is_some_and(|units| units.iter().all(|unit| unit["id"].is_string())),
            _ => value.as_str().is_some_and(|text| !text.is_empty()),
        }
}
