//! What all credentials share: the builder, the cache, and the face towards the authorize layer.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use bytes::Bytes;
use graph_pstn_http::{AccessToken, BoxFuture, Endpoints, TokenProvider, TokenRequest};
use http::{Request, Response};
use tower_service::Service;

use crate::cache::{Policy, TokenCache};
use crate::endpoint::TokenEndpoint;
use crate::http_service::{HttpService, erased};
use crate::proof::ClientProof;
use crate::requester::{Ambient, Requester};
use crate::wire::Wire;
use crate::{Error, claims};

/// A token source for one app in one tenant, with its cache. Clones share both.
///
/// It is made by [`Credential::builder`] under the name of its kind, for instance
/// [`ClientSecretCredential`](crate::ClientSecretCredential). It must be used inside a tokio runtime
/// with its time driver on.
pub struct Credential<P> {
    cache: TokenCache<Requester<P>>,
}

impl<P: ClientProof> Credential<P> {
    /// Starts setting one up. `tenant_id` is a GUID or a domain of the tenant, `client_id` the
    /// Application (client) ID of the app registration.
    pub fn builder(endpoints: Endpoints, tenant_id: &str, client_id: &str) -> CredentialBuilder<P> {
        CredentialBuilder {
            endpoints,
            tenant_id: tenant_id.to_owned(),
            client_id: client_id.to_owned(),
            http: None,
            capable: true,
            policy: Policy::default(),
            ambient: Ambient::default(),
            draft: P::Draft::default(),
            kind: PhantomData,
        }
    }

    /// A token that is valid now: [`TokenProvider::token`] with this crate's own error.
    ///
    /// # Errors
    /// When the app cannot prove itself, or Entra cannot be reached: see [`Error::kind`].
    pub async fn access_token(&self, request: TokenRequest) -> Result<AccessToken, Error> {
        // Before the cache: after a failure of its own it leaves Entra alone, which was not asked here.
        claims::check(request.claims.as_deref())?;
        self.cache.token(request).await
    }

    pub(crate) fn proof(&self) -> &P {
        &self.cache.source().proof
    }

    pub(crate) fn forget_failures(&self) {
        self.cache.forget_failures();
    }
}

impl<P: ClientProof> TokenProvider for Credential<P> {
    fn token(
        &self,
        request: TokenRequest,
    ) -> BoxFuture<'_, Result<AccessToken, graph_pstn_http::Error>> {
        Box::pin(async move { Ok(self.access_token(request).await?) })
    }

    fn invalidate(&self, token: &AccessToken) {
        self.cache.invalidate(token);
    }
}

impl<P> Clone for Credential<P> {
    fn clone(&self) -> Self {
        Self {
            cache: self.cache.clone(),
        }
    }
}

impl<P: ClientProof> fmt::Debug for Credential<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.cache.source().wire.endpoint();
        f.debug_struct("Credential")
            .field("token_endpoint", &endpoint.url)
            .field("client_id", &endpoint.client_id)
            .finish_non_exhaustive()
    }
}

/// Gathers what a [`Credential`] needs: at least its proof and an HTTP service.
#[must_use]
pub struct CredentialBuilder<P: ClientProof> {
    endpoints: Endpoints,
    tenant_id: String,
    client_id: String,
    http: Option<HttpService>,
    capable: bool,
    policy: Policy,
    ambient: Ambient,
    pub(crate) draft: P::Draft,
    kind: PhantomData<P>,
}

impl<P: ClientProof> CredentialBuilder<P> {
    /// The HTTP client for the token requests: any `tower` service of whole bodies, for instance that
    /// of `graph_pstn_http`'s transport. It must check the server's certificate and must not follow
    /// redirects. A body of the request holds the secret or the assertion: it must not be logged.
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<graph_pstn_http::Error>,
        S::Future: Send,
    {
        self.http = Some(erased(service));
        self
    }

    /// Whether to declare that claims challenges can be met (`cp1`, continuous access evaluation).
    /// Default on: tokens then live for up to 28 hours and are revoked within minutes when an
    /// administrator acts. Whoever turns it on must answer challenges, as the authorize layer does
    /// (<https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation-workload>).
    pub fn continuous_access_evaluation(mut self, declared: bool) -> Self {
        self.capable = declared;
        self
    }

    /// How long getting a token may take altogether: making the proof, the request, and the one
    /// repetition when this machine's clock is wrong. Default 60 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.policy.timeout = limit;
        self
    }

    /// Draws from `random` what is left to chance: when tokens are renewed, and how long a failing endpoint
    /// is left alone. It gives numbers in `0.0..1.0`. For tests whose outcome must repeat.
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.policy.random = Arc::new(random);
        self
    }

    /// Takes correlation ids from `new_id` instead of random GUIDs, for tests whose outcome must repeat.
    pub fn ids(mut self, new_id: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.ambient.id = Arc::new(new_id);
        self
    }

    #[cfg(test)]
    pub(crate) fn ambient(mut self, ambient: Ambient) -> Self {
        self.ambient = ambient;
        self
    }

    /// Checks the settings. Nothing is sent yet.
    ///
    /// # Errors
    /// Kind [`Config`](crate::ErrorKind::Config): a tenant such as `common`, an id with characters that
    /// none has, no service, or a proof that is missing or cannot be used.
    pub fn build(self) -> Result<Credential<P>, Error> {
        let endpoint = TokenEndpoint::new(&self.endpoints, &self.tenant_id, &self.client_id)?;
        let http = self.http.ok_or_else(|| {
            Error::config("the credential has no HTTP service to send requests with")
        })?;
        if self.policy.timeout.is_zero() {
            return Err(Error::config("the time limit of token requests is zero"));
        }
        let requester = Requester {
            proof: P::complete(self.draft)?,
            wire: Wire::new(endpoint, http)?,
            capable: self.capable,
            ambient: self.ambient,
        };
        Ok(Credential {
            cache: TokenCache::new(requester, self.policy),
        })
    }
}

impl<P: ClientProof> fmt::Debug for CredentialBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialBuilder")
            .field("endpoints", &self.endpoints)
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
