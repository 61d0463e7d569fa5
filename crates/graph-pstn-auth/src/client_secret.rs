//! The client secret: a password of the app.

use std::{
    fmt,
    sync::{PoisonError, RwLock},
};

use graph_pstn_http::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};

use crate::credential::{Credential, CredentialBuilder};
use crate::proof::{ClientProof, Recipient};
use crate::{Error, wire::Proof};

/// An app that proves itself with a client secret
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>).
pub type ClientSecretCredential = Credential<ClientSecret>;

/// The proof of a [`ClientSecretCredential`].
pub struct ClientSecret(RwLock<SecretString>);

impl ClientProof for ClientSecret {
    type Draft = Option<SecretString>;

    fn complete(draft: Self::Draft) -> Result<Self, Error> {
        let secret = draft.ok_or_else(|| Error::config("the credential has no client secret"))?;
        check(&secret)?;
        Ok(Self(RwLock::new(secret)))
    }

    fn prove<'a>(&'a self, _: &'a Recipient) -> BoxFuture<'a, Result<Proof, Error>> {
        let secret = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Box::pin(std::future::ready(Ok(Proof::Secret(secret))))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").finish_non_exhaustive()
    }
}

impl CredentialBuilder<ClientSecret> {
    /// The secret's Value, from App registrations > Certificates & secrets.
    pub fn secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.draft = Some(secret.into());
        self
    }
}

impl Credential<ClientSecret> {
    /// Exchanges the secret, while the program runs: before the old one expires, say. A token that is
    /// there stays; the next token request is made with the new secret, without a pause that failures
    /// of the old one may have caused.
    ///
    /// # Errors
    /// When the text cannot be a secret; the old one then stays.
    pub fn set_secret(&self, secret: impl Into<SecretString>) -> Result<(), Error> {
        let secret = secret.into();
        check(&secret)?;
        *self
            .proof()
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner) = secret;
        self.forget_failures();
        Ok(())
    }
}

/// Entra's secrets are one word. Space around it comes from a file's last line, or from copying.
fn check(secret: &SecretString) -> Result<(), Error> {
    let text = secret.expose_secret();
    if text.is_empty() {
        return Err(Error::config("the client secret is empty"));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::config(
            "the client secret has a space or a line break in it or around it; Entra's secrets have none",
        ));
    }
    Ok(())
}
