//! The rate limit under a service of one's own.
//!
//! `Directory` looks users up, one request each, and is handed out to as many tasks as want it. What keeps
//! them together within a quota is the layer under it: clones share the count, and a 429 to one of them
//! closes the gate for all.

use std::{
    error::Error as StdError,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use graph_pstn_http::{Collection, Error, Quota, RateLimitLayer, RateLimits};
use http::{Request, Response, StatusCode};
use tokio::{task::JoinSet, time::Instant};
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

/// Looks up what department a user belongs to.
#[derive(Clone)]
struct Directory<S> {
    http: S,
}

impl<S> Service<String> for Directory<S>
where
    S: Service<Request<()>, Response = Response<String>, Error = Error>,
    S::Future: Send + 'static,
{
    type Response = Option<String>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Option<String>, Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.http.poll_ready(cx)
    }

    fn call(&mut self, user: String) -> Self::Future {
        let mut request = Request::new(());
        // Counted by themselves: other collections have quotas of their own.
        request.extensions_mut().insert(Collection("users"));
        request
            .headers_mut()
            .extend(user.parse().map(|user| (USER, user)));
        let response = self.http.call(request);
        Box::pin(async move {
            let response = response.await?;
            Ok((response.status() == StatusCode::OK).then(|| response.into_body()))
        })
    }
}

const USER: http::HeaderName = http::HeaderName::from_static("x-user");

/// Looks `users` up all at once; gives how many were found, and how long it took.
async fn look_up<S>(
    directory: &Directory<S>,
    users: u32,
) -> Result<(u32, Duration), Box<dyn StdError>>
where
    S: Service<Request<()>, Response = Response<String>, Error = Error> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..users {
        let directory = directory.clone();
        tasks.spawn(directory.oneshot(format!("user-{number}")));
    }
    let mut found = 0;
    while let Some(looked_up) = tasks.join_next().await {
        found += u32::from(looked_up??.is_some());
    }
    Ok((found, begun.elapsed()))
}

// In virtual time, which stands still while anything happens and jumps to the next timer otherwise.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn StdError>> {
    let sent = Arc::new(AtomicU32::new(0));
    let of_server = sent.clone();
    let server = service_fn(move |_: Request<()>| {
        let number = of_server.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            let mut response = Response::new("billing".to_owned());
            if number == 26 {
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                response.headers_mut().insert("retry-after", 300.into());
            }
            Ok::<_, Error>(response)
        }
    });
    let limits = RateLimits::new(Quota::per_minute(10));
    let http = ServiceBuilder::new()
        .layer(RateLimitLayer::new(limits))
        .service(server);
    let directory = Directory { http };

    // 10 at once, 10 a minute later, 5 another minute later.
    let (found, took) = look_up(&directory, 25).await?;
    println!("found {found} users in {} s", took.as_secs());
    assert_eq!(found, 25);
    assert!((120..130).contains(&took.as_secs()));

    // The first of these is refused with a 429, and the others are held back for as long as it says.
    let (found, took) = look_up(&directory, 10).await?;
    println!("found {found} users in {} s", took.as_secs());
    assert_eq!(found, 9);
    assert!((300..400).contains(&took.as_secs()));
    assert_eq!(sent.load(Ordering::Relaxed), 35);
    Ok(())
}
