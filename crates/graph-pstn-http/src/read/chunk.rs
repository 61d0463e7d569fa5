use graph_pstn_model::{MAX_RANGE, TimeRange};
use time::{Duration, OffsetDateTime, Time};

use crate::page::floor;

/// A part of the range that is asked for in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The rows that are wanted of it.
    pub(super) wanted: TimeRange,
    /// What Graph is asked for: the same, or the whole days around it.
    pub(super) asked: TimeRange,
}

impl Chunk {
    pub(super) fn new(wanted: TimeRange) -> Self {
        Self {
            wanted,
            asked: wanted,
        }
    }

    /// The same, asked for by whole days; `None` if it is already.
    pub(super) fn by_whole_days(self) -> Option<Self> {
        let from = self.wanted.from().replace_time(Time::MIDNIGHT);
        let until = self.wanted.until();
        let until = match until.replace_time(Time::MIDNIGHT) {
            midnight if midnight == until => until,
            midnight => midnight.checked_add(Duration::DAY)?,
        };
        let asked = TimeRange::new(from, until).ok()?;
        (asked != self.asked).then_some(Self { asked, ..self })
    }

    /// Two halves, cut at a whole second; `None` if it is no longer than a second.
    pub(super) fn halves(self) -> Option<[Self; 2]> {
        let middle = floor(self.wanted.from() + self.wanted.duration() / 2);
        let first = TimeRange::new(self.wanted.from(), middle).ok()?;
        let second = TimeRange::new(middle, self.wanted.until()).ok()?;
        Some([Self::new(first), Self::new(second)])
    }
}

/// Cuts a range into chunks that Graph takes: their bounds, brought to whole seconds, span at most 90
/// days.
pub(super) fn chunks(range: TimeRange) -> impl Iterator<Item = Chunk> {
    let mut from = range.from();
    std::iter::from_fn(move || {
        let until = end(from).min(range.until());
        let chunk = TimeRange::new(from, until).ok()?;
        from = until;
        Some(Chunk::new(chunk))
    })
}

fn end(from: OffsetDateTime) -> OffsetDateTime {
    floor(from)
        .checked_add(MAX_RANGE)
        .unwrap_or(time::PrimitiveDateTime::MAX.assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn range(from: OffsetDateTime, until: OffsetDateTime) -> TimeRange {
        TimeRange::new(from, until).unwrap()
    }

    #[test]
    fn chunks_join_up_and_fit() {
        for whole in [
            range(
                datetime!(2019-01-01 0:00 UTC),
                datetime!(2020-06-01 0:00 UTC),
            ),
            range(
                datetime!(2019-01-01 0:00:08.2589935 UTC),
                datetime!(2019-12-01 0:00:00.5 UTC),
            ),
            range(
                datetime!(2019-11-01 0:00 UTC),
                datetime!(2019-11-01 0:00:00.0000001 UTC),
            ),
        ] {
            let chunks: Vec<TimeRange> = chunks(whole).map(|chunk| chunk.wanted).collect();
            assert_eq!(chunks.first().map(|chunk| chunk.from()), Some(whole.from()));
            assert_eq!(
                chunks.last().map(|chunk| chunk.until()),
                Some(whole.until())
            );
            for (chunk, next) in chunks.iter().zip(chunks.iter().skip(1)) {
                assert_eq!(chunk.until(), next.from());
            }
            for chunk in chunks {
                assert!(chunk.until() - floor(chunk.from()) <= MAX_RANGE);
            }
        }
    }

    #[test]
    fn whole_days_enclose_what_is_wanted() {
        let chunk = Chunk::new(range(
            datetime!(2019-11-01 9:00 UTC),
            datetime!(2019-11-01 17:00 UTC),
        ));
        let whole = chunk.by_whole_days().unwrap();
        assert_eq!(whole.wanted, chunk.wanted);
        assert_eq!(
            whole.asked,
            range(
                datetime!(2019-11-01 0:00 UTC),
                datetime!(2019-11-02 0:00 UTC)
            )
        );
        assert_eq!(whole.by_whole_days(), None);
        let days = Chunk::new(range(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-11-02 0:00 UTC),
        ));
        assert_eq!(days.by_whole_days(), None);
    }

    #[test]
    fn halves_join_up_until_a_second_is_left() {
        let mut chunk = Chunk::new(range(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2020-01-30 0:00 UTC),
        ));
        let mut times = 0;
        while let Some([first, second]) = chunk.halves() {
            assert_eq!(first.wanted.until(), second.wanted.from());
            assert_eq!(
                (first.wanted.from(), second.wanted.until()),
                (chunk.wanted.from(), chunk.wanted.until())
            );
            chunk = second;
            times += 1;
        }
        assert!((22..=24).contains(&times), "{times}");
    }
}
