//! The fixture as it stands in its file: HAR 1.2's names, and ours with an underscore before them,
//! as HAR asks of names that it does not know.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::scenario::CredentialKind;

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FixtureFile {
    pub(crate) description: String,
    pub(crate) provenance: String,
    /// Has to be there, if only as `null`: whoever writes a fixture says whether it was recorded.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) recorded: Option<String>,
    pub(crate) scenario: ScenarioFile,
    pub(crate) log: LogFile,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ScenarioFile {
    pub(crate) cloud: String,
    pub(crate) log: String,
    pub(crate) from: String,
    pub(crate) to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<CredentialKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stop_after: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parallel: Option<u32>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct LogFile {
    pub(crate) version: String,
    pub(crate) creator: CreatorFile,
    pub(crate) entries: Vec<EntryFile>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CreatorFile {
    pub(crate) name: String,
    pub(crate) version: String,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct EntryFile {
    /// Milliseconds until the answer is there.
    #[serde(default)]
    pub(crate) time: u64,
    pub(crate) request: RequestFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<ResponseFile>,
    #[serde(rename = "_failure", default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<FailureFile>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RequestFile {
    pub(crate) method: String,
    pub(crate) url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<NameValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) post_data: Option<PostDataFile>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PostDataFile {
    pub(crate) mime_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) params: Option<Vec<NameValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ResponseFile {
    pub(crate) status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<NameValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<ContentFile>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ContentFile {
    pub(crate) mime_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<EncodingFile>,
    /// The body as JSON rather than as JSON in a string. Raw, so that `0.00` stays `0.00`.
    #[serde(rename = "_json", default, skip_serializing_if = "Option::is_none")]
    pub(crate) json: Option<Box<RawValue>>,
    /// The connection breaks after so many bytes of the body.
    #[serde(rename = "_cutAfter", default, skip_serializing_if = "Option::is_none")]
    pub(crate) cut_after: Option<usize>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EncodingFile {
    Base64,
}

/// How an exchange ends that has no response.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FailureFile {
    /// No connection came about.
    Connect,
    /// The server's certificate is not trusted.
    Tls,
    /// The connection broke before the response.
    Interrupted,
    /// No response comes, however long one waits.
    Silence,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameValue {
    pub(crate) name: String,
    pub(crate) value: String,
}
