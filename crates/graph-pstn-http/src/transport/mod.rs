//! The bottom of the stack: HTTP over hyper, TLS over rustls.
//!
//! - HTTP/2 or HTTP/1.1, as the server prefers (ALPN); TLS 1.2 at least.
//! - Trust is the platform's: the system's certificate store, and what the caller adds to it. With the
//!   feature `webpki-roots` it may be Mozilla's list instead, for containers without a store:
//!   `HyperTransportBuilder::bundled_roots`.
//! - Cryptography is AWS-LC's with the feature `aws-lc-rs`, a default feature; ring's with `ring` and
//!   without `aws-lc-rs`; or else that of the `CryptoProvider` which the program installed in rustls.
//! - A proxy is taken from the environment (by the rules of [`Proxy::Environment`]) unless one is set. It
//!   is asked for a tunnel, so that it sees no request; loopback addresses and plain `http` go without. One whose
//!   URL cannot be read is an error: nothing goes out by a way that was not meant.
//! - A connection that brought a 503 is not used again, as Graph asks.
//! - Redirects are never followed: Graph sends none here, and a token must not travel on its own.
//!
//! [`HyperTransport`] gives bodies as streams. Layers above want whole ones:
//! [`into_http_service`](HyperTransport::into_http_service) adds decompression, the collection of
//! bodies and a timeout, and is what a token source is given.
//!
//! # FIPS
//!
//! With the feature `fips`, AWS-LC's FIPS module does the cryptography of TLS, by rustls's `fips` feature,
//! and a transport whose rustls configuration is not
//! [FIPS](https://docs.rs/rustls/latest/rustls/manual/_06_fips/index.html) in whole cannot be built. It takes
//! CMake and Go to compile, besides a C compiler.
//!
//! That says something of the transport's TLS, and of no more. Signatures of assertions in `graph-pstn-auth` come
//! from the same module then, since a build has one `aws-lc-rs`; that crate's own feature `fips` checks it.
//! Certificates from PKCS#12 files are opened by other code. Whether the module's certificate covers the system it runs on is
//! for its [security policy](https://csrc.nist.gov/projects/cryptographic-module-validation-program) to say, and
//! for the operator to check.

mod builder;
mod connect_timeout;
mod error;
mod provider;
mod proxy;
mod service;
mod tls;

pub use builder::HyperTransportBuilder;
pub use proxy::Proxy;
pub use service::{HttpService, HyperTransport};
