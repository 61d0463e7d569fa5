use std::sync::{Arc, Mutex};

use tokio::time::Instant;
use tower::{ServiceExt as _, service_fn, util::BoxCloneSyncService};

use super::*;
use crate::{CallLimits, ErrorKind, Observer, Quota, QuotaWait, RateLimitRegistry, fussy::Fussy};

type Limited = BoxCloneSyncService<Request<()>, Response<()>, Error>;
type Log = Arc<Mutex<Vec<(Collection, Instant)>>>;

const PSTN: Collection = Collection("getPstnCalls");
const DIRECT: Collection = Collection("getDirectRoutingCalls");

fn request(collection: Collection) -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(collection);
    request
}

/// A service that notes when each request arrived and answers with `reply`.
fn service(limits: &RateLimits, reply: fn() -> Response<()>) -> (Limited, Log) {
    let log = Log::default();
    let of_service = log.clone();
    let inner = service_fn(move |request: Request<()>| {
        let collection = *request.extensions().get::<Collection>().unwrap();
        of_service
            .lock()
            .unwrap()
            .push((collection, Instant::now()));
        let reply = reply();
        async move { Ok::<_, Error>(reply) }
    });
    let service = RateLimit::new(inner, limits.clone(), SharedObserver::default());
    (BoxCloneSyncService::new(service), log)
}

fn ok() -> Response<()> {
    Response::new(())
}

#[tokio::test(start_paused = true)]
async fn no_60_s_hold_more_than_the_quota_and_the_quota_is_used() {
    let (service, log) = service(&RateLimits::new(Quota::documented()), ok);
    let begun = Instant::now();
    let calls = (0..500).map(|_| tokio::spawn(service.clone().oneshot(request(PSTN))));
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let times: Vec<Instant> = log.lock().unwrap().iter().map(|(_, at)| *at).collect();
    for (first, last) in times.iter().zip(times.iter().skip(50)) {
        assert!(*last - *first >= Duration::from_secs(60));
    }
    // 500 requests are ten bursts with nine spans between them.
    assert!(
        begun.elapsed() <= Duration::from_secs(9 * 63),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn logs_are_counted_apart_and_the_app_as_a_whole() {
    let (service, log) = service(&RateLimits::new(Quota::documented()), ok);
    let names = ["a", "b", "c", "d", "e"];
    let calls = names.iter().flat_map(|name| {
        let service = service.clone();
        (0..50).map(move |_| tokio::spawn(service.clone().oneshot(request(Collection(name)))))
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let log = log.lock().unwrap();
    let begun = log[0].1;
    assert_eq!(log.iter().filter(|(_, at)| *at == begun).count(), 200);
}

/// Sends 50 requests to each of four logs of an app at once; gives how many left without waiting.
async fn sent_at_once(limits: &RateLimits) -> usize {
    let (service, log) = service(limits, ok);
    let begun = Instant::now();
    let names = ["a", "b", "c", "d"];
    for name in names.iter().flat_map(|name| [name; 50]) {
        tokio::spawn(service.clone().oneshot(request(Collection(name))));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    let log = log.lock().unwrap();
    log.iter().filter(|(_, at)| *at == begun).count()
}

#[tokio::test(start_paused = true)]
async fn the_apps_of_a_tenant_share_what_it_may() {
    let registry = RateLimitRegistry::new(Quota::documented());
    let mut sent = Vec::new();
    for app in ["a", "b", "c", "d", "e", "f"] {
        sent.push(sent_at_once(&registry.limits("contoso.example", app)).await);
    }
    assert_eq!(sent, [200, 200, 200, 200, 200, 0]);
    let other = registry.limits("fabrikam.example", "f");
    assert_eq!(sent_at_once(&other).await, 200);
}

#[tokio::test(start_paused = true)]
async fn the_registry_knows_an_app_again() {
    let registry = RateLimitRegistry::new(Quota::documented());
    assert_eq!(
        sent_at_once(&registry.limits("contoso.example", "a")).await,
        200
    );
    assert_eq!(
        sent_at_once(&registry.limits("Contoso.example", "A")).await,
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_429_closes_the_gate_for_every_clone_and_for_its_log_only() {
    let limits = RateLimits::new(Quota::unlimited());
    let (throttled, _) = service(&limits, || {
        let mut response = ok();
        *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        response
            .headers_mut()
            .insert("retry-after", "30".parse().unwrap());
        response
    });
    let (open, log) = service(&limits, ok);
    let begun = Instant::now();
    assert_eq!(
        throttled.oneshot(request(PSTN)).await.unwrap().status(),
        429
    );
    open.clone().oneshot(request(DIRECT)).await.unwrap();
    open.oneshot(request(PSTN)).await.unwrap();
    let waits: Vec<u64> = log
        .lock()
        .unwrap()
        .iter()
        .map(|(_, at)| (*at - begun).as_secs())
        .collect();
    assert_eq!(waits, [0, 30]);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_closes_while_one_waits_is_seen() {
    let limits = RateLimits::new(Quota::unlimited());
    let (service, log) = service(&limits, ok);
    let begun = Instant::now();
    limits.close_gate(PSTN, Duration::from_secs(10));
    let waiting = tokio::spawn(service.oneshot(request(PSTN)));
    tokio::time::sleep(Duration::from_secs(5)).await;
    limits.close_gate(PSTN, Duration::from_secs(60));
    limits.close_gate(PSTN, Duration::from_secs(1));
    limits.close_gate(DIRECT, Duration::MAX);
    waiting.await.unwrap().unwrap();
    assert_eq!(log.lock().unwrap()[0].1 - begun, Duration::from_secs(65));
}

#[tokio::test(start_paused = true)]
async fn one_that_gives_up_waiting_has_not_been_counted() {
    let (service, log) = service(&RateLimits::new(Quota::per_minute(1)), ok);
    service.clone().oneshot(request(PSTN)).await.unwrap();
    let second = tokio::spawn(service.clone().oneshot(request(PSTN)));
    let third = tokio::spawn(service.oneshot(request(PSTN)));
    tokio::time::sleep(Duration::from_secs(30)).await;
    second.abort();
    third.await.unwrap().unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 2);
    assert_eq!((log[1].1 - log[0].1).as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_noted_in_the_clock_and_bounded_by_it() {
    struct Heard(Mutex<Vec<QuotaWait>>);
    impl Observer for Heard {
        fn wait(&self, wait: &QuotaWait) {
            self.0.lock().unwrap().push(*wait);
        }
    }
    let heard = Arc::new(Heard(Mutex::default()));
    let limits = RateLimits::new(Quota::unlimited());
    let inner = service_fn(|_: Request<()>| async { Ok::<_, Error>(ok()) });
    let service = RateLimit::new(inner, limits.clone(), SharedObserver::new(heard.clone()));

    let clock = CallClock::start(CallLimits::new(
        Duration::from_secs(1),
        Duration::from_secs(60),
    ));
    let clocked = || {
        let mut request = request(PSTN);
        request.extensions_mut().insert(clock.clone());
        request
    };
    limits.close_gate(PSTN, Duration::from_secs(40));
    service.clone().oneshot(clocked()).await.unwrap();
    assert_eq!(clock.waited(), Duration::from_secs(40));
    assert_eq!(clock.remaining(), Duration::from_secs(1));
    let waits = heard.0.lock().unwrap().clone();
    assert_eq!(
        (waits.len(), waits[0].wait, waits[0].gate),
        (1, Duration::from_secs(40), true)
    );

    limits.close_gate(PSTN, Duration::from_secs(40));
    let begun = Instant::now();
    let error = service.oneshot(clocked()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(40)));
    assert_eq!(
        begun.elapsed(),
        Duration::ZERO,
        "a wait that does not fit is not begun"
    );
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_behind_others_is_told_at_once() {
    let (service, _) = service(&RateLimits::new(Quota::per_minute(1)), ok);
    let clocked = || {
        let limits = CallLimits::new(Duration::from_secs(1), Duration::from_secs(100));
        let mut request = request(PSTN);
        request.extensions_mut().insert(CallClock::start(limits));
        request
    };
    service.clone().oneshot(clocked()).await.unwrap();
    let begun = Instant::now();
    let next = tokio::spawn(service.clone().oneshot(clocked()));
    tokio::task::yield_now().await;
    let error = service.clone().oneshot(clocked()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    next.await.unwrap().unwrap();
    // With its turn come, the queue is short again.
    service.oneshot(clocked()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    let limits = RateLimits::new(Quota::per_minute(1));
    let inner = Fussy::new(vec![200, 200]);
    let mut service = RateLimit::new(inner.clone(), limits, SharedObserver::default());
    // The second waits for the quota in between.
    for _ in 0..2 {
        let response = service.ready().await.unwrap().call(request(PSTN)).await;
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(inner.left(), 0);
}

/// A request of a call that may wait five minutes.
fn patient() -> Request<()> {
    let limits = CallLimits::new(Duration::from_secs(1), Duration::from_secs(300));
    let mut request = request(PSTN);
    request.extensions_mut().insert(CallClock::start(limits));
    request
}

#[tokio::test(start_paused = true)]
async fn no_wait_that_the_service_names_closes_the_gate_for_longer_than_ten_minutes() {
    for absurd in [
        "86400",
        "31536000",
        "1e300",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let limits = RateLimits::new(Quota::unlimited());
        let first = Arc::new(Mutex::new(Some(absurd)));
        let inner = service_fn(move |_: Request<()>| {
            let mut response = ok();
            if let Some(absurd) = first.lock().unwrap().take() {
                *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
                let wait = absurd.parse().unwrap();
                response.headers_mut().insert("retry-after", wait);
            }
            async move { Ok::<_, Error>(response) }
        });
        let service = RateLimit::new(inner, limits, SharedObserver::default());
        let begun = Instant::now();
        let refused = service.clone().oneshot(patient()).await.unwrap();
        assert_eq!(refused.status(), 503);

        // Who may wait for less than the gate is closed is told at once, and by whom it was closed.
        let error = service.clone().oneshot(patient()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
        assert!(error.to_string().starts_with("Graph asked"), "{error}");
        assert_eq!(begun.elapsed(), Duration::ZERO);

        // Who may wait longer goes when the ten minutes are over.
        service.clone().oneshot(request(PSTN)).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(600), "{absurd}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_minutes_that_the_service_names_is_kept_in_full() {
    let limits = RateLimits::new(Quota::unlimited());
    let (throttled, _) = service(&limits, || {
        let mut response = ok();
        *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        let wait = "599".parse().unwrap();
        response.headers_mut().insert("retry-after", wait);
        response
    });
    let (open, _) = service(&limits, ok);
    let begun = Instant::now();
    throttled.oneshot(request(PSTN)).await.unwrap();
    open.oneshot(request(PSTN)).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(599));
}
