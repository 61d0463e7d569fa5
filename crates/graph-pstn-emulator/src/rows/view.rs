//! What can be seen of a tenant's logs at one moment: all of it, or what has arrived by then and is still
//! kept.

use super::dial_out::{self, Line};
use super::instant::{DAY, SECOND};
use super::{Log, Row, Slot, Tenant};
use crate::graph::version::Version;

/// A tenant, seen at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) tenant: Tenant,
    /// Without one every row there will ever be is seen.
    pub(crate) horizon: Option<Horizon>,
}

/// Rows are late, and are kept for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// The moment at which one looks, in ticks.
    pub(crate) now: i64,
    /// The longest time from the end of a call until its row is there, in ticks.
    pub(crate) lag: i64,
    /// Whether rows vanish as documented.
    pub(crate) retention: bool,
}

/// No call takes longer, in ticks.
const LONGEST: i64 = 24 * 3_600 * SECOND;
/// The fewest and the most days that a row is kept anywhere ("Microsoft Teams PSTN usage report").
const KEPT: (i64, i64) = (150, 730);

impl Horizon {
    /// Whether the row has arrived and is kept.
    fn shows(self, log: Log, tenant: Tenant, slot: Slot, row: &Row) -> bool {
        let kept = log.kept_days(row.country());
        let is_kept = match kept {
            Some(days) if self.retention => self.now - slot.start <= days * DAY,
            _ => true,
        };
        is_kept && row.ended() + self.delay(log, tenant, slot) <= self.now
    }

    /// How late this row is: half the lag at least, as the documented 24 of 48 hours are.
    fn delay(self, log: Log, tenant: Tenant, slot: Slot) -> i64 {
        let half = self.lag / 2;
        let mut draw = log.draw(tenant, slot.day(), slot.index, 0x1a);
        half + draw.below((self.lag - half + 1).unsigned_abs()) as i64
    }

    /// Whether all rows of the day can be seen, without looking at each.
    fn shows_all(self, day: i64) -> bool {
        let (fewest, _) = KEPT;
        (day + 1) * DAY + LONGEST + self.lag <= self.now
            && (!self.retention || self.now - day * DAY <= fewest * DAY)
    }

    /// Whether no row of the day can be seen, without looking at each.
    fn shows_none(self, log: Log, day: i64) -> bool {
        let (_, most) = KEPT;
        let ends = log.is_kept_for_some_time() && self.retention;
        // No row is there before it starts.
        day * DAY > self.now || (ends && self.now - (day + 1) * DAY > most * DAY)
    }
}

impl View {
    /// Everything there will ever be.
    pub(crate) const fn of_all(tenant: Tenant) -> Self {
        Self {
            tenant,
            horizon: None,
        }
    }

    fn shows(self, log: Log, slot: Slot) -> bool {
        self.horizon.is_none_or(|horizon| {
            let row = Row::of(log, self.tenant, slot);
            row.is_some_and(|row| horizon.shows(log, self.tenant, slot, &row))
        })
    }

    /// The day's places in `[from, until)` that can be seen, or their number where that is all of them.
    fn part(self, log: Log, day: i64, from: i64, until: i64) -> DayPart {
        if self.horizon.is_some_and(|h| h.shows_none(log, day)) {
            return DayPart::Some(Vec::new());
        }
        let whole = from <= day * DAY && (day + 1) * DAY <= until;
        let all = self.horizon.is_none_or(|h| h.shows_all(day));
        if whole && all {
            return DayPart::Whole(log.count(self.tenant, day));
        }
        let mut slots = log.slots(self.tenant, day);
        slots.retain(|slot| {
            from <= slot.start && slot.start < until && (all || self.shows(log, *slot))
        });
        DayPart::Some(slots)
    }

    /// Up to `take` rows of `[from, until)` after the first `skip`, and whether more follow.
    pub(crate) fn window(
        self,
        log: Log,
        from: i64,
        until: i64,
        skip: u64,
        take: usize,
    ) -> (Vec<Slot>, bool) {
        let mut found = Vec::with_capacity(take.min(1_000));
        let mut skip = skip;
        for day in days(from, until) {
            let slots = match self.part(log, day, from, until) {
                DayPart::Whole(count) if skip >= u64::from(count) => {
                    skip -= u64::from(count);
                    continue;
                }
                DayPart::Whole(_) => log.slots(self.tenant, day),
                DayPart::Some(slots) => slots,
            };
            let skipped = skip.min(slots.len() as u64);
            skip -= skipped;
            for slot in slots.into_iter().skip(skipped as usize) {
                if found.len() == take {
                    return (found, true);
                }
                found.push(slot);
            }
        }
        (found, false)
    }

    /// What a page holds: up to `take` rows of `[from, until)` after the first `skip`.
    pub(crate) fn page(self, log: Log, from: i64, until: i64, skip: u64, take: usize) -> Found {
        if log != Log::DialOut {
            let (slots, more) = self.window(log, from, until, skip, take);
            return Found {
                rows: Rows::Of(slots),
                more,
            };
        }
        let mut lines = self.dial_out(from, until);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(lines.len());
        lines.drain(..skip);
        let more = lines.len() > take;
        lines.truncate(take);
        Found {
            rows: Rows::Sums(lines),
            more,
        }
    }

    /// The lines of the dial-out report over the calls of `[from, until)` that can be seen.
    fn dial_out(self, from: i64, until: i64) -> Vec<Line> {
        let mut report = dial_out::Report::default();
        for day in days(from, until) {
            match self.part(Log::Pstn, day, from, until) {
                // To a sum it does not matter when in its day a call began.
                DayPart::Whole(count) => (0..count).for_each(|index| {
                    report.add(self.tenant, Slot::on_day(day, index));
                }),
                DayPart::Some(slots) => slots
                    .into_iter()
                    .for_each(|slot| report.add(self.tenant, slot)),
            }
        }
        report.lines()
    }

    /// Calls `each` with every row of `[from, until)` that can be seen, one day in memory at a time. The
    /// dial-out report, whose rows are sums, has none.
    pub(crate) fn each(self, log: Log, from: i64, until: i64, mut each: impl FnMut(Slot, &Row)) {
        for day in days(from, until) {
            for slot in log.slots(self.tenant, day) {
                if slot.start < from || until <= slot.start {
                    continue;
                }
                if let Some(row) = Row::of(log, self.tenant, slot)
                    && self
                        .horizon
                        .is_none_or(|horizon| horizon.shows(log, self.tenant, slot, &row))
                {
                    each(slot, &row);
                }
            }
        }
    }
}

/// The days that `[from, until)` touches.
fn days(from: i64, until: i64) -> std::ops::Range<i64> {
    if until <= from {
        return 0..0;
    }
    from.div_euclid(DAY)..(until - 1).div_euclid(DAY) + 1
}

/// Part of a day's rows in a range: the whole day without looking, or those that match.
enum DayPart {
    Whole(u32),
    Some(Vec<Slot>),
}

/// The rows of a page, and whether more follow.
pub(crate) struct Found {
    rows: Rows,
    pub(crate) more: bool,
}

enum Rows {
    /// Rows at these places.
    Of(Vec<Slot>),
    /// Lines of the dial-out report.
    Sums(Vec<Line>),
}

impl Found {
    pub(crate) fn len(&self) -> usize {
        match &self.rows {
            Rows::Of(slots) => slots.len(),
            Rows::Sums(lines) => lines.len(),
        }
    }

    /// Writes the rows as the items of a JSON array.
    pub(crate) fn write(&self, out: &mut Vec<u8>, log: Log, tenant: Tenant, version: Version) {
        match &self.rows {
            Rows::Of(slots) => list(out, slots, |out, slot| {
                if let Some(row) = Row::of(log, tenant, *slot) {
                    row.write(out, tenant, version);
                }
            }),
            Rows::Sums(lines) => list(out, lines, |out, line| line.write(out)),
        }
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
}
