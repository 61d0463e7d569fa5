//! All five logs over real sockets: pages against the truth, versions, bounds, late rows.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

#[cfg(test)]
mod client;

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
    let table = include_str!("../../../fixtures/model/properties.json");
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

#[tokio::test]
async fn the_end_is_in_but_for_direct_routing() {
    let emulator = Emulator::builder()
        .rows_per_day(3_000)
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    for (log, time) in [
        (Log::Pstn, "startDateTime"),
        (Log::DirectRouting, "startDateTime"),
        (Log::Sms, "sentDateTime"),
        (Log::BlockedUsers, "blockDateTime"),
    ] {
        let (mut begins, mut ends) = (0, 0);
        for day in 1..20 {
            let (before, midnight) = (
                format!("2019-11-{day:02}T23:59:00Z"),
                format!("2019-11-{:02}T00:00:00Z", day + 1),
            );
            let after = format!("2019-11-{:02}T00:01:00Z", day + 1);
            for (from, to, sharp) in [
                (&before, &midnight, &mut ends),
                (&midnight, &after, &mut begins),
            ] {
                let bounds = format!("fromDateTime={from},toDateTime={to}");
                let page = get_url(&emulator, &token, &url(&emulator, "beta", log, &bounds)).await;
                let page = page.json();
                let rows = page["value"].as_array().unwrap();
                *sharp += rows
                    .iter()
                    .filter(|row| row[time] == midnight.as_str())
                    .count();
            }
        }
        assert!(begins >= 7, "{log}: {begins}");
        let expected = if log == Log::DirectRouting { 0 } else { begins };
        assert_eq!(ends, expected, "{log}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let emulator = Emulator::builder().start().await.unwrap();
    let token = token(&emulator, &[]).await;
    for log in Log::ALL {
        let day = "fromDateTime=2019-11-01,toDateTime=2019-11-02";
        let path = url(&emulator, "v1.0", log, day);
        let has_v1 = matches!(log, Log::Pstn | Log::DirectRouting);
        let answer = get_url(&emulator, &token, &path).await;
        assert_eq!(answer.status == 200, has_v1, "{path}");
        if !has_v1 {
            assert_eq!(answer.status, 400);
            let message = format!("Resource not found for the segment '{}'.", log.function());
            assert_eq!(answer.json()["error"]["message"], message);
        }
        let long = "fromDateTime=2019-01-01,toDateTime=2019-06-01";
        let answer = get_url(&emulator, &token, &url(&emulator, "beta", log, long)).await;
        assert_eq!(answer.status, 406, "{log}");
        let comma_less = "fromDateTime=2019-11-01toDateTime=2019-11-02";
        let answer = get_url(&emulator, &token, &url(&emulator, "beta", log, comma_less)).await;
        assert_eq!(answer.status, 400, "{log}");
        let post = Request::post(url(&emulator, "beta", log, day))
            .header("authorization", format!("Bearer {token}"))
            .body(Full::default())
            .unwrap();
        let answer = send(None, post).await.unwrap();
        assert_eq!(
            (answer.status, answer.header("allow")),
            (http::StatusCode::METHOD_NOT_ALLOWED, "GET")
        );
    }
    let answer = get_url(&emulator, &token, &url(&emulator, "v2.0", Log::Pstn, "")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["message"], "Invalid version.");
}

/// The headers that Microsoft's SDKs add do no harm, and neither do the options of their builders.
#[tokio::test]
async fn a_request_as_microsofts_sdks_write_it_is_served() {
    let emulator = Emulator::builder().start().await.unwrap();
    let token = token(&emulator, &[]).await;
    let url = format!(
        "{}/beta/communications/callRecords/microsoft.graph.callRecords.getSmsLog\
         (fromDateTime=2019-11-05T00%3A00%3A00Z,toDateTime=2019-11-06T00%3A00%3A00Z)?%24count=true&%24top=100",
        emulator.graph_endpoint()
    );
    let request = Request::get(url)
        .header("authorization", format!("Bearer {token}"))
        .header("client-request-id", "11111111-1111-4111-8111-111111111111")
        .header(
            "sdkversion",
            "graph-python/1.0, graph-python-core/1.0 (featureUsage=3)",
        )
        .header("user-agent", "kiota-python")
        .header("accept", "application/json")
        .header("prefer", "include-unknown-enum-members")
        .header("retry-attempt", "1")
        .body(Full::default())
        .unwrap();
    let answer = send(None, request).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.json()["value"].as_array().unwrap().len() > 100);
}

#[tokio::test]
async fn the_logs_share_the_limit_of_the_app() {
    let emulator = Emulator::builder()
        .quota(Quota::per_window(Duration::from_secs(60), 5, 12, 100))
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    let mut served = Vec::new();
    for log in Log::ALL {
        let mut count = 0;
        for _ in 0..3 {
            let bounds = "fromDateTime=2019-11-03,toDateTime=2019-11-03";
            let answer = get_url(&emulator, &token, &url(&emulator, "beta", log, bounds)).await;
            count += u32::from(answer.status == 200);
        }
        served.push(count);
    }
    assert_eq!(served, [3, 3, 3, 3, 0]);
}

#[tokio::test]
async fn a_second_read_sees_what_the_first_came_too_early_for() {
    let noon = datetime!(2019-11-20 12:00 UTC);
    for log in Log::ALL {
        let rate = if log == Log::BlockedUsers { 5_000 } else { 120 };
        let emulator = Emulator::builder()
            .rows_per_day(rate)
            // Kept pages would hold the second read at the first.
            .pre_rendered(true)
            .lag(Duration::from_secs(48 * 3_600))
            .now(noon)
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let mut reads = Vec::new();
        for days in [0, 1, 40] {
            emulator.set_now(noon + Duration::from_secs(days * 86_400));
            let first = url(&emulator, "beta", log, &november(log));
            let rows = follow(&emulator, &token, first).await;
            assert_is_truth(log, &rows, &emulator.truth(log, FROM, UNTIL));
            reads.push(rows);
        }
        let all = Truth::of(log, 1, rate, FROM, UNTIL);
        assert_is_truth(log, &reads[2], &all);
        if log == Log::DialOut {
            let (first, second) = (sums(log, &reads[0]), sums(log, &reads[1]));
            assert!(first.0 < second.0 && second.0 < all.duration());
            continue;
        }
        assert!(reads[0].len() < reads[1].len() && reads[1].len() < reads[2].len());
        let known: HashSet<String> = reads[1].iter().map(Value::to_string).collect();
        assert!(reads[0].iter().all(|row| known.contains(&row.to_string())));
    }
}

#[tokio::test]
async fn old_rows_vanish_where_microsoft_names_a_time() {
    // Enough users for some to be in Mexico, which keeps rows for 730 days.
    const RATE: u32 = 600;
    let now = datetime!(2022-06-15 12:00 UTC);
    // More than a year before, and not quite two.
    let (from, until) = (
        now - Duration::from_secs(600 * 86_400),
        now - Duration::from_secs(580 * 86_400),
    );
    for log in Log::ALL {
        let emulator = Emulator::builder()
            .rows_per_day(RATE)
            .retention(true)
            .now(now)
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let bounds = "fromDateTime=2020-10-23T12:00:00Z,toDateTime=2020-11-12T11:59:59.9999999Z";
        let rows = follow(&emulator, &token, url(&emulator, "beta", log, bounds)).await;
        assert_is_truth(log, &rows, &emulator.truth(log, from, until));
        let all = Truth::of(log, 1, RATE, from, until);
        if matches!(log, Log::Sms | Log::BlockedUsers) {
            assert_eq!(rows.len() as u64, all.rows(), "{log}");
        } else {
            assert!(
                !rows.is_empty() && rows.len() as u64 * 4 < all.rows(),
                "{log}"
            );
        }
    }
}
