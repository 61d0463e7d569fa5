//! From a capture that was a fixture back to the fixture.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Error, ErrorKind,
    replay::{
        Fixture,
        file::{
            ContentFile, CreatorFile, EncodingFile, EntryFile, FailureFile, FixtureFile, LogFile,
            NameValue, PostDataFile, RequestFile, ResponseFile, ScenarioFile,
        },
        layout::laid_out,
    },
};

/// The fixture's file that [`export`](super::export) made this of. Nothing is redacted: whatever was added to the
/// file since then stands in the fixture.
///
/// # Errors
/// [`ErrorKind::Config`] when this is no capture that was made of a fixture.
pub fn restore(har: &[u8]) -> Result<String, Error> {
    let har: Har = serde_json::from_slice(har).map_err(|error| {
        let message = format!("not a capture that was exported from a fixture: {error}");
        Error::new(ErrorKind::Config, message).with_source(error)
    })?;
    let about = har.log.fixture;
    let file = FixtureFile {
        description: about.description,
        provenance: about.provenance,
        recorded: about.recorded,
        scenario: about.scenario,
        log: LogFile {
            version: har.log.version,
            creator: har.log.creator,
            entries: har
                .log
                .entries
                .into_iter()
                .map(Entry::into_file)
                .collect::<Result<_, _>>()?,
        },
    };
    let json = serde_json::to_string(&file).map_err(|error| {
        Error::new(ErrorKind::Other, "the capture has no form as a fixture").with_source(error)
    })?;
    Fixture::from_slice(json.as_bytes())?;
    Ok(laid_out(&json))
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    version: String,
    creator: CreatorFile,
    #[serde(rename = "_fixture")]
    fixture: About,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct About {
    description: String,
    provenance: String,
    recorded: Option<String>,
    scenario: ScenarioFile,
}

#[derive(Deserialize)]
struct Entry {
    time: u64,
    request: Request,
    response: Response,
    #[serde(rename = "_failure")]
    failure: Option<FailureFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    headers: Vec<NameValue>,
    post_data: Option<PostDataFile>,
}

#[derive(Deserialize)]
struct Response {
    status: u16,
    headers: Vec<NameValue>,
    content: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    mime_type: String,
    text: Option<String>,
    encoding: Option<EncodingFile>,
    #[serde(rename = "_cutAfter")]
    cut_after: Option<usize>,
    #[serde(rename = "_form")]
    form: Option<String>,
}

impl Entry {
    fn into_file(self) -> Result<EntryFile, Error> {
        let response = match self.failure {
            Some(_) => None,
            None => Some(ResponseFile {
                status: self.response.status,
                headers: self.response.headers,
                content: self.response.content.into_file()?,
            }),
        };
        Ok(EntryFile {
            time: self.time,
            request: RequestFile {
                method: self.request.method,
                url: self.request.url,
                headers: self.request.headers,
                post_data: self.request.post_data,
            },
            response,
            failure: self.failure,
        })
    }
}

impl Content {
    fn into_file(self) -> Result<Option<ContentFile>, Error> {
        let form = self.form.as_deref();
        if form == Some("none") {
            return Ok(None);
        }
        let (json, text) = match (form, self.text) {
            (Some("json"), Some(text)) => {
                // A value has a bound to its depth, which raw text has not, and laying text out recurses.
                let json = serde_json::from_str::<serde_json::Value>(&text)
                    .and_then(|_| RawValue::from_string(text));
                let json = json.map_err(|error| {
                    let message = "a body is not the JSON that it is said to be";
                    Error::new(ErrorKind::Config, message).with_source(error)
                })?;
                (Some(json), None)
            }
            (_, text) => (None, text),
        };
        Ok(Some(ContentFile {
            mime_type: self.mime_type,
            text,
            encoding: self.encoding,
            json,
            cut_after: self.cut_after,
        }))
    }
}
