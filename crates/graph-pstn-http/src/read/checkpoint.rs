use graph_pstn_model::{CallLog, TimeRange, format_time};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Error, ErrorKind};

/// Up to where a range has been delivered, to go on from there in another process.
///
/// Windows are delivered in order, so what is done is all that lies before one moment. A window that was
/// under way is read again from its beginning: whoever writes the rows somewhere notes with each
/// checkpoint how much had been written by then, and cuts back to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    log: String,
    from: String,
    until: String,
    done_until: String,
    /// The `id`s of rows without a time, which any window may bring again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    timeless: Vec<String>,
}

impl Checkpoint {
    pub(super) fn new(
        log: CallLog,
        range: TimeRange,
        done_until: OffsetDateTime,
        timeless: Vec<String>,
    ) -> Self {
        Self {
            log: log.name().to_owned(),
            from: format_time(range.from()).to_string(),
            until: format_time(range.until()).to_string(),
            done_until: format_time(done_until).to_string(),
            timeless,
        }
    }

    /// Every row that starts before this has been delivered.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the checkpoint does not hold a time there.
    pub fn done_until(&self) -> Result<OffsetDateTime, Error> {
        TimeRange::parse_instant(&self.done_until).map_err(|error| {
            Error::new(ErrorKind::Config, "the checkpoint holds no time of its own")
                .with_source(error)
        })
    }

    /// The range of which it is.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the checkpoint does not hold one.
    pub fn range(&self) -> Result<TimeRange, Error> {
        let bound = |text: &str| TimeRange::parse_instant(text);
        bound(&self.from)
            .and_then(|from| TimeRange::new(from, bound(&self.until)?))
            .map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    "the checkpoint holds no range of its own",
                )
                .with_source(error)
            })
    }

    /// What is left of this log's range; `None` when all of it is done.
    pub(super) fn rest(&self, log: CallLog, range: TimeRange) -> Result<Option<TimeRange>, Error> {
        let same = Self::new(log, range, range.from(), Vec::new());
        if (&self.log, &self.from, &self.until) != (&same.log, &same.from, &same.until) {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the checkpoint is of {} from {} until {}, not of {} from {} until {}",
                    self.log, self.from, self.until, same.log, same.from, same.until
                ),
            ));
        }
        let done = self.done_until()?;
        if done < range.from() || done > range.until() {
            let message = "the checkpoint ends outside its own range";
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(TimeRange::new(done, range.until()).ok())
    }

    pub(super) fn timeless(&self) -> &[String] {
        &self.timeless
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn november() -> TimeRange {
        TimeRange::new(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        )
        .unwrap()
    }

    /// A checkpoint of November with one of its members exchanged for another text.
    fn with(name: &str, text: &str) -> Checkpoint {
        let whole = Checkpoint::new(CallLog::Pstn, november(), november().from(), Vec::new());
        let mut json = serde_json::to_value(whole).unwrap();
        json[name] = text.into();
        serde_json::from_value(json).unwrap()
    }

    fn rest(checkpoint: &Checkpoint) -> Result<Option<TimeRange>, Error> {
        checkpoint.rest(CallLog::Pstn, november())
    }

    #[test]
    fn what_is_left_lies_behind_what_is_done() {
        let middle = with("done_until", "2019-11-11T00:00:00Z");
        let left = rest(&middle).unwrap().unwrap();
        assert_eq!(left.from(), datetime!(2019-11-11 0:00 UTC));
        assert_eq!(left.until(), november().until());
        let done = with("done_until", "2019-12-01T00:00:00Z");
        assert_eq!(rest(&done).unwrap(), None);
    }

    #[test]
    fn one_of_something_else_or_of_no_sense_is_refused() {
        for (name, text) in [
            ("log", "sms"),
            ("from", "2019-11-02T00:00:00Z"),
            ("until", "2019-11-30T00:00:00Z"),
            ("done_until", "soon"),
            ("done_until", "2019-10-31T23:59:59Z"),
            ("done_until", "2019-12-01T00:00:01Z"),
        ] {
            let error = rest(&with(name, text)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{name}: {text}");
        }
        let of = |name| with(name, "soon").range().unwrap_err().kind();
        assert_eq!([of("from"), of("until")], [ErrorKind::Config; 2]);
    }
}
