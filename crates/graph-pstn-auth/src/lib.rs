//! Access tokens for Microsoft Graph by the client-credentials flow, on every Microsoft cloud.
//!
//! An app proves itself to Microsoft Entra ID and gets a token; nobody signs in. This crate has every
//! way of proving: a client secret, a certificate, a federated token. It sends its requests through any
//! `tower` service of whole bodies, and every credential is a
//! [`TokenProvider`](graph_pstn_http::TokenProvider), which is what `graph-pstn-http` takes. It knows nothing of pages and
//! rows, and uses nothing of that crate but its vocabulary.
//!
//! ```
//! use graph_pstn_auth::ClientSecretCredential;
//! use graph_pstn_http::{Endpoints, TokenProvider, TokenRequest};
//!
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, graph_pstn_http::Error> {
//! #     assert_eq!(request.uri(), "https://login.example/contoso.example/oauth2/v2.0/token");
//! #     let body = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"made-up"}"#;
//! #     Ok(Response::new(Bytes::from(body)))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Your HTTP client, from `http::Request<Bytes>` to `http::Response<Bytes>`.
//! let client = tower::service_fn(send);
//! // `Cloud::Global.endpoints()` and its like, with the feature of the cloud.
//! let endpoints =
//!     Endpoints::custom("https://graph.example".parse()?, "https://login.example".parse()?);
//! let app = "00000000-0000-4000-8000-00000000c001";
//! let credential = ClientSecretCredential::builder(endpoints, "contoso.example", app)
//!     .secret("made~up~secret")
//!     .service(client)
//!     .build()?;
//! let token = credential.token(TokenRequest::default()).await?;
//! # assert_eq!(token.authorization(), "Bearer made-up");
//! # Ok(())
//! # }
//! ```
//!
//! # Which credential
//!
//! | | proof | needs |
//! |---|---|---|
//! | [`ClientSecretCredential`] | a password of the app, exchanged at run time by `set_secret` | |
//! | `ClientCertificateCredential` | a JWT that the app signs; PEM or PKCS#12, read again when the file changes | features `certificate`, `pkcs12` |
//! | [`WorkloadIdentityCredential`] | the platform's token in a file, read for each request | |
//! | [`ClientAssertionCredential`] | a JWT from a callback of yours, or from an `AssertionCommand` | feature `assertion-command` for the latter |
//! | [`EnvironmentCredential`] | whichever of the first three the `AZURE_*` variables name | |
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `certificate` | `ClientCertificateCredential`; brings `aws-lc-rs`, which builds C code |
//! | `pkcs12` | certificates from PKCS#12 files; brings some ninety crates, pre-releases among them |
//! | `fips` | signatures by AWS-LC's FIPS module, [see below](#fips); takes CMake and Go to build |
//! | `assertion-command` | `AssertionCommand`: a program prints the assertion |
//! | `cloud-global`, `cloud-us-gov-l4`, `cloud-us-gov-l5`, `cloud-china`, `all-clouds` | the clouds by name; without them `Endpoints::custom` alone |
//!
//! None is on by default.
//!
//! # Clouds
//!
//! | feature, `Cloud` | signs in at | scope |
//! |---|---|---|
//! | `cloud-global`, `Global` | login.microsoftonline.com | <https://graph.microsoft.com/.default> |
//! | `cloud-us-gov-l4`, `UsGovL4` | login.microsoftonline.us | <https://graph.microsoft.us/.default> |
//! | `cloud-us-gov-l5`, `UsGovL5` | login.microsoftonline.us | <https://dod-graph.microsoft.us/.default> |
//! | `cloud-china`, `China` | login.partner.microsoftonline.cn | <https://microsoftgraph.chinacloudapi.cn/.default> |
//!
//! L4 and L5 share a login host, and one tenant id can exist in two clouds: neither tells the cloud, so
//! the cloud is always yours to say. `Endpoints::custom` is for a cloud that this list lacks.
//!
//! # The cache
//!
//! Each credential holds one token for all its clones. A fresh token is returned at once. One that is
//! past its refresh time is returned too, while one request behind it fetches the next. When there is
//! none, all callers wait on one request and share its outcome; a caller that gives up takes nothing from
//! the others. After a failure Entra is left alone for as long as it asks, up to ten minutes, or for a growing
//! while, and callers get the error that is known. Its [`retry_after`](Error::retry_after) is what is left of that,
//! and for those whose request failed what Entra asked for, up to a day. Nothing here sleeps for it, and the retry of
//! `graph-pstn-http` waits no longer than its call may. As long as a token is valid, no failure reaches a caller. All
//! of that runs on the monotonic clock; setting the wall clock changes nothing but the times inside of
//! assertions, and there Entra's own clock helps out once.
//!
//! # Continuous access evaluation
//!
//! By default requests declare `cp1`: tokens then live for up to 28 hours, and Graph refuses one with a
//! claims challenge when an administrator acts. Give the challenge's JSON to
//! [`TokenRequest::with_claims`](graph_pstn_http::TokenRequest::with_claims) after `invalidate`, or switch
//! it off by [`CredentialBuilder::continuous_access_evaluation`].
//!
//! # Errors
//!
//! [`Error::kind`] says what to make of it, `Display` what to do about it: one line for an administrator
//! ("the client secret has expired: make a new one under …") with the `AADSTS` number and the ids that
//! Microsoft's support asks for. [`EntraError`] is all that Entra said.
//!
//! # What is kept secret
//!
//! Secrets, keys, passwords, assertions and tokens appear in no `Debug`, no error and no log at any level;
//! answers that repeat them are struck out. They do stand in the body of the HTTP request: a service that
//! logs bodies logs them. Memory is not wiped everywhere: the layers below copy bodies.
//!
//! # FIPS
//!
//! With the feature `fips`, AWS-LC's FIPS module signs the assertions of a certificate and hashes the certificate, by
//! the feature `fips` of `aws-lc-rs`; a certificate credential cannot be built where another module is linked. It
//! takes CMake and Go to compile, besides a C compiler.
//!
//! That says something of those signatures, and of no more. TLS is the HTTP client's: for the transport of
//! `graph-pstn-http` that crate has a feature `fips` of its own. PKCS#12 files are opened by other code. The
//! thumbprint that `Rs256` assertions name the certificate by is SHA-1, as Entra wants it, and protects nothing.
//! Whether the module's certificate covers the system it runs on is for its
//! [security policy](https://csrc.nist.gov/projects/cryptographic-module-validation-program) to say, and for the
//! operator to check. Without the feature nothing of the kind is claimed.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "assertion-command")]
mod assertion_command;
mod cache;
#[cfg(feature = "certificate")]
mod certificate;
mod claims;
mod client_assertion;
mod client_secret;
mod credential;
mod endpoint;
mod entra_error;
mod environment;
mod error;
mod hint;
mod http_service;
mod proof;
#[cfg(test)]
mod request_snapshots;
mod requester;
mod retry_after;
#[cfg(test)]
mod testing;
mod token_body;
mod wire;
mod workload_identity;

#[cfg(feature = "assertion-command")]
#[cfg_attr(docsrs, doc(cfg(feature = "assertion-command")))]
pub use assertion_command::AssertionCommand;
#[cfg(feature = "certificate")]
#[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
pub use certificate::{
    CertificateValidity, ClientCertificate, ClientCertificateCredential, SignatureAlgorithm,
};
pub use client_assertion::{
    AssertionRequest, AssertionSource, ClientAssertion, ClientAssertionCredential,
};
pub use client_secret::{ClientSecret, ClientSecretCredential};
pub use credential::{Credential, CredentialBuilder};
pub use entra_error::EntraError;
pub use environment::{Environment, EnvironmentCredential, EnvironmentMethod};
pub use error::{Error, ErrorKind};
pub use proof::ClientProof;
pub use secrecy::SecretString;
pub use workload_identity::{FederatedTokenFile, WorkloadIdentityCredential};

/// The example of the README compiles.
#[cfg(all(doctest, feature = "cloud-global"))]
#[doc = include_str!("../README.md")]
struct Readme;
