//! The control endpoint.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

#[cfg(test)]
mod client;

use bytes::Bytes;
use client::{call, send, token};
use graph_pstn_emulator::{Emulator, RunningEmulator};
use http::{Method, Request};
use http_body_util::Full;
use serde_json::Value;

const ONE: &str = "getPstnCalls(fromDateTime=2019-11-03,toDateTime=2019-11-03)";

async fn control(
    emulator: &RunningEmulator,
    method: Method,
    path: &str,
    body: &'static str,
) -> (u16, Value) {
    let url = format!("{}/emulator/{path}", emulator.graph_endpoint());
    let request = Request::builder().method(method).uri(url);
    let request = request.body(Full::from(Bytes::from_static(body.as_bytes())));
    let answer = send(None, request.unwrap()).await.unwrap();
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn it_tells_the_same_numbers_as_the_handle() {
    let emulator = Emulator::builder().start().await.unwrap();
    let token = token(&emulator, &[]).await;
    call(&emulator, &token, ONE).await;
    call(&emulator, "no-such-token", ONE).await;
    let (status, told) = control(&emulator, Method::GET, "stats", "").await;
    assert_eq!(status, 200);
    let stats = emulator.stats();
    for (name, number) in [
        ("requests", stats.requests),
        ("token_requests", stats.token_requests),
        ("tokens", stats.tokens),
        ("pages", stats.pages),
        ("rows", stats.rows),
        ("faults", stats.faults),
        ("throttled", stats.throttled),
        ("unauthorized", stats.unauthorized),
        ("concurrent", stats.concurrent),
        ("most_concurrent", stats.most_concurrent),
        ("foreign_requests", stats.foreign_requests),
        ("foreign_tokens", stats.foreign_tokens),
    ] {
        assert_eq!(told[name], number, "{name}");
    }
    // Two to Graph and one for the token; those for the numbers do not count.
    assert_eq!((stats.requests, stats.unauthorized), (3, 1));
    assert_eq!((stats.concurrent, stats.most_concurrent), (0, 1));
}

#[tokio::test]
async fn it_makes_tokens_worthless() {
    let emulator = Emulator::builder().start().await.unwrap();
    let cp1 = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let capable = token(&emulator, &[("claims", cp1)]).await;
    let (status, _) = control(&emulator, Method::POST, "challenge-tokens", "").await;
    assert_eq!(status, 200);
    let answer = call(&emulator, &capable, ONE).await;
    assert!(answer.header("www-authenticate").contains("claims="));

    let plain = token(&emulator, &[]).await;
    let (_, told) = control(&emulator, Method::POST, "revoke-tokens", "").await;
    assert_eq!(told["revoked"], 2);
    assert_eq!(call(&emulator, &plain, ONE).await.status, 401);
}

#[tokio::test]
async fn it_exchanges_the_faults() {
    let emulator = Emulator::builder().start().await.unwrap();
    let token = token(&emulator, &[]).await;
    let script = "graph 1 unavailable\npath getPstnCalls html";
    let (status, told) = control(&emulator, Method::POST, "faults?percent=0&seed=9", script).await;
    assert_eq!(
        (status, &told["rules"], &told["seed"]),
        (200, &2.into(), &9.into())
    );
    assert_eq!(call(&emulator, &token, ONE).await.status, 503);
    let html = call(&emulator, &token, ONE).await;
    assert!(html.header("content-type").starts_with("text/html"));
    let (_, told) = control(&emulator, Method::GET, "stats", "").await;
    assert_eq!(
        told["graph_faults"],
        serde_json::json!({"unavailable": 1, "html": 1})
    );
    control(
        &emulator,
        Method::POST,
        "faults?percent=100&kinds=throttled",
        "",
    )
    .await;
    assert_eq!(call(&emulator, &token, ONE).await.status, 429);
    control(&emulator, Method::POST, "faults", "").await;
    assert_eq!(call(&emulator, &token, ONE).await.status, 200);
}

#[tokio::test]
async fn what_it_does_not_know_it_says() {
    let emulator = Emulator::builder().start().await.unwrap();
    for (method, path, body, status, word) in [
        (Method::GET, "rows", "", 404, "GET stats"),
        (Method::POST, "stats", "", 405, "GET"),
        (Method::GET, "faults", "", 405, "POST"),
        (Method::POST, "faults", "graph 1", 400, "line 1"),
        (Method::POST, "faults?percent=300", "", 400, "percent"),
    ] {
        let (found, told) = control(&emulator, method, path, body).await;
        assert_eq!(found, status, "{path}");
        let error = told["error"].as_str().unwrap();
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(emulator.stats().requests, 0);
}
