//! Signing requests with tokens of one's own making.
//!
//! A company may have a token broker: a sidecar, a vault, another team's library. It becomes a token source
//! by two methods, `token` and `invalidate`; the layer asks for the one at each attempt and calls the other when
//! a token was refused. Where tokens may go is decided by the layer, not by the source.

use std::{
    error::Error as StdError,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use graph_pstn_http::{
    AccessToken, AuthorizeLayer, BoxFuture, Error, ErrorKind, TokenProvider, TokenRequest,
};
use http::{Request, Response, StatusCode};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

/// The broker's tokens, and which of them is the current one.
#[derive(Default)]
struct Broker {
    current: AtomicU64,
}

impl TokenProvider for Broker {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(async {
            // A real broker is asked here, over a socket say, and its answer kept until it expires.
            let generation = self.current.load(Ordering::Acquire);
            let token = AccessToken::new(&format!("of-the-broker-{generation}"))?;
            Ok(token.with_generation(generation))
        })
    }

    fn invalidate(&self, token: &AccessToken) {
        // Only that token: of two requests that were refused with it, the second changes nothing.
        let refused = token.generation();
        let next = refused + 1;
        let _ = self
            .current
            .compare_exchange(refused, next, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// A service in the place of Graph: it has revoked the broker's first token.
async fn graph(request: Request<()>) -> Result<Response<&'static str>, Error> {
    let authorization = request.headers().get("authorization");
    let good = authorization.is_some_and(|value| value == "Bearer of-the-broker-1");
    let mut response = Response::new(if good { "rows" } else { "" });
    if !good {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let broker = Arc::new(Broker::default());
    let service = ServiceBuilder::new()
        .layer(AuthorizeLayer::new(
            "https://graph.example".parse()?,
            broker.clone(),
        ))
        .service(service_fn(graph));

    // The first token is refused, given up, and the request sent once more with the next.
    let request = Request::get("https://graph.example/v1.0/communications/callRecords").body(())?;
    let response = service.clone().oneshot(request).await?;
    println!(
        "Graph answered {} with {:?}",
        response.status(),
        response.body()
    );
    assert_eq!(response.into_body(), "rows");
    assert_eq!(broker.current.load(Ordering::Acquire), 1);

    // A link to another host gets no token, and no request either.
    let request = Request::get("https://graph.example.net/v1.0/communications").body(())?;
    let refused = service.oneshot(request).await.err();
    let refused = refused.ok_or("a token went to another host")?;
    println!("elsewhere: {refused}");
    assert_eq!(refused.kind(), ErrorKind::UntrustedLink);
    Ok(())
}
