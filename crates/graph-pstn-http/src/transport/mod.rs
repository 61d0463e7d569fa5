//! The bottom of the stack: HTTP over hyper, TLS over rustls.
//!
//! - HTTP/2 or HTTP/1.1, as the server prefers (ALPN); TLS 1.2 at least.
//! - Trust is the platform's: the system's certificate store, and what the caller adds to it.
//! - A proxy is taken from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) unless one is set. It
//!   is asked for a tunnel, so that it sees no request; loopback addresses and plain `http` go without.
//! - Redirects are never followed: Graph sends none here, and a token must not travel on its own.
//!
//! [`HyperTransport`] gives bodies as streams. Layers above want whole ones:
//! [`into_http_service`](HyperTransport::into_http_service) adds decompression, the collection of
//! bodies and a timeout, and is what a token source is given.

mod builder;
mod error;
mod proxy;
mod service;
mod tls;

pub use builder::HyperTransportBuilder;
pub use proxy::Proxy;
pub use service::{HttpService, HyperTransport};
