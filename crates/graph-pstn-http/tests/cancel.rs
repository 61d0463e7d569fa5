//! What a reader leaves behind that is dropped at a bad moment: in the default stack, over a service of the
//! caller's that takes one request at a time.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{
    AccessToken, Backoff, Endpoints, Error, GraphClient, Quota, RangeReader, RetryBudget,
    RetryPolicy, StaticToken,
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
use http::{Request, Response, StatusCode};
use time::macros::datetime;
use tokio::{
    sync::Semaphore,
    task::yield_now,
    time::{Instant, timeout},
};
use tower::{limit::ConcurrencyLimit, service_fn};

/// What the service does with a request.
#[derive(Clone, Copy)]
enum Then {
    Page,
    Unavailable,
    Hang,
}

const FULL: u32 = 100;
const OF_A_RETRY: u32 = 5;
/// Each pause of the retry.
const PAUSE: Duration = Duration::from_secs(4);
/// After so long Graph has forgotten a request.
const SPAN: Duration = Duration::from_secs(60);
/// How much longer a request is counted that was not answered.
const MARGIN: Duration = Duration::from_millis(1_500);

/// A client, and what can be seen of it.
struct Stack {
    client: GraphClient,
    budget: RetryBudget,
    permits: Arc<Semaphore>,
    /// When requests were sent.
    sent: Arc<Mutex<Vec<Duration>>>,
    begun: Instant,
}

impl Stack {
    /// Over a service that does this with its requests in turn, and may be asked so often in 60 s.
    fn new(script: impl Into<Vec<Then>>, quota: u32) -> Self {
        let begun = Instant::now();
        let sent: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let of_service = sent.clone();
        let script = script.into();
        let service = service_fn(move |_: Request<Bytes>| {
            let mut sent = of_service.lock().unwrap();
            let then = script[sent.len()];
            sent.push(begun.elapsed());
            async move {
                let mut response = Response::new(Bytes::from_static(br#"{"value":[{"id":"a"}]}"#));
                match then {
                    Then::Page => {}
                    Then::Unavailable => {
                        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                    }
                    Then::Hang => std::future::pending().await,
                }
                Ok::<_, Error>(response)
            }
        });
        let permits = Arc::new(Semaphore::new(1));
        let budget = RetryBudget::new(FULL);
        let policy = RetryPolicy::builder()
            .backoff(Backoff::new(PAUSE, PAUSE).with_random(|| 1.0))
            .budget(budget.clone());
        let graph = "https://graph.example".parse().unwrap();
        let login = "https://login.example".parse().unwrap();
        let client = GraphClient::builder(Endpoints::custom(graph, login))
            .token_provider(StaticToken::new(AccessToken::new("opaque").unwrap()))
            .service(ConcurrencyLimit::with_semaphore(service, permits.clone()))
            .quota(Quota::per_minute(quota))
            // For one span, and not for two.
            .max_wait(SPAN + PAUSE)
            .retry(policy.build())
            .build()
            .unwrap();
        Self {
            client,
            budget,
            permits,
            sent,
            begun,
        }
    }

    fn reader(&self) -> RangeReader<PstnCallLogRow> {
        let range = TimeRange::new(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-11-02 0:00 UTC),
        );
        self.client.read(CallLog::Pstn, range.unwrap())
    }

    /// A reader that has been at work for so long without a row.
    async fn at_work(&self, patience: Duration) -> RangeReader<PstnCallLogRow> {
        let mut reader = self.reader();
        assert!(timeout(patience, reader.next_batch()).await.is_err());
        reader
    }

    /// Reads the range; gives when that was done.
    async fn read(&self) -> Duration {
        let mut reader = self.reader();
        let mut rows = 0;
        while let Some(batch) = reader.next_batch().await.unwrap() {
            rows += batch.rows.len();
        }
        assert_eq!(rows, 1);
        self.begun.elapsed()
    }

    /// Drops the reader, and lets the tasks that it had begun end.
    async fn drop(&self, reader: RangeReader<PstnCallLogRow>) {
        drop(reader);
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(self.permits.available_permits(), 1);
        assert_eq!(self.budget.available(), FULL);
    }

    fn sent(&self) -> Vec<Duration> {
        self.sent.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_reader_leaves_budget_and_limiter_right_in_back_off() {
    let stack = Stack::new([Then::Unavailable, Then::Page, Then::Page], 2);
    let reader = stack.at_work(PAUSE / 2).await;
    assert_eq!(stack.budget.available(), FULL - OF_A_RETRY);
    assert_eq!(stack.permits.available_permits(), 1, "a pause needs none");
    stack.drop(reader).await;

    // The next goes at once, and then the quota is used up until the first request is forgotten.
    assert_eq!(stack.read().await, PAUSE / 2);
    assert_eq!(stack.read().await, SPAN);
    assert_eq!(stack.sent(), [Duration::ZERO, PAUSE / 2, SPAN]);
    assert_eq!(stack.budget.available(), FULL);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_reader_leaves_budget_and_limiter_right_while_an_attempt_hangs() {
    let stack = Stack::new([Then::Unavailable, Then::Hang, Then::Page, Then::Page], 3);
    let given_up = PAUSE + Duration::from_secs(10);
    let reader = stack.at_work(given_up).await;
    assert_eq!(stack.budget.available(), FULL - OF_A_RETRY);
    assert_eq!(stack.permits.available_permits(), 0);
    stack.drop(reader).await;

    assert_eq!(stack.read().await, given_up);
    assert_eq!(stack.read().await, SPAN);
    assert_eq!(stack.sent(), [Duration::ZERO, PAUSE, given_up, SPAN]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_dropped_while_it_hung_is_counted_as_sent() {
    let stack = Stack::new([Then::Hang, Then::Page], 1);
    let reader = stack.at_work(PAUSE).await;
    stack.drop(reader).await;
    assert_eq!(stack.read().await, SPAN + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_reader_leaves_budget_and_limiter_right_while_it_waits_for_the_quota() {
    let stack = Stack::new([Then::Page, Then::Page, Then::Page], 1);
    assert_eq!(stack.read().await, Duration::ZERO);
    let reader = stack.at_work(Duration::from_secs(20)).await;
    assert_eq!(stack.permits.available_permits(), 0, "the wait keeps it");
    stack.drop(reader).await;

    // The next waits for the rest of the span that the first request is counted for, not for one more: the
    // request that did not leave was not counted, and has no place in the queue.
    assert_eq!(stack.read().await, SPAN);
    assert_eq!(stack.read().await, 2 * SPAN);
    assert_eq!(stack.sent(), [Duration::ZERO, SPAN, 2 * SPAN]);
}
