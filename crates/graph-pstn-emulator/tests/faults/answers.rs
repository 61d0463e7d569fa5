//! Refusals, and answers that only look like a page.

use graph_pstn_emulator::Fault;
use http::Request;
use http_body_util::Full;

use crate::client::{call, send, token};
use crate::{DAY, emulator, served};

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
async fn json_that_breaks_off_does_so_inside_a_sound_gzip_stream() {
    let emulator = emulator("graph 1 invalid-json").await;
    let token = token(&emulator, &[]).await;
    let request = Request::get(format!(
        "{}/v1.0/communications/callRecords/{DAY}",
        emulator.graph_endpoint()
    ))
    .header("authorization", format!("Bearer {token}"))
    .header("accept-encoding", "gzip")
    .body(Full::default())
    .unwrap();
    let answer = send(None, request).await.unwrap();
    assert_eq!(answer.header("content-encoding"), "gzip");
    let mut unpacked = flate2::read::GzDecoder::new(&answer.body[..]);
    let mut page = Vec::new();
    std::io::Read::read_to_end(&mut unpacked, &mut page).unwrap();
    let json = serde_json::from_slice::<serde_json::Value>(&page);
    assert!(json.unwrap_err().is_eof());
}
