//! The app registration and its tenant: who may ask for tokens, and how it proves itself.

use std::io;
use std::time::Duration;

use super::EmulatorBuilder;
use crate::entra::app_state::AppState;

impl EmulatorBuilder {
    /// The tenant's id, a GUID or a domain.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.options.tenant_id = id.into();
        self
    }

    /// The application's id.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.options.client_id = id.into();
        self
    }

    /// The application's secret.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.options.client_secret = secret.into();
        self
    }

    /// The application roles that the administrator has consented to. Default: `CallRecords.Read.All`. Without
    /// that or `CallRecord-PstnCalls.Read.All` Graph answers 403.
    pub fn roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.options.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// How long tokens live, to the millisecond; `expires_in` says it in whole seconds. Default 3,599 s.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.token_lifetime = lifetime;
        self
    }

    /// Uploads a certificate (PEM, RSA) to the app registration, so that the app may sign assertions
    /// with its key. May be called several times, as while a certificate is being renewed.
    ///
    /// # Errors
    ///
    /// A text without a certificate, or one that cannot be read (kind `InvalidInput`).
    pub fn client_certificate(mut self, pem: impl AsRef<[u8]>) -> io::Result<Self> {
        self.options.registered.add_certificate(pem.as_ref())?;
        Ok(self)
    }

    /// Adds a federated credential: tokens of `issuer` for `subject` (compared as they are, upper and
    /// lower case too) and the audience `api://AzureADTokenExchange` stand for the app. The issuer's RSA
    /// key is a PEM block `PUBLIC KEY` or `CERTIFICATE`.
    ///
    /// # Errors
    ///
    /// A text without a key (kind `InvalidInput`).
    pub fn federated_credential(
        mut self,
        issuer: impl Into<String>,
        subject: impl Into<String>,
        key_pem: impl AsRef<[u8]>,
    ) -> io::Result<Self> {
        let registered = &mut self.options.registered;
        registered.add_issuer(issuer.into(), subject.into(), key_pem.as_ref())?;
        Ok(self)
    }

    /// Takes this very text as a federated token, whatever it is: for tests of how a client gets one.
    pub fn federated_token(mut self, token: impl Into<String>) -> Self {
        self.options.registered.add_fixed(token.into());
        self
    }

    /// What is wrong with the app registration. Default: nothing. Codes: "Microsoft Entra authentication and
    /// authorization error codes"; the status that a policy's refusal comes with in this flow is not published.
    pub fn app_state(mut self, state: AppState) -> Self {
        self.options.app_state = state;
        self
    }

    /// Gives out tokens in the form of Entra's own, a JWT that names the app's roles, instead of opaque ones. The
    /// signature is none.
    pub fn readable_tokens(mut self, readable: bool) -> Self {
        self.options.readable_tokens = readable;
        self
    }
}
