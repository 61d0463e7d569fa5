//! What was sent and when, in a form that may be shown, stored and compared.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{Request, header::CONTENT_TYPE};
use serde::Serialize;

use super::redact::{self, Numbering};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A request that reached the service, without its secrets.
///
/// `Display` writes it over several lines, as snapshots hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SentRequest {
    /// When it came, counted from the making of the service, in tokio's time.
    pub at: Duration,
    /// The method.
    pub method: String,
    /// The URL as it was sent.
    pub url: String,
    /// The headers in the order of their names. A bearer token is shown as `Bearer <token:1>` and a
    /// `client-request-id` as `<id:1>`, numbered by first appearance; values that are marked
    /// sensitive are not shown.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: SentBody,
}

/// The body of a [`SentRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum SentBody {
    /// None.
    Empty,
    /// The parameters of a form in their order, secrets replaced by `<redacted>`.
    Form(Vec<(String, String)>),
    /// Any other body, of which only the length is told.
    Bytes(usize),
}

impl SentRequest {
    pub(super) fn new(request: &Request<Bytes>, at: Duration, numbering: &mut Numbering) -> Self {
        Self {
            at,
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: numbering.headers(request.headers()),
            body: SentBody::of(request),
        }
    }

    /// The value of a header as it is shown.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl SentBody {
    fn of(request: &Request<Bytes>) -> Self {
        let body = request.body();
        let content_type = request.headers().get(CONTENT_TYPE);
        let is_form = content_type.is_some_and(|kind| kind.as_bytes().starts_with(FORM.as_bytes()));
        if body.is_empty() {
            Self::Empty
        } else if is_form {
            let pairs = form_urlencoded::parse(body)
                .map(|(name, value)| redact::parameter(name.into_owned(), value.into_owned()));
            Self::Form(pairs.collect())
        } else {
            Self::Bytes(body.len())
        }
    }
}

impl fmt::Display for SentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:03} s  {} {}",
            self.at.as_secs(),
            self.at.subsec_millis(),
            self.method,
            self.url
        )?;
        for (name, value) in &self.headers {
            write!(f, "\n    {name}: {value}")?;
        }
        match &self.body {
            SentBody::Empty => Ok(()),
            SentBody::Form(pairs) => pairs
                .iter()
                .try_for_each(|(name, value)| write!(f, "\n    {name} = {value}")),
            SentBody::Bytes(length) => write!(f, "\n    ({length} bytes)"),
        }
    }
}
