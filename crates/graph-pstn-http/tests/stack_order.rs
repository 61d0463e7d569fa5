//! The order of the default stack, asserted by what each layer sees of the others.
#![cfg(feature = "client")]
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{
    AccessToken, Backoff, BoxFuture, Endpoints, Error, ErrorKind, GraphClient, Page, PageRequest,
    Quota, RateLimits, RetryPolicy, TokenProvider, TokenRequest,
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
use http::{Request, Response, StatusCode};
use time::macros::datetime;
use tokio::time::{Instant, sleep};
use tower::{Service as _, ServiceExt as _, service_fn};

const PAGE: &str = r#"{"value":[{"id":"a"}]}"#;

/// What the service below everything does with each request in turn; the last one for ever.
#[derive(Clone, Copy)]
enum Then {
    Answer(u16, &'static str),
    Hang,
}

/// A new token for each question.
#[derive(Default)]
struct Tokens(AtomicU64);

impl TokenProvider for Tokens {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        let token = format!("t{}", self.0.fetch_add(1, Ordering::Relaxed));
        Box::pin(std::future::ready(AccessToken::new(&token)))
    }

    fn invalidate(&self, _: &AccessToken) {}
}

struct Sent {
    at: Duration,
    token: String,
    id: String,
}

/// Sends one call through the default stack.
async fn call(
    script: &[Then],
    limits: RateLimits,
) -> (Result<Page<PstnCallLogRow>, Error>, Vec<Sent>) {
    let begun = Instant::now();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let of_service = sent.clone();
    let script = script.to_vec();
    let service = service_fn(move |request: Request<Bytes>| {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let mut sent = of_service.lock().unwrap();
        let then = script[sent.len().min(script.len() - 1)];
        sent.push(Sent {
            at: begun.elapsed(),
            token: header("authorization"),
            id: header("client-request-id"),
        });
        async move {
            match then {
                Then::Answer(status, body) => {
                    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok::<_, Error>(response)
                }
                Then::Hang => {
                    sleep(Duration::from_secs(3_600)).await;
                    Err(Error::new(ErrorKind::Other, "woken"))
                }
            }
        }
    });
    let graph = "https://graph.example".parse().unwrap();
    let login = "https://login.example".parse().unwrap();
    let client = GraphClient::builder(Endpoints::custom(graph, login))
        .token_provider(Tokens::default())
        .service(service)
        .rate_limits(limits)
        .retry(
            RetryPolicy::builder()
                .backoff(Backoff::default().with_random(|| 0.5))
                .build(),
        )
        .build()
        .unwrap();
    let range = TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    );
    let mut pages = client.page_source::<PstnCallLogRow>();
    let request = PageRequest::first(CallLog::Pstn, range.unwrap());
    let result = pages.ready().await.unwrap().call(request).await;
    let sent = std::mem::take(&mut *sent.lock().unwrap());
    (result, sent)
}

fn unlimited() -> RateLimits {
    RateLimits::new(Quota::unlimited())
}

#[tokio::test(start_paused = true)]
async fn the_retry_is_outside_the_signature_and_the_headers() {
    let script = [Then::Answer(503, ""), Then::Answer(200, PAGE)];
    let (result, sent) = call(&script, unlimited()).await;
    assert_eq!(result.unwrap().rows.len(), 1);
    let tokens: Vec<&str> = sent.iter().map(|sent| sent.token.as_str()).collect();
    assert_eq!(tokens, ["Bearer t0", "Bearer t1"]);
    assert_ne!(sent[0].id, sent[1].id);
}

#[tokio::test(start_paused = true)]
async fn the_retry_is_outside_the_reading_of_the_body() {
    let script = [
        Then::Answer(200, "<html>busy</html>"),
        Then::Answer(200, r#"{"value":["#),
        Then::Answer(200, PAGE),
    ];
    let (result, sent) = call(&script, unlimited()).await;
    assert_eq!(result.unwrap().rows.len(), 1);
    assert_eq!(sent.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_signature_is_inside_the_retry_and_outside_the_quota() {
    // The second attempt after a 401 waits for the quota like any other, and is no retry.
    let script = [Then::Answer(401, ""), Then::Answer(200, PAGE)];
    let (result, sent) = call(&script, RateLimits::new(Quota::per_minute(1))).await;
    assert!(result.is_ok());
    assert!(sent[1].at - sent[0].at >= Duration::from_secs(60));

    let (result, sent) = call(&[Then::Answer(401, "")], unlimited()).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!(sent.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_quota_is_outside_the_timeout_of_an_attempt() {
    let limits = unlimited();
    let pstn = graph_pstn_http::Collection("getPstnCalls");
    limits.close_gate(pstn, Duration::from_secs(250));
    let (result, sent) = call(&[Then::Answer(200, PAGE)], limits).await;
    assert!(result.is_ok());
    assert_eq!(sent[0].at, Duration::from_secs(250));
}

#[tokio::test(start_paused = true)]
async fn the_headers_are_outside_the_timeout_and_the_clock_outside_everything() {
    let (result, sent) = call(&[Then::Hang], unlimited()).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let last = sent.last().unwrap();
    assert_eq!(error.client_request_id(), Some(last.id.as_str()));
    // Attempts of 60 s, clamped to the three minutes that the call may work.
    assert_eq!(error.elapsed(), Some(Duration::from_secs(180)));
    assert_eq!(error.attempts(), u32::try_from(sent.len()).unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_attempts_of_an_error_are_the_requests_that_were_sent() {
    // Two of the retry's five passes send twice, since the first token is refused.
    let script = [401, 503, 503, 401, 503, 503].map(|status| Then::Answer(status, ""));
    let (result, sent) = call(&script, unlimited()).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), sent.len()), (ErrorKind::Server, 7));
    assert_eq!(error.attempts(), 7);
}
