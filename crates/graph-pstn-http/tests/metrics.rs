//! What a recorder of the `metrics` crate hears of a range that is read with some trouble on the way.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{
    AccessToken, Backoff, BoxFuture, Endpoints, Error, ErrorKind, GraphClient, MetricsObserver,
    Quota, RetryPolicy, SharedObserver, TokenProvider, TokenRequest,
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
use http::{Request, Response};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use time::macros::datetime;
use tower::service_fn;

/// Keeps the sum of each counter, and of each histogram the number of values and their sum.
#[derive(Clone, Default)]
struct Notes {
    values: Arc<Mutex<BTreeMap<String, (u64, f64)>>>,
    described: Arc<Mutex<BTreeSet<String>>>,
}

/// One metric of the notes.
struct Line(Notes, String);

impl Line {
    fn add(&self, value: f64) {
        let mut values = self.0.values.lock().unwrap();
        let (count, sum) = values.entry(self.1.clone()).or_default();
        *count += 1;
        *sum += value;
    }
}

impl CounterFn for Line {
    fn increment(&self, value: u64) {
        let value = u32::try_from(value).unwrap();
        self.add(value.into());
    }

    fn absolute(&self, _: u64) {}
}

impl HistogramFn for Line {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Notes {
    fn line(&self, key: &Key) -> Arc<Line> {
        let labels = key
            .labels()
            .map(|label| format!(" {}={}", label.key(), label.value()));
        Arc::new(Line(
            self.clone(),
            key.name().to_owned() + &labels.collect::<String>(),
        ))
    }

    /// The sum of a metric, with its labels as they were given.
    fn sum(&self, name: &str) -> Option<f64> {
        self.values.lock().unwrap().get(name).map(|(_, sum)| *sum)
    }
}

impl Recorder for Notes {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described
            .lock()
            .unwrap()
            .insert(key.as_str().to_owned());
    }

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described
            .lock()
            .unwrap()
            .insert(key.as_str().to_owned());
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.line(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.line(key))
    }
}

/// A new token after each refusal.
#[derive(Default)]
struct Tokens(AtomicUsize);

impl TokenProvider for Tokens {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        let token = AccessToken::new(&format!("t{}", self.0.load(Ordering::Relaxed)));
        Box::pin(std::future::ready(token))
    }

    fn invalidate(&self, _: &AccessToken) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

const PAGE: &str = r#"{"value":[{"id":"a","charge":"0.10"},{"id":"b","charge":"much"}]}"#;

async fn read(observer: MetricsObserver) {
    let sent = Arc::new(AtomicUsize::new(0));
    let service = service_fn(move |_: Request<Bytes>| {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let answer = |status: u16, body: &'static str| {
                let answer = Response::builder().status(status);
                Ok(answer.body(Bytes::from_static(body.as_bytes())).unwrap())
            };
            match number {
                0 => Err(Error::new(ErrorKind::Connect, "no connection")),
                1 => answer(401, ""),
                2 => {
                    let mut refusal = answer(429, "")?;
                    let stated = http::HeaderValue::from_static("30");
                    refusal.headers_mut().insert("retry-after", stated);
                    Ok(refusal)
                }
                _ => answer(200, PAGE),
            }
        }
    });
    let graph = "https://graph.example".parse().unwrap();
    let login = "https://login.example".parse().unwrap();
    let observer = SharedObserver::new(observer);
    let backoff = Backoff::default().with_random(|| 0.5);
    let retry = RetryPolicy::builder()
        .backoff(backoff)
        .observer(observer.clone());
    let client = GraphClient::builder(Endpoints::custom(graph, login))
        .token_provider(Tokens::default())
        .service(service)
        .quota(Quota::per_minute(3))
        .retry(retry.build())
        .observer(observer)
        .build()
        .unwrap();
    let range = TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    );
    let mut reader = client.read::<PstnCallLogRow>(CallLog::Pstn, range.unwrap());
    while reader.next_batch().await.unwrap().is_some() {}
    assert_eq!(reader.progress().rejects, 1);
}

#[tokio::test(start_paused = true)]
async fn a_recorder_hears_of_everything_once() {
    let notes = Notes::default();
    // For this thread, on which all tasks of this runtime run.
    let recording = metrics::set_default_local_recorder(&notes);
    MetricsObserver::describe();
    read(MetricsObserver::new().with_label("tenant", "contoso")).await;
    drop(recording);

    // As OpenTelemetry's conventions for HTTP clients have it.
    let to = "http.request.method=GET server.address=graph.example server.port=443";
    let counted = |name: &str| {
        let sum = notes.sum(&name.replace("TO", to));
        sum.map(|sum| sum.to_string())
    };
    let one = Some("1".to_owned());
    for name in [
        "graph.client.requests tenant=contoso TO error.type=connect",
        "graph.client.requests tenant=contoso TO http.response.status_code=401 error.type=401",
        "graph.client.requests tenant=contoso TO http.response.status_code=429 error.type=429",
        "graph.client.requests tenant=contoso TO http.response.status_code=200",
        "graph.client.retries tenant=contoso error.type=connect graph.client.pause=drawn",
        "graph.client.retries tenant=contoso error.type=throttled graph.client.pause=stated",
        "graph.client.pages tenant=contoso",
        "graph.client.rows tenant=contoso",
        "graph.client.rows.set_aside tenant=contoso",
        "graph.client.tokens tenant=contoso graph.client.token=needed",
        "graph.client.tokens tenant=contoso graph.client.token=refused",
    ] {
        assert_eq!(counted(name), one, "{name}");
    }
    let bytes = counted("graph.client.bytes tenant=contoso");
    assert_eq!(bytes, Some(PAGE.len().to_string()));
    let took = "http.client.request.duration tenant=contoso TO http.response.status_code=200";
    assert_eq!(counted(took), Some("0.5".to_owned()));
    let pause =
        "graph.client.retry.pause tenant=contoso error.type=throttled graph.client.pause=stated";
    assert!(notes.sum(pause).unwrap() >= 30.0);
    // Three of the four requests fill the quota.
    let waited = notes.sum("graph.client.wait.duration tenant=contoso graph.client.wait=quota");
    assert!(waited.unwrap() > 20.0);

    // All that was heard had been described, and nothing else had.
    let values = notes.values.lock().unwrap();
    let heard = values.keys().filter_map(|line| line.split(' ').next());
    let heard: BTreeSet<String> = heard.map(str::to_owned).collect();
    assert_eq!(heard, *notes.described.lock().unwrap());
}

#[test]
fn the_table_of_the_documentation_has_every_metric() {
    let notes = Notes::default();
    metrics::with_local_recorder(&notes, MetricsObserver::describe);
    let documentation = include_str!("../src/metrics_observer.rs");
    let described = notes.described.lock().unwrap();
    assert_eq!(described.len(), 11);
    for name in described.iter() {
        assert!(
            documentation.contains(&format!("//! | `{name}` |")),
            "{name}"
        );
    }
}
