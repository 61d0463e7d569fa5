//! The order of the default stack, asserted by what each layer sees of the others.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    collections::HashSet,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_core::Stream;
use graph_pstn_http::{
    AccessToken, AttemptEnd, Backoff, BoxFuture, CallClock, CallLimits, Collection, Endpoints,
    Error, ErrorKind, GraphClient, GraphClientBuilder, Observer, Page, PageRequest, Quota,
    RateLimits, RequestHeadersLayer, RetryPolicy, SharedObserver, TokenProvider, TokenRequest,
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
use http::{Request, Response, StatusCode};
use time::macros::datetime;
use tokio::time::{Instant, sleep, timeout};
use tower::{ServiceExt as _, service_fn};

const PAGE: &str = r#"{"value":[{"id":"a"}]}"#;
/// A page that links to another.
const FIRST: &str = r#"{"@odata.nextLink":"https://graph.example/v1.0/communications/callRecords/microsoft.graph.callRecords.getPstnCalls(from=2019-11-01,to=2019-12-01)?$skip=1000","value":[{"id":"b"}]}"#;

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

/// The default stack over the script, and what arrives there.
fn builder(script: &[Then], limits: RateLimits) -> (GraphClientBuilder, Arc<Mutex<Vec<Sent>>>) {
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
    let backoff = Backoff::default().with_random(|| 0.5);
    let builder = GraphClient::builder(Endpoints::custom(graph, login))
        .token_provider(Tokens::default())
        .service(service)
        .rate_limits(limits)
        .retry(RetryPolicy::builder().backoff(backoff).build());
    (builder, sent)
}

fn first_page() -> PageRequest {
    first_page_of(CallLog::Pstn)
}

fn first_page_of(log: CallLog) -> PageRequest {
    let range = TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    );
    PageRequest::first(log, range.unwrap())
}

async fn ask(client: &GraphClient) -> Result<Page<PstnCallLogRow>, Error> {
    client.page_source().oneshot(first_page()).await
}

/// Sends one call through the default stack.
async fn call(
    script: &[Then],
    limits: RateLimits,
) -> (Result<Page<PstnCallLogRow>, Error>, Vec<Sent>) {
    let (builder, sent) = builder(script, limits);
    let result = ask(&builder.build().unwrap()).await;
    let sent = std::mem::take(&mut *sent.lock().unwrap());
    (result, sent)
}

/// Keeps how attempts ended, and how long they took.
#[derive(Default)]
struct Ends(Mutex<Vec<(Result<u16, ErrorKind>, Duration)>>);

impl Observer for Ends {
    fn attempt(&self, attempt: &AttemptEnd) {
        let outcome = attempt.outcome.map(|status| status.as_u16());
        self.0.lock().unwrap().push((outcome, attempt.took));
    }
}

/// The limits of a log whose gate is closed for 250 s.
fn closed() -> RateLimits {
    let limits = unlimited();
    limits.close_gate(PSTN, CLOSED);
    limits
}

const PSTN: Collection = Collection("getPstnCalls");
const CLOSED: Duration = Duration::from_secs(250);
const DAY: Duration = Duration::from_secs(24 * 3_600);

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
    assert_ne!(sent[0].id, sent[1].id);

    let (result, sent) = call(&[Then::Answer(401, "")], unlimited()).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!(sent.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_quota_is_outside_the_timeout_of_an_attempt() {
    let (result, sent) = call(&[Then::Answer(200, PAGE)], closed()).await;
    assert!(result.is_ok());
    assert_eq!(sent[0].at, CLOSED);
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
async fn the_headers_are_inside_the_quota() {
    let begun = Instant::now();
    let made = Arc::new(Mutex::new(Vec::new()));
    let of_headers = made.clone();
    let headers = RequestHeadersLayer::default().with_ids(move || {
        let mut made = of_headers.lock().unwrap();
        made.push(begun.elapsed());
        format!("id-{}", made.len())
    });
    let (builder, sent) = builder(&[Then::Answer(200, PAGE)], closed());
    let client = builder.request_headers(headers).build().unwrap();
    assert!(ask(&client).await.is_ok());
    // An id is made for a request that leaves, and not for one that waits.
    assert_eq!(*made.lock().unwrap(), [CLOSED]);
    assert_eq!(sent.lock().unwrap()[0].id, "id-1");
}

#[tokio::test(start_paused = true)]
async fn the_span_of_an_attempt_is_inside_the_quota_and_outside_the_timeout() {
    let ends = Arc::new(Ends::default());
    let (builder, _) = builder(&[Then::Hang, Then::Answer(200, PAGE)], closed());
    let client = builder
        .observer(SharedObserver::new(ends.clone()))
        .build()
        .unwrap();
    assert!(ask(&client).await.is_ok());
    let timeout = Duration::from_secs(60);
    // A span inside the timeout would be dropped with the attempt, and its end never be told.
    assert_eq!(
        *ends.0.lock().unwrap(),
        [
            (Err(ErrorKind::Timeout), timeout),
            (Ok(200), Duration::ZERO)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn each_page_goes_through_the_whole_stack() {
    let script = [
        Then::Answer(200, FIRST),
        Then::Answer(503, ""),
        Then::Answer(200, PAGE),
    ];
    let (builder, sent) = builder(&script, RateLimits::new(Quota::per_minute(2)));
    let client = builder.build().unwrap();
    let mut pages = pin!(client.pages::<PstnCallLogRow>(first_page()));
    let mut ids = Vec::new();
    while let Some(page) = poll_fn(|cx| pages.as_mut().poll_next(cx)).await {
        ids.extend(page.unwrap().rows.into_iter().filter_map(|row| row.id));
    }
    assert_eq!(ids, ["b", "a"]);
    let sent = sent.lock().unwrap();
    let tokens: Vec<&str> = sent.iter().map(|sent| sent.token.as_str()).collect();
    assert_eq!(tokens, ["Bearer t0", "Bearer t1", "Bearer t2"]);
    let ids: HashSet<&str> = sent.iter().map(|sent| sent.id.as_str()).collect();
    assert_eq!(ids.len(), 3);
    // The retry of the second page is the third request of the minute.
    assert!(sent[2].at - sent[0].at >= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn all_readers_of_a_client_share_its_quota() {
    let script = [Then::Answer(200, PAGE)];
    let (builder, sent) = builder(&script, RateLimits::new(Quota::per_minute(1)));
    let client = builder.build().unwrap();
    let clone = client.clone();
    let (one, two, three) = tokio::join!(ask(&client), ask(&client), ask(&clone));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 3);
    for two in sent.windows(2) {
        assert!(two[1].at - two[0].at >= Duration::from_secs(60));
    }
}

#[tokio::test(start_paused = true)]
async fn each_log_has_a_count_of_its_own() {
    let script = [Then::Answer(200, PAGE)];
    let (builder, sent) = builder(&script, RateLimits::new(Quota::per_minute(1)));
    let client = builder.build().unwrap();
    for _ in 0..2 {
        for log in CallLog::ALL {
            let pages = client.page_source::<PstnCallLogRow>();
            pages.oneshot(first_page_of(log)).await.unwrap();
        }
    }
    let minute = Duration::from_secs(60);
    let sent = sent.lock().unwrap();
    let (first, second) = sent.split_at(CallLog::ALL.len());
    assert!(first.iter().all(|sent| sent.at < minute));
    assert!(second.iter().all(|sent| sent.at >= minute));
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

/// A source that never gives a token.
struct Silent;

impl TokenProvider for Silent {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(std::future::pending())
    }

    fn invalidate(&self, _: &AccessToken) {}
}

#[tokio::test(start_paused = true)]
async fn a_request_of_the_callers_own_is_bounded_in_time() {
    let get = || {
        let request = Request::get("https://graph.example/v1.0/").body(Bytes::new());
        request.unwrap()
    };
    let (builder, sent) = builder(&[Then::Answer(200, PAGE)], closed());
    let client = builder.clone().max_wait(CLOSED / 2).build().unwrap();
    let mut request = get();
    request.extensions_mut().insert(PSTN);
    let begun = Instant::now();
    let asked = timeout(DAY, client.http_service().oneshot(request)).await;
    assert_eq!(asked.unwrap().unwrap_err().kind(), ErrorKind::Throttled);
    assert_eq!(begun.elapsed(), Duration::ZERO);

    let client = builder.token_provider(Silent).build().unwrap();
    let asked = timeout(DAY, client.http_service().oneshot(get())).await;
    assert_eq!(asked.unwrap().unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(begun.elapsed(), Duration::from_secs(180));

    // What brings a clock of its own keeps it.
    let clock = CallClock::start(CallLimits::new(Duration::from_secs(7), DAY));
    let mut request = get();
    request.extensions_mut().insert(clock);
    let begun = Instant::now();
    let asked = timeout(DAY, client.http_service().oneshot(request)).await;
    assert_eq!(asked.unwrap().unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
    assert!(sent.lock().unwrap().is_empty());
}
