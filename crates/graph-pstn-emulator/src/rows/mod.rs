//! The data: which rows a tenant has, as a pure function of a seed, a rate and the time.
//!
//! Each UTC day of each log is made by itself from a hash, so that any range can be read without
//! what comes before it, in memory for one day.
//!
//! The shape of a day: on a work day `rows_per_day` ± 15 %, on a Saturday or Sunday about a seventh of
//! that; most starts lie in office hours from Europe's morning to America's evening. On two days in
//! three the first row starts at 00:00:00Z sharp, so that a reader who counts seams twice is caught.

mod country;
mod draw;
mod instant;
mod json;
mod money;
mod pstn;
mod user;

pub(crate) use draw::{Draw, Guid};
pub(crate) use instant::{DAY, SECOND, date_text, text, ticks};
pub(crate) use money::Money;

/// Which rows there are: equal tenants have equal rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tenant {
    pub(crate) seed: u64,
    /// The average on a work day.
    pub(crate) rows_per_day: u32,
}

/// One of Graph's logs of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Log {
    Pstn,
}

/// A row's place: when it starts, and which draw it is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) start: i64,
    pub(crate) fraction_digits: u8,
    pub(crate) index: u32,
}

/// Starts by hour of the UTC day.
const HOURS: &[u32] = &[
    4, 3, 2, 2, 3, 5, 14, 38, 62, 70, 66, 58, 60, 84, 100, 104, 96, 84, 70, 62, 52, 34, 14, 7,
];

impl Log {
    /// Every log there is.
    pub(crate) const ALL: &[Self] = &[Self::Pstn];

    /// The function's name in the URL.
    pub(crate) const fn function(self) -> &'static str {
        match self {
            Self::Pstn => "getPstnCalls",
        }
    }

    /// The name of the row's type, in `@odata.context`.
    pub(crate) const fn row_type(self) -> &'static str {
        match self {
            Self::Pstn => "pstnCallLogRow",
        }
    }

    /// Whether v1.0 lacks the function.
    pub(crate) const fn beta_only(self) -> bool {
        match self {
            Self::Pstn => false,
        }
    }

    /// Whether a row at `toDateTime` itself is in the answer.
    pub(crate) const fn includes_end(self) -> bool {
        match self {
            Self::Pstn => true,
        }
    }

    const fn salt(self) -> u64 {
        match self {
            Self::Pstn => 1,
        }
    }

    /// How many rows this log has on the UTC day (days since 1970).
    pub(crate) fn count(self, tenant: Tenant, day: i64) -> u32 {
        let mut draw = Draw::new(&[tenant.seed, self.salt(), 0xc0, day as u64]);
        // 1970-01-01 was a Thursday; 5 and 6 are Saturday and Sunday here.
        let weekend = (day + 3).rem_euclid(7) >= 5;
        let per_mille = if weekend {
            100 + draw.below(91)
        } else {
            850 + draw.below(301)
        };
        let rows = u64::from(tenant.rows_per_day) * per_mille;
        // What is left of a row is one by chance, so that small rates keep their average.
        u32::try_from(rows / 1000 + u64::from(draw.chance(rows % 1000, 1000))).unwrap_or(u32::MAX)
    }

    /// The places of the day's rows, ordered as Graph orders them: by start, then by id.
    pub(crate) fn slots(self, tenant: Tenant, day: i64) -> Vec<Slot> {
        let count = self.count(tenant, day);
        let midnight = Draw::new(&[tenant.seed, self.salt(), 0x00, day as u64]).chance(2, 3);
        let mut slots: Vec<Slot> = (0..count)
            .map(|index| {
                if index == 0 && midnight {
                    return Slot {
                        start: day * DAY,
                        fraction_digits: 0,
                        index,
                    };
                }
                let mut draw = self.draw(tenant, day, index, 0x51);
                let second = draw.weighted(HOURS) as i64 * 3600 + draw.below(3600) as i64;
                let digits = draw.weighted(&[6, 2, 2, 14, 2, 4, 4, 66]) as u8;
                let fraction = fraction(&mut draw, digits);
                Slot {
                    start: day * DAY + second * SECOND + fraction,
                    fraction_digits: digits,
                    index,
                }
            })
            .collect();
        slots.sort_unstable_by(|a, b| {
            a.start.cmp(&b.start).then_with(|| {
                self.id(tenant, day, a.index)
                    .cmp(&self.id(tenant, day, b.index))
            })
        });
        slots
    }

    /// The stream from which the parts of one row come; `part` keeps them apart.
    fn draw(self, tenant: Tenant, day: i64, index: u32, part: u64) -> Draw {
        Draw::new(&[tenant.seed, self.salt(), part, day as u64, u64::from(index)])
    }

    fn id(self, tenant: Tenant, day: i64, index: u32) -> draw::Guid {
        self.draw(tenant, day, index, 0x1d).guid()
    }

    /// Writes one row as a JSON object.
    pub(crate) fn write(self, out: &mut Vec<u8>, tenant: Tenant, slot: Slot) {
        match self {
            Self::Pstn => json::pstn(out, &pstn::row(tenant, slot)),
        }
    }
}

/// Ticks below a second with exactly this many significant digits, so that none is a zero at the end.
fn fraction(draw: &mut Draw, digits: u8) -> i64 {
    if digits == 0 {
        return 0;
    }
    let digits = u32::from(digits);
    let head = draw.below(10_u64.pow(digits - 1)) as i64;
    (head * 10 + 1 + draw.below(9) as i64) * 10_i64.pow(7 - digits)
}

/// Part of a day's rows in `[from, until)`: the whole day without looking, or those that match.
enum DayPart {
    Whole(u32),
    Some(Vec<Slot>),
}

fn part(log: Log, tenant: Tenant, day: i64, from: i64, until: i64) -> DayPart {
    if from <= day * DAY && (day + 1) * DAY <= until {
        return DayPart::Whole(log.count(tenant, day));
    }
    let mut slots = log.slots(tenant, day);
    slots.retain(|slot| from <= slot.start && slot.start < until);
    DayPart::Some(slots)
}

/// Up to `take` rows of `[from, until)` after the first `skip`, and whether more follow.
pub(crate) fn window(
    log: Log,
    tenant: Tenant,
    from: i64,
    until: i64,
    skip: u64,
    take: usize,
) -> (Vec<Slot>, bool) {
    let mut found = Vec::with_capacity(take.min(1_000));
    let mut skip = skip;
    if until <= from {
        return (found, false);
    }
    for day in from.div_euclid(DAY)..=(until - 1).div_euclid(DAY) {
        let slots = match part(log, tenant, day, from, until) {
            DayPart::Whole(count) if skip >= u64::from(count) => {
                skip -= u64::from(count);
                continue;
            }
            DayPart::Whole(_) => log.slots(tenant, day),
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

/// Calls `each` with every PSTN row of `[from, until)`, one day in memory at a time.
pub(crate) fn each_pstn(
    tenant: Tenant,
    from: i64,
    until: i64,
    mut each: impl FnMut(&pstn::PstnRow),
) {
    if until <= from {
        return;
    }
    for day in from.div_euclid(DAY)..=(until - 1).div_euclid(DAY) {
        for slot in Log::Pstn.slots(tenant, day) {
            if from <= slot.start && slot.start < until {
                each(&pstn::row(tenant, slot));
            }
        }
    }
}

#[cfg(test)]
mod tests;
