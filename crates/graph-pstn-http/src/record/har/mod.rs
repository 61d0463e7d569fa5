//! HAR: captures of browsers, mitmproxy or Fiddler as fixtures, and fixtures as files that their viewers open.
//!
//! [`import`] reads what such a tool has written and feeds a [`Recorder`](super::Recorder), so that a capture is redacted
//! by the rules of a recording. What is not a request to Graph's call logs or for a token is left out, and
//! told with its reason. [`export`] writes a fixture as a capture that any viewer opens, and [`restore`] is its
//! inverse: what a fixture has and HAR has not stands in members with an underscore.
//!
//! Tools differ from [HAR 1.2](http://www.softwareishard.com/blog/har-12-spec/) and from each other, so reading is
//! lenient: members may be missing, headers may be HTTP/2's `:authority`, bodies may be base64, times may have
//! any offset, a mark of the byte order may stand before it all. Browsers can leave credentials out of a
//! capture; a request to Graph that was answered had one.
//!
//! ```
//! use graph_pstn_http::record::{Recorder, har};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let capture = br#"{ "log": { "version": "1.2", "creator": { "name": "WebInspector", "version": "537.36" }, "entries": [
//!   { "startedDateTime": "2026-11-25T08:00:00.120Z", "time": 350.2, "request": { "method": "GET",
//!       "url": "https://graph.example/v1.0/communications/callRecords/getPstnCalls(fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-12-01T00:00:00Z)",
//!       "headers": [{ "name": ":authority", "value": "graph.example" }, { "name": "cookie", "value": "secret" }] },
//!     "response": { "status": 200, "content": { "mimeType": "application/json",
//!       "text": "{\"value\":[{\"userDisplayName\":\"Real Name\",\"charge\":0.00}]}" } } } ] } }"#;
//! let recorder = Recorder::new();
//! let import = har::import(capture, &recorder)?;
//! assert_eq!((import.taken, import.left_out.len()), (1, 0));
//!
//! let scenario = import.scenario("global")?;
//! let fixture = recorder.fixture(&scenario, "2026-11-25T08:00:00Z", "One row", "A browser's capture")?;
//! assert!(fixture.contains(r#"{ "userDisplayName": "User 1", "charge": 0.00 }"#));
//! assert_eq!(har::restore(har::export(fixture.as_bytes())?.as_bytes())?, fixture);
//! # Ok(())
//! # }
//! ```

mod capture;
mod export;
mod import;
mod restore;
#[cfg(test)]
mod tests;

pub use export::export;
pub use import::{HarImport, LeftOut, import};
pub use restore::restore;
