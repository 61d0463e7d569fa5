//! From a capture to a recording.

use std::{fmt, str::FromStr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use graph_pstn_model::{CallLog, TimeRange};
use http::{HeaderName, HeaderValue, Method, Uri, header};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::capture::{Capture, Content, Entry, Pair, PostData, Request, Response};
use crate::{
    Cloud, Error, ErrorKind,
    record::Recorder,
    replay::{CredentialKind, Scenario, sent::FORM},
};

/// All functions of the call logs are below this.
const CALL_RECORDS: &str = "/communications/callRecords/";
const TOKEN: &str = "/oauth2/v2.0/token";
/// What waits longer than a day is a capture's mistake.
const LONGEST: Duration = Duration::from_secs(86_400);

/// What became of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HarImport {
    /// How many entries were recorded.
    pub taken: usize,
    /// Those that were not.
    pub left_out: Vec<LeftOut>,
    /// When the first of the recorded requests was sent, RFC 3339, if the capture says it.
    pub recorded: Option<String>,
    asked: Option<Asked>,
    credential: CredentialKind,
}

/// An entry that was not recorded. Holds nothing of what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// Its place in the capture, counted from 1.
    pub entry: usize,
    /// Why.
    pub reason: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", self.entry, self.reason)
    }
}

/// What the first request to Graph asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    cloud: Option<&'static str>,
    log: &'static str,
    from: String,
    to: String,
}

impl HarImport {
    /// What to ask the stack for, as the first request to Graph says it. `cloud` is for a host that is none of a
    /// cloud of this build.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when no request names a log and a range.
    pub fn scenario(&self, cloud: &str) -> Result<Scenario, Error> {
        let asked = self.asked.as_ref().ok_or_else(|| {
            let message = "no request of the capture asks Graph for a log from one time to another";
            Error::new(ErrorKind::Config, message)
        })?;
        let cloud = asked.cloud.unwrap_or(cloud);
        let scenario = Scenario::new(cloud, asked.log, &asked.from, &asked.to);
        Ok(match self.credential {
            CredentialKind::Secret => scenario,
            other => scenario.with_credential(other),
        })
    }
}

/// Records the requests of a capture that went to Graph's call logs or asked for a token, in the order in
/// which they were sent.
///
/// # Errors
/// [`ErrorKind::Config`] when this is no capture at all. An entry that cannot be used is left out.
pub fn import(har: &[u8], recorder: &Recorder) -> Result<HarImport, Error> {
    let capture = har.strip_prefix(b"\xef\xbb\xbf").unwrap_or(har);
    // The error's own words may repeat what stands there.
    let capture: Capture = serde_json::from_slice(capture).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("not a HAR capture (line {line}, column {column})");
        Error::new(ErrorKind::Config, message)
    })?;
    let mut import = HarImport {
        taken: 0,
        left_out: Vec::new(),
        recorded: None,
        asked: None,
        credential: CredentialKind::Token,
    };
    let mut entries = Vec::new();
    for (index, entry) in capture.log.entries.iter().enumerate() {
        match readable(entry.get()) {
            Ok(entry) => entries.push((index + 1, entry)),
            Err(reason) => import.leave_out(index + 1, reason),
        }
    }
    // Some tools write them in the order of their ends.
    if entries.iter().all(|(_, entry)| entry.began.is_some()) {
        entries.sort_by_key(|(_, entry)| entry.began);
    }
    let mut token = String::from("left out of the capture");
    for (place, entry) in entries {
        match entry.record(recorder, &mut token) {
            Ok(()) => import.note(&entry),
            Err(reason) => import.leave_out(place, reason),
        }
    }
    import.left_out.sort_by_key(|left_out| left_out.entry);
    Ok(import)
}

/// A request to Graph's call logs or to the token endpoint.
struct Taken {
    /// In UTC.
    began: Option<OffsetDateTime>,
    took: Duration,
    url: Uri,
    is_token: bool,
    request: Request,
    response: Option<Response>,
}

fn readable(json: &str) -> Result<Taken, String> {
    let entry: Entry =
        serde_json::from_str(json).map_err(|_| "it is not what HAR says an entry is".to_owned())?;
    let url = without_default_port(&entry.request.url)
        .parse::<Uri>()
        .map_err(|error| format!("its URL cannot be read: {error}"))?;
    let method = entry.request.method.as_str();
    let is_token = method == Method::POST && url.path().ends_with(TOKEN);
    let is_graph = method == Method::GET && url.path().contains(CALL_RECORDS);
    if url.host().is_none() || !(is_token || is_graph) {
        return Err("it is no request to Graph's call logs, and none for a token".to_owned());
    }
    if entry.from_cache.is_some() {
        return Err("it was answered from a cache".to_owned());
    }
    let began = entry.started_date_time.as_deref();
    let time = entry.time.unwrap_or_default().max(0.0) / 1_000.0;
    Ok(Taken {
        began: began
            .and_then(|began| OffsetDateTime::parse(began, &Rfc3339).ok())
            .and_then(|began| began.checked_to_offset(time::UtcOffset::UTC)),
        took: Duration::try_from_secs_f64(time).map_or(LONGEST, |took| took.min(LONGEST)),
        url,
        is_token,
        request: entry.request,
        response: entry.response,
    })
}

/// Fiddler writes `https://graph.example:443/`.
fn without_default_port(url: &str) -> String {
    let Some((origin, path)) = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
    else {
        return url.to_owned();
    };
    match origin.strip_suffix(":443") {
        Some(host) if url.starts_with("https://") => format!("https://{host}/{path}"),
        _ => url.to_owned(),
    }
}

impl Taken {
    /// Records it. `token` is the last one that was given out.
    fn record(&self, recorder: &Recorder, token: &mut String) -> Result<(), String> {
        let outcome = self.outcome()?;
        let request = self.request(token)?;
        let place = recorder.request(&request);
        recorder.end(place, self.took, &outcome);
        if let (true, Ok(response)) = (self.is_token, &outcome) {
            let body = serde_json::from_slice::<serde_json::Value>(response.body());
            let given = body
                .ok()
                .and_then(|body| Some(body.get("access_token")?.as_str()?.to_owned()));
            *token = given.unwrap_or_else(|| std::mem::take(token));
        }
        Ok(())
    }

    fn request(&self, token: &str) -> Result<http::Request<Bytes>, String> {
        let body = self
            .request
            .post_data
            .as_ref()
            .map(form)
            .unwrap_or_default();
        if self.is_token && body.is_empty() {
            return Err("what it posted is not in the capture".to_owned());
        }
        let mut request = http::Request::builder()
            .method(self.request.method.as_str())
            .uri(self.url.clone())
            .body(body)
            .map_err(|error| format!("it is no request: {error}"))?;
        for (name, value) in headers(&self.request.headers) {
            request.headers_mut().append(name, value);
        }
        if self.is_token {
            let form = HeaderValue::from_static(FORM);
            request.headers_mut().insert(header::CONTENT_TYPE, form);
        } else if !request.headers().contains_key(header::AUTHORIZATION)
            && let Ok(bearer) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            // Left out by the browser, for Graph answers nobody without.
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }
        Ok(request)
    }

    /// The response, or how the request failed.
    fn outcome(&self) -> Result<Result<http::Response<Bytes>, Error>, String> {
        let no_response = "it was not answered";
        let Some(response) = &self.response else {
            return Ok(Err(Error::new(ErrorKind::Interrupted, no_response)));
        };
        let status = u16::try_from(response.status).unwrap_or_default();
        if status == 0 {
            let error = response.error.as_deref().unwrap_or_default();
            if error.contains("ERR_ABORTED") {
                return Err("it was given up before it was answered".to_owned());
            }
            return Ok(Err(Error::new(kind_of(error), no_response)));
        }
        let mut answer = http::Response::builder()
            .status(status)
            .body(body(&response.content)?)
            .map_err(|_| format!("{status} is no status of a response"))?;
        for (name, value) in headers(&response.headers) {
            answer.headers_mut().append(name, value);
        }
        if let Some(mime_type) = &response.content.mime_type
            && !answer.headers().contains_key(header::CONTENT_TYPE)
            && let Ok(value) = HeaderValue::from_str(mime_type)
        {
            answer.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        Ok(Ok(answer))
    }
}

/// What Chrome's names of failures come to.
fn kind_of(error: &str) -> ErrorKind {
    const CONNECT: [&str; 6] = [
        "ERR_ADDRESS_UNREACHABLE",
        "ERR_CONNECTION_REFUSED",
        "ERR_CONNECTION_TIMED_OUT",
        "ERR_INTERNET_DISCONNECTED",
        "ERR_NAME_NOT_RESOLVED",
        "ERR_PROXY_CONNECTION_FAILED",
    ];
    if CONNECT.iter().any(|known| error.contains(known)) {
        ErrorKind::Connect
    } else if error.contains("ERR_CERT") || error.contains("ERR_SSL") {
        ErrorKind::Tls
    } else {
        ErrorKind::Interrupted
    }
}

/// What was posted: as it was sent, or put together from its parameters.
fn form(data: &PostData) -> Bytes {
    match &data.text {
        Some(text) if !text.is_empty() => text.clone().into(),
        _ => {
            let pairs = data.params.iter().map(|pair| (&pair.name, &pair.value));
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(pairs).finish().into()
        }
    }
}

fn body(content: &Content) -> Result<Bytes, String> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    let Some(text) = &content.text else {
        return match content.size.unwrap_or_default() {
            size if size > 0 => Err(format!(
                "its body of {size} bytes is not in the capture; capture with content"
            )),
            _ => Ok(Bytes::new()),
        };
    };
    let bytes = match content.encoding.as_deref() {
        Some("base64") => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|_| "its body is not the base64 that it is said to be".to_owned())?,
        _ => text.clone().into(),
    };
    if bytes.starts_with(GZIP) {
        return Err("its body is still compressed; have the tool decode bodies".to_owned());
    }
    Ok(bytes)
}

/// Those that HTTP/1.1 knows: not `:authority` and its like.
fn headers(pairs: &[Pair]) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    pairs.iter().filter_map(|pair| {
        let name = HeaderName::from_str(&pair.name).ok()?;
        Some((name, HeaderValue::from_str(&pair.value).ok()?))
    })
}

impl HarImport {
    fn leave_out(&mut self, entry: usize, reason: String) {
        self.left_out.push(LeftOut { entry, reason });
    }

    /// Learns from an entry that was recorded.
    fn note(&mut self, entry: &Taken) {
        self.taken += 1;
        if let (None, Some(began)) = (&self.recorded, entry.began) {
            self.recorded = began
                .replace_nanosecond(0)
                .ok()
                .and_then(|b| b.format(&Rfc3339).ok());
        }
        if self.asked.is_none() {
            self.asked = asked(&entry.url);
        }
        if entry.is_token
            && let Some(data) = &entry.request.post_data
        {
            let form = form(data);
            let mut names = form_urlencoded::parse(&form).map(|(name, _)| name);
            self.credential = if names.any(|name| name == "client_assertion") {
                CredentialKind::Assertion
            } else {
                CredentialKind::Secret
            };
        }
    }
}

/// `…/getPstnCalls(fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-12-01T00:00:00Z)`
fn asked(url: &Uri) -> Option<Asked> {
    let (_, call) = url.path().split_once(CALL_RECORDS)?;
    let (function, arguments) = call.trim_end_matches(')').split_once('(')?;
    let function = function.rsplit('.').next()?;
    let log = CallLog::ALL.iter().find(|log| log.function() == function)?;
    let mut times = arguments.split(',').filter_map(|argument| {
        let (_, time) = argument.split_once('=')?;
        let time = time.replace("%3A", ":").replace("%3a", ":");
        TimeRange::parse_instant(&time).is_ok().then_some(time)
    });
    let host = url.host()?;
    let clouds = Cloud::ALL.iter();
    let mut clouds = clouds.filter(|cloud| cloud.endpoints().graph().host() == host);
    Some(Asked {
        cloud: clouds.next().map(|cloud| cloud.name()),
        log: log.name(),
        from: times.next()?,
        to: times.next()?,
    })
}
