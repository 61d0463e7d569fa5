//! The default stack rebuilt by hand from the layers that the builder hands out, services with an
//! error type of their own below it, and where clients and layers can be made and taken.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    fmt,
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{
    AccessToken, Backoff, CollectBodyLayer, Endpoints, Error, ErrorKind, GraphClient,
    GraphClientBuilder, HyperTransport, PageRequest, PageService, PageSource, Proxy, Quota,
    RangeReader, ReadOptions, RequestHeadersLayer, RetryPolicy, StaticToken,
};
use graph_pstn_model::{BadRow, CallLog, PstnCallLogRow, TimeRange};
use http::{Request, Response};
use time::macros::datetime;
use tokio::time::Instant;
use tower::{
    BoxError, Layer, Service, ServiceBuilder, retry::RetryLayer, service_fn,
    util::BoxCloneSyncService,
};

const LAST: &str =
    r#"{"@odata.nextLink":null,"value":[{"id":"b","startDateTime":"2019-11-06T09:00:00Z"}]}"#;
const FIRST: &str = r#"{"@odata.nextLink":"https://graph.example/v1.0/communications/callRecords/microsoft.graph.callRecords.getPstnCalls(from=2019-11-01,to=2019-12-01)?$skip=1000","value":[{"id":"a","startDateTime":"2019-11-05T09:00:00Z"}]}"#;

/// What a service below the stack saw of a request: when, where to, and all headers.
type Seen = Arc<Mutex<Vec<(Duration, String)>>>;

/// An error type of somebody else's client.
#[derive(Debug)]
struct LineDown;

impl fmt::Display for LineDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the line is down")
    }
}

impl std::error::Error for LineDown {}

impl From<LineDown> for Error {
    fn from(error: LineDown) -> Self {
        Self::new(ErrorKind::Connect, error.to_string()).with_source(error)
    }
}

/// Two pages, with trouble of three kinds before and between them.
fn service(
    seen: &Seen,
) -> impl Service<Request<Bytes>, Response = Response<Bytes>, Error = LineDown, Future: Send + 'static>
+ Clone
+ Send
+ Sync
+ 'static {
    let seen = seen.clone();
    let begun = Instant::now();
    service_fn(move |request: Request<Bytes>| {
        let mut seen = seen.lock().unwrap();
        let number = seen.len();
        let line = format!("{} {:?}", request.uri(), request.headers());
        seen.push((begun.elapsed(), line));
        async move {
            let (status, body) = match number {
                0 => return Err(LineDown),
                1 => (429, ""),
                2 => (200, "<html>busy</html>"),
                3 => (200, FIRST),
                _ => (200, LAST),
            };
            let mut response = Response::builder().status(status);
            if status == 429 {
                response = response.header("retry-after", "7");
            }
            Ok(response.body(Bytes::from_static(body.as_bytes())).unwrap())
        }
    })
}

fn builder() -> GraphClientBuilder {
    let graph = "https://graph.example".parse().unwrap();
    let login = "https://login.example".parse().unwrap();
    let ids = Mutex::new(0..);
    let backoff = Backoff::default().with_random(|| 0.5);
    GraphClient::builder(Endpoints::custom(graph, login))
        .token_provider(StaticToken::new(AccessToken::new("opaque").unwrap()))
        .retry(RetryPolicy::builder().backoff(backoff).build())
        .request_headers(
            RequestHeadersLayer::new("tester/1")
                .unwrap()
                .with_ids(move || format!("id-{}", ids.lock().unwrap().next().unwrap())),
        )
}

/// The stack of `GraphClientBuilder::build` and `GraphClient::page_source`, with one more layer in the middle.
fn by_hand<L>(builder: &GraphClientBuilder, own: L) -> PageSource<PstnCallLogRow>
where
    L: Layer<graph_pstn_http::HttpService>,
    L::Service: Service<Request<Bytes>, Response = Response<Bytes>, Error: Into<Error>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let attempt = ServiceBuilder::new()
        .layer(builder.request_headers_layer())
        .layer(builder.attempt_span_layer())
        .layer(builder.attempt_timeout_layer())
        .service(builder.bottom_service().unwrap());
    let stack = ServiceBuilder::new()
        .layer(builder.call_layer())
        .layer(builder.call_span_layer())
        .retry(builder.retry_policy())
        .layer(builder.decode_page_layer::<PstnCallLogRow>())
        .layer(builder.authorize_layer().unwrap())
        .layer(builder.rate_limit_layer())
        .layer(own)
        .service(BoxCloneSyncService::new(attempt));
    BoxCloneSyncService::new(PageService::new(stack, builder.graph().clone()))
}

async fn ids(mut reader: RangeReader<PstnCallLogRow>) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    while let Some(batch) = reader.next_batch().await? {
        ids.extend(
            batch
                .rows
                .iter()
                .map(|row| row.id.as_deref().unwrap().to_owned()),
        );
    }
    Ok(ids)
}

fn november() -> TimeRange {
    TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    )
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn rebuilt_by_hand_the_stack_sends_the_same_requests() {
    let built = Seen::default();
    let client = builder().service(service(&built)).build().unwrap();
    let rows = ids(client.read(CallLog::Pstn, november())).await.unwrap();
    assert_eq!(rows, ["a", "b"]);

    let rebuilt = Seen::default();
    let builder = builder().service(service(&rebuilt));
    let source = by_hand(&builder, tower::layer::util::Identity::new());
    let rows = ids(RangeReader::new(source, CallLog::Pstn, november()));
    assert_eq!(rows.await.unwrap(), ["a", "b"]);

    let built = built.lock().unwrap();
    assert_eq!(built.len(), 5);
    assert_eq!(*built, *rebuilt.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_ones_own_fits_between() {
    let seen = Seen::default();
    let builder = builder().service(service(&seen));
    let own = tower::util::MapRequestLayer::new(|mut request: Request<Bytes>| {
        let value = http::HeaderValue::from_static("billing");
        request.headers_mut().insert("x-department", value);
        request
    });
    let rows = ids(RangeReader::new(
        by_hand(&builder, own),
        CallLog::Pstn,
        november(),
    ));
    assert_eq!(rows.await.unwrap(), ["a", "b"]);
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|(_, line)| line.contains("billing")));
}

/// A client that boxes its errors, as tower's own layers do.
#[derive(Clone)]
struct Boxes;

impl Service<Request<Bytes>> for Boxes {
    type Response = Response<Bytes>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<Bytes>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        std::future::ready(Err(LineDown.into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_boxed_foreign_error_comes_out_as_the_cause_and_is_not_retried() {
    let client = builder().service(Boxes).build().unwrap();
    let read = ids(client.read(CallLog::Pstn, november())).await;
    let error = read.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(error.attempts(), 1);
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.is::<LineDown>());
}

#[test]
fn the_default_policies_of_one_builder_share_a_budget() {
    let graph = "https://graph.example".parse().unwrap();
    let login = "https://login.example".parse().unwrap();
    let builder = GraphClient::builder(Endpoints::custom(graph, login));
    let before = builder.retry_policy().budget().available();
    assert!(builder.retry_policy().budget().withdraw(5));
    assert_eq!(builder.retry_policy().budget().available(), before - 5);
    assert_eq!(
        builder.authorize_layer().unwrap_err().kind(),
        ErrorKind::Config
    );
}

#[test]
fn windows_are_small_where_no_quota_makes_half_empty_pages_dear() {
    let pages = |builder: GraphClientBuilder| builder.reader_options().window_pages();
    assert_eq!(pages(builder()), 32);
    assert_eq!(pages(builder().quota(Quota::per_minute(1_000))), 32);
    assert_eq!(pages(builder().quota(Quota::unlimited())), 8);
    let own = ReadOptions::default().with_window_pages(3);
    let builder = builder().quota(Quota::unlimited()).read_options(own);
    assert_eq!(pages(builder), 3);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_its_page_if_that_is_wanted() {
    let service = service_fn(|_: Request<Bytes>| {
        let page = r#"{"value":[{"id":"a","duration":"long"}]}"#;
        std::future::ready(Ok::<_, Error>(Response::new(Bytes::from(page))))
    });
    let builder = builder().service(service);
    let once = RetryPolicy::builder().max_attempts(1).build();
    let strict = builder.clone().bad_row(BadRow::Fail).retry(once);
    let error = ids(strict.build().unwrap().read(CallLog::Pstn, november())).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Decode);
    let rows = ids(builder.build().unwrap().read(CallLog::Pstn, november())).await;
    assert_eq!(rows.unwrap(), [""; 0]);
}

fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}

fn is_sent<T: Send + 'static>(_: &T) {}

/// No runtime is here: a client may be made in a `LazyLock`, or in a `main` that starts a runtime later.
#[test]
fn a_client_can_be_built_outside_a_runtime_and_shared_among_threads() {
    let transport = HyperTransport::builder().proxy(Proxy::Direct);
    let transport = transport.build().unwrap();
    is_shared(&transport);
    // With the default transport, with one of the caller's, and with a service.
    for builder in [
        builder(),
        builder().transport(transport),
        builder().service(Boxes),
    ] {
        is_shared(&builder);
        let client = builder.build().unwrap();
        is_shared(&client);
        is_shared(&client.http_service());
        is_shared(&client.page_source::<PstnCallLogRow>());
        // These have a place of their own, and are for one task at a time.
        is_sent(&client.read::<PstnCallLogRow>(CallLog::Pstn, november()));
        let first = PageRequest::first(CallLog::Pstn, november());
        is_sent(&client.pages::<PstnCallLogRow>(first));
    }
}

#[test]
fn each_layer_and_its_service_can_be_shared_among_threads() {
    /// The layer's service over `inner`, both of which are so.
    fn over<S, L>(inner: &S, layer: L) -> L::Service
    where
        S: Clone,
        L: Layer<S, Service: Clone + Send + Sync + 'static> + Clone + Send + Sync + 'static,
    {
        let service = layer.layer(inner.clone());
        is_shared(&service);
        service
    }

    let builder = builder().service(Boxes);
    let inner = builder.bottom_service().unwrap();
    is_shared(&inner);
    over(&inner, builder.call_layer());
    over(&inner, builder.call_span_layer());
    over(&inner, RetryLayer::new(builder.retry_policy()));
    over(&inner, builder.authorize_layer().unwrap());
    over(&inner, builder.rate_limit_layer());
    over(&inner, builder.request_headers_layer());
    over(&inner, builder.attempt_span_layer());
    over(&inner, builder.attempt_timeout_layer());
    over(&inner, CollectBodyLayer::new(1));
    let pages = over(&inner, builder.decode_page_layer::<PstnCallLogRow>());
    is_shared(&PageService::new(pages, builder.graph().clone()));
}

/// Serves pages from a thread, each connection as often as it is asked.
fn serve_pages() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while let Ok(1) = stream.read(&mut byte) {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        let length = LAST.len();
                        let answer =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{LAST}");
                        stream.write_all(answer.as_bytes()).unwrap();
                    }
                }
            });
        }
    });
    origin
}

/// As a test suite does whose tests have a runtime each and a client together.
#[test]
fn a_client_outlives_the_runtimes_that_it_is_used_in() {
    let login = "https://login.example".parse().unwrap();
    let endpoints = Endpoints::custom(serve_pages().parse().unwrap(), login);
    let client = GraphClient::builder(endpoints)
        .token_provider(StaticToken::new(AccessToken::new("opaque").unwrap()))
        .build()
        .unwrap();
    for _ in 0..3 {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        for _ in 0..2 {
            let rows = runtime.block_on(ids(client.read(CallLog::Pstn, november())));
            assert_eq!(rows.unwrap(), ["b"]);
        }
    }
}
