//! Each fault, as it looks on the wire.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

#[cfg(test)]
mod client;

use std::collections::HashSet;
use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use client::{Answer, call, follow, get_url, good_form, send, token};
use graph_pstn_emulator::{Emulator, Fault, Faults, LinkForm, RunningEmulator, Truth};
use http::{Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use time::macros::datetime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A work day; of the emulators below it has some 2,000 rows, more than a page.
const DAY: &str = "getPstnCalls(fromDateTime=2019-11-05T00:00:00Z,toDateTime=2019-11-06T00:00:00Z)";

async fn emulator(script: &str) -> RunningEmulator {
    with(Faults::none().script(script).unwrap()).await
}

async fn with(faults: Faults) -> RunningEmulator {
    let builder = Emulator::builder().rows_per_day(2_000).faults(faults);
    builder.start().await.unwrap()
}

fn number(faults: impl Iterator<Item = (Fault, u64)>, fault: Fault) -> u64 {
    let mut faults = faults;
    faults
        .find(|(kind, _)| *kind == fault)
        .map_or(0, |(_, number)| number)
}

fn served(emulator: &RunningEmulator, fault: Fault) -> u64 {
    number(emulator.stats().graph_faults(), fault)
}

/// The bytes of an answer, and how the connection ended.
struct Seen {
    bytes: Vec<u8>,
    end: Result<(), ErrorKind>,
}

impl Seen {
    fn head_and_body(&self) -> (String, &[u8]) {
        let bytes = &self.bytes;
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = bytes.split_at(at.unwrap_or(bytes.len()));
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        (head, body.get(4..).unwrap_or_default())
    }

    fn announced(&self) -> Option<usize> {
        let (head, _) = self.head_and_body();
        let rest = head.split("content-length: ").nth(1)?;
        rest.lines().next()?.parse().ok()
    }
}

/// Asks for the day over a bare socket.
async fn look(emulator: &RunningEmulator, token: &str) -> Seen {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request = format!(
        "GET /v1.0/communications/callRecords/{DAY} HTTP/1.1\r\nHost: {}\r\n\
         Authorization: Bearer {token}\r\nConnection: close\r\n\r\n",
        emulator.addr()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    Seen {
        bytes,
        end: end.map(|_| ()).map_err(|error| error.kind()),
    }
}

#[tokio::test]
async fn connections_break_where_they_should() {
    const RESET: Result<(), ErrorKind> = Err(ErrorKind::ConnectionReset);
    for (fault, end) in [
        (Fault::ResetBeforeAnswer, RESET),
        (Fault::ResetInHeaders, RESET),
        (Fault::ResetInBody, RESET),
        (Fault::TruncatedBody, Ok(())),
        (Fault::TruncatedChunks, Ok(())),
    ] {
        let emulator = emulator(&format!("graph 1 {fault}")).await;
        let token = token(&emulator, &[]).await;
        let broken = look(&emulator, &token).await;
        let whole = look(&emulator, &token).await;
        assert_eq!(whole.end, Ok(()));
        let (_, page) = whole.head_and_body();
        assert_eq!(whole.announced(), Some(page.len()));

        assert_eq!(broken.end, end, "{fault}");
        let (head, body) = broken.head_and_body();
        match fault {
            Fault::ResetBeforeAnswer => assert_eq!(broken.bytes, b""),
            Fault::ResetInHeaders => {
                assert!(head.starts_with("http/1.1 200 ok"), "{head}");
                assert_eq!(body, b"");
            }
            Fault::TruncatedChunks => {
                assert!(head.contains("transfer-encoding: chunked"), "{head}");
                assert!((page.len() / 2..page.len()).contains(&body.len()));
                assert!(!body.ends_with(b"0\r\n\r\n"));
            }
            _ => {
                assert_eq!(broken.announced(), Some(page.len()));
                assert_eq!(body, &page[..page.len() / 2]);
            }
        }
        assert_eq!(served(&emulator, fault), 1);
        let stats = emulator.stats();
        assert_eq!((stats.requests, stats.pages, stats.faults), (3, 1, 1));
    }
}

#[tokio::test]
async fn slow_answers_take_the_time_that_was_set() {
    const LENGTH: Duration = Duration::from_millis(300);
    for (fault, end) in [
        (Fault::Trickle, Ok(())),
        (Fault::Hang, Err(ErrorKind::ConnectionReset)),
    ] {
        let faults = Faults::none().script(&format!("graph 1 {fault}")).unwrap();
        let emulator = with(faults.hang(LENGTH).trickle(LENGTH)).await;
        let token = token(&emulator, &[]).await;
        let begun = Instant::now();
        let slow = look(&emulator, &token).await;
        assert!(begun.elapsed() >= LENGTH, "{fault}: {:?}", begun.elapsed());
        assert_eq!(slow.end, end, "{fault}");
        if fault == Fault::Trickle {
            let whole = look(&emulator, &token).await;
            assert_eq!(slow.head_and_body().1, whole.head_and_body().1);
        } else {
            assert_eq!(slow.bytes, b"");
        }
    }
}

#[tokio::test]
async fn statuses_have_graphs_error_body() {
    for (fault, status, wait) in [
        (Fault::Throttled, 429, false),
        (Fault::ThrottledSeconds, 429, true),
        (Fault::ThrottledDecimal, 429, true),
        (Fault::ThrottledDate, 429, true),
        (Fault::ThrottledDoubled, 429, true),
        (Fault::ThrottledForever, 429, true),
        (Fault::InternalError, 500, false),
        (Fault::InternalErrorWait, 500, true),
        (Fault::BadGateway, 502, false),
        (Fault::BadGatewayWait, 502, true),
        (Fault::Unavailable, 503, false),
        (Fault::UnavailableWait, 503, true),
        (Fault::GatewayTimeout, 504, false),
        (Fault::GatewayTimeoutWait, 504, true),
        (Fault::BandwidthExceeded, 509, false),
        (Fault::BandwidthExceededWait, 509, true),
    ] {
        let emulator = emulator(&format!("graph 1 {fault}")).await;
        let token = token(&emulator, &[]).await;
        let answer = call(&emulator, &token, DAY).await;
        assert_eq!(answer.status, status, "{fault}");
        assert_eq!(!answer.header("retry-after").is_empty(), wait, "{fault}");
        if status == 502 {
            assert!(answer.body.starts_with(b"<html>"));
        } else {
            let error = &answer.json()["error"];
            assert!(error["code"].is_string(), "{fault}");
            assert_eq!(
                error["innerError"]["request-id"],
                answer.header("request-id")
            );
        }
        assert_eq!(call(&emulator, &token, DAY).await.status, 200);
        assert_eq!(served(&emulator, fault), 1);
        assert_eq!(emulator.stats().throttled, 0, "no quota was used up");
    }
}

#[tokio::test]
async fn a_200_need_not_be_a_page() {
    for fault in [
        Fault::Html,
        Fault::InvalidJson,
        Fault::ErrorObject,
        Fault::NoValue,
        Fault::EmptyLink,
        Fault::HalfGzip,
        Fault::CorruptGzip,
    ] {
        let emulator = emulator(&format!("graph 1 {fault}")).await;
        let token = token(&emulator, &[]).await;
        let answer = call(&emulator, &token, DAY).await;
        assert_eq!(answer.status, 200, "{fault}");
        match fault {
            Fault::Html => {
                assert!(answer.header("content-type").starts_with("text/html"));
                assert!(answer.body.starts_with(b"<!DOCTYPE html>"));
            }
            Fault::InvalidJson => {
                let json = serde_json::from_slice::<serde_json::Value>(&answer.body);
                assert!(json.unwrap_err().is_eof());
            }
            Fault::ErrorObject => assert_eq!(answer.json()["error"]["code"], "UnknownError"),
            Fault::NoValue => {
                assert!(answer.json().get("value").is_none());
                assert_eq!(answer.json()["@odata.count"], 1_000);
            }
            Fault::EmptyLink => assert_eq!(answer.json()["@odata.nextLink"], ""),
            _ => {
                assert_eq!(answer.header("content-encoding"), "gzip");
                let mut unpacked = flate2::read::GzDecoder::new(&answer.body[..]);
                let mut page = Vec::new();
                assert!(std::io::Read::read_to_end(&mut unpacked, &mut page).is_err());
            }
        }
        assert_eq!(served(&emulator, fault), 1);
        assert_eq!(emulator.stats().pages, 0);
    }
}

#[tokio::test]
async fn tokens_become_worthless_in_three_ways() {
    let cp1 = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    for (fault, words) in [
        (Fault::TokenRevoked, "80049228"),
        (Fault::TokenExpired, "expired"),
        (
            Fault::ClaimsChallenge,
            "TokenIssuedBeforeRevocationTimestamp",
        ),
    ] {
        let emulator = emulator(&format!("graph 2 {fault}")).await;
        let token = token(&emulator, &[("claims", cp1)]).await;
        assert_eq!(call(&emulator, &token, DAY).await.status, 200);
        for _ in 0..2 {
            let answer = call(&emulator, &token, DAY).await;
            assert_eq!(answer.status, 401, "{fault}");
            let message = answer.json()["error"]["message"].to_string();
            assert!(message.contains(words), "{message}");
        }
        assert_eq!(served(&emulator, fault), 1);
        assert_eq!(emulator.stats().unauthorized, 2);
    }
}

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

#[tokio::test]
async fn the_token_endpoint_can_be_down() {
    let script = "token 1 unavailable\ntoken 2 reset-before-answer\ntoken 3 html\ntoken 4 truncated-body\ntoken 5 throttled-seconds";
    let emulator = emulator(script).await;
    let post = async || {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(good_form(&emulator));
        let request = Request::post(format!(
            "{}/{}/oauth2/v2.0/token",
            emulator.authority_host(),
            emulator.tenant_id()
        ))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(body.finish()))
        .unwrap();
        send(None, request).await
    };
    let down = post().await.unwrap();
    assert_eq!(down.status, 503);
    assert_eq!(down.json()["error_codes"][0], 90_033);
    assert_eq!(down.json()["error"], "temporarily_unavailable");
    assert!(post().await.is_err());
    assert!(post().await.unwrap().body.starts_with(b"<!DOCTYPE html>"));
    assert!(post().await.is_err());
    let throttled = post().await.unwrap();
    assert_eq!(throttled.status, 429);
    assert!(!throttled.header("retry-after").is_empty());
    assert!(post().await.unwrap().json()["access_token"].is_string());
    let stats = emulator.stats();
    assert_eq!((stats.token_requests, stats.faults), (6, 5));
    assert_eq!(number(stats.token_faults(), Fault::Html), 1);
    assert_eq!(stats.graph_faults().count(), 0);
}

#[tokio::test]
async fn over_http2_one_stream_is_reset_and_the_others_go_on() {
    let emulator = emulator("path $skip=7 reset-in-body\npath $skip=8 hang").await;
    let token = token(&emulator, &[]).await;
    let stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let get = async |skip: u32| -> Result<Bytes, hyper::Error> {
        let request = Request::get(format!(
            "{}/v1.0/communications/callRecords/{DAY}?$skip={skip}",
            emulator.graph_endpoint()
        ))
        .version(Version::HTTP_2)
        .header("authorization", format!("Bearer {token}"))
        .body(Full::<Bytes>::default())
        .unwrap();
        let answer = sender.clone().send_request(request).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    };
    let (reset, silent, good) = tokio::join!(get(7), get(8), get(9));
    assert!(reset.is_err() && silent.is_err());
    assert!(good.unwrap().starts_with(b"{"));
    assert!(get(7).await.is_ok(), "the connection is still there");
}

#[tokio::test]
async fn nothing_is_lost_by_a_client_that_asks_again() {
    let builder = Emulator::builder().rows_per_day(2_000).page_rows(50);
    let emulator = builder.start().await.unwrap();
    let token = token(&emulator, &[]).await;
    // From here on: this client asks for its token once.
    emulator.set_faults(Faults::none().percent(30).kinds([
        Fault::ResetInBody,
        Fault::TruncatedChunks,
        Fault::Throttled,
        Fault::UnavailableWait,
    ]));
    let mut ids = HashSet::new();
    let mut next = Some(format!(
        "{}/v1.0/communications/callRecords/{DAY}",
        emulator.graph_endpoint()
    ));
    let mut failures = 0;
    while let Some(url) = &next {
        let request = Request::get(url)
            .header("authorization", format!("Bearer {token}"))
            .body(Full::default())
            .unwrap();
        match send(None, request).await {
            Ok(answer) if answer.status == 200 => {
                let page = answer.json();
                for row in page["value"].as_array().unwrap() {
                    assert!(ids.insert(row["id"].to_string()));
                }
                next = page["@odata.nextLink"].as_str().map(str::to_owned);
            }
            _ => failures += 1,
        }
    }
    let stats = emulator.stats();
    assert_eq!(stats.rows, ids.len() as u64);
    assert_eq!(stats.pages, stats.rows.div_ceil(50));
    assert_eq!(stats.faults, failures);
    assert!((8..40).contains(&failures), "{failures}");
}

#[tokio::test]
async fn without_faults_there_are_none() {
    let emulator = with(Faults::none()).await;
    let token = token(&emulator, &[]).await;
    let first = format!(
        "{}/v1.0/communications/callRecords/{DAY}",
        emulator.graph_endpoint()
    );
    assert!(follow(&emulator, &token, first).await.len() > 1_000);
    assert_eq!(emulator.stats().faults, 0);
}

#[test]
fn the_page_on_the_emulator_lists_every_fault() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/emulator.md");
    let page = std::fs::read_to_string(page).unwrap();
    let listed: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let faults: Vec<String> = Fault::ALL
        .iter()
        .map(|fault| {
            let befalls = if fault.befalls_token_requests() {
                "both"
            } else {
                "Graph"
            };
            let recoverable = if fault.is_recoverable() { "yes" } else { "no" };
            let meaning = fault.meaning();
            format!("| `{fault}` | {meaning} | {befalls} | {recoverable} |")
        })
        .collect();
    for fault in &faults {
        assert!(listed.contains(&fault.as_str()), "the page lacks\n{fault}");
    }
}
