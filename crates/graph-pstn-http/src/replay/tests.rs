//! The service against requests, in virtual time.

use std::{error::Error as _, time::Duration};

use bytes::Bytes;
use http::{Request, Response, header};
use tower::ServiceExt as _;

use super::*;
use crate::{Error, ErrorKind};

const TOKEN_URL: &str = "https://login.example/contoso.example/oauth2/v2.0/token";

fn fixture(entries: &str) -> Fixture {
    let json = format!(
        r#"{{
          "description": "d", "provenance": "p", "recorded": null,
          "scenario": {{ "cloud": "global", "log": "pstn", "from": "2019-11-01", "to": "2019-12-01" }},
          "log": {{ "version": "1.2", "creator": {{ "name": "n", "version": "1" }}, "entries": [{entries}] }}
        }}"#
    );
    Fixture::from_slice(json.as_bytes()).unwrap()
}

fn page(time: u64, url: &str) -> String {
    format!(
        r#"{{ "time": {time},
             "request": {{ "method": "GET", "url": "{url}",
                           "headers": [{{ "name": "authorization", "value": "Bearer <token:1>" }}] }},
             "response": {{ "status": 200, "headers": [{{ "name": "request-id", "value": "r1" }}],
                            "content": {{ "mimeType": "application/json", "_json": {{ "value": [] }} }} }} }}"#
    )
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url)
        .header(header::AUTHORIZATION, "Bearer abc")
        .body(Bytes::new())
        .unwrap()
}

async fn send(replay: &ReplayService, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
    replay.clone().oneshot(request).await
}

/// The message and those of its sources.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push('\n');
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[tokio::test(start_paused = true)]
async fn entries_are_answered_in_order_after_their_delay() {
    let (first, second) = ("https://graph.example/a", "https://graph.example/b?x=1&y=2");
    let fixture = fixture(&format!("{},{}", page(1_500, first), page(0, second)));
    let replay = ReplayService::new(&fixture);

    let response = send(&replay, get(first)).await.unwrap();
    assert_eq!(response.headers()["request-id"], "r1");
    assert_eq!(response.body().as_ref(), br#"{"value":[]}"#);
    assert!(replay.finish().is_err());
    send(&replay, get("https://graph.example/b?y=2&x=1"))
        .await
        .unwrap();
    replay.finish().unwrap();

    let sent = replay.requests();
    assert_eq!(sent[0].at, Duration::ZERO);
    assert_eq!(sent[1].at, Duration::from_millis(1_500));
    assert_eq!(sent[1].url, "https://graph.example/b?y=2&x=1");
    assert_eq!(
        sent[1].to_string(),
        "1.500 s  GET https://graph.example/b?y=2&x=1\n    authorization: Bearer <token:1>"
    );
}

#[tokio::test]
async fn another_request_is_refused_and_the_difference_shown() {
    let replay = ReplayService::new(&fixture(&page(0, "https://graph.example/a(b=1)?x=1")));
    let request = Request::post("https://graph.example/a%28b=1%29?x=1")
        .body(Bytes::from_static(b"secret"))
        .unwrap();
    let error = send(&replay, request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert!(!error.is_transient());
    assert_eq!(
        chain(&error),
        "the request is not entry 1 of 1 of the fixture\n\
         method\n  expected GET\n  sent     POST\n\
         url\n  expected https://graph.example/a(b=1)?x=1\n  sent     https://graph.example/a%28b=1%29?x=1\n\
         authorization\n  expected present\n  sent     absent\n\
         body\n  expected empty\n  sent     6 bytes"
    );
    // The entry still waits, but the scenario has failed.
    send(&replay, get("https://graph.example/a(b=1)?x=1"))
        .await
        .unwrap();
    assert_eq!(
        replay.finish().unwrap_err().to_string(),
        "the request is not entry 1 of 1 of the fixture"
    );
}

#[tokio::test]
async fn one_request_too_many_and_one_too_few_are_errors() {
    let url = "https://graph.example/a";
    let replay = ReplayService::new(&fixture(&page(0, url)));
    assert_eq!(
        replay.finish().unwrap_err().to_string(),
        "1 of the fixture's 1 entries were not asked for; the next one is GET https://graph.example/a"
    );
    send(&replay, get(url)).await.unwrap();
    replay.finish().unwrap();
    send(&replay, get(url)).await.unwrap_err();
    assert_eq!(
        replay.finish().unwrap_err().to_string(),
        "the fixture's 1 entries are used up, and one more request came: GET https://graph.example/a"
    );
}

fn token_entry() -> String {
    format!(
        r#"{{ "request": {{ "method": "POST", "url": "{TOKEN_URL}",
             "postData": {{ "mimeType": "application/x-www-form-urlencoded", "params": [
               {{ "name": "client_id", "value": "app" }},
               {{ "name": "client_secret", "value": "<redacted>" }},
               {{ "name": "scope", "value": "https://graph.example/.default" }} ] }} }},
             "_failure": "connect" }}"#
    )
}

fn token_request(body: &'static str) -> Request<Bytes> {
    Request::post(TOKEN_URL)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

#[tokio::test]
async fn a_form_is_compared_by_its_parameters_and_shown_without_secrets() {
    let replay = ReplayService::new(&fixture(&token_entry()));
    let error = send(
        &replay,
        token_request(
            "scope=https%3A%2F%2Fgraph.example%2F.default&client_secret=s3cr3t&client_id=app",
        ),
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_transient());
    replay.finish().unwrap();
    let sent = replay.requests().remove(0);
    assert_eq!(
        sent.body,
        SentBody::Form(vec![
            ("scope".into(), "https://graph.example/.default".into()),
            ("client_secret".into(), "<redacted>".into()),
            ("client_id".into(), "app".into()),
        ])
    );
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let replay = ReplayService::new(&fixture(&token_entry()));
    let mut request = token_request("client_secret=s3cr3t&code=s3cr3t&client_id=other");
    let bearer = header::HeaderValue::from_static("Bearer s3cr3t");
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    let error = send(&replay, request).await.unwrap_err();
    let shown = format!(
        "{} {error:?} {replay:?} {:?} {:?} {}",
        chain(&error),
        replay.requests(),
        replay.finish(),
        replay.requests()[0]
    );
    assert!(shown.contains("code=<redacted>"), "{shown}");
    assert!(!shown.contains("s3cr3t"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_body_and_a_broken_connection_are_errors_that_may_be_retried() {
    let entry = |end: &str| {
        format!(
            r#"{{ "time": 250, "request": {{ "method": "GET", "url": "https://graph.example/a",
                 "headers": [{{ "name": "Authorization", "value": "Bearer <token:1>" }}] }}, {end} }}"#
        )
    };
    let cut = r#""response": { "status": 200, "content": {
        "mimeType": "application/json", "_json": { "value": [1, 2] }, "_cutAfter": 10 } }"#;
    let ends = [cut, r#""_failure": "interrupted""#, r#""_failure": "tls""#];
    let replay = ReplayService::new(&fixture(&ends.map(entry).join(",")));
    let mut errors = Vec::new();
    for _ in ends {
        errors.push(
            send(&replay, get("https://graph.example/a"))
                .await
                .unwrap_err(),
        );
    }
    assert_eq!(errors[0].to_string(), "the body ended after 10 of 15 bytes");
    let kinds: Vec<_> = errors
        .iter()
        .map(|error| (error.kind(), error.is_transient()))
        .collect();
    assert_eq!(
        kinds,
        [
            (ErrorKind::Interrupted, true),
            (ErrorKind::Interrupted, true),
            (ErrorKind::Tls, false)
        ]
    );
    assert_eq!(replay.requests()[2].at, Duration::from_millis(500));
}
