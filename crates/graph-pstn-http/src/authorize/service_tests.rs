use std::sync::Mutex;

use tower::{ServiceExt as _, service_fn};

use super::*;

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

/// What a service saw, and the answers it gives in turn.
type Seen = Arc<Mutex<Vec<String>>>;

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
