use std::{fmt, sync::Arc};

use graph_pstn_http::{AccessToken, BoxFuture, TokenProvider, TokenRequest};

#[cfg(doc)]
use super::Environment;
use super::EnvironmentMethod;

/// The credential that the environment holds. Clones share its cache.
#[derive(Clone)]
pub struct EnvironmentCredential {
    pub(super) tokens: Arc<dyn TokenProvider>,
    pub(super) method: EnvironmentMethod,
    pub(super) explanation: String,
}

impl EnvironmentCredential {
    /// How the app proves itself.
    #[must_use]
    pub fn method(&self) -> EnvironmentMethod {
        self.method
    }

    /// Which credential was chosen and why: see [`Environment::explanation`].
    #[must_use]
    pub fn explanation(&self) -> &str {
        &self.explanation
    }
}

impl TokenProvider for EnvironmentCredential {
    fn token(
        &self,
        request: TokenRequest,
    ) -> BoxFuture<'_, Result<AccessToken, graph_pstn_http::Error>> {
        self.tokens.token(request)
    }

    fn invalidate(&self, token: &AccessToken) {
        self.tokens.invalidate(token);
    }
}

impl fmt::Debug for EnvironmentCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvironmentCredential")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
