use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{Authorize, tokens::Tokens};
use crate::{Origin, SharedObserver, TokenProvider};

/// Signs requests to one origin. See the [module](super) for an example.
#[derive(Clone)]
pub struct AuthorizeLayer {
    origin: Origin,
    tokens: Tokens,
}

impl AuthorizeLayer {
    /// Signs what goes to `origin` with tokens of `tokens`, and refuses all else.
    #[must_use]
    pub fn new(origin: Origin, tokens: impl TokenProvider + 'static) -> Self {
        Self {
            origin,
            tokens: Tokens::new(Arc::new(tokens)),
        }
    }

    /// Tells `observer` of each new token, and of tokens that could not be had.
    #[must_use]
    pub fn with_observer(mut self, observer: SharedObserver) -> Self {
        self.tokens = self.tokens.observed_by(observer);
        self
    }
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authorize::over(inner, self.origin.clone(), self.tokens.clone())
    }
}

impl fmt::Debug for AuthorizeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeLayer")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
