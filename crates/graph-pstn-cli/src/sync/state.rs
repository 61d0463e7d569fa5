//! How far a data set has come: a small file in its folder.

use graph_pstn_export::{ErrorKind, Folder, Job};
use graph_pstn_model::{OffsetDateTime, TimeRange, format_time};
use serde::{Deserialize, Serialize};

use crate::exit::{Failure, one_line};
use crate::hints;

/// Readers of such folders pass over what begins with an underscore.
const NAME: &str = "_sync.json";
const VERSION: u32 = 1;

/// Up to where all that Graph had has been merged, and of what the data set is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    version: u32,
    complete_until: String,
    of: Job,
}

impl State {
    pub(crate) fn new(of: Job, complete_until: OffsetDateTime) -> Self {
        Self {
            version: VERSION,
            complete_until: format_time(complete_until).to_string(),
            of,
        }
    }

    /// What is known of the data set in this folder; `None` if nothing is. It has to be of the same job.
    pub(crate) fn read(folder: &Folder, job: &Job) -> Result<Option<Self>, Failure> {
        let text = folder.read_text(NAME);
        let text = text.map_err(|error| match error.kind() {
            ErrorKind::Damaged => damaged(folder, &one_line(&error)),
            // That is no matter of the file.
            _ => hints::output_failure(&error),
        })?;
        let Some(text) = text else { return Ok(None) };
        let state: Self = serde_json::from_str(&text)
            .map_err(|error| damaged(folder, &format!("it is not what sync writes ({error})")))?;
        if state.version != VERSION {
            let why = format!("its form is version {}, not {VERSION}", state.version);
            return Err(damaged(folder, &why));
        }
        if state.of != *job {
            return Err(Failure::usage(
                format!(
                    "{} is kept of something else: {}, not {}",
                    folder.path().display(),
                    shown(&state.of),
                    shown(job)
                ),
                "name another folder, or give the options that it was begun with",
            ));
        }
        state
            .complete_until()
            .map_err(|why| damaged(folder, &why))?;
        Ok(Some(state))
    }

    /// Up to where all has been merged.
    pub(crate) fn complete_until(&self) -> Result<OffsetDateTime, String> {
        TimeRange::parse_instant(&self.complete_until).map_err(|error| error.to_string())
    }

    /// Takes the place of what was known before, in one step, when the data themselves are in their places.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::other("the state cannot be written", &error))?;
        folder
            .replace_text(NAME, &format!("{text}\n"))
            .map_err(|error| {
                hints::output_failure(&error).with_hint("the data are merged; run again")
            })
    }
}

fn shown(job: &Job) -> String {
    serde_json::to_string(job).unwrap_or_default()
}

fn damaged(folder: &Folder, why: &str) -> Failure {
    let file = folder.path().join(NAME);
    Failure::usage(
        format!("{} cannot be used: {why}", file.display()),
        "delete it to read again as far back as --since says; rows are merged, and none is lost",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::exit::Exit;
    use time::macros::datetime;

    fn job(tenant: &str) -> Job {
        Job::new().with("tenant", tenant)
    }

    #[test]
    fn it_is_read_as_it_was_written_and_by_the_same_job_only() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::local(place.path());
        assert_eq!(State::read(&folder, &job("a")).unwrap(), None);
        let until = datetime!(2019-11-05 12:00:00.5 UTC);
        for until in [datetime!(2019-11-01 0:00 UTC), until] {
            State::new(job("a"), until).write(&folder).unwrap();
        }
        let state = State::read(&folder, &job("a")).unwrap().unwrap();
        assert_eq!(state.complete_until(), Ok(until));
        let failure = State::read(&folder, &job("b")).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::local(place.path());
        for text in [
            "",
            "{}",
            r#"{"version":2,"complete_until":"2019-11-05T00:00:00Z","of":{"tenant":"a"}}"#,
            r#"{"version":1,"complete_until":"yesterday","of":{"tenant":"a"}}"#,
        ] {
            fs::write(place.path().join(NAME), text).unwrap();
            let failure = State::read(&folder, &job("a")).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_reached_is_not_to_be_deleted() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "").unwrap();
        // A part of the path is no folder.
        let folder = Folder::local(place.path().join("file/calls"));
        let failure = State::read(&folder, &job("a")).unwrap_err();
        assert_ne!(failure.exit(), Exit::Usage);
        assert!(
            !failure.hint().unwrap_or_default().contains("delete"),
            "{failure:?}"
        );
    }
}
