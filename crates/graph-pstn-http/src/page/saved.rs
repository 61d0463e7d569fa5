//! A [`PageRequest`] as it is stored, to go on from it in another process.

use graph_pstn_model::{ApiVersion, ParseCallLogError, TimeRange, format_time};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{NextLink, PageRequest, request::At};

/// Names and texts, so that people can read what is stored: a link, or a version and a range.
#[derive(Serialize, Deserialize)]
struct Saved {
    log: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<NextLink>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<First>,
}

#[derive(Serialize, Deserialize)]
struct First {
    version: String,
    from: String,
    until: String,
}

impl Serialize for PageRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PageRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        Self::try_from(saved).map_err(de::Error::custom)
    }
}

impl From<PageRequest> for Saved {
    fn from(request: PageRequest) -> Self {
        let log = request.log.name().to_owned();
        let (link, first) = match request.at {
            At::Next(link) => (Some(link), None),
            At::First(version, range) => {
                let first = First {
                    version: version.segment().to_owned(),
                    from: format_time(range.from()).to_string(),
                    until: format_time(range.until()).to_string(),
                };
                (None, Some(first))
            }
        };
        Self { log, link, first }
    }
}

impl TryFrom<Saved> for PageRequest {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        let log = saved
            .log
            .parse()
            .map_err(|error: ParseCallLogError| error.to_string())?;
        match (saved.link, saved.first) {
            (Some(link), None) => Ok(Self::next(log, link)),
            (None, Some(first)) => {
                let time =
                    |text: &str| TimeRange::parse_instant(text).map_err(|error| error.to_string());
                let range = TimeRange::new(time(&first.from)?, time(&first.until)?)
                    .map_err(|error| error.to_string())?;
                let versions = [ApiVersion::V1_0, ApiVersion::Beta];
                let version = versions.into_iter().find(|v| v.segment() == first.version);
                let version =
                    version.ok_or_else(|| format!("`{}` is no version of Graph", first.version))?;
                Ok(Self::first(log, range).with_version(version))
            }
            _ => Err("a stored request has either a link or a first page".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use graph_pstn_model::CallLog;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        let range = TimeRange::new(
            datetime!(2019-11-01 0:00:08.2589935 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let first = PageRequest::first(CallLog::Pstn, range.unwrap());
        let link = "https://graph.example/v1.0/x?$skip=1000".parse().unwrap();
        for request in [
            first.clone(),
            first.with_version(ApiVersion::Beta),
            PageRequest::next(CallLog::Sms, link),
        ] {
            let json = serde_json::to_string(&request).unwrap();
            let read: PageRequest = serde_json::from_str(&json).unwrap();
            assert_eq!(read, request, "{json}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for json in [
            r#"{"log":"pstn"}"#,
            r#"{"log":"fax","link":"https://graph.example/v1.0/x"}"#,
            r#"{"log":"pstn","first":{"version":"v9","from":"2019-11-01","until":"2019-12-01"}}"#,
            r#"{"log":"pstn","first":{"version":"beta","from":"2019-12-01","until":"2019-11-01"}}"#,
            r#"{"log":"pstn","link":"no url"}"#,
        ] {
            assert!(serde_json::from_str::<PageRequest>(json).is_err(), "{json}");
        }
    }
}
