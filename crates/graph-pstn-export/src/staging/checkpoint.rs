//! What is noted of an export while it runs, so that another process can go on with it.

use std::collections::BTreeMap;
use std::fmt;

use graph_pstn_http::Checkpoint as Position;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Error, ErrorKind, Summary};

/// What is exported, as settings with a name: tenant, cloud, log, range, filter and the like. Only an export of
/// the same job may be resumed, for its rows would not go together with those of another.
///
/// The format and the kind of output are noted without being named here. Nothing secret belongs in a job:
/// it stands in the checkpoint as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Job {
    settings: BTreeMap<String, String>,
    /// What the settings that are not shown are made of; no part of the job itself.
    #[serde(skip)]
    opaque: BTreeMap<String, String>,
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

impl Eq for Job {}

impl Job {
    /// A job without any settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a setting, in words that a person understands: `"tenant"`, `"contoso.example"`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// Adds a setting whose value is not for people, as a sum over what may be personal data. Where it differs, the
    /// error shows no value and names its parts instead: `"users, numbers or direction"`.
    #[must_use]
    pub fn with_opaque(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
        parts: impl Into<String>,
    ) -> Self {
        let name = name.into();
        self.opaque.insert(name.clone(), parts.into());
        self.with(name, value)
    }

    /// Refuses to go on with this one, which was begun, for the sake of another.
    pub(crate) fn check_same(&self, wanted: &Self) -> Result<(), Error> {
        let names = self.settings.keys().chain(wanted.settings.keys());
        for name in names {
            // What is opaque a checkpoint does not say.
            let parts = wanted.opaque.get(name);
            let (begun, wanted) = (self.settings.get(name), wanted.settings.get(name));
            if begun != wanted {
                let how = match parts {
                    Some(parts) => format!("{parts} differ"),
                    None => format!("{}, not {}", Setting(begun), Setting(wanted)),
                };
                return Err(Error::new(
                    ErrorKind::OtherJob,
                    format!("the unfinished export is of another {name}: {how}"),
                ));
            }
        }
        Ok(())
    }
}

struct Setting<'a>(Option<&'a String>);

impl fmt::Display for Setting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or("none", String::as_str))
    }
}

/// A file in the making: how much of it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileMark {
    /// Its name in the folder of the unfinished export.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// The CRC-32 of these bytes, to notice a file that was changed or damaged meanwhile.
    pub(crate) crc32: u32,
}

/// A moment of an export at which its files and the place of its reader go together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// See [`VERSION`].
    pub(crate) version: u32,
    pub(crate) job: Job,
    /// Up to where the files hold all rows; `None` of an export that was not to be resumed, and needs no more
    /// than its last step.
    pub(crate) position: Option<Position>,
    pub(crate) files: Vec<FileMark>,
    pub(crate) summary: Summary,
    /// All rows are there; what is left to do is to give the files their names.
    pub(crate) finished: bool,
}

/// The form of a checkpoint and of the files that go with it. A program that writes rows differently cannot go
/// on with what another one has begun.
const VERSION: u32 = 1;

/// How a checkpoint lies on the disk.
#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    /// The CRC-32 of the text of `checkpoint`.
    crc32: u32,
    checkpoint: T,
}

impl Checkpoint {
    /// The beginning of an export.
    pub(crate) fn new(job: Job, position: Option<Position>) -> Self {
        Self {
            version: VERSION,
            job,
            position,
            files: Vec::new(),
            summary: Summary::default(),
            finished: false,
        }
    }

    /// Whether nothing would be lost with it.
    pub(crate) fn is_beginning(&self) -> bool {
        let at_the_start = |position: &Position| match (position.done_until(), position.range()) {
            (Ok(done), Ok(range)) => done == range.from(),
            _ => false,
        };
        !self.finished && self.position.as_ref().is_none_or(at_the_start)
    }

    pub(crate) fn to_text(&self) -> Result<String, Error> {
        let seal = || {
            let checkpoint = serde_json::value::to_raw_value(self)?;
            let crc32 = crc32fast::hash(checkpoint.get().as_bytes());
            serde_json::to_string(&Sealed { crc32, checkpoint })
        };
        seal().map_err(|error| {
            Error::new(ErrorKind::Unwritable, "the checkpoint has no form in JSON")
                .with_source(error)
        })
    }

    /// Reads what [`to_text`](Self::to_text) made, and nothing else; says what is wrong otherwise.
    pub(crate) fn from_text(text: &str) -> Result<Self, String> {
        let sealed: Sealed<Box<RawValue>> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let text = sealed.checkpoint.get();
        if crc32fast::hash(text.as_bytes()) != sealed.crc32 {
            return Err("its sum does not fit".into());
        }
        let checkpoint: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if checkpoint.version != VERSION {
            let other = checkpoint.version;
            return Err(format!("it has the form {other}, and this is {VERSION}"));
        }
        if let Some(position) = &checkpoint.position {
            position.range().map_err(|error| error.to_string())?;
            position.done_until().map_err(|error| error.to_string())?;
        }
        Ok(checkpoint)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The place of a reader of November 2019.
    pub(crate) fn position(done_until: &str) -> Position {
        serde_json::from_str(&format!(
            r#"{{"log":"pstn","from":"2019-11-01T00:00:00Z","until":"2019-12-01T00:00:00Z","done_until":"{done_until}"}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written_and_damage_is_seen() {
        let mut checkpoint = Checkpoint::new(
            Job::new().with("tenant", "contoso.example"),
            Some(position("2019-11-05T00:00:00Z")),
        );
        assert!(!checkpoint.is_beginning());
        checkpoint.files.push(FileMark {
            name: "rows".into(),
            bytes: 1_234,
            crc32: 5,
        });
        let text = checkpoint.to_text().unwrap();
        assert_eq!(Checkpoint::from_text(&text).unwrap(), checkpoint);
        for cut in 0..text.len() {
            assert!(Checkpoint::from_text(&text[..cut]).is_err(), "{cut}");
        }
        assert!(Checkpoint::from_text(&text.replace("1234", "1235")).is_err());
        assert!(Checkpoint::new(Job::new(), Some(position("2019-11-01T00:00:00Z"))).is_beginning());
    }

    #[test]
    fn another_form_and_no_time_are_told_apart() {
        let mut checkpoint = Checkpoint::new(Job::new(), Some(position("2019-11-05T00:00:00Z")));
        checkpoint.version = 2;
        let error = Checkpoint::from_text(&checkpoint.to_text().unwrap()).unwrap_err();
        assert!(error.contains("form 2"), "{error}");
        let checkpoint = Checkpoint::new(Job::new(), Some(position("yesterday")));
        assert!(Checkpoint::from_text(&checkpoint.to_text().unwrap()).is_err());
    }

    #[test]
    fn the_setting_that_differs_is_named() {
        let job = Job::new()
            .with("tenant", "contoso.example")
            .with("log", "pstn");
        job.check_same(&job).unwrap();
        let error = job
            .check_same(&job.clone().with("tenant", "fabrikam.example"))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OtherJob);
        assert_eq!(
            error.to_string(),
            "the unfinished export is of another tenant: contoso.example, not fabrikam.example"
        );
        let error = job
            .check_same(&job.clone().with("filter", "user ada"))
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("another filter: none, not user ada")
        );
    }

    #[test]
    fn an_opaque_setting_is_noted_like_others_and_not_shown() {
        let opaque = |sum: &str| Job::new().with_opaque("choice", sum, "users or numbers");
        let text = serde_json::to_string(&opaque("4ab10d60")).unwrap();
        assert_eq!(text, r#"{"choice":"4ab10d60"}"#);
        let begun: Job = serde_json::from_str(&text).unwrap();
        assert_eq!(begun, opaque("4ab10d60"));
        begun.check_same(&opaque("4ab10d60")).unwrap();
        let error = begun.check_same(&opaque("cd17c623")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OtherJob);
        assert_eq!(
            error.to_string(),
            "the unfinished export is of another choice: users or numbers differ"
        );
    }
}
