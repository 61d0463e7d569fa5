//! The one error of this crate, and how it becomes an error of the stack.

use std::{
    error, fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use graph_pstn_http::ErrorKind as HttpErrorKind;
use http::StatusCode;

use crate::EntraError;

/// What an [`Error`] means for the one who meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Somebody has to change something: the credential, the app registration, the network's setup.
    Permanent,
    /// Entra asks to be left alone for a while.
    Throttled,
    /// An outage or a broken connection; it passes.
    Transient,
    /// A setting that cannot work, found before anything was sent.
    Config,
}

type Source = Arc<dyn error::Error + Send + Sync>;

/// Why there is no access token. One line in `Display` that says what to do; cheap to clone, since
/// all callers that waited for one token request share its error.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
    /// Apart from the rest: the token cache tells each caller how much of the wait is left.
    retry_after: Option<Duration>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<StatusCode>,
    correlation_id: Option<String>,
    /// The answer's `Date`, by which a wrong clock here is noticed.
    server_time: Option<SystemTime>,
    cause: Option<Cause>,
}

#[derive(Clone)]
enum Cause {
    Entra(EntraError),
    Transport(Arc<graph_pstn_http::Error>),
    Other(Source),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Arc::new(Inner {
                kind,
                message: message.into(),
                status: None,
                correlation_id: None,
                server_time: None,
                cause: None,
            }),
            retry_after: None,
        }
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// An error of an assertion source that stays until somebody changes something. The message is one
    /// line and holds no secret.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Permanent, message)
    }

    /// An error of an assertion source that passes by itself. The message is one line and holds no secret.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transient, message)
    }

    /// The request did not come through to Entra, or the answer not back.
    pub(crate) fn transport(host: &str, error: graph_pstn_http::Error) -> Self {
        let kind = if error.is_transient() {
            ErrorKind::Transient
        } else if error.kind() == HttpErrorKind::Config {
            ErrorKind::Config
        } else {
            ErrorKind::Permanent
        };
        let wait = error.retry_after();
        Self::new(
            kind,
            format!("the token request to {host} did not come through"),
        )
        .changed(|inner| inner.cause = Some(Cause::Transport(Arc::new(error))))
        .with_retry_after(wait)
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        self.changed(|inner| inner.status = Some(status))
    }

    pub(crate) fn with_server_time(self, time: Option<SystemTime>) -> Self {
        self.changed(|inner| inner.server_time = time)
    }

    pub(crate) fn server_time(&self) -> Option<SystemTime> {
        self.inner.server_time
    }

    pub(crate) fn with_correlation_id(self, id: impl Into<String>) -> Self {
        self.changed(|inner| inner.correlation_id = Some(id.into()))
    }

    pub(crate) fn with_entra(self, error: EntraError) -> Self {
        self.changed(|inner| inner.cause = Some(Cause::Entra(error)))
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        let source = Source::from(source.into());
        self.changed(|inner| inner.cause = Some(Cause::Other(source)))
    }

    pub(crate) fn with_retry_after(self, wait: Option<Duration>) -> Self {
        Self {
            retry_after: wait,
            ..self
        }
    }

    fn changed(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// What it means for the one who meets it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether another try may help without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.inner.kind, ErrorKind::Throttled | ErrorKind::Transient)
    }

    /// The status of Entra's answer, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.status
    }

    /// How long the token endpoint is to be left alone, counted from when this error was given out.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What Entra said, if it was Entra that refused.
    #[must_use]
    pub fn entra(&self) -> Option<&EntraError> {
        match &self.inner.cause {
            Some(Cause::Entra(error)) => Some(error),
            _ => None,
        }
    }

    /// The `client-request-id` of the token request, by which Entra's sign-in logs find it.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.inner.correlation_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.write_str(&inner.message)?;
        let entra = self.entra();
        let notes = [
            inner.status.map(|s| format!("status {}", s.as_u16())),
            entra
                .and_then(EntraError::code)
                .map(|c| format!("code {c}")),
            entra
                .and_then(EntraError::trace_id)
                .map(|id| format!("trace id {id}")),
            inner
                .correlation_id
                .as_ref()
                .map(|id| format!("correlation id {id}")),
        ];
        let mut separator = " (";
        for note in notes.into_iter().flatten() {
            write!(f, "{separator}{note}")?;
            separator = ", ";
        }
        f.write_str(if separator == ", " { ")" } else { "" })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("status", &self.inner.status)
            .field("correlation_id", &self.inner.correlation_id)
            .field("retry_after", &self.retry_after)
            .field("source", &error::Error::source(self))
            .finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.inner.cause {
            None => None,
            Some(Cause::Entra(error)) => Some(error),
            Some(Cause::Transport(error)) => Some(&**error),
            Some(Cause::Other(error)) => Some(&**error),
        }
    }
}

impl From<Error> for graph_pstn_http::Error {
    /// Kind `Auth` (`Config` for a setting that cannot work), with the same line, wait and ids. The
    /// source is the cause of the token error, so that no line stands twice in the chain:
    /// [`EntraError`], or the transport's own error.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Config => HttpErrorKind::Config,
            _ => HttpErrorKind::Auth,
        };
        let mut new =
            Self::new(kind, error.inner.message.clone()).with_transient(error.is_transient());
        if let Some(status) = error.status() {
            new = new.with_status(status);
        }
        if let Some(wait) = error.retry_after {
            new = new.with_retry_after(wait);
        }
        if let Some(id) = error.correlation_id() {
            new = new.with_client_request_id(id);
        }
        match error.inner.cause.clone() {
            None => new,
            Some(Cause::Entra(entra)) => {
                if let Some(code) = entra.code() {
                    new = new.with_code(code);
                }
                if let Some(id) = entra.trace_id() {
                    new = new.with_request_id(id);
                }
                new.with_source(entra)
            }
            Some(Cause::Transport(transport)) => {
                // The error below cannot be cloned, but its kind must still be found by a caller
                // that goes down the chain.
                let copy = Self::new(transport.kind(), transport.to_string())
                    .with_transient(transport.is_transient());
                new.with_source(match error::Error::source(&*transport) {
                    Some(_) => copy.with_source(BelowTransport(transport)),
                    None => copy,
                })
            }
            Some(Cause::Other(source)) => new.with_source(Shared(source)),
        }
    }
}

/// A shared error where an owned one is wanted.
struct Shared(Source);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl error::Error for Shared {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source()
    }
}

/// The cause of a shared transport error: one step down its chain.
struct BelowTransport(Arc<graph_pstn_http::Error>);

impl fmt::Display for BelowTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::Error::source(&*self.0).map_or(Ok(()), |source| fmt::Display::fmt(source, f))
    }
}

impl fmt::Debug for BelowTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::Error::source(&*self.0).map_or(Ok(()), |source| fmt::Debug::fmt(source, f))
    }
}

impl error::Error for BelowTransport {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        error::Error::source(&*self.0).and_then(error::Error::source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    fn chain(error: &dyn error::Error) -> Vec<String> {
        let below = error.source().map(chain).unwrap_or_default();
        [vec![error.to_string()], below].concat()
    }

    #[test]
    fn the_chain_of_a_transport_error_survives_without_repetition() {
        let below = graph_pstn_http::Error::new(HttpErrorKind::Connect, "cannot connect")
            .with_source("connection refused");
        let ours = Error::transport("login.example", below).with_correlation_id("c1");
        assert_eq!(ours.kind(), ErrorKind::Transient);
        let lines = [
            "the token request to login.example did not come through (correlation id c1)",
            "cannot connect",
            "connection refused",
        ];
        assert_eq!(chain(&ours), lines);

        let theirs = graph_pstn_http::Error::from(ours);
        assert_eq!(theirs.kind(), HttpErrorKind::Auth);
        assert!(theirs.is_transient());
        assert_eq!(chain(&theirs)[1..], lines[1..]);
        let cause = theirs
            .source()
            .and_then(|s| s.downcast_ref::<graph_pstn_http::Error>());
        assert_eq!(
            cause.map(graph_pstn_http::Error::kind),
            Some(HttpErrorKind::Connect)
        );
    }

    #[test]
    fn what_entra_said_reaches_the_stack() {
        let entra = EntraError::from_slice(
            br#"{"error":"invalid_client","error_description":"AADSTS7000222: expired. Trace ID: t1",
                 "error_codes":[7000222],"trace_id":"t1","correlation_id":"c1"}"#,
        )
        .unwrap();
        let ours = Error::permanent("the client secret has expired")
            .with_entra(entra)
            .with_status(StatusCode::UNAUTHORIZED)
            .with_correlation_id("c1");
        let theirs = graph_pstn_http::Error::from(ours.clone());
        assert_eq!(
            theirs.to_string(),
            "the client secret has expired (status 401, code AADSTS7000222, request-id t1, \
             client-request-id c1)"
        );
        assert!(!theirs.is_transient());
        assert!(theirs.source().unwrap().is::<EntraError>());
        assert_eq!(ours.entra().unwrap().codes(), [7_000_222]);
    }

    #[test]
    fn a_setting_that_cannot_work_is_a_config_error_of_the_stack_too() {
        let theirs = graph_pstn_http::Error::from(Error::config("no tenant"));
        assert_eq!(theirs.kind(), HttpErrorKind::Config);
        assert_eq!(theirs.to_string(), "no tenant");
    }
}
