//! Gathers exchanges, redacted as they come, and writes the fixture.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response, header};

use super::{
    body,
    pseudonyms::{Kind, Pseudonyms},
};
use crate::{
    Endpoints, Error, ErrorKind,
    replay::{
        Scenario,
        file::{
            ContentFile, CreatorFile, EntryFile, FailureFile, FixtureFile, LogFile, NameValue,
            PostDataFile, RequestFile, ResponseFile, ScenarioFile,
        },
        layout::laid_out,
        redact,
        sent::FORM,
    },
};

/// Headers of responses that are kept as they are.
const PLAIN_HEADERS: [HeaderName; 2] = [header::DATE, header::RETRY_AFTER];
/// Headers of responses that hold an id.
const ID_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("client-request-id"),
    HeaderName::from_static("request-id"),
];

/// Where [`RecordLayer`](super::RecordLayer)s put what they see. Clones share one recording, so that
/// the token requests and Graph's pages of one run stand in one fixture, in their order.
///
/// Values are redacted before they are kept. `Debug` shows counts only.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Recording>>);

#[derive(Default)]
struct Recording {
    pseudonyms: Pseudonyms,
    limits: body::Limits,
    entries: Vec<Entry>,
}

/// A request, and how it ended if it has.
struct Entry {
    request: RequestFile,
    end: Option<(Duration, End)>,
}

enum End {
    Response(ResponseFile),
    Failure(FailureFile),
}

/// The place of a request in the recording.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

impl Recorder {
    /// An empty recording.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows requests to `real` as if they went to `shown`: a recording made with the emulator, or by way of a
    /// gateway of one's own, then replays as one of a cloud.
    ///
    /// Hosts that are neither these, nor those of a [`Cloud`](crate::Cloud) of this build, nor reserved get
    /// made-up names.
    #[must_use]
    pub fn shown_as(self, real: &Endpoints, shown: &Endpoints) -> Self {
        self.recording().pseudonyms.exchanged = Some((real.clone(), shown.clone()));
        self
    }

    /// Keeps at most so many rows of each page. A page of Graph's has 1,000, which nobody reviews.
    #[must_use]
    pub fn rows_per_page(self, rows: usize) -> Self {
        self.recording().limits.rows = Some(rows);
        self
    }

    /// What the recording makes of this JSON, with the pseudonyms that it uses: a row that was delivered
    /// becomes the row that the replay delivers. `None` if it is no JSON.
    #[must_use]
    pub fn redacted(&self, json: &[u8]) -> Option<String> {
        let mut recording = self.recording();
        let json = body::redacted(json, body::Limits::default(), &mut recording.pseudonyms)?;
        Some(json.get().to_owned())
    }

    /// The recording so far as the text of a fixture's file. Requests that have not ended, or whose
    /// caller gave up, are left out.
    ///
    /// `recorded` is the time of the recording, RFC 3339. The other two are for the reader.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when nothing was recorded.
    pub fn fixture(
        &self,
        scenario: &Scenario,
        recorded: &str,
        description: &str,
        provenance: &str,
    ) -> Result<String, Error> {
        let recording = self.recording();
        let entries: Vec<_> = recording.entries.iter().filter_map(Entry::file).collect();
        if entries.is_empty() {
            let message = "nothing was recorded: no request went through the recording layer";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let file = FixtureFile {
            description: description.to_owned(),
            provenance: provenance.to_owned(),
            recorded: Some(recorded.to_owned()),
            scenario: ScenarioFile {
                cloud: scenario.cloud.clone(),
                log: scenario.log.clone(),
                from: scenario.from.clone(),
                to: scenario.to.clone(),
                credential: scenario.credential,
                stop_after: scenario.stop_after,
                parallel: scenario.parallel,
            },
            log: LogFile {
                version: "1.2".to_owned(),
                creator: CreatorFile {
                    name: env!("CARGO_PKG_NAME").to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                },
                entries,
            },
        };
        let json = serde_json::to_string(&file).map_err(|error| {
            Error::new(ErrorKind::Other, "the recording has no form in JSON").with_source(error)
        })?;
        Ok(laid_out(&json))
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a request.
    pub(super) fn request(&self, request: &Request<Bytes>) -> Place {
        let mut recording = self.recording();
        let request = recording.pseudonyms.request(request);
        recording.entries.push(Entry { request, end: None });
        Place(recording.entries.len() - 1)
    }

    /// Keeps how it ended, `took` after it was sent.
    pub(super) fn end(
        &self,
        place: Place,
        took: Duration,
        outcome: &Result<Response<Bytes>, Error>,
    ) {
        let mut recording = self.recording();
        let end = match outcome {
            Ok(response) => {
                let limits = recording.limits;
                End::Response(recording.pseudonyms.response(response, limits))
            }
            Err(error) => End::Failure(match error.kind() {
                ErrorKind::Connect => FailureFile::Connect,
                ErrorKind::Tls => FailureFile::Tls,
                _ => FailureFile::Interrupted,
            }),
        };
        if let Some(entry) = recording.entries.get_mut(place.0) {
            entry.end = Some((took, end));
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("entries", &self.recording().entries.len())
            .finish_non_exhaustive()
    }
}

impl Entry {
    fn file(&self) -> Option<EntryFile> {
        let (took, end) = self.end.as_ref()?;
        let (response, failure) = match end {
            End::Response(response) => (Some(response.clone()), None),
            End::Failure(failure) => (None, Some(*failure)),
        };
        Some(EntryFile {
            time: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            request: self.request.clone(),
            response,
            failure,
        })
    }
}

impl Pseudonyms {
    fn request(&mut self, request: &Request<Bytes>) -> RequestFile {
        let authorization = request.headers().get(header::AUTHORIZATION).map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = match value.strip_prefix("Bearer ") {
                Some(token) => format!("Bearer {}", self.of(Kind::Token, token)),
                None => redact::REDACTED.to_owned(),
            };
            pair("authorization", value)
        });
        RequestFile {
            method: request.method().to_string(),
            url: self.url(&request.uri().to_string()),
            headers: authorization.into_iter().collect(),
            post_data: self.post_data(request),
        }
    }

    fn post_data(&mut self, request: &Request<Bytes>) -> Option<PostDataFile> {
        if request.body().is_empty() {
            return None;
        }
        let mime_type = mime_type(request.headers());
        if !mime_type.starts_with(FORM) {
            return Some(PostDataFile {
                mime_type,
                params: None,
                text: Some(redact::REDACTED.to_owned()),
            });
        }
        let params = form_urlencoded::parse(request.body()).map(|(name, value)| {
            let (name, value) = redact::parameter(name.into_owned(), value.into_owned());
            let value = match name.as_str() {
                "client_id" => self.of(Kind::Application, &value),
                "scope" => self.url(&value),
                "claims" => self.claims(&value),
                // Not one that is known: its value has been redacted.
                _ => value,
            };
            pair(&name, value)
        });
        Some(PostDataFile {
            mime_type,
            params: Some(params.collect()),
            text: None,
        })
    }

    fn response(&mut self, response: &Response<Bytes>, limits: body::Limits) -> ResponseFile {
        let headers = response.headers().iter();
        let headers = headers.filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            let value = if PLAIN_HEADERS.contains(name) {
                value.to_owned()
            } else if ID_HEADERS.contains(name) {
                self.of(Kind::Id, value)
            } else if *name == header::WWW_AUTHENTICATE {
                self.challenge(value)
            } else {
                return None;
            };
            Some(pair(name.as_str(), value))
        });
        let headers = headers.collect();
        ResponseFile {
            status: response.status().as_u16(),
            headers,
            content: self.content(response, limits),
        }
    }

    fn content(&mut self, response: &Response<Bytes>, limits: body::Limits) -> Option<ContentFile> {
        let bytes = response.body();
        if bytes.is_empty() && !response.headers().contains_key(header::CONTENT_TYPE) {
            return None;
        }
        let json = body::redacted(bytes, limits, self);
        // Of any other body only that there was one.
        let text = json.is_none().then(|| match bytes.len() {
            0 => String::new(),
            length => format!("<redacted: {length} bytes>"),
        });
        Some(ContentFile {
            mime_type: mime_type(response.headers()),
            text,
            encoding: None,
            json,
            cut_after: None,
        })
    }
}

fn mime_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or("application/octet-stream").to_owned()
}

fn pair(name: &str, value: String) -> NameValue {
    NameValue {
        name: name.to_owned(),
        value,
    }
}
