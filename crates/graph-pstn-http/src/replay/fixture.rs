//! A scenario: the exchanges in their order, and what a caller asked for to bring them about.

use std::{fmt, fs, path::Path, str::FromStr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};

use super::{
    compact::compact,
    file::{
        ContentFile, EntryFile, FailureFile, FixtureFile, PostDataFile, RequestFile, ResponseFile,
    },
    redact,
    scenario::Scenario,
    sent::FORM,
};
use crate::{Error, ErrorKind};

/// HTTP exchanges of one scenario, recorded or written by hand.
///
/// The file's form is described in the [module's documentation](super). `Debug` shows counts only:
/// bodies of call logs are personal data.
#[derive(Clone)]
pub struct Fixture {
    description: String,
    provenance: String,
    recorded: Option<String>,
    scenario: Scenario,
    exchanges: Vec<Exchange>,
}

/// One request and how it ends.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) request: Expected,
    pub(super) delay: Duration,
    pub(super) outcome: Outcome,
}

/// What a request has to be.
#[derive(Clone)]
pub(super) struct Expected {
    pub(super) method: Method,
    pub(super) url: Uri,
    pub(super) authorized: bool,
    pub(super) body: ExpectedBody,
}

#[derive(Clone)]
pub(super) enum ExpectedBody {
    Empty,
    /// Secrets are redacted on both sides.
    Form(Vec<(String, String)>),
    Bytes(Bytes),
}

#[derive(Clone)]
pub(super) enum Outcome {
    Response(Response<Bytes>),
    /// The body breaks off after so many bytes of its length.
    Cut {
        sent: usize,
        length: usize,
    },
    Connect,
    Tls,
    Interrupted,
    Silence,
}

impl Fixture {
    /// Reads a fixture from the bytes of its file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], with the line or the entry that is wrong.
    pub fn from_slice(json: &[u8]) -> Result<Self, Error> {
        let file: FixtureFile = serde_json::from_slice(json).map_err(|error| {
            Error::new(ErrorKind::Config, format!("not a fixture: {error}")).with_source(error)
        })?;
        if file.log.version != "1.2" {
            return Err(wrong("`log.version` has to be \"1.2\", HAR's version"));
        }
        let exchanges = file.log.entries.into_iter().enumerate();
        let exchanges = exchanges
            .map(|(index, entry)| {
                exchange(entry).map_err(|reason| wrong(&format!("entry {}: {reason}", index + 1)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if exchanges.is_empty() {
            return Err(wrong("`log.entries` is empty"));
        }
        let scenario = file.scenario;
        Ok(Self {
            description: file.description,
            provenance: file.provenance,
            recorded: file.recorded,
            scenario: Scenario {
                cloud: scenario.cloud,
                log: scenario.log,
                from: scenario.from,
                to: scenario.to,
                credential: scenario.credential,
                stop_after: scenario.stop_after,
                parallel: scenario.parallel,
            },
            exchanges,
        })
    }

    /// Reads a fixture's file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], when the file cannot be read or is no fixture; the message names it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let failed =
            |error: String| Error::new(ErrorKind::Config, format!("{}: {error}", path.display()));
        let json = fs::read(path).map_err(|error| failed(error.to_string()).with_source(error))?;
        Self::from_slice(&json).map_err(|error| failed(error.to_string()))
    }

    /// What the scenario shows, for a reader.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Where the exchanges come from, for a reader.
    #[must_use]
    pub fn provenance(&self) -> &str {
        &self.provenance
    }

    /// When it was recorded, RFC 3339; `None` for a synthetic one.
    #[must_use]
    pub fn recorded(&self) -> Option<&str> {
        self.recorded.as_deref()
    }

    /// What to ask the stack for.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    pub(super) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("entries", &self.exchanges.len())
            .finish_non_exhaustive()
    }
}

fn wrong(reason: &str) -> Error {
    Error::new(ErrorKind::Config, format!("not a fixture: {reason}"))
}

fn exchange(entry: EntryFile) -> Result<Exchange, String> {
    let outcome = match (entry.response, entry.failure) {
        (Some(response), None) => outcome(response)?,
        (None, Some(FailureFile::Connect)) => Outcome::Connect,
        (None, Some(FailureFile::Tls)) => Outcome::Tls,
        (None, Some(FailureFile::Interrupted)) => Outcome::Interrupted,
        (None, Some(FailureFile::Silence)) => Outcome::Silence,
        _ => return Err("either `response` or `_failure` has to be there".to_owned()),
    };
    Ok(Exchange {
        request: expected(entry.request)?,
        delay: Duration::from_millis(entry.time),
        outcome,
    })
}

fn expected(request: RequestFile) -> Result<Expected, String> {
    let method = Method::from_str(&request.method)
        .map_err(|_| format!("`{}` is no method", request.method))?;
    let url: Uri = request
        .url
        .parse()
        .map_err(|error| format!("the URL `{}`: {error}", request.url))?;
    if url.host().is_none() {
        return Err(format!("the URL `{url}` has no host"));
    }
    let authorized = request
        .headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case("authorization"));
    let body = match request.post_data {
        None => ExpectedBody::Empty,
        Some(data) => expected_body(data)?,
    };
    Ok(Expected {
        method,
        url,
        authorized,
        body,
    })
}

fn expected_body(data: PostDataFile) -> Result<ExpectedBody, String> {
    match (data.params, data.text) {
        (Some(params), None) if data.mime_type.starts_with(FORM) => {
            let pairs = params
                .into_iter()
                .map(|pair| redact::parameter(pair.name, pair.value));
            Ok(ExpectedBody::Form(pairs.collect()))
        }
        (Some(_), None) => Err(format!("`postData.params` are for {FORM} only")),
        (None, Some(text)) => Ok(ExpectedBody::Bytes(text.into())),
        _ => Err("`postData` needs either `params` or `text`".to_owned()),
    }
}

fn outcome(file: ResponseFile) -> Result<Outcome, String> {
    let status = StatusCode::from_u16(file.status)
        .map_err(|_| format!("{} is no status of a response", file.status))?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    for pair in file.headers {
        let name = HeaderName::from_str(&pair.name)
            .map_err(|_| format!("`{}` is no name of a header", pair.name))?;
        let value = HeaderValue::from_str(&pair.value)
            .map_err(|_| format!("the value of the header `{name}` is none"))?;
        response.headers_mut().append(name, value);
    }
    let Some(content) = file.content else {
        return Ok(Outcome::Response(response));
    };
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        let value = HeaderValue::from_str(&content.mime_type)
            .map_err(|_| "`content.mimeType` is no content type".to_owned())?;
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    let cut_after = content.cut_after;
    let body = body(content)?;
    match cut_after {
        None => {
            *response.body_mut() = body;
            Ok(Outcome::Response(response))
        }
        Some(sent) if sent < body.len() => Ok(Outcome::Cut {
            sent,
            length: body.len(),
        }),
        Some(_) => Err(format!(
            "`_cutAfter` has to be less than the body's {} bytes",
            body.len()
        )),
    }
}

fn body(content: ContentFile) -> Result<Bytes, String> {
    match (content.json, content.text, content.encoding) {
        (Some(json), None, None) => Ok(compact(json.get()).into()),
        (None, Some(text), None) => Ok(text.into()),
        (None, Some(text), Some(_)) => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|error| format!("`content.text` is not base64: {error}")),
        _ => Err(
            "`content` needs either `_json` or `text`, and `encoding` with `text` only".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_entry(entry: &str) -> Result<Fixture, Error> {
        let json = format!(
            r#"{{
              "description": "d", "provenance": "p", "recorded": null,
              "scenario": {{ "cloud": "global", "log": "pstn", "from": "2019-11-01", "to": "2019-12-01" }},
              "log": {{ "version": "1.2", "creator": {{ "name": "n", "version": "1" }}, "entries": [{entry}] }}
            }}"#
        );
        Fixture::from_slice(json.as_bytes())
    }

    fn with_content(content: &str) -> Result<Outcome, Error> {
        let entry = format!(
            r#"{{ "request": {{ "method": "GET", "url": "https://graph.example/x" }},
                  "response": {{ "status": 200, "content": {content} }} }}"#
        );
        with_entry(&entry).map(|fixture| fixture.exchanges[0].outcome.clone())
    }

    #[test]
    fn a_json_body_is_sent_on_one_line_with_its_number_text() {
        let content =
            r#"{ "mimeType": "application/json", "_json": { "charge": 0.00, "t": "a  b" } }"#;
        let Ok(Outcome::Response(response)) = with_content(content) else {
            panic!("no response");
        };
        assert_eq!(response.body().as_ref(), br#"{"charge":0.00,"t":"a  b"}"#);
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn a_base64_body_is_decoded() {
        let content = r#"{ "mimeType": "text/plain", "text": "aGk=", "encoding": "base64" }"#;
        let Ok(Outcome::Response(response)) = with_content(content) else {
            panic!("no response");
        };
        assert_eq!(response.body().as_ref(), b"hi");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let of = |result: Result<Outcome, Error>| result.map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            of(with_content(
                r#"{ "mimeType": "text/plain", "text": "a", "_json": 1 }"#
            )),
            "not a fixture: entry 1: `content` needs either `_json` or `text`, and `encoding` with \
             `text` only"
        );
        assert_eq!(
            of(with_content(
                r#"{ "mimeType": "text/plain", "text": "abc", "_cutAfter": 3 }"#
            )),
            "not a fixture: entry 1: `_cutAfter` has to be less than the body's 3 bytes"
        );
        assert!(
            of(with_content(r#"{ "mimeType": "text/plain", "txt": "a" }"#))
                .contains("unknown field `txt`")
        );
        let no_end = r#"{ "request": { "method": "GET", "url": "https://graph.example/" } }"#;
        assert_eq!(
            with_entry(no_end).unwrap_err().to_string(),
            "not a fixture: entry 1: either `response` or `_failure` has to be there"
        );
        let no_host = r#"{ "request": { "method": "GET", "url": "/x" }, "_failure": "connect" }"#;
        assert_eq!(
            with_entry(no_host).unwrap_err().to_string(),
            "not a fixture: entry 1: the URL `/x` has no host"
        );
    }

    #[test]
    fn whether_it_was_recorded_has_to_be_said() {
        let error = Fixture::from_slice(br#"{ "description": "d", "provenance": "p" }"#);
        assert!(error.unwrap_err().to_string().contains("`recorded`"));
    }

    #[test]
    fn debug_shows_counts_only() {
        let entry = r#"{ "request": { "method": "GET", "url": "https://graph.example/secret" },
                         "_failure": "connect" }"#;
        let shown = format!("{:?}", with_entry(entry).unwrap());
        assert_eq!(shown, "Fixture { entries: 1, .. }");
    }
}
