//! What the layers report while they work, for logs, metrics and progress.
//!
//! An observer is told of waits and retries when they begin, and of attempts and pages when they end.
//! It is called on the way of the request, so it must be quick. Nothing that it is given holds
//! personal data or a secret.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use http::{Method, StatusCode};

use crate::{ErrorKind, Origin};

/// Hears of what the layers do. All methods have empty bodies, so implement those of interest.
pub trait Observer: Send + Sync {
    /// An attempt has ended: the service answered, there was no answer, or it was given up because whoever asked no
    /// longer wants it ([`ErrorKind::Canceled`]). Graph counts those too.
    fn attempt(&self, attempt: &AttemptEnd) {
        let _ = attempt;
    }

    /// An attempt failed and another will follow after a pause that begins now.
    fn retry(&self, retry: &RetryPause) {
        let _ = retry;
    }

    /// A request must wait before it may leave, beginning now.
    fn wait(&self, wait: &QuotaWait) {
        let _ = wait;
    }

    /// A page has been read.
    fn page(&self, page: &PageEnd) {
        let _ = page;
    }

    /// The token source gave a token that was not there before, or failed to.
    fn token(&self, token: &TokenEnd) {
        let _ = token;
    }
}

/// The end of one attempt.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptEnd {
    /// The status of the answer, or what kind of failure there was instead.
    pub outcome: Result<StatusCode, ErrorKind>,
    /// From sending the request to having its whole body, or to the failure.
    pub took: Duration,
    /// The method of the request.
    pub method: Method,
    /// Where it was sent; `None` where the URL is none that an [`Origin`] can be of.
    pub server: Option<Origin>,
}

impl AttemptEnd {
    /// How the attempt failed, as OpenTelemetry's `error.type` has it: a status of 400 or more as text, or
    /// [`ErrorKind::name`] where there was no whole answer. `None` for an attempt that succeeded.
    #[must_use]
    pub fn error_type(&self) -> Option<Cow<'static, str>> {
        match self.outcome {
            Ok(status) if status.is_client_error() || status.is_server_error() => {
                Some(Cow::Owned(status.as_str().to_owned()))
            }
            Ok(_) => None,
            Err(kind) => Some(Cow::Borrowed(kind.name())),
        }
    }
}

/// A method as OpenTelemetry's `http.request.method` has it, where foreign methods have one name together.
#[cfg(any(feature = "trace", feature = "metrics"))]
pub(crate) fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "CONNECT" => "CONNECT",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        "PATCH" => "PATCH",
        _ => "_OTHER",
    }
}

/// A pause before another attempt.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryPause {
    /// How many attempts have failed so far, those for want of a token included.
    pub failed_attempts: u32,
    /// How long the pause will be.
    pub pause: Duration,
    /// How the last attempt failed.
    pub kind: ErrorKind,
    /// Whether the server named the time, rather than the client.
    pub stated: bool,
}

/// A wait for the quota.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct QuotaWait {
    /// How long the wait will be, as far as is known now.
    pub wait: Duration,
    /// Whether the server closed the gate with a 429 or a `Retry-After`, rather than the client's own
    /// count of its requests.
    pub gate: bool,
}

/// A page that was read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PageEnd {
    /// How many rows it held, those set aside not counted.
    pub rows: usize,
    /// How many rows could not be read and were set aside.
    pub rejects: usize,
    /// How many bytes its body had.
    pub bytes: usize,
}

impl PageEnd {
    #[cfg(feature = "page")]
    pub(crate) fn new(rows: usize, rejects: usize, bytes: usize) -> Self {
        Self {
            rows,
            rejects,
            bytes,
        }
    }
}

/// A token that was asked for, and is not the one that was there before.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TokenEnd {
    /// Why it was asked for.
    pub reason: TokenReason,
    /// Whether there is one, or how the token source failed.
    pub outcome: Result<(), ErrorKind>,
}

/// Why a token was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenReason {
    /// An attempt was to be signed. Of the source's own accord the token is the first one, or the next.
    Needed,
    /// Graph refused the one that was there with a 401.
    Refused,
    /// Graph refused it and said which claims it wants.
    Challenged,
}

impl TokenReason {
    /// A short name in snake case, stable enough for logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Needed => "needed",
            Self::Refused => "refused",
            Self::Challenged => "challenged",
        }
    }
}

/// An observer that any number of layers share; by default one that does nothing.
#[derive(Clone)]
pub struct SharedObserver(Arc<dyn Observer>);

impl SharedObserver {
    /// Shares `observer`.
    #[must_use]
    pub fn new(observer: impl Observer + 'static) -> Self {
        Self(Arc::new(observer))
    }
}

impl Default for SharedObserver {
    fn default() -> Self {
        Self::new(Deaf)
    }
}

impl std::ops::Deref for SharedObserver {
    type Target = dyn Observer;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for SharedObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedObserver")
    }
}

struct Deaf;

impl Observer for Deaf {}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn attempt(&self, attempt: &AttemptEnd) {
        (**self).attempt(attempt);
    }

    fn retry(&self, retry: &RetryPause) {
        (**self).retry(retry);
    }

    fn wait(&self, wait: &QuotaWait) {
        (**self).wait(wait);
    }

    fn page(&self, page: &PageEnd) {
        (**self).page(page);
    }

    fn token(&self, token: &TokenEnd) {
        (**self).token(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_type(outcome: Result<u16, ErrorKind>) -> Option<String> {
        let end = AttemptEnd {
            outcome: outcome.map(|status| StatusCode::from_u16(status).unwrap()),
            took: Duration::ZERO,
            method: Method::GET,
            server: None,
        };
        end.error_type().map(Cow::into_owned)
    }

    #[test]
    fn a_status_of_400_or_more_is_a_failure() {
        for status in [200, 204, 304, 399] {
            assert_eq!(error_type(Ok(status)), None);
        }
        for status in [400, 429, 503, 599] {
            assert_eq!(error_type(Ok(status)), Some(status.to_string()));
        }
        let broken = error_type(Err(ErrorKind::Interrupted));
        assert_eq!(broken.as_deref(), Some("interrupted"));
    }

    #[cfg(any(feature = "trace", feature = "metrics"))]
    #[test]
    fn methods_of_ones_own_have_one_name_together() {
        assert_eq!(method_name(&Method::PATCH), "PATCH");
        let own = Method::from_bytes(b"BREW").unwrap();
        assert_eq!(method_name(&own), "_OTHER");
    }
}
