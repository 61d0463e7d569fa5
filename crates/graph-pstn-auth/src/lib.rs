//! Access tokens for Microsoft Graph by the client-credentials flow, on every Microsoft cloud.
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
pub use certificate::{ClientCertificate, ClientCertificateCredential, SignatureAlgorithm};
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
