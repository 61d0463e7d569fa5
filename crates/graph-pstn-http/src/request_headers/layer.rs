use std::{fmt, sync::Arc};

use http::HeaderValue;
use tower_layer::Layer;

use super::service::{NewId, RequestHeaders};
use crate::{Error, ErrorKind};

/// Sets the headers that every attempt bears.
#[derive(Clone)]
pub struct RequestHeadersLayer {
    user_agent: HeaderValue,
    new_id: NewId,
}

impl RequestHeadersLayer {
    /// Requests that call themselves `user_agent` (RFC 9110, section 10.1.5).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the text is no header value.
    pub fn new(user_agent: &str) -> Result<Self, Error> {
        let user_agent = HeaderValue::from_str(user_agent).map_err(|error| {
            Error::new(
                ErrorKind::Config,
                "the user agent is not one line of visible text",
            )
            .with_source(error)
        })?;
        Ok(Self {
            user_agent,
            ..Self::default()
        })
    }

    /// Takes ids from `new_id` instead of random GUIDs, for tests whose outcome must repeat.
    #[must_use]
    pub fn with_ids(mut self, new_id: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.new_id = Arc::new(new_id);
        self
    }
}

impl Default for RequestHeadersLayer {
    /// Requests of `graph-pstn/` and this crate's version, and random GUIDs.
    fn default() -> Self {
        let user_agent = concat!("graph-pstn/", env!("CARGO_PKG_VERSION"));
        Self {
            user_agent: HeaderValue::from_static(user_agent),
            new_id: Arc::new(|| uuid::Uuid::new_v4().to_string()),
        }
    }
}

impl<S> Layer<S> for RequestHeadersLayer {
    type Service = RequestHeaders<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestHeaders::new(inner, self.user_agent.clone(), self.new_id.clone())
    }
}

impl fmt::Debug for RequestHeadersLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHeadersLayer")
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}
