//! Pages in disorder, and links that lead where they should not.

use std::collections::HashSet;

use graph_pstn_emulator::{Emulator, Fault, Faults, LinkForm, RunningEmulator, Truth};
use http::Request;
use http_body_util::Full;
use time::macros::datetime;

use crate::client::{Answer, call, get_url, send, token};
use crate::{DAY, emulator, served};

async fn ids(emulator: &RunningEmulator, token: &str, range: &str) -> Vec<String> {
    let first = format!(
        "{}/v1.0/communications/callRecords/{range}",
        emulator.graph_endpoint()
    );
    let mut ids = Vec::new();
    let mut next = Some(first);
    while let Some(url) = next {
        let page = get_url(emulator, token, &url).await.json();
        let rows = page["value"].as_array().unwrap();
        assert_eq!(page["@odata.count"], rows.len());
        ids.extend(
            rows.iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    ids
}

#[tokio::test]
async fn pages_in_disorder_lose_nothing() {
    for form in [LinkForm::Faithful, LinkForm::SkipToken] {
        for (fault, more) in [
            (Fault::EmptyPage, 0),
            (Fault::DuplicatedRow, 1),
            (Fault::ShiftedPage, 2),
        ] {
            let script = format!("graph 2 {fault}");
            let emulator = Emulator::builder()
                .rows_per_day(2_000)
                .link_form(form)
                .faults(Faults::none().script(&script).unwrap())
                .start()
                .await
                .unwrap();
            let token = token(&emulator, &[]).await;
            let ids = ids(&emulator, &token, DAY).await;
            let truth = Truth::compute(
                1,
                2_000,
                datetime!(2019-11-05 0:00 UTC),
                datetime!(2019-11-06 0:00:00.000_000_1 UTC),
            );
            let distinct: HashSet<&String> = ids.iter().collect();
            assert_eq!(distinct.len() as u64, truth.rows(), "{fault}");
            assert_eq!(ids.len() as u64, truth.rows() + more, "{fault}");
            assert_eq!(served(&emulator, fault), 1);
        }
    }
}

#[tokio::test]
async fn a_link_may_lose_the_time_of_day() {
    let emulator = emulator("graph 1 dateless-link").await;
    let token = token(&emulator, &[]).await;
    let noon = DAY.replace("05T00:00:00Z", "05T10:00:00Z");
    let ids = ids(&emulator, &token, &noon).await;
    let link = call(&emulator, &token, &noon).await.json()["@odata.nextLink"].to_string();
    assert!(link.contains("fromDateTime=2019-11-05T10:00:00Z"), "{link}");
    let truth = Truth::compute(
        1,
        2_000,
        datetime!(2019-11-05 10:00 UTC),
        datetime!(2019-11-06 0:00:00.000_000_1 UTC),
    );
    assert!(ids.len() as u64 > truth.rows());
    assert_eq!(served(&emulator, Fault::DatelessLink), 1);
}

#[tokio::test]
async fn a_loop_leads_to_itself() {
    let emulator = emulator("path $skip=1000 link-loop always").await;
    let token = token(&emulator, &[]).await;
    let second = call(&emulator, &token, DAY).await.json()["@odata.nextLink"].clone();
    let second = second.as_str().unwrap();
    for _ in 0..3 {
        let page = get_url(&emulator, &token, second).await.json();
        assert_eq!(page["@odata.nextLink"], second);
    }
}

/// Where an answer leads.
fn elsewhere(answer: &Answer) -> String {
    let location = answer.header("location");
    if location.is_empty() {
        let page = answer.json();
        page["@odata.nextLink"].as_str().unwrap().to_owned()
    } else {
        location.to_owned()
    }
}

#[tokio::test]
async fn the_foreign_origin_counts_the_tokens_that_it_sees() {
    for (fault, status) in [
        (Fault::Redirect302, 302),
        (Fault::Redirect307, 307),
        (Fault::ForeignLink, 200),
    ] {
        let emulator = emulator(&format!("graph 1 {fault}")).await;
        let token = token(&emulator, &[]).await;
        let answer = call(&emulator, &token, DAY).await;
        assert_eq!(answer.status, status);
        let url = elsewhere(&answer);
        assert!(url.starts_with(emulator.foreign_origin()), "{url}");
        assert_ne!(emulator.foreign_origin(), emulator.graph_endpoint());
        assert_eq!(emulator.stats().foreign_requests, 0);
        let without = Request::get(&url).body(Full::default()).unwrap();
        assert_eq!(send(None, without).await.unwrap().status, 200);
        let page = get_url(&emulator, &token, &url).await.json();
        assert_eq!(page["value"].as_array().unwrap().len(), 0);
        let stats = emulator.stats();
        assert_eq!((stats.foreign_requests, stats.foreign_tokens), (2, 1));
        assert_eq!(stats.requests, 2, "these are no requests to Graph");
    }
}
