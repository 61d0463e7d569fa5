//! A capture as tools write it: nothing need be there, and what is not known is passed over.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Capture {
    pub(super) log: Log,
}

#[derive(Deserialize)]
pub(super) struct Log {
    /// Raw, so that one that cannot be read does not lose the others.
    pub(super) entries: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) started_date_time: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) time: Option<f64>,
    pub(super) request: Request,
    #[serde(default)]
    pub(super) response: Option<Response>,
    /// Chrome: `memory` or `disk`.
    #[serde(rename = "_fromCache", default, deserialize_with = "lenient")]
    pub(super) from_cache: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<Pair>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) post_data: Option<PostData>,
}

#[derive(Deserialize)]
pub(super) struct PostData {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) params: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    #[serde(default)]
    pub(super) status: i64,
    #[serde(default)]
    pub(super) headers: Vec<Pair>,
    #[serde(default)]
    pub(super) content: Content,
    /// Chrome and mitmproxy: why there is no response.
    #[serde(rename = "_error", default, deserialize_with = "lenient")]
    pub(super) error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) size: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) mime_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) encoding: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: String,
}

/// `null`, and what is of another type than it should be, is as good as not there.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}
