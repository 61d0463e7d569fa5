//! The PSTN log over real sockets.

#[cfg(test)]
mod client;

use std::collections::HashSet;
use std::io::Read as _;

use client::{call, follow, get_url, send, token};
use graph_pstn_emulator::{Emulator, LinkForm, Quota, Truth};
use http::Request;
use http_body_util::Full;
use time::macros::datetime;

const NOVEMBER: &str =
    "getPstnCalls(fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-11-30T23:59:59.9999999Z)";

#[tokio::test]
async fn the_pages_of_a_month_are_the_truth() {
    for form in [LinkForm::Faithful, LinkForm::SkipToken] {
        let emulator = Emulator::builder()
            .rows_per_day(150)
            .link_form(form)
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let first = format!(
            "{}/v1.0/communications/callRecords/{NOVEMBER}",
            emulator.graph_endpoint()
        );
        let rows = follow(&emulator, &token, first).await;
        let truth = Truth::compute(
            1,
            150,
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        assert!(rows.len() > 3_000);
        assert_eq!(rows.len() as u64, truth.rows());
        let ids: HashSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rows.len());
        let seconds: u64 = rows.iter().filter_map(|row| row["duration"].as_u64()).sum();
        assert_eq!(seconds, truth.duration());
        assert!(rows.iter().all(|row| row.as_object().unwrap().len() == 23));
        assert_eq!(emulator.stats().rows, truth.rows());
        assert_eq!(emulator.stats().pages, truth.rows().div_ceil(1_000));
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn both_bounds_are_inclusive() {
    let emulator = Emulator::builder().rows_per_day(40).start().await.unwrap();
    let token = token(&emulator, &[]).await;
    let mut at_seams = 0;
    for day in 1..15 {
        let moment = format!("2019-11-{day:02}T00:00:00Z");
        let answer = call(
            &emulator,
            &token,
            &format!("getPstnCalls(fromDateTime={moment},toDateTime={moment})"),
        )
        .await;
        for row in answer.json()["value"].as_array().unwrap() {
            assert_eq!(row["startDateTime"], moment.as_str());
            at_seams += 1;
        }
    }
    assert!(at_seams >= 5, "{at_seams}");
}

#[tokio::test]
async fn charges_are_numbers_with_their_scale() {
    let emulator = Emulator::builder().rows_per_day(900).start().await.unwrap();
    let token = token(&emulator, &[]).await;
    let answer = call(
        &emulator,
        &token,
        "getPstnCalls(fromDateTime=2019-11-05,toDateTime=2019-11-06)",
    )
    .await;
    let text = std::str::from_utf8(&answer.body).unwrap();
    assert!(text.contains("\"charge\":0.00,"));
    let scales: HashSet<usize> = text
        .split("\"charge\":")
        .skip(1)
        .filter_map(|rest| {
            rest.split(',')
                .next()?
                .split_once('.')
                .map(|(_, d)| d.len())
        })
        .collect();
    assert!(scales.contains(&2) && scales.contains(&4), "{scales:?}");
    assert!(!text.is_ascii(), "names have letters beyond ASCII");
}

#[tokio::test]
async fn the_documented_link_loses_the_time_of_day() {
    let emulator = Emulator::builder()
        .rows_per_day(4_000)
        .link_form(LinkForm::Documented)
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    let window = "getPstnCalls(fromDateTime=2019-11-05T00:00:00Z,toDateTime=2019-11-05T13:00:00Z)";
    let first = format!(
        "{}/v1.0/communications/callRecords/{window}",
        emulator.graph_endpoint()
    );
    let page = get_url(&emulator, &token, &first).await.json();
    assert_eq!(
        page["@odata.nextLink"],
        format!(
            "{}/v1.0/communications/callRecords/getPstnCalls(from=2019-11-05,to=2019-11-06)?$skip=1000",
            emulator.graph_endpoint()
        )
    );
    let rows = follow(&emulator, &token, first).await;
    let strays = rows
        .iter()
        .filter(|r| r["startDateTime"].as_str().unwrap() > "2019-11-05T13:00:00Z")
        .count();
    assert!(strays > 1_000, "{strays}");
}

#[tokio::test]
async fn a_documented_link_over_more_than_ninety_whole_days_is_refused() {
    let emulator = Emulator::builder()
        .rows_per_day(40)
        .link_form(LinkForm::Documented)
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    let range = "getPstnCalls(fromDateTime=2019-09-01T12:00:00Z,toDateTime=2019-11-30T12:00:00Z)";
    let page = call(&emulator, &token, range).await.json();
    let next = page["@odata.nextLink"].as_str().unwrap();
    assert!(next.contains("(from=2019-09-01,to=2019-12-01)"), "{next}");
    assert_eq!(get_url(&emulator, &token, next).await.status, 406);
}

#[tokio::test]
async fn errors_are_graphs_own() {
    let emulator = Emulator::builder().start().await.unwrap();
    let token = token(&emulator, &[]).await;
    for (request, status, code) in [
        (
            "getPstnCalls(fromDateTime='2019-11-01',toDateTime='2019-11-02')",
            400,
            "BadRequest",
        ),
        (
            "getPstnCalls(fromDateTime=2019-11-01toDateTime=2019-11-02)",
            400,
            "BadRequest",
        ),
        (
            "getPstnCalls(fromDateTime=2019-11-02,toDateTime=2019-11-01)",
            400,
            "BadRequest",
        ),
        (
            "getPstnCalls(fromDateTime=2019-01-01,toDateTime=2019-06-01)",
            406,
            "NotAcceptable",
        ),
        (
            "getNothing(fromDateTime=2019-11-01,toDateTime=2019-11-02)",
            400,
            "BadRequest",
        ),
    ] {
        let answer = call(&emulator, &token, request).await;
        assert_eq!(answer.status, status, "{request}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], code);
        assert_eq!(
            error["innerError"]["request-id"],
            answer.header("request-id")
        );
        assert_eq!(
            answer.header("client-request-id"),
            "11111111-1111-4111-8111-111111111111"
        );
        assert!(!answer.header("date").is_empty());
    }
    let answer = call(&emulator, "no-such-token", NOVEMBER).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["code"], "InvalidAuthenticationToken");
    assert!(
        answer
            .header("www-authenticate")
            .starts_with("Bearer realm=\"\"")
    );
}

#[tokio::test]
async fn a_page_is_compressed_when_that_is_welcome() {
    for kept in [false, true] {
        let emulator = Emulator::builder()
            .pre_rendered(kept)
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let plain = call(&emulator, &token, NOVEMBER).await;
        assert_eq!(plain.header("content-encoding"), "");
        for _ in 0..2 {
            let url = format!(
                "{}/v1.0/communications/callRecords/{NOVEMBER}",
                emulator.graph_endpoint()
            );
            let request = Request::get(url)
                .header("authorization", format!("Bearer {token}"))
                .header("accept-encoding", "br;q=1.0, gzip")
                .body(Full::default())
                .unwrap();
            let packed = send(None, request).await.unwrap();
            assert_eq!(packed.header("content-encoding"), "gzip");
            let mut body = Vec::new();
            flate2::read::GzDecoder::new(&packed.body[..])
                .read_to_end(&mut body)
                .unwrap();
            assert_eq!(body, plain.body);
        }
    }
}

#[tokio::test]
async fn the_quota_answers_429_with_a_wait() {
    let emulator = Emulator::builder()
        .quota(Quota::documented())
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    let one = "getPstnCalls(fromDateTime=2019-11-03,toDateTime=2019-11-03)";
    for _ in 0..50 {
        assert_eq!(call(&emulator, &token, one).await.status, 200);
    }
    let answer = call(&emulator, &token, one).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json()["error"]["code"], "TooManyRequests");
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(emulator.stats().throttled, 1);
}

#[tokio::test]
async fn tls_with_the_authority_that_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let emulator = Emulator::builder()
        .tls_dir(dir.path().join("made"))
        .start()
        .await
        .unwrap();
    assert!(emulator.graph_endpoint().starts_with("https://127.0.0.1:"));
    let token = token(&emulator, &[]).await;
    assert_eq!(call(&emulator, &token, NOVEMBER).await.status, 200);
    assert_eq!(
        emulator.ca_certificate(),
        Some(dir.path().join("made/ca.pem").as_path())
    );
    // Another authority does not open it.
    let other = Emulator::builder()
        .tls_dir(dir.path().join("other"))
        .start()
        .await
        .unwrap();
    let request = Request::get(emulator.graph_endpoint())
        .body(Full::default())
        .unwrap();
    assert!(send(other.ca_certificate(), request).await.is_err());
}

#[tokio::test]
async fn only_loopback_is_bound_by_default() {
    let refused = Emulator::builder()
        .bind(([0, 0, 0, 0], 0).into())
        .start()
        .await;
    assert_eq!(
        refused.err().unwrap().kind(),
        std::io::ErrorKind::InvalidInput
    );
}

#[tokio::test]
async fn a_shut_down_emulator_no_longer_listens() {
    let emulator = Emulator::builder().start().await.unwrap();
    let url = emulator.graph_endpoint().to_owned();
    emulator.shutdown().await;
    assert!(
        send(None, Request::get(url).body(Full::default()).unwrap())
            .await
            .is_err()
    );
}
