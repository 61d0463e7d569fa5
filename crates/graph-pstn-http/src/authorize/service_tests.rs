use std::{sync::Mutex, time::Duration};

use tokio::time::{Instant, sleep};
use tower::{ServiceExt as _, service_fn};

use super::*;
use crate::{CallClock, CallLimits, fussy::Fussy};

const GRAPH: &str = "https://graph.example";

/// Hands out `token-1`, `token-2` …, a new one after each invalidation; notes what it was asked.
#[derive(Default)]
struct Source {
    generation: Mutex<u64>,
    claims: Mutex<Vec<Option<String>>>,
    invalidated: Mutex<Vec<u64>>,
}

impl TokenProvider for Source {
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        let mut generation = self.generation.lock().unwrap();
        let claims = &mut *self.claims.lock().unwrap();
        if *generation == 0 || request.claims.is_some() {
            *generation += 1;
        }
        claims.push(request.claims);
        let token = AccessToken::new(&format!("token-{generation}")).unwrap();
        Box::pin(std::future::ready(Ok(token.with_generation(*generation))))
    }

    fn invalidate(&self, token: &AccessToken) {
        self.invalidated.lock().unwrap().push(token.generation());
        let mut generation = self.generation.lock().unwrap();
        if *generation == token.generation() {
            *generation += 1;
        }
    }
}

/// The signatures that a service saw.
type Seen = Arc<Mutex<Vec<String>>>;

/// Sends a request to a service that gives these answers in turn; also gives the signatures that it saw.
async fn send(
    source: &Arc<Source>,
    uri: &str,
    answers: Vec<Response<()>>,
) -> (Result<Response<()>, Error>, Vec<String>) {
    let seen = Seen::default();
    let of_service = seen.clone();
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let service = service_fn(move |request: Request<()>| {
        let authorization = &request.headers()[AUTHORIZATION];
        assert!(authorization.is_sensitive());
        let signed = authorization.to_str().unwrap().to_owned();
        of_service.lock().unwrap().push(signed);
        let answer = answers.lock().unwrap().next().expect("no more answers");
        async move { Ok::<_, Error>(answer) }
    });
    let service = Authorize::new(service, GRAPH.parse().unwrap(), source.clone());
    let request = Request::get(uri).body(()).unwrap();
    let result = service.oneshot(request).await;
    let seen = seen.lock().unwrap().clone();
    (result, seen)
}

fn status(status: u16) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

#[tokio::test]
async fn a_401_costs_one_new_token_and_one_more_attempt() {
    let source = Arc::new(Source::default());
    let (result, seen) = send(&source, GRAPH, vec![status(401), status(200)]).await;
    assert_eq!(result.unwrap().status(), 200);
    assert_eq!(seen, ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(*source.invalidated.lock().unwrap(), [1]);
}

#[tokio::test]
async fn the_second_401_is_the_callers() {
    let source = Arc::new(Source::default());
    let (result, seen) = send(&source, GRAPH, vec![status(401), status(401)]).await;
    assert_eq!(result.unwrap().status(), 401);
    assert_eq!(seen.len(), 2);
    assert_eq!(
        *source.invalidated.lock().unwrap(),
        [1],
        "the second is not to blame"
    );
}

#[tokio::test]
async fn a_challenges_claims_reach_the_token_source() {
    let source = Arc::new(Source::default());
    let mut challenge = status(401);
    let value = r#"Bearer realm="", error="insufficient_claims", claims="eyJhIjp7fX0=""#;
    challenge
        .headers_mut()
        .insert("www-authenticate", value.parse().unwrap());
    let (result, seen) = send(&source, GRAPH, vec![challenge, status(200)]).await;
    assert_eq!(result.unwrap().status(), 200);
    assert_eq!(seen.len(), 2);
    let claims = source.claims.lock().unwrap();
    assert_eq!(*claims, [None, Some(r#"{"a":{}}"#.to_owned())]);
}

#[tokio::test]
async fn nothing_leaves_for_another_origin() {
    for foreign in [
        "https://graph.example.evil.example/v1.0/x",
        "https://evil.example/v1.0/x",
        "http://graph.example/v1.0/x",
        "https://graph.example:8443/v1.0/x",
        "https://graph.example@evil.example/v1.0/x",
        "https://user@graph.example/v1.0/x",
        "/v1.0/x",
    ] {
        let source = Arc::new(Source::default());
        let (result, seen) = send(&source, foreign, vec![]).await;
        assert_eq!(
            result.unwrap_err().kind(),
            ErrorKind::UntrustedLink,
            "{foreign}"
        );
        assert!(seen.is_empty());
    }
}

#[tokio::test]
async fn a_source_that_gives_the_same_token_again_is_not_asked_to_prove_it() {
    let token = crate::StaticToken::new(AccessToken::new("only").unwrap());
    let calls = Arc::new(Mutex::new(0));
    let counted = calls.clone();
    let service = service_fn(move |_: Request<()>| {
        *counted.lock().unwrap() += 1;
        async { Ok::<_, Error>(status(401)) }
    });
    let service = Authorize::new(service, GRAPH.parse().unwrap(), Arc::new(token));
    let request = Request::get(GRAPH).body(()).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), 401);
    assert_eq!(*calls.lock().unwrap(), 1);
}

#[derive(Default)]
struct Heard(Mutex<Vec<(&'static str, bool)>>);

impl crate::Observer for Heard {
    fn token(&self, token: &crate::TokenEnd) {
        let heard = (token.reason.name(), token.outcome.is_ok());
        self.0.lock().unwrap().push(heard);
    }
}

#[tokio::test]
async fn the_observer_hears_of_new_tokens_only() {
    let heard = Arc::new(Heard::default());
    let source = Arc::new(Source::default());
    let layer = super::super::AuthorizeLayer::new(GRAPH.parse().unwrap(), source.clone())
        .with_observer(crate::SharedObserver::new(heard.clone()));
    let answers = Arc::new(Mutex::new([200, 200, 401, 200, 200].into_iter()));
    let service = tower_layer::Layer::layer(
        &layer,
        service_fn(move |_: Request<()>| {
            let answer = status(answers.lock().unwrap().next().unwrap());
            async move { Ok::<_, Error>(answer) }
        }),
    );
    for _ in 0..4 {
        let request = Request::get(GRAPH).body(()).unwrap();
        service.clone().oneshot(request).await.unwrap();
    }
    assert_eq!(
        *heard.0.lock().unwrap(),
        [("needed", true), ("refused", true)]
    );
}

/// Answers its questions in turn, the last one for ever: how long each takes, and whether there is a token then.
struct Slow {
    answers: Vec<(Duration, bool)>,
    asked: Mutex<usize>,
}

impl Slow {
    fn new(answers: impl Into<Vec<(Duration, bool)>>) -> Self {
        Self {
            answers: answers.into(),
            asked: Mutex::new(0),
        }
    }
}

impl TokenProvider for Slow {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        let mut asked = self.asked.lock().unwrap();
        let (takes, good) = self.answers[(*asked).min(self.answers.len() - 1)];
        *asked += 1;
        let token = format!("token-{asked}");
        Box::pin(async move {
            sleep(takes).await;
            if good {
                AccessToken::new(&token)
            } else {
                Err(Error::auth("login is down").with_transient(true))
            }
        })
    }

    fn invalidate(&self, _: &AccessToken) {}
}

const AT_ONCE: Duration = Duration::ZERO;
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

/// Sends a request of a call that may work for 10 s. Gives the result, how many requests were sent, and how
/// long it took.
async fn send_within_10_s(
    source: Slow,
    answers: Vec<u16>,
) -> (Result<Response<()>, Error>, usize, Duration) {
    let number = answers.len();
    let service = Fussy::new(answers);
    let left = service.clone();
    let service = Authorize::new(service, GRAPH.parse().unwrap(), Arc::new(source));
    let mut request = Request::get(GRAPH).body(()).unwrap();
    let limits = CallLimits::new(Duration::from_secs(10), Duration::from_secs(1_000));
    request.extensions_mut().insert(CallClock::start(limits));
    let begun = Instant::now();
    let result = service.oneshot(request).await;
    (result, number - left.left(), begun.elapsed())
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    let service = Fussy::new(vec![401, 200]);
    let source = Arc::new(Source::default());
    let mut service = Authorize::new(service, GRAPH.parse().unwrap(), source);
    let request = Request::get(GRAPH).body(()).unwrap();
    let response = service.ready().await.unwrap().call(request).await;
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_source_that_does_not_answer_is_given_what_the_call_has_left() {
    let source = Slow::new([(FOR_EVER, true)]);
    let (result, sent, took) = send_within_10_s(source, vec![]).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_transient()),
        (ErrorKind::Auth, true)
    );
    assert!(
        error.to_string().contains("did not answer in time"),
        "{error}"
    );
    assert_eq!((sent, took), (0, Duration::from_secs(10)));

    // The same holds for the token after a 401.
    let source = Slow::new([(Duration::from_secs(4), true), (FOR_EVER, true)]);
    let (result, sent, took) = send_within_10_s(source, vec![401]).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_transient()),
        (ErrorKind::Auth, true)
    );
    assert_eq!((sent, took), (1, Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn the_observer_hears_of_a_source_that_does_not_answer() {
    let heard = Arc::new(Heard::default());
    let layer =
        super::super::AuthorizeLayer::new(GRAPH.parse().unwrap(), Slow::new([(FOR_EVER, true)]))
            .with_observer(crate::SharedObserver::new(heard.clone()));
    let service = tower_layer::Layer::layer(&layer, Fussy::new(vec![]));
    let mut request = Request::get(GRAPH).body(()).unwrap();
    let limits = CallLimits::new(Duration::from_secs(10), AT_ONCE);
    request.extensions_mut().insert(CallClock::start(limits));
    assert!(service.oneshot(request).await.is_err());
    assert_eq!(*heard.0.lock().unwrap(), [("needed", false)]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_no_time_left_is_not_sent() {
    let source = Slow::new([(Duration::from_secs(10), true)]);
    let (result, sent, took) = send_within_10_s(source, vec![200]).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!((sent, took), (0, Duration::from_secs(10)));

    let source = Slow::new([(AT_ONCE, true), (Duration::from_secs(10), true)]);
    let (result, sent, took) = send_within_10_s(source, vec![401, 200]).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!((sent, took), (1, Duration::from_secs(10)));

    let source = Slow::new([(Duration::from_millis(9_999), true)]);
    let (result, sent, _) = send_within_10_s(source, vec![200]).await;
    assert_eq!((result.unwrap().status().as_u16(), sent), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_for_now_after_a_401_gives_its_error_and_not_the_401() {
    let source = Slow::new([(AT_ONCE, true), (AT_ONCE, false)]);
    let (result, sent, _) = send_within_10_s(source, vec![401, 200]).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_transient()),
        (ErrorKind::Auth, true)
    );
    assert_eq!(error.to_string(), "login is down");
    assert_eq!(sent, 1);
}
