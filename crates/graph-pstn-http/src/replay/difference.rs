//! How a request differs from the expected one, so that a reader sees it at once.

use std::{error, fmt};

use bytes::Bytes;
use http::{Request, Uri, header::AUTHORIZATION};

use super::{
    fixture::{Expected, ExpectedBody},
    sent::{SentBody, SentRequest},
};

/// What of a request is not as the fixture has it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// What is compared, the expected one and the one that was sent.
    parts: Vec<(&'static str, String, String)>,
}

impl Difference {
    /// `None` when the request is the expected one. The order of query parameters and of form
    /// parameters does not count; of the headers, only whether `Authorization` is there.
    pub(super) fn between(
        expected: &Expected,
        request: &Request<Bytes>,
        sent: &SentRequest,
    ) -> Option<Self> {
        let mut parts = Vec::new();
        let mut differs = |what, expected: String, sent: String| parts.push((what, expected, sent));
        if expected.method != request.method() {
            differs("method", expected.method.to_string(), sent.method.clone());
        }
        if comparable(&expected.url) != comparable(request.uri()) {
            differs("url", expected.url.to_string(), sent.url.clone());
        }
        if expected.authorized != request.headers().contains_key(AUTHORIZATION) {
            let shown = |there| if there { "present" } else { "absent" }.to_owned();
            differs(
                "authorization",
                shown(expected.authorized),
                shown(!expected.authorized),
            );
        }
        if !same_body(&expected.body, request.body(), &sent.body) {
            let wanted = match &expected.body {
                ExpectedBody::Empty => SentBody::Empty,
                ExpectedBody::Form(pairs) => SentBody::Form(pairs.clone()),
                ExpectedBody::Bytes(bytes) => SentBody::Bytes(bytes.len()),
            };
            differs("body", show_body(&wanted), show_body(&sent.body));
        }
        (!parts.is_empty()).then_some(Self { parts })
    }
}

/// The origin, the path and the query parameters in the order of their text. The path is compared as
/// it is written: whether a parenthesis is encoded matters to Graph.
fn comparable(url: &Uri) -> (Option<&str>, Option<&str>, &str, Vec<&str>) {
    let mut parameters: Vec<_> = url.query().unwrap_or_default().split('&').collect();
    parameters.sort_unstable();
    let authority = url.authority().map(|authority| authority.as_str());
    (url.scheme_str(), authority, url.path(), parameters)
}

fn same_body(expected: &ExpectedBody, raw: &Bytes, sent: &SentBody) -> bool {
    match (expected, sent) {
        (ExpectedBody::Empty, SentBody::Empty) => true,
        (ExpectedBody::Form(expected), SentBody::Form(sent)) => sorted(expected) == sorted(sent),
        (ExpectedBody::Bytes(expected), SentBody::Bytes(_)) => expected == raw,
        _ => false,
    }
}

fn sorted(pairs: &[(String, String)]) -> Vec<&(String, String)> {
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort_unstable();
    pairs
}

fn show_body(body: &SentBody) -> String {
    match body {
        SentBody::Empty => "empty".to_owned(),
        SentBody::Form(pairs) => {
            let pairs: Vec<_> = sorted(pairs)
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            pairs.join("&")
        }
        SentBody::Bytes(length) => format!("{length} bytes"),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (what, expected, sent)) in self.parts.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{line_end}{what}\n  expected {expected}\n  sent     {sent}"
            )?;
        }
        Ok(())
    }
}

impl error::Error for Difference {}
