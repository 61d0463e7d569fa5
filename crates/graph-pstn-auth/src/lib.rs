//! Access tokens for Microsoft Graph by the client-credentials flow, on every Microsoft cloud.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cache;
mod claims;
mod client_assertion;
mod client_secret;
mod credential;
mod endpoint;
mod entra_error;
mod error;
mod hint;
mod http_service;
mod proof;
mod requester;
mod retry_after;
#[cfg(test)]
mod testing;
mod token_body;
mod wire;

pub use client_assertion::{
    AssertionRequest, AssertionSource, ClientAssertion, ClientAssertionCredential,
};
pub use client_secret::{ClientSecret, ClientSecretCredential};
pub use credential::{Credential, CredentialBuilder};
pub use entra_error::EntraError;
pub use error::{Error, ErrorKind};
pub use proof::ClientProof;
pub use secrecy::SecretString;
