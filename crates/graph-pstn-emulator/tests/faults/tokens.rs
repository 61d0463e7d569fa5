//! Tokens that become worthless, and a token endpoint that is down.

use graph_pstn_emulator::Fault;
use http::Request;
use http_body_util::Full;

use crate::client::{call, good_form, send, token};
use crate::{DAY, emulator, number, served};

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
