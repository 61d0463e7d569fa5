//! Assertions that somebody else makes: a callback of the caller.

use std::{fmt, future::Future, sync::Arc};

use graph_pstn_http::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};

use crate::credential::{Credential, CredentialBuilder};
use crate::proof::{ClientProof, Recipient};
use crate::{Error, wire::Proof};

/// An app that proves itself with an assertion it is given: by a key vault, a hardware module, SPIFFE,
/// a build system's identity service
/// (<https://learn.microsoft.com/entra/workload-id/workload-identity-federation>).
///
/// ```
/// # use bytes::Bytes;
/// # use http::{Request, Response};
/// # fn make<S>(endpoints: graph_pstn_http::Endpoints, client: S) -> Result<(), graph_pstn_auth::Error>
/// # where
/// #     S: tower_service::Service<Request<Bytes>, Response = Response<Bytes>>
/// #         + Clone + Send + Sync + 'static,
/// #     S::Error: Into<graph_pstn_http::Error>,
/// #     S::Future: Send,
/// # {
/// use graph_pstn_auth::{AssertionRequest, ClientAssertionCredential, Error, SecretString};
///
/// async fn from_the_vault(request: AssertionRequest) -> Result<SecretString, Error> {
///     // Have a JWT signed with iss = sub = request.client_id(), aud = request.token_endpoint().
/// #   let _ = (request.client_id(), request.token_endpoint());
///     Err(Error::transient("the vault does not answer"))
/// }
///
/// let app = "00000000-0000-4000-8000-00000000c001";
/// let credential = ClientAssertionCredential::builder(endpoints, "contoso.example", app)
///     .assertion(from_the_vault)
///     .service(client)
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub type ClientAssertionCredential = Credential<AssertionSource>;

/// Makes or fetches client assertions. Closures implement it.
///
/// It is asked once for each token request, about hourly, and its time counts against the credential's
/// time limit.
pub trait ClientAssertion: Send + Sync + 'static {
    /// A JWT whose audience is the request's token endpoint (for a certificate of the app) or Entra's
    /// exchange audience (for a federated issuer). White space around it is cut off.
    ///
    /// # Errors
    /// [`Error::transient`] when another try may help, [`Error::permanent`] otherwise.
    fn assertion(&self, request: AssertionRequest) -> BoxFuture<'_, Result<SecretString, Error>>;
}

impl<F, A> ClientAssertion for F
where
    F: Fn(AssertionRequest) -> A + Send + Sync + 'static,
    A: Future<Output = Result<SecretString, Error>> + Send + 'static,
{
    fn assertion(&self, request: AssertionRequest) -> BoxFuture<'_, Result<SecretString, Error>> {
        Box::pin(self(request))
    }
}

/// What an assertion is wanted for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AssertionRequest {
    client_id: String,
    token_endpoint: String,
}

impl AssertionRequest {
    /// The app's id: issuer and subject of an assertion that the app signs itself.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The URL of the token request: the audience of an assertion that the app signs itself.
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }
}

/// The proof of a [`ClientAssertionCredential`].
pub struct AssertionSource(Arc<dyn ClientAssertion>);

impl ClientProof for AssertionSource {
    type Draft = Option<Arc<dyn ClientAssertion>>;

    fn complete(draft: Self::Draft) -> Result<Self, Error> {
        let source =
            draft.ok_or_else(|| Error::config("the credential has no assertion source"))?;
        Ok(Self(source))
    }

    fn prove<'a>(&'a self, to: &'a Recipient) -> BoxFuture<'a, Result<Proof, Error>> {
        let request = AssertionRequest {
            client_id: to.client_id.clone(),
            token_endpoint: to.token_endpoint.clone(),
        };
        Box::pin(async move { federated(self.0.assertion(request).await?.expose_secret()) })
    }
}

impl fmt::Debug for AssertionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionSource").finish_non_exhaustive()
    }
}

impl CredentialBuilder<AssertionSource> {
    /// Who makes the assertions.
    pub fn assertion(mut self, source: impl ClientAssertion) -> Self {
        self.draft = Some(Arc::new(source));
        self
    }
}

/// An assertion of somebody else's, sent as it is but for white space around it.
///
/// # Errors
/// When it is empty or more than one word; a retry may find a file that is whole.
pub(crate) fn federated(text: &str) -> Result<Proof, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::transient("the client assertion is empty"));
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Error::permanent(
            "the client assertion is not one word of ASCII text, as a JWT is",
        ));
    }
    Ok(Proof::Assertion(text.into()))
}
