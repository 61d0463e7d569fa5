//! The cache in virtual time, over a source that does as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use graph_pstn_http::{AccessToken, BoxFuture, TokenRequest};
use tokio::time::{advance, sleep};

use super::{Fetch, Grant, Policy, TokenCache};
use crate::Error;

const HOUR: Duration = Duration::from_secs(3_600);

/// Takes a second for each request, and counts them.
#[derive(Default)]
struct Script {
    requests: AtomicUsize,
    down: AtomicBool,
    hangs: AtomicBool,
    permanent: AtomicBool,
    retry_after: Option<Duration>,
    expires_in: Option<Duration>,
    refresh_in: Option<Duration>,
}

impl Fetch for Arc<Script> {
    fn fetch<'a>(&'a self, claims: Option<&'a str>) -> BoxFuture<'a, Result<Grant, Error>> {
        Box::pin(async move {
            let n = self.requests.fetch_add(1, SeqCst) + 1;
            sleep(Duration::from_secs(1)).await;
            if self.hangs.load(SeqCst) {
                std::future::pending::<()>().await;
            }
            if self.permanent.load(SeqCst) {
                return Err(Error::permanent("wrong secret"));
            }
            if self.down.load(SeqCst) {
                return Err(Error::transient("down").with_retry_after(self.retry_after));
            }
            Ok(Grant {
                token: AccessToken::new(&format!("{}{n}", claims.unwrap_or("t"))).unwrap(),
                expires_in: Some(self.expires_in.unwrap_or(HOUR)),
                refresh_in: self.refresh_in,
            })
        })
    }
}

fn cache(script: Script) -> (TokenCache<Arc<Script>>, Arc<Script>) {
    let script = Arc::new(script);
    let policy = Policy {
        random: Arc::new(|| 0.0),
        ..Policy::default()
    };
    (TokenCache::new(script.clone(), policy), script)
}

fn plain() -> TokenRequest {
    TokenRequest::default()
}

fn text(token: &AccessToken) -> String {
    let header = token.authorization();
    header
        .to_str()
        .unwrap()
        .trim_start_matches("Bearer ")
        .to_owned()
}

/// So many callers at once.
async fn crowd(
    cache: &TokenCache<Arc<Script>>,
    callers: usize,
    request: &TokenRequest,
) -> Vec<Result<AccessToken, Error>> {
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (cache, request) = (cache.clone(), request.clone());
            tokio::spawn(async move { cache.token(request).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_make_one_request() {
    let (cache, script) = cache(Script::default());
    let outcomes = crowd(&cache, 1_000, &plain()).await;
    assert!(outcomes.iter().all(|o| text(o.as_ref().unwrap()) == "t1"));
    crowd(&cache, 1_000, &plain()).await;
    assert_eq!(script.requests.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_endpoint_is_asked_once_per_pause() {
    let (cache, script) = cache(Script {
        down: true.into(),
        ..Script::default()
    });
    // Ten minutes of a hundred callers that ask again and again. Pauses: 0.5, 1, 2 … 30 s, and the
    // second that each request takes.
    for _ in 0..600 {
        for outcome in crowd(&cache, 100, &plain()).await {
            let error = outcome.unwrap_err();
            assert!(error.retry_after().unwrap() <= Duration::from_secs(30));
        }
        sleep(Duration::from_secs(1)).await;
    }
    let requests = script.requests.load(SeqCst);
    assert!((20..=30).contains(&requests), "{requests}");
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_is_told_is_the_wait_that_helps() {
    let (cache, script) = cache(Script {
        down: true.into(),
        retry_after: Some(Duration::from_secs(300)),
        ..Script::default()
    });
    let told = cache.token(plain()).await.unwrap_err().retry_after();
    assert_eq!(told, Some(Duration::from_secs(300)));
    script.down.store(false, SeqCst);
    advance(Duration::from_secs(100)).await;
    let told = cache.token(plain()).await.unwrap_err().retry_after();
    assert_eq!(told, Some(Duration::from_secs(200)));
    assert_eq!(script.requests.load(SeqCst), 1);
    advance(Duration::from_secs(200)).await;
    assert_eq!(text(&cache.token(plain()).await.unwrap()), "t2");
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_a_day_is_told_in_full_and_keeps_others_away_for_ten_minutes() {
    let day = 24 * HOUR;
    let (cache, script) = cache(Script {
        down: true.into(),
        retry_after: Some(day),
        ..Script::default()
    });
    let told = cache.token(plain()).await.unwrap_err().retry_after();
    assert_eq!(told, Some(day));
    script.down.store(false, SeqCst);
    let told = cache.token(plain()).await.unwrap_err().retry_after();
    assert_eq!(told, Some(Duration::from_secs(600)));
    advance(Duration::from_secs(600)).await;
    assert_eq!(text(&cache.token(plain()).await.unwrap()), "t2");
}

#[tokio::test(start_paused = true)]
async fn a_valid_token_is_served_while_refresh_fails_for_an_hour() {
    let (cache, script) = cache(Script {
        expires_in: Some(2 * HOUR),
        refresh_in: Some(HOUR / 2),
        ..Script::default()
    });
    cache.token(plain()).await.unwrap();
    script.down.store(true, SeqCst);
    sleep(HOUR / 2).await;
    for _ in 0..3_600 {
        sleep(Duration::from_secs(1)).await;
        let asked = tokio::time::Instant::now();
        assert_eq!(text(&cache.token(plain()).await.unwrap()), "t1");
        assert_eq!(asked.elapsed(), Duration::ZERO);
    }
    // Entra is left alone for half a minute at first, and never asked more often than that.
    let tries = script.requests.load(SeqCst) - 1;
    assert!((100..=120).contains(&tries), "{tries}");
    script.down.store(false, SeqCst);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(text(&cache.token(plain()).await.unwrap()), "t1");
    sleep(Duration::from_secs(2)).await;
    assert_ne!(text(&cache.token(plain()).await.unwrap()), "t1");
}

#[tokio::test(start_paused = true)]
async fn refresh_goes_on_behind_the_callers() {
    let (cache, script) = cache(Script::default());
    cache.token(plain()).await.unwrap();
    sleep(Duration::from_secs(54 * 60)).await;
    cache.token(plain()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(script.requests.load(SeqCst), 1);
    sleep(Duration::from_secs(60)).await;
    let stale = crowd(&cache, 100, &plain()).await;
    assert!(stale.iter().all(|o| text(o.as_ref().unwrap()) == "t1"));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(text(&cache.token(plain()).await.unwrap()), "t2");
    assert_eq!(script.requests.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_refusals_of_one_token_cause_one_refresh() {
    let (cache, script) = cache(Script::default());
    let first = cache.token(plain()).await.unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let (cache, first) = (cache.clone(), first.clone());
            tokio::spawn(async move {
                // Some of the answers arrive while the refresh is under way, some after it.
                sleep(Duration::from_millis(30 * n)).await;
                cache.invalidate(&first);
                cache.token(plain()).await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(text(&task.await.unwrap()), "t2");
    }
    assert_eq!(script.requests.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_is_answered_once_for_all_who_met_it() {
    let (cache, script) = cache(Script::default());
    let first = cache.token(plain()).await.unwrap();
    let request = TokenRequest::with_claims("c");
    cache.invalidate(&first);
    let answers = crowd(&cache, 100, &request).await;
    assert!(answers.iter().all(|o| text(o.as_ref().unwrap()) == "c2"));
    // A straggler with the same challenge, and everybody without one.
    cache.invalidate(&first);
    assert_eq!(text(&cache.token(request).await.unwrap()), "c2");
    assert_eq!(text(&cache.token(plain()).await.unwrap()), "c2");
    assert_eq!(script.requests.load(SeqCst), 2);
    // Another challenge is another request, though the token is valid.
    let other = TokenRequest::with_claims("d");
    assert_eq!(text(&cache.token(other).await.unwrap()), "d3");
}

#[tokio::test(start_paused = true)]
async fn the_token_that_was_asked_for_last_stays() {
    let (cache, _) = cache(Script::default());
    let early = tokio::spawn({
        let cache = cache.clone();
        async move { cache.token(plain()).await.unwrap() }
    });
    sleep(Duration::from_millis(500)).await;
    let late = cache.token(TokenRequest::with_claims("c")).await.unwrap();
    let early = early.await.unwrap();
    assert!(early.generation() < late.generation());
    cache.invalidate(&early);
    assert_eq!(text(&cache.token(plain()).await.unwrap()), "c2");
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_stall_nobody() {
    let (cache, script) = cache(Script::default());
    let hasty = tokio::time::timeout(Duration::from_millis(10), cache.token(plain()));
    assert!(hasty.await.is_err());
    assert_eq!(text(&cache.token(plain()).await.unwrap()), "t1");
    assert_eq!(script.requests.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_hangs_ends_at_its_own_limit() {
    let (cache, script) = cache(Script {
        hangs: true.into(),
        ..Script::default()
    });
    let started = tokio::time::Instant::now();
    let error = cache.token(plain()).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(60));
    assert_eq!(error.to_string(), "the token request took longer than 60 s");
    assert!(error.is_transient());
    script.hangs.store(false, SeqCst);
    sleep(Duration::from_secs(1)).await;
    cache.token(plain()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_exchanged_credential_is_not_kept_waiting() {
    let (cache, script) = cache(Script {
        permanent: true.into(),
        ..Script::default()
    });
    let waiting = tokio::spawn({
        let cache = cache.clone();
        async move { cache.token(plain()).await }
    });
    assert!(cache.token(plain()).await.is_err());
    assert!(waiting.await.unwrap().is_err());
    assert!(
        cache
            .token(plain())
            .await
            .unwrap_err()
            .retry_after()
            .is_none()
    );
    // Exchanged while a request with the old one is under way: whoever waits gets the new one's token.
    sleep(Duration::from_secs(60)).await;
    let waiting = tokio::spawn({
        let cache = cache.clone();
        async move { cache.token(plain()).await }
    });
    sleep(Duration::from_millis(500)).await;
    cache.forget_failures();
    tokio::spawn({
        let script = script.clone();
        async move {
            sleep(Duration::from_millis(800)).await;
            script.permanent.store(false, SeqCst);
        }
    });
    assert_eq!(text(&waiting.await.unwrap().unwrap()), "t3");
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

#[test]
fn a_runtime_that_stands_still_holds_nobody_up_for_ever() {
    let (cache, _) = cache(Script::default());
    let idle = runtime();
    idle.block_on(async {
        let hasty = tokio::time::timeout(Duration::from_millis(10), cache.token(plain()));
        assert!(hasty.await.is_err());
    });
    let other = runtime();
    let error = other.block_on(cache.token(plain())).unwrap_err();
    assert!(
        error.is_transient() && error.to_string().contains("broken off"),
        "{error}"
    );
    let token = other.block_on(cache.token(plain())).unwrap();
    assert_eq!(text(&token), "t2");
}

#[test]
fn a_runtime_that_went_away_takes_nothing_with_it() {
    let (cache, _) = cache(Script::default());
    let first = runtime();
    first.block_on(async {
        let hasty = tokio::time::timeout(Duration::from_millis(10), cache.token(plain()));
        assert!(hasty.await.is_err());
    });
    drop(first);
    let token = runtime().block_on(cache.token(plain())).unwrap();
    assert_eq!(text(&token), "t2");
}
