//! Which window is read next: cut at midnights, by the density seen so far.

use std::collections::VecDeque;

use graph_pstn_model::{MAX_RANGE, TimeRange};
use time::{Duration, OffsetDateTime};

use super::{
    ReadOptions,
    density::Density,
    window::{Window, midnight_before},
};
use crate::page::floor;

/// The most rows of one page (<https://learn.microsoft.com/graph/api/callrecords-callrecord-getpstncalls>).
const PAGE_ROWS: f64 = 1_000.0;
/// Windows get no smaller than this many pages, or the last, half-full page of each would cost too much.
const FEWEST_PAGES: f64 = 8.0;
/// A window is not cut below this.
const SHORTEST: Duration = Duration::HOUR;

/// The parts of the range in order of time, from the one that is being delivered on.
#[derive(Debug)]
pub(super) struct Plan {
    parts: VecDeque<Part>,
    density: Density,
    options: ReadOptions,
    /// The longest window that Graph has not refused.
    longest: Duration,
    /// Cut at midnights only.
    whole_days: bool,
    next_id: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Not cut into windows yet.
    Todo(TimeRange),
    /// Being fetched.
    Fetching(u64, Window),
    /// Fetched; its pages wait for their turn.
    Fetched(u64, Window),
}

impl Part {
    /// The window with its number, if the part has been cut into one.
    pub(super) fn window(self) -> Option<(u64, Window)> {
        match self {
            Self::Todo(_) => None,
            Self::Fetching(id, window) | Self::Fetched(id, window) => Some((id, window)),
        }
    }
}

impl Plan {
    pub(super) fn new(range: TimeRange, options: ReadOptions) -> Self {
        Self {
            parts: VecDeque::from([Part::Todo(range)]),
            density: Density::default(),
            options,
            longest: MAX_RANGE,
            whole_days: false,
            next_id: 0,
        }
    }

    /// A range that is asked for in one piece.
    pub(super) fn unsplit(range: TimeRange, options: ReadOptions) -> Self {
        let mut plan = Self::new(range, options);
        // Beyond any range, so that what is longer than Graph takes is Graph's to refuse.
        plan.longest = Duration::MAX;
        plan
    }

    pub(super) fn front(&self) -> Option<Part> {
        self.parts.front().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Ends the part in front: it has been delivered.
    pub(super) fn delivered(&mut self) {
        self.parts.pop_front();
    }

    pub(super) fn clear(&mut self) {
        self.parts.clear();
    }

    /// The windows from the front, and whether each is still being fetched.
    pub(super) fn order(&self) -> impl Iterator<Item = (u64, bool)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Todo(_) => None,
            Part::Fetching(id, _) => Some((*id, true)),
            Part::Fetched(id, _) => Some((*id, false)),
        })
    }

    /// Cuts the next window to be fetched, if there is one and there is room for it.
    pub(super) fn start(&mut self) -> Option<(u64, Window)> {
        let fetching = |part: &&Part| matches!(part, Part::Fetching(..));
        // The one in front is what the caller waits for, though others be under way by then.
        let waited_for = matches!(self.parts.front(), Some(Part::Todo(_)));
        let under_way = self.parts.iter().filter(fetching).count();
        if under_way >= self.room() && !waited_for {
            return None;
        }
        let (at, todo) = self
            .parts
            .iter()
            .enumerate()
            .find_map(|(at, part)| match part {
                Part::Todo(todo) => Some((at, *todo)),
                _ => None,
            })?;
        let until = self.cut(todo);
        let window = Window::new(TimeRange::new(todo.from(), until).ok()?);
        let window = if self.whole_days {
            window.by_whole_days().unwrap_or(window)
        } else {
            window
        };
        let id = self.next_id;
        self.next_id += 1;
        self.parts[at] = Part::Fetching(id, window);
        if let Ok(rest) = TimeRange::new(until, todo.until()) {
            self.parts.insert(at + 1, Part::Todo(rest));
        }
        Some((id, window))
    }

    /// How many windows may be under way: not all, as long as only a guess says how long they should be.
    /// Where all are to be short, a wrong guess costs nothing.
    fn room(&self) -> usize {
        let parallel = self.options.parallel();
        let guessed = self.density.rate().is_some() && !self.density.is_measured();
        if guessed && !self.are_short() {
            parallel.div_ceil(2)
        } else {
            parallel
        }
    }

    /// Whether windows are to be so short that the half-full page at the end of each costs much: the choice
    /// of who has no quota to save.
    fn are_short(&self) -> bool {
        f64::from(self.options.window_pages()) <= FEWEST_PAGES
    }

    /// Notes that a window has been fetched, and how many rows it held.
    pub(super) fn fetched(&mut self, id: u64, rows: u64) {
        if let Some((at, window)) = self.fetching(id) {
            self.density.count(rows, window.asked.duration());
            self.parts[at] = Part::Fetched(id, window);
        }
    }

    /// Puts a window whose fetching failed, or that is to be asked for differently, back to work.
    pub(super) fn again(&mut self, window: Window) -> Option<u64> {
        let id = self.next_id;
        self.next_id += 1;
        let front = self.parts.front_mut()?;
        *front = Part::Fetching(id, window);
        Some(id)
    }

    /// A window's first page held this many rows in this time, which makes too many for one chain: cuts
    /// it anew.
    pub(super) fn too_dense(&mut self, id: u64, rows: u64, span: Duration) {
        if let Some((at, window)) = self.fetching(id) {
            self.density.guess(rows, span);
            self.undo(at, window.wanted);
        }
    }

    /// Graph found the window too long: cuts it, and all that follow, at half its length. Says whether
    /// that was possible.
    pub(super) fn too_long(&mut self, id: u64) -> bool {
        let mut windows = self.parts.iter().map(|part| part.window()).enumerate();
        let Some((at, Some((_, window)))) =
            windows.find(|(_, window)| window.is_some_and(|(known, _)| known == id))
        else {
            return false;
        };
        let half = window.wanted.duration() / 2;
        if self.longest == Duration::MAX || half < Duration::SECOND {
            return false;
        }
        self.longest = half;
        self.undo(at, window.wanted);
        true
    }

    /// Links lose the time of day: from now on windows are cut at midnights, and asked for by whole days.
    pub(super) fn keep_to_whole_days(&mut self) {
        self.whole_days = true;
    }

    fn fetching(&self, id: u64) -> Option<(usize, Window)> {
        let mut parts = self.parts.iter().enumerate();
        parts.find_map(|(at, part)| match part {
            Part::Fetching(known, window) if *known == id => Some((at, *window)),
            _ => None,
        })
    }

    /// Makes a window a part to be cut, together with one that follows it.
    fn undo(&mut self, at: usize, range: TimeRange) {
        let mut range = range;
        if let Some(Part::Todo(rest)) = self.parts.get(at + 1).copied()
            && let Ok(joined) = TimeRange::new(range.from(), rest.until())
        {
            self.parts.remove(at + 1);
            range = joined;
        }
        self.parts[at] = Part::Todo(range);
    }

    /// Where the window that begins with this part ends.
    fn cut(&self, todo: TimeRange) -> OffsetDateTime {
        let from = todo.from();
        let later = |span: Duration| from.checked_add(span).unwrap_or(todo.until());
        let last = floor(from)
            .checked_add(self.longest)
            .unwrap_or(todo.until());
        let last = last.min(todo.until());
        let Some(rate) = self.density.rate().filter(|rate| *rate > 0.0) else {
            // Nothing is known: one request shows whether it is all there is.
            return last;
        };
        let rows = self.target_pages(rate) * PAGE_ROWS;
        let span = Duration::checked_seconds_f64(rows / rate).unwrap_or(Duration::MAX);
        let tomorrow = midnight_before(from)
            .checked_add(Duration::DAY)
            .unwrap_or(todo.until());
        let end = if self.density.is_measured() {
            later(span.min(self.density.reach()))
        } else {
            // One page of a night tells little, so the first windows are single days.
            later(span).min(tomorrow)
        };
        let end = if end >= tomorrow {
            midnight_before(end)
        } else if self.whole_days {
            tomorrow
        } else {
            // The day in equal parts, so that none is a sliver.
            let left = tomorrow - from;
            let parts = (left.as_seconds_f64() / span.max(SHORTEST).as_seconds_f64()).ceil();
            floor(later(left / parts.max(1.0)))
        };
        let end = if end > from { end } else { tomorrow };
        // What would be left of a part must be worth a window of its own.
        if todo.until() - end < (end - from) / 4 {
            last
        } else {
            end.min(last)
        }
    }

    /// How many pages a window should have: less towards the end, so that all chains end together.
    fn target_pages(&self, rate: f64) -> f64 {
        let most = f64::from(self.options.window_pages());
        // Where windows are to be short, a half-full page more is no matter.
        let fewest = if self.are_short() {
            (most / 4.0).max(1.0)
        } else {
            FEWEST_PAGES
        };
        let left: f64 = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Todo(todo) => todo.duration().as_seconds_f64(),
                _ => 0.0,
            })
            .sum();
        let parallel = f64::from(u32::try_from(self.options.parallel()).unwrap_or(u32::MAX));
        (left * rate / PAGE_ROWS / parallel).clamp(fewest, most)
    }

    /// What is too much for one chain.
    pub(super) fn limit(&self) -> Limit {
        let pages = f64::from(self.options.window_pages());
        let rows = if self.longest == Duration::MAX {
            f64::INFINITY
        } else {
            2.0 * pages * PAGE_ROWS
        };
        // Windows that cannot be shorter, together with what is left of a part.
        let shortest = if self.whole_days {
            Duration::DAY * 5 / 4
        } else {
            SHORTEST * 2
        };
        Limit { rows, shortest }
    }
}

/// How many rows a window may turn out to hold before it is cut anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    rows: f64,
    shortest: Duration,
}

impl Limit {
    /// Whether the window holds too many rows, to judge by so many in the first `span` of it, and can be
    /// cut.
    pub(super) fn is_exceeded(self, window: Window, rows: u64, span: Duration) -> bool {
        let mut seen = Density::default();
        seen.guess(rows, span);
        let length = window.asked.duration();
        let expected = seen.rate().unwrap_or_default() * length.as_seconds_f64();
        expected > self.rows && window.wanted.duration() > self.shortest
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
