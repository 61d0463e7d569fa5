//! The body that Graph sends with an error status.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

/// An error as Graph words it: `{"error":{"code":…,"message":…,"innerError":{…}}}`.
///
/// Branch on the HTTP status first: codes vary, and messages are for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    code: String,
    message: String,
    target: Option<String>,
    inner_codes: Vec<String>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    date: Option<String>,
}

impl ErrorBody {
    /// Reads a body. `None` where it is not JSON or holds no `error` object.
    #[must_use]
    pub fn from_slice(body: &[u8]) -> Option<Self> {
        // As in a page: no part of JSON, and readers may skip it (RFC 8259, section 8.1).
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let body: Map<String, Value> = serde_json::from_slice(body).ok()?;
        Self::from_error(body.get("error")?.as_object()?)
    }

    /// Reads the `error` object itself.
    pub(crate) fn from_error(error: &Map<String, Value>) -> Option<Self> {
        let mut body = Self {
            code: text(error, "code").unwrap_or_default(),
            message: text(error, "message").unwrap_or_default(),
            target: text(error, "target"),
            ..Self::default()
        };
        body.read_inner(error);
        let mut level = error;
        while let Some(inner) = inner_error(level) {
            body.inner_codes.extend(text(inner, "code"));
            body.read_inner(inner);
            level = inner;
        }
        Some(body)
    }

    /// The outermost level that has a value wins.
    fn read_inner(&mut self, level: &Map<String, Value>) {
        let read = |into: &mut Option<String>, name| {
            if into.is_none() {
                *into = text(level, name);
            }
        };
        read(&mut self.request_id, "request-id");
        read(&mut self.client_request_id, "client-request-id");
        read(&mut self.date, "date");
    }

    /// The error's code, `BadRequest` for instance; may be empty.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The error's message; may be empty.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the error is about, where Graph says so.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The codes of the nested inner errors, outer to inner: more and more specific.
    pub fn inner_codes(&self) -> impl Iterator<Item = &str> {
        self.inner_codes.iter().map(String::as_str)
    }

    /// Graph's id of the request, which Microsoft's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The `client-request-id` that Graph saw.
    #[must_use]
    pub fn client_request_id(&self) -> Option<&str> {
        self.client_request_id.as_deref()
    }

    /// When it happened, as Graph writes it: UTC, mostly without a zone.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }
}

/// Code and message on one line; of a long message only its beginning.
impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, message) = (OneLine(&self.code), OneLine(&self.message));
        match (self.code.is_empty(), self.message.is_empty()) {
            (true, true) => f.write_str("an error without code and message"),
            (false, true) => code.fmt(f),
            (true, false) => message.fmt(f),
            (false, false) => write!(f, "{code}: {message}"),
        }
    }
}

/// The first 300 characters of a text of Graph's, without line breaks.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 300;
        self.0
            .chars()
            .take(LONGEST)
            .map(|c| if c.is_control() { ' ' } else { c })
            .try_for_each(|c| f.write_char(c))
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object
        .get(name)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Microsoft's pages spell it both ways.
fn inner_error(object: &Map<String, Value>) -> Option<&Map<String, Value>> {
    object
        .get("innerError")
        .or_else(|| object.get("innererror"))?
        .as_object()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_spellings_nested() {
        let body = ErrorBody::from_slice(
            br#"{"error":{"code":"badRequest","message":"No.","target":"fromDateTime","innererror":{
                "code":"invalidRange","innerError":{"code":"tooOld","request-id":"r","client-request-id":"c",
                "date":"2021-02-23T13:54:17"}}}}"#,
        )
        .unwrap();
        assert_eq!(body.to_string(), "badRequest: No.");
        assert_eq!(body.target(), Some("fromDateTime"));
        assert_eq!(
            body.inner_codes().collect::<Vec<_>>(),
            ["invalidRange", "tooOld"]
        );
        assert_eq!(body.request_id(), Some("r"));
        assert_eq!(body.client_request_id(), Some("c"));
        assert_eq!(body.date(), Some("2021-02-23T13:54:17"));
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let body = "\u{feff}{\"error\":{\"code\":\"NotFound\"}}";
        let body = ErrorBody::from_slice(body.as_bytes()).unwrap();
        assert_eq!(body.code(), "NotFound");
    }

    #[test]
    fn is_one_line_to_show() {
        let body = br#"{"error":{"code":"a\nb","message":"Expression\r\nexpected."}}"#;
        let body = ErrorBody::from_slice(body).unwrap();
        assert_eq!(body.to_string(), "a b: Expression  expected.");
        assert_eq!(body.message(), "Expression\r\nexpected.");
    }

    #[test]
    fn an_empty_message_is_none_to_show() {
        let body = ErrorBody::from_slice(br#"{"error":{"code":"NotFound","message":""}}"#).unwrap();
        assert_eq!(body.to_string(), "NotFound");
    }

    #[test]
    fn other_bodies_are_none() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"error":"invalid_client"}"#,
            "[]",
            "\u{feff}",
        ] {
            assert_eq!(ErrorBody::from_slice(body.as_bytes()), None, "{body}");
        }
    }
}
