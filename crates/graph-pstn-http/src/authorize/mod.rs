//! Signs each attempt with a bearer token, and decides where a token may go.
//!
//! The layer stands inside the retry, so that every attempt is signed afresh, and looks at the
//! request's origin at the last moment before it does. A request that leads anywhere but to the
//! configured Graph origin is refused and not sent: a link of the service's is data like any other.
//!
//! A 401 makes the token worthless: that very token is given up, a new one is asked for, with the
//! claims of a challenge if there is one, and the request is sent once more. What comes then is the
//! caller's: a second 401 is not a token's fault.
//! (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>)
//!
//! A token source that fails for now gives a transient error, which is the retry's business. One that does not
//! answer is waited for as long as the [`CallClock`](crate::CallClock) of the request has working time left, and
//! then counts as such a failure; without a clock it has to bound itself. A token that comes when that time is
//! over is not used: the request would have no time to be answered, and Graph would count it.
//!
//! ```
//! use graph_pstn_http::{AccessToken, AuthorizeLayer, Error, ErrorKind, StaticToken};
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let token = StaticToken::new(AccessToken::new("opaque")?);
//! let service = ServiceBuilder::new()
//!     .layer(AuthorizeLayer::new("https://graph.example".parse()?, token))
//!     .service(service_fn(|request: Request<()>| async move {
//!         Ok::<_, Error>(Response::new(request.headers()["authorization"].clone()))
//!     }));
//! let ours = Request::get("https://graph.example/v1.0/x").body(())?;
//! assert_eq!(service.clone().oneshot(ours).await?.into_body(), "Bearer opaque");
//! let theirs = Request::get("https://graph.example.evil.example/v1.0/x").body(())?;
//! assert_eq!(service.oneshot(theirs).await.unwrap_err().kind(), ErrorKind::UntrustedLink);
//! # Ok(())
//! # }
//! ```

mod challenge;
mod layer;
mod service;
mod tokens;

pub use challenge::Challenge;
pub use layer::AuthorizeLayer;
pub use service::Authorize;
