//! The retry policy over a client that knows nothing of it.
//!
//! The client here has its own types for answers and errors and no `Service` in sight. Two things make the
//! policy fit: a closure that turns it into a service, and a `From` that says of each of its failures
//! what kind it is. The policy decides by that kind, by the method and by `Retry-After`.

use std::{
    error::Error as StdError,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use graph_pstn_http::{Backoff, Error, ErrorKind, RetryPolicy};
use http::{Request, Response};
use tower::{Service as _, ServiceBuilder, ServiceExt as _, service_fn};

/// Somebody else's client. Its first requests get nowhere.
#[derive(Clone, Default)]
struct Telegraph {
    sent: Arc<AtomicU32>,
}

#[derive(Debug)]
enum TelegraphError {
    WireCut,
    Garbled,
}

impl Telegraph {
    async fn wire(&self, method: &str, _to: &str) -> Result<(u16, String), TelegraphError> {
        match (self.sent.fetch_add(1, Ordering::Relaxed), method) {
            (0, _) => Err(TelegraphError::WireCut),
            (1, _) => Ok((503, "come back later".to_owned())),
            (2, _) => Err(TelegraphError::Garbled),
            _ => Ok((200, "STOP".to_owned())),
        }
    }
}

impl fmt::Display for TelegraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WireCut => "the wire is cut",
            Self::Garbled => "the telegram broke off",
        })
    }
}

impl StdError for TelegraphError {}

impl From<TelegraphError> for Error {
    fn from(error: TelegraphError) -> Self {
        let kind = match error {
            // Nothing was sent, so another attempt does no harm, whatever the method.
            TelegraphError::WireCut => ErrorKind::Connect,
            // It may have been carried out: only what is idempotent is sent again.
            TelegraphError::Garbled => ErrorKind::Interrupted,
        };
        Self::new(kind, error.to_string()).with_source(error)
    }
}

/// Sends a request through a telegraph of its own, with retries; gives the outcome and how often it was sent.
async fn send(method: &str) -> Result<(Result<String, Error>, u32), http::Error> {
    let telegraph = Telegraph::default();
    let client = telegraph.clone();
    let service = service_fn(move |request: Request<()>| {
        let client = client.clone();
        async move {
            let to = request.uri().to_string();
            let (status, body) = client.wire(request.method().as_str(), &to).await?;
            let mut response = Response::new(body);
            *response.status_mut() = status.try_into().unwrap_or_default();
            Ok::<_, Error>(response)
        }
    });

    let backoff = Backoff::new(Duration::from_millis(5), Duration::from_millis(50));
    let mut service = ServiceBuilder::new()
        .retry(
            RetryPolicy::builder()
                .max_attempts(5)
                .backoff(backoff)
                .build(),
        )
        .service(service);

    let request = Request::builder()
        .method(method)
        .uri("telegraph://office.example/")
        .body(())?;
    let outcome = match service.ready().await {
        Ok(service) => service.call(request).await.map(Response::into_body),
        Err(error) => Err(error),
    };
    Ok((outcome, telegraph.sent.load(Ordering::Relaxed)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let (outcome, sent) = send("GET").await?;
    println!("GET was sent {sent} times: {outcome:?}");
    assert_eq!((outcome?.as_str(), sent), ("STOP", 4));

    // A POST that may have been carried out is not sent again: the 503 is the caller's to judge.
    let (outcome, sent) = send("POST").await?;
    println!("POST was sent {sent} times: {outcome:?}");
    assert_eq!((outcome?.as_str(), sent), ("come back later", 2));
    Ok(())
}
