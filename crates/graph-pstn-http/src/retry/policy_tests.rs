use std::sync::Mutex;

use http::{Method, StatusCode};
use tokio::time::{Instant, timeout};
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::ErrorKind;

type Answer = Result<Response<()>, Error>;

fn status(status: u16) -> Answer {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}

fn stated(code: u16, retry_after: &str) -> Answer {
    let mut response = status(code)?;
    let value = retry_after.parse().unwrap();
    response.headers_mut().insert("retry-after", value);
    Ok(response)
}

fn failed(kind: ErrorKind) -> Answer {
    Err(Error::new(kind, "failed"))
}

/// Pauses are always the whole bound.
fn policy() -> RetryPolicyBuilder {
    let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    RetryPolicy::builder().backoff(backoff.with_random(|| 1.0))
}

/// Sends one request to a service with these answers, of which there have to be enough. Gives the answer, how often
/// the request was sent, and how long it all took.
async fn run(
    policy: RetryPolicy,
    method: Method,
    answers: impl IntoIterator<Item = Answer>,
) -> (Answer, u32, Duration) {
    let mut answers: Vec<Answer> = answers.into_iter().collect();
    answers.reverse();
    let state = Arc::new(Mutex::new((answers, 0)));
    let of_service = state.clone();
    let service = service_fn(move |_: Request<()>| {
        let mut state = of_service.lock().unwrap();
        state.1 += 1;
        let answer = state.0.pop().expect("no more answers");
        async move { answer }
    });
    let begun = Instant::now();
    let mut service = ServiceBuilder::new().retry(policy).service(service);
    let request = Request::builder().method(method).body(()).unwrap();
    let answer = service.ready().await.unwrap().call(request).await;
    let sent = state.lock().unwrap().1;
    (answer, sent, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn fleeting_failures_are_outlived() {
    let answers = [
        failed(ErrorKind::Connect),
        status(503),
        failed(ErrorKind::Interrupted),
        status(200),
    ];
    let policy = policy().build();
    let (answer, sent, took) = run(policy.clone(), Method::GET, answers).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!((sent, took), (4, Duration::from_secs(1 + 2 + 4)));
    assert_eq!(
        policy.budget().available(),
        500,
        "success gives back what the retries took"
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_and_told() {
    let answers: Vec<Answer> = (0..5).map(|_| failed(ErrorKind::Timeout)).collect();
    let (answer, sent, took) = run(policy().build(), Method::GET, answers).await;
    assert_eq!(sent, 5);
    let error = answer.unwrap_err();
    assert_eq!((error.attempts(), error.elapsed()), (5, Some(took)));
}

#[tokio::test(start_paused = true)]
async fn what_will_not_pass_is_not_repeated() {
    for answer in [
        status(400),
        status(403),
        failed(ErrorKind::Tls),
        failed(ErrorKind::UntrustedLink),
    ] {
        let (_, sent, took) = run(policy().build(), Method::GET, [answer]).await;
        assert_eq!((sent, took), (1, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_is_repeated_only_where_it_cannot_have_happened() {
    for answer in [
        status(500),
        status(503),
        stated(504, "1"),
        stated(408, "1"),
        failed(ErrorKind::Timeout),
        failed(ErrorKind::Decode),
    ] {
        let (_, sent, _) = run(policy().build(), Method::POST, [answer]).await;
        assert_eq!(sent, 1);
    }
    for answer in [
        failed(ErrorKind::Connect),
        stated(429, "1"),
        stated(503, "1"),
    ] {
        let (_, sent, _) = run(policy().build(), Method::POST, [answer, status(200)]).await;
        assert_eq!(sent, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_servers_time_is_never_undercut() {
    let answers = [stated(429, "2.128"), stated(429, "10,10"), status(200)];
    let policy = policy()
        .backoff(Backoff::default().with_random(|| 0.0))
        .build();
    let (answer, _, took) = run(policy, Method::GET, answers).await;
    assert!(answer.is_ok());
    assert_eq!(took, Duration::from_millis(12_128));
}

#[tokio::test(start_paused = true)]
async fn waits_that_the_server_names_use_no_attempt_but_the_wait() {
    let limits = CallLimits::new(Duration::from_secs(10), Duration::from_secs(1_000));
    let answers = (0..20).map(|_| stated(429, "40")).chain([status(200)]);
    let (answer, sent, _) = run(policy().limits(limits).build(), Method::GET, answers).await;
    assert_eq!((answer.unwrap().status().as_u16(), sent), (200, 21));

    let answers = (0..30).map(|_| stated(429, "40"));
    let (answer, sent, took) = run(policy().limits(limits).build(), Method::GET, answers).await;
    assert_eq!(answer.unwrap().status(), 429);
    assert_eq!(sent, 25);
    assert!(took <= Duration::from_secs(1_000));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_does_not_fit_is_not_begun() {
    let (answer, sent, took) = run(policy().build(), Method::GET, [stated(429, "3600")]).await;
    assert_eq!(answer.unwrap().status(), 429);
    assert_eq!((sent, took), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn coming_back_at_once_is_not_done_for_ever() {
    let answers: Vec<Answer> = (0..5).map(|_| stated(503, "0")).collect();
    let (answer, sent, _) = run(policy().build(), Method::GET, answers).await;
    assert_eq!((answer.unwrap().status().as_u16(), sent), (503, 5));
}

fn no_token(retry_after: u64) -> Answer {
    let error = Error::new(ErrorKind::Auth, "login is down").with_transient(true);
    Err(error.with_retry_after(Duration::from_secs(retry_after)))
}

#[tokio::test(start_paused = true)]
async fn a_missing_token_uses_attempts_up_whatever_its_source_states() {
    // Hours of waiting, and little time to work in: the pauses below do not fit into that.
    let limits = CallLimits::new(Duration::from_secs(10), Duration::from_secs(6 * 3_600));
    let outage = (0..30).map(|_| no_token(40));
    let (answer, sent, took) = run(policy().limits(limits).build(), Method::GET, outage).await;
    assert_eq!((answer.unwrap_err().attempts(), sent), (0, 5));
    // Each pause is waited for in full, and a quarter of the policy's own on top.
    assert_eq!(took, Duration::from_millis(4 * 40_000 + 15_000 / 4));

    // What Graph states in between uses none up.
    let answers = (0..4)
        .flat_map(|_| [no_token(40), stated(429, "40"), stated(429, "40")])
        .chain([status(200)]);
    let (answer, sent, _) = run(policy().limits(limits).build(), Method::GET, answers).await;
    assert_eq!((answer.unwrap().status().as_u16(), sent), (200, 13));

    // A pause that does not fit is not begun.
    let limits = CallLimits::new(Duration::from_secs(10), Duration::from_secs(30));
    let (_, sent, took) = run(policy().limits(limits).build(), Method::GET, [no_token(40)]).await;
    assert_eq!((sent, took), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_empty_budget_ends_the_retries_of_everybody() {
    let policy = policy().budget(RetryBudget::new(20)).build();
    let outage = || (0..5).map(|_| failed(ErrorKind::Connect));
    assert_eq!(run(policy.clone(), Method::GET, outage()).await.1, 3);
    assert_eq!(run(policy.clone(), Method::GET, outage()).await.1, 1);
    let (_, sent, _) = run(policy.clone(), Method::GET, [status(200)]).await;
    assert_eq!((sent, policy.budget().available()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_the_call_is_shared() {
    let clock = CallClock::start(CallLimits::new(Duration::from_secs(2), Duration::ZERO));
    let service = service_fn(|_: Request<()>| async { failed(ErrorKind::Connect) });
    let mut request = Request::new(());
    request.extensions_mut().insert(clock.clone());
    let begun = Instant::now();
    let service = ServiceBuilder::new()
        .retry(policy().build())
        .service(service);
    let error = service.oneshot(request).await.unwrap_err();
    // One pause of a second fits; the next, of two, does not.
    assert_eq!(
        (error.attempts(), begun.elapsed()),
        (2, Duration::from_secs(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_leaves_the_budget_as_it_was() {
    let policy = RetryPolicy::default();
    let budget = policy.budget().clone();
    let full = budget.available();
    let down = service_fn(|_: Request<()>| async { failed(ErrorKind::Connect) });
    let service = ServiceBuilder::new().retry(policy).service(down);
    for patience in [0, 1, 60_000] {
        let call = service.clone().oneshot(Request::new(()));
        let given_up = timeout(Duration::from_millis(patience), call).await;
        // Only the one that ended has used something up.
        let ended = given_up.is_ok();
        assert_eq!(ended, patience == 60_000);
        assert_eq!(budget.available() < full, ended);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_retries_puts_back_what_they_took() {
    // The service is up: it has an answer, though none that the caller likes.
    let policy = policy().build();
    let full = policy.budget().available();
    let (answer, sent, _) = run(policy.clone(), Method::GET, [status(503), status(406)]).await;
    assert_eq!((answer.unwrap().status().as_u16(), sent), (406, 2));
    assert_eq!(policy.budget().available(), full);
}

/// Sends a request of a call that has sent three already; each pass is counted as `sends` by a layer below.
async fn attempts_told(failure: fn() -> Error, sends: u32) -> u32 {
    let service = service_fn(move |request: Request<()>| async move {
        let clock = CallClock::of(request.extensions()).unwrap();
        for _ in 0..sends {
            clock.begin_attempt();
        }
        Err::<Response<()>, _>(failure())
    });
    let clock = CallClock::start(CallLimits::default());
    for _ in 0..3 {
        clock.begin_attempt();
    }
    let mut request = Request::new(());
    request.extensions_mut().insert(clock);
    let service = ServiceBuilder::new()
        .retry(policy().build())
        .service(service);
    service.oneshot(request).await.unwrap_err().attempts()
}

#[tokio::test(start_paused = true)]
async fn an_error_tells_how_many_requests_were_sent() {
    let down = || Error::new(ErrorKind::Connect, "down");
    // Somebody counts, as the attempt span does: a request that is signed anew after a 401 is sent twice.
    assert_eq!(attempts_told(down, 1).await, 5);
    assert_eq!(attempts_told(down, 2).await, 10);
    // Nobody does: then each pass that can have sent something has sent one.
    assert_eq!(attempts_told(down, 0).await, 5);
    let no_token = || Error::auth("login is down").with_transient(true);
    assert_eq!(attempts_told(no_token, 0).await, 0);
    let not_ours = || Error::new(ErrorKind::UntrustedLink, "elsewhere");
    assert_eq!(attempts_told(not_ours, 0).await, 0);
    let used_up = || Error::new(ErrorKind::Throttled, "the quota is used up").with_transient(false);
    assert_eq!(attempts_told(used_up, 0).await, 0);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_sends_the_same_request() {
    #[derive(Clone, Debug, PartialEq)]
    struct Extension(&'static str);
    type Seen = (Method, http::Uri, http::HeaderMap, Extension, String);

    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let of_service = seen.clone();
    let service = service_fn(move |mut request: Request<String>| {
        let extension = request.extensions().get::<Extension>().unwrap().clone();
        let mut seen = of_service.lock().unwrap();
        seen.push((
            request.method().clone(),
            request.uri().clone(),
            request.headers().clone(),
            extension,
            request.body().clone(),
        ));
        // What a layer below does to its copy is not seen by the next attempt.
        request.headers_mut().clear();
        request.extensions_mut().insert(Extension("changed"));
        request.body_mut().clear();
        let answer = if seen.len() == 1 {
            stated(429, "1")
        } else {
            status(200)
        };
        async move { answer }
    });
    let request = Request::post("https://graph.example/v1.0/$batch?a=b")
        .header("content-type", "application/json")
        .header("prefer", "one")
        .header("prefer", "two")
        .extension(Extension("of the caller"))
        .body(r#"{"requests":[]}"#.to_owned())
        .unwrap();
    let service = ServiceBuilder::new()
        .retry(policy().build())
        .service(service);
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1]);
    let (method, _, headers, extension, body) = &seen[0];
    assert_eq!((method, headers.len()), (&Method::POST, 3));
    assert_eq!(extension, &Extension("of the caller"));
    assert_eq!(body, r#"{"requests":[]}"#);
}
