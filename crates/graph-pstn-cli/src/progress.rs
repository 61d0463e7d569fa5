//! What the progress bar says, made anew each time that it is drawn: a wait counts down, and no old rate stays.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use graph_pstn_model::{OffsetDateTime, TimeRange};
use indicatif::HumanCount;
use tokio::time::Instant;

/// What holds the work up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The quota that this program keeps to.
    Quota,
    /// Graph has asked for quiet.
    Throttled,
    /// A request failed, and is to be sent again.
    Retry,
}

/// How an export stands. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Standing(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    began: Instant,
    range: Option<TimeRange>,
    position: Option<OffsetDateTime>,
    pages: u64,
    rows: u64,
    /// When the last page came.
    moved: Instant,
    /// The ends of the waits that have begun.
    holds: BTreeMap<Instant, Hold>,
}

/// A time without a page, after which a wait is what there is to say.
const STILL: Duration = Duration::from_millis(1_500);
/// Before so much time has passed, what is left is a guess.
const EARLY: Duration = Duration::from_secs(3);

impl Standing {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State {
            began: now,
            range: None,
            position: None,
            pages: 0,
            rows: 0,
            moved: now,
            holds: BTreeMap::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it can be half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The range is read from now on.
    pub(crate) fn begin(&self, range: TimeRange, now: Instant) {
        let mut state = self.state();
        (state.began, state.moved) = (now, now);
        state.range = Some(range);
    }

    /// A page has come.
    pub(crate) fn advance(&self, position: OffsetDateTime, pages: u64, rows: u64, now: Instant) {
        let mut state = self.state();
        state.moved = now;
        state.position = Some(position);
        (state.pages, state.rows) = (pages, rows);
    }

    /// A wait begins.
    pub(crate) fn hold(&self, hold: Hold, wait: Duration, now: Instant) {
        if let Some(until) = now.checked_add(wait) {
            let mut state = self.state();
            state.holds.retain(|until, _| *until > now);
            state.holds.insert(until, hold);
        }
    }

    /// How much of the range has been read, from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        self.state().share()
    }

    /// One line of at most `width` columns.
    pub(crate) fn line(&self, width: usize, now: Instant) -> String {
        fitting(self.state().parts(now).into_iter(), width)
    }

    /// The rows that have come.
    pub(crate) fn rows(&self) -> u64 {
        self.state().rows
    }

    /// What nothing goes on for, and for how long.
    pub(crate) fn held_up(&self, now: Instant) -> Option<String> {
        self.state().held_up(now)
    }
}

/// As many of the parts as fit into so many columns, none of them cut.
pub(crate) fn fitting(parts: impl Iterator<Item = String>, width: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let gap = if line.is_empty() { 0 } else { 2 };
        if line.chars().count() + gap + part.chars().count() > width {
            break;
        }
        line.push_str(if gap > 0 { "  " } else { "" });
        line.push_str(&part);
    }
    line
}

impl State {
    fn share(&self) -> f64 {
        let (Some(range), Some(position)) = (self.range, self.position) else {
            return 0.0;
        };
        let whole = range.duration().as_seconds_f64();
        if whole <= 0.0 {
            return 1.0;
        }
        ((position - range.from()).as_seconds_f64() / whole).clamp(0.0, 1.0)
    }

    /// The wait that ends next, if no page has come for a while.
    fn held_up(&self, now: Instant) -> Option<String> {
        if now.saturating_duration_since(self.moved) < STILL {
            return None;
        }
        let (until, hold) = self.holds.iter().find(|(until, _)| **until > now)?;
        let left = length(until.saturating_duration_since(now));
        Some(match hold {
            Hold::Quota => format!("quota: next in {left}"),
            Hold::Throttled => format!("throttled: {left}"),
            Hold::Retry => format!("retry in {left}"),
        })
    }

    /// The most important one first.
    fn parts(&self, now: Instant) -> Vec<String> {
        let mut parts = Vec::new();
        match self.position {
            None => parts.push("waiting for the first page".to_owned()),
            Some(position) => {
                parts.push(position.date().to_string());
                parts.push(format!("{} rows", HumanCount(self.rows)));
                parts.push(format!("page {}", HumanCount(self.pages)));
            }
        }
        if let Some(hold) = self.held_up(now) {
            parts.push(hold);
            return parts;
        }
        let elapsed = now.saturating_duration_since(self.began);
        if self.position.is_some() && elapsed >= EARLY {
            let rate = self.rows as f64 / elapsed.as_secs_f64();
            parts.push(format!("{}/s", HumanCount(rate as u64)));
            let share = self.share();
            if share > 0.0 && share < 1.0 {
                let left = elapsed.as_secs_f64() * (1.0 - share) / share;
                if let Ok(left) = Duration::try_from_secs_f64(left) {
                    parts.push(format!("{} left", length(left)));
                }
            }
        }
        parts
    }
}

/// A length of time in few letters.
fn length(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6_000 => format!("{} min", seconds.div_ceil(60)),
        6_000..360_000 => format!("{} h", seconds.div_ceil(3_600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const SECOND: Duration = Duration::from_secs(1);

    fn standing() -> (Standing, Instant) {
        let (standing, now) = (Standing::new(), Instant::now());
        let (from, until) = (
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        standing.begin(TimeRange::new(from, until).unwrap(), now);
        (standing, now)
    }

    #[test]
    fn it_says_how_far_how_fast_and_how_long() {
        let (standing, now) = standing();
        assert_eq!(standing.line(60, now), "waiting for the first page");
        let then = now + SECOND * 100;
        standing.advance(datetime!(2019-11-11 0:00 UTC), 1_235, 1_234_567, then);
        assert_eq!(
            standing.line(60, then),
            "2019-11-11  1,234,567 rows  page 1,235  12,345/s  4 min left"
        );
        assert!((standing.share() - 1.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_wait_counts_down_once_nothing_moves() {
        let (standing, now) = standing();
        standing.advance(datetime!(2019-11-02 0:00 UTC), 50, 50_000, now + SECOND * 5);
        standing.hold(Hold::Quota, SECOND * 50, now + SECOND * 5);
        standing.hold(Hold::Throttled, SECOND * 70, now + SECOND * 5);
        let line = |seconds| standing.line(60, now + SECOND * seconds);
        assert_eq!(
            line(6),
            "2019-11-02  50,000 rows  page 50  8,333/s  3 min left"
        );
        assert_eq!(
            line(15),
            "2019-11-02  50,000 rows  page 50  quota: next in 40 s"
        );
        assert_eq!(
            line(60),
            "2019-11-02  50,000 rows  page 50  throttled: 15 s"
        );
        assert_eq!(
            line(80),
            "2019-11-02  50,000 rows  page 50  625/s  39 min left"
        );
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let (standing, now) = standing();
        let then = now + SECOND * 100;
        standing.advance(datetime!(2019-11-11 0:00 UTC), 1_235, 1_234_567, then);
        assert_eq!(standing.line(30, then), "2019-11-11  1,234,567 rows");
        assert_eq!(standing.line(5, then), "");
    }
}
