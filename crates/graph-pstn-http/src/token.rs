//! What the authorize layer needs of a token source, and nothing of OAuth.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use http::HeaderValue;

use crate::Error;

/// A boxed future that may be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where access tokens come from. Implementations cache: every attempt of every request asks.
pub trait TokenProvider: Send + Sync {
    /// A token that is valid now. The future may be dropped before its end: when the caller gives up, or when
    /// the call has no time left. What other callers wait for too belongs into a task of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`](crate::ErrorKind::Auth) when the app cannot prove itself; a failure that
    /// [`Error::is_transient`] holds true for is worth another try.
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>>;

    /// Says that Graph refused `token`. Only that very token is given up: another one that has
    /// meanwhile taken its place stays.
    fn invalidate(&self, token: &AccessToken);
}

impl<P: TokenProvider + ?Sized> TokenProvider for Arc<P> {
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        (**self).token(request)
    }

    fn invalidate(&self, token: &AccessToken) {
        (**self).invalidate(token);
    }
}

/// What a token is asked for.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The decoded JSON of a claims challenge, to be merged into the token request
    /// (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>).
    pub claims: Option<String>,
}

impl TokenRequest {
    /// A request that answers a claims challenge with the decoded JSON of its `claims`.
    #[must_use]
    pub fn with_claims(claims: impl Into<String>) -> Self {
        Self {
            claims: Some(claims.into()),
        }
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("claims", &self.claims.is_some())
            .finish()
    }
}

/// A bearer token. Opaque to the client; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct AccessToken {
    header: HeaderValue,
    generation: u64,
}

impl AccessToken {
    /// Makes a token of its text.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`](crate::ErrorKind::Auth) when the text holds what no header may hold.
    pub fn new(secret: &str) -> Result<Self, Error> {
        let not_visible_ascii = |b: u8| !(0x21..=0x7e).contains(&b);
        if secret.is_empty() || secret.bytes().any(not_visible_ascii) {
            return Err(Error::auth(
                "the access token is not one line of visible ASCII text",
            ));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {secret}"))
            .map_err(|_| Error::auth("the access token is no header value"))?;
        header.set_sensitive(true);
        Ok(Self {
            header,
            generation: 0,
        })
    }

    /// Marks the token with its source's count, by which `invalidate` knows it again.
    #[must_use]
    pub fn with_generation(self, generation: u64) -> Self {
        Self { generation, ..self }
    }

    /// The source's count of this token; 0 unless the source set one.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The value of the `Authorization` header (RFC 6750, section 2.1), marked sensitive.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// A token that is given once and never renewed: for a short script, or a test.
#[derive(Clone, Debug)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// Always hands out `token`.
    #[must_use]
    pub fn new(token: AccessToken) -> Self {
        Self(token)
    }
}

impl TokenProvider for StaticToken {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn invalidate(&self, _: &AccessToken) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_token() {
        let token = AccessToken::new("eyJ0.secret").unwrap();
        let shown = format!(
            "{token:?} {:?} {:?}",
            token.authorization(),
            StaticToken::new(token.clone())
        );
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn a_token_with_a_line_break_is_refused_without_showing_it() {
        let error = AccessToken::new("secret\r\nX: y").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
