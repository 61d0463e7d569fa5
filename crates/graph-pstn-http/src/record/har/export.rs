//! From a fixture to a capture.

use std::time::Duration;

use http::{StatusCode, Uri};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    Error, ErrorKind,
    replay::{
        compact::compact,
        file::{
            ContentFile, CreatorFile, EncodingFile, EntryFile, FailureFile, FixtureFile, NameValue,
            PostDataFile, RequestFile, ResponseFile, ScenarioFile,
        },
        layout::laid_out,
    },
};

/// So many milliseconds later, or the same where no calendar goes so far.
fn after(began: OffsetDateTime, milliseconds: u64) -> OffsetDateTime {
    let length = time::Duration::try_from(Duration::from_millis(milliseconds));
    let later = length.ok().and_then(|length| began.checked_add(length));
    later.unwrap_or(began)
}

/// A HAR file that any viewer opens, of a fixture's file.
///
/// What was not recorded has no time: it is shown as of 1970.
///
/// # Errors
/// [`ErrorKind::Config`] when this is no fixture.
pub fn export(fixture: &[u8]) -> Result<String, Error> {
    let file: FixtureFile = serde_json::from_slice(fixture).map_err(|error| {
        Error::new(ErrorKind::Config, format!("not a fixture: {error}")).with_source(error)
    })?;
    let recorded = file.recorded.as_deref();
    let recorded = recorded.and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok());
    let mut began = recorded.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut entries = Vec::with_capacity(file.log.entries.len());
    for entry in &file.log.entries {
        entries.push(Entry::of(entry, began)?);
        began = after(began, entry.time);
    }
    let har = Har {
        log: Log {
            version: "1.2",
            creator: &file.log.creator,
            comment: &file.description,
            fixture: About {
                description: &file.description,
                provenance: &file.provenance,
                recorded: file.recorded.as_deref(),
                scenario: &file.scenario,
            },
            pages: [],
            entries,
        },
    };
    let json = serde_json::to_string(&har).map_err(|error| {
        Error::new(ErrorKind::Other, "the fixture has no form in HAR").with_source(error)
    })?;
    Ok(laid_out(&json))
}

#[derive(Serialize)]
struct Har<'a> {
    log: Log<'a>,
}

#[derive(Serialize)]
struct Log<'a> {
    version: &'static str,
    creator: &'a CreatorFile,
    comment: &'a str,
    #[serde(rename = "_fixture")]
    fixture: About<'a>,
    pages: [(); 0],
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct About<'a> {
    description: &'a str,
    provenance: &'a str,
    recorded: Option<&'a str>,
    scenario: &'a ScenarioFile,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    started_date_time: String,
    time: u64,
    request: Request<'a>,
    response: Response<'a>,
    cache: Empty,
    timings: Timings,
    #[serde(rename = "_failure", skip_serializing_if = "Option::is_none")]
    failure: Option<FailureFile>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Timings {
    send: u64,
    wait: u64,
    receive: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    method: &'a str,
    url: &'a str,
    http_version: &'static str,
    cookies: [(); 0],
    headers: &'a [NameValue],
    query_string: Vec<NameValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<&'a PostDataFile>,
    headers_size: i8,
    body_size: i8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    status: u16,
    status_text: &'static str,
    http_version: &'static str,
    cookies: [(); 0],
    headers: &'a [NameValue],
    content: Content<'a>,
    #[serde(rename = "redirectURL")]
    redirect_url: &'a str,
    headers_size: i8,
    body_size: i8,
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    size: usize,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<EncodingFile>,
    #[serde(rename = "_cutAfter", skip_serializing_if = "Option::is_none")]
    cut_after: Option<usize>,
    /// `json` when the fixture has it as JSON, `none` when it has none.
    #[serde(rename = "_form", skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
}

impl<'a> Entry<'a> {
    fn of(entry: &'a EntryFile, began: OffsetDateTime) -> Result<Self, Error> {
        let began = began.format(&Rfc3339).map_err(|error| {
            Error::new(ErrorKind::Config, "the fixture was recorded at no time").with_source(error)
        })?;
        Ok(Self {
            started_date_time: began,
            time: entry.time,
            request: Request::of(&entry.request),
            response: match &entry.response {
                Some(response) => Response::of(response),
                None => Response::none(entry.failure),
            },
            cache: Empty {},
            timings: Timings {
                send: 0,
                wait: entry.time,
                receive: 0,
            },
            failure: entry.failure,
        })
    }
}

impl<'a> Request<'a> {
    fn of(request: &'a RequestFile) -> Self {
        let url: Option<Uri> = request.url.parse().ok();
        let query = url.as_ref().and_then(Uri::query).unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self {
            method: &request.method,
            url: &request.url,
            http_version: "HTTP/1.1",
            cookies: [],
            headers: &request.headers,
            query_string: pairs
                .map(|(name, value)| NameValue {
                    name: name.into_owned(),
                    value: value.into_owned(),
                })
                .collect(),
            post_data: request.post_data.as_ref(),
            headers_size: -1,
            body_size: -1,
        }
    }
}

impl<'a> Response<'a> {
    fn of(response: &'a ResponseFile) -> Self {
        let status = StatusCode::from_u16(response.status).ok();
        let location = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("location"));
        Self {
            status: response.status,
            status_text: status
                .and_then(|status| status.canonical_reason())
                .unwrap_or_default(),
            http_version: "HTTP/1.1",
            cookies: [],
            headers: &response.headers,
            content: Content::of(response.content.as_ref()),
            redirect_url: location.map_or("", |header| &header.value),
            headers_size: -1,
            body_size: -1,
            error: None,
        }
    }

    /// As Chrome writes it.
    fn none(failure: Option<FailureFile>) -> Self {
        Self {
            status: 0,
            status_text: "",
            http_version: "",
            cookies: [],
            headers: &[],
            content: Content::of(None),
            redirect_url: "",
            headers_size: -1,
            body_size: -1,
            error: Some(match failure {
                Some(FailureFile::Connect) => "net::ERR_CONNECTION_REFUSED",
                Some(FailureFile::Tls) => "net::ERR_CERT_AUTHORITY_INVALID",
                Some(FailureFile::Silence) => "net::ERR_TIMED_OUT",
                Some(FailureFile::Interrupted) | None => "net::ERR_CONNECTION_RESET",
            }),
        }
    }
}

impl<'a> Content<'a> {
    fn of(content: Option<&'a ContentFile>) -> Self {
        let json = content.and_then(|content| content.json.as_ref());
        let text = match json {
            Some(json) => Some(compact(json.get())),
            None => content.and_then(|content| content.text.clone()),
        };
        Self {
            size: text.as_ref().map_or(0, String::len),
            mime_type: content.map_or("x-unknown", |content| &content.mime_type),
            text,
            encoding: content.and_then(|content| content.encoding),
            cut_after: content.and_then(|content| content.cut_after),
            form: match content {
                None => Some("none"),
                Some(_) => json.map(|_| "json"),
            },
        }
    }
}
