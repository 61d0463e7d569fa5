//! The fixture as it stands in its file: HAR 1.2's names, and ours with an underscore before them,
//! as HAR asks of names that it does not know.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct FixtureFile {
    pub(super) description: String,
    pub(super) provenance: String,
    /// Has to be there, if only as `null`: whoever writes a fixture says whether it was recorded.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) recorded: Option<String>,
    pub(super) scenario: ScenarioFile,
    pub(super) log: LogFile,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ScenarioFile {
    pub(super) cloud: String,
    pub(super) log: String,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct LogFile {
    pub(super) version: String,
    pub(super) creator: CreatorFile,
    pub(super) entries: Vec<EntryFile>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CreatorFile {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct EntryFile {
    /// Milliseconds until the answer is there.
    #[serde(default)]
    pub(super) time: u64,
    pub(super) request: RequestFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<ResponseFile>,
    #[serde(rename = "_failure", default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<FailureFile>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RequestFile {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<NameValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) post_data: Option<PostDataFile>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct PostDataFile {
    pub(super) mime_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) params: Option<Vec<NameValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ResponseFile {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: Vec<NameValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<ContentFile>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ContentFile {
    pub(super) mime_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<EncodingFile>,
    /// The body as JSON rather than as JSON in a string. Raw, so that `0.00` stays `0.00`.
    #[serde(rename = "_json", default, skip_serializing_if = "Option::is_none")]
    pub(super) json: Option<Box<RawValue>>,
    /// The connection breaks after so many bytes of the body.
    #[serde(rename = "_cutAfter", default, skip_serializing_if = "Option::is_none")]
    pub(super) cut_after: Option<usize>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EncodingFile {
    Base64,
}

/// How an exchange ends that has no response.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FailureFile {
    /// No connection came about.
    Connect,
    /// The server's certificate is not trusted.
    Tls,
    /// The connection broke before the response.
    Interrupted,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameValue {
    pub(super) name: String,
    pub(super) value: String,
}
