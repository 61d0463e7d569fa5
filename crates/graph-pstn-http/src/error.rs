//! The one error of the stack: a kind to branch on, and what support will ask for.

use std::{error, fmt, time::Duration};

use http::StatusCode;

/// No server that names a time to wait means more than a year; what says so counts as that.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 3600);

type Source = Box<dyn error::Error + Send + Sync>;

/// What went wrong, as far as a caller may want to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No connection: name resolution, TCP, the proxy, or a TLS handshake that broke off. The request was not
    /// sent. Always retried.
    Connect,
    /// TLS failed for as long as nobody changes anything: the server's certificate is not trusted, or the two sides
    /// cannot agree on a version or a cipher. Not retried.
    Tls,
    /// An attempt, or the whole call, took longer than it may. Retried for GET.
    Timeout,
    /// The connection broke after the request went out, or the body ended early. Retried for GET.
    Interrupted,
    /// The body is larger than its limit. Not retried.
    BodyTooLarge,
    /// The body is not what it should be: not JSON, no `value`, HTML. Retried for GET.
    Decode,
    /// 401 from Graph, after one new token. Not retried.
    Unauthorized,
    /// 403 from Graph: most often the permission or the admin's consent is missing. Not retried.
    Forbidden,
    /// 429 from Graph, after the retries. The server's wait is [`Error::retry_after`].
    Throttled,
    /// 5xx or 408 from Graph, after the retries.
    Server,
    /// Any other refusal by Graph, 400 or 406 for instance. Not retried.
    Client,
    /// No token: the token source failed. Retried when it says that the failure is transient.
    Auth,
    /// A link or a request that leads away from the Graph origin. Nothing was sent.
    UntrustedLink,
    /// The pages go round in a circle, or yield nothing new for too long.
    PagingLoop,
    /// A setting contradicts another one, or cannot be used.
    Config,
    /// The work was given up because its task was cancelled, a layer of the caller's panicked in it, or the runtime
    /// is shutting down.
    Canceled,
    /// An error of a foreign layer or service that this crate cannot read. Not retried.
    Other,
}

impl ErrorKind {
    /// A short name in snake case, stable enough for logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::BodyTooLarge => "body_too_large",
            Self::Decode => "decode",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::Server => "server",
            Self::Client => "client",
            Self::Auth => "auth",
            Self::UntrustedLink => "untrusted_link",
            Self::PagingLoop => "paging_loop",
            Self::Config => "config",
            Self::Canceled => "canceled",
            Self::Other => "other",
        }
    }
}

/// An error of the stack. One line in `Display`; what caused it is its `source`.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    transient: bool,
    status: Option<StatusCode>,
    code: Option<String>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    attempts: u32,
    elapsed: Option<Duration>,
    source: Option<Source>,
}

impl Error {
    /// An error of this kind. The message is one line, says what to do where that is known, and
    /// holds no secret and no personal data.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let transient = matches!(
            kind,
            ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Interrupted
                | ErrorKind::Decode
                | ErrorKind::Throttled
                | ErrorKind::Server
        );
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            transient,
            status: None,
            code: None,
            retry_after: None,
            request_id: None,
            client_request_id: None,
            attempts: 0,
            elapsed: None,
            source: None,
        }))
    }

    pub(crate) fn auth(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Auth, message)
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Overrides whether another try may help.
    #[must_use]
    pub fn with_transient(mut self, transient: bool) -> Self {
        self.0.transient = transient;
        self
    }

    /// Adds the response's status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the service's own code: Graph's `error.code`, or an `AADSTS` code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds how long the server asked to be left alone; more than a year counts as a year.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait.min(LONGEST_WAIT));
        self
    }

    /// Adds the id that the service gave the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Adds the id that the client gave the request; one that is there already stays.
    #[must_use]
    pub fn with_client_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.client_request_id.get_or_insert_with(|| id.into());
        self
    }

    /// Adds how often the request was sent, and how long the whole call took.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32, elapsed: Duration) -> Self {
        self.0.attempts = attempts;
        self.0.elapsed = Some(elapsed);
        self
    }

    #[cfg(feature = "retry")]
    pub(crate) fn set_attempts(&mut self, attempts: u32, elapsed: Duration) {
        self.0.attempts = attempts;
        self.0.elapsed = Some(elapsed);
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same request may well succeed later, without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// The response's status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Graph's `error.code`, or the `AADSTS` code of the token endpoint.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// How long the server asked to be left alone, counted from its answer.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The `request-id` that the service gave, for Microsoft's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The `client-request-id` that was sent, known even when no answer came.
    #[must_use]
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.client_request_id.as_deref()
    }

    /// How many requests were sent, those that a 401 made necessary included; 0 when none was, or when nobody counted.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the call took, waits included.
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.0.elapsed
    }

    /// Brings any error of a foreign service or layer into this type; one of ours passes through.
    #[must_use]
    pub fn from_boxed(source: Source) -> Self {
        match source.downcast::<Self>() {
            Ok(ours) => *ours,
            Err(foreign) => {
                Self::new(ErrorKind::Other, "the service below failed").with_source(foreign)
            }
        }
    }
}

impl From<Source> for Error {
    fn from(source: Source) -> Self {
        Self::from_boxed(source)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.message)?;
        let mut separator = " (";
        let mut note = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let before = std::mem::replace(&mut separator, ", ");
            write!(f, "{before}{name}{value}")
        };
        if let Some(status) = inner.status {
            note(f, "status ", &status.as_u16())?;
        }
        if let Some(code) = &inner.code {
            note(f, "code ", code)?;
        }
        if let Some(id) = &inner.request_id {
            note(f, "request-id ", id)?;
        }
        if let Some(id) = &inner.client_request_id {
            note(f, "client-request-id ", id)?;
        }
        if inner.attempts > 1 {
            note(f, "attempts ", &inner.attempts)?;
        }
        // Nothing was sent, but tried for a while.
        let in_vain = |elapsed: &Duration| inner.attempts == 0 && elapsed.as_secs() > 0;
        let elapsed = inner.elapsed;
        if let Some(elapsed) = elapsed.filter(|it| inner.attempts > 1 || in_vain(it)) {
            note(f, "after ", &format_args!("{:.1} s", elapsed.as_secs_f64()))?;
        }
        if separator == ", " {
            f.write_str(")")
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &inner.message)
            .field("transient", &inner.transient)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("retry_after", &inner.retry_after)
            .field("request_id", &inner.request_id)
            .field("client_request_id", &inner.client_request_id)
            .field("attempts", &inner.attempts)
            .field("elapsed", &inner.elapsed)
            .field("source", &inner.source)
            .finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn one_line_with_what_support_asks_for() {
        let error = Error::new(ErrorKind::Throttled, "Graph is throttling")
            .with_status(StatusCode::TOO_MANY_REQUESTS)
            .with_code("TooManyRequests")
            .with_request_id("r1")
            .with_client_request_id("c1")
            .with_attempts(3, Duration::from_millis(2_500));
        assert_eq!(
            error.to_string(),
            "Graph is throttling (status 429, code TooManyRequests, request-id r1, \
             client-request-id c1, attempts 3, after 2.5 s)"
        );
        assert_eq!(
            Error::new(ErrorKind::Config, "no cloud").to_string(),
            "no cloud"
        );
        let no_token = |elapsed| {
            Error::auth("no token")
                .with_attempts(0, elapsed)
                .to_string()
        };
        assert_eq!(
            no_token(Duration::from_secs(163)),
            "no token (after 163.0 s)"
        );
        assert_eq!(no_token(Duration::from_millis(3)), "no token");
    }

    #[test]
    fn ours_passes_through_a_box_and_a_foreign_one_becomes_the_source() {
        let ours: Source = Box::new(Error::new(ErrorKind::Timeout, "slow"));
        assert_eq!(Error::from(ours).kind(), ErrorKind::Timeout);
        let foreign: Source = "tower is closed".into();
        let error = Error::from(foreign);
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(error.source().unwrap().to_string(), "tower is closed");
    }

    #[test]
    fn a_wait_without_end_is_a_year() {
        let error = Error::new(ErrorKind::Auth, "later").with_retry_after(Duration::MAX);
        assert_eq!(error.retry_after(), Some(LONGEST_WAIT));
    }

    #[test]
    fn an_error_is_small_and_all_errors_may_cross_threads() {
        fn is_error<T: error::Error + Send + Sync + 'static>() {}
        is_error::<Error>();
        is_error::<crate::OriginError>();
        is_error::<crate::ParseCloudError>();
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }
}
