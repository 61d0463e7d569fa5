//! The places of a day's rows: how many there are, and when each starts.

use super::draw::{Draw, Guid};
use super::instant::{DAY, SECOND};
use super::{Log, Tenant};

/// A row's place: when it starts, and which draw it is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) start: i64,
    pub(crate) fraction_digits: u8,
    pub(crate) index: u32,
}

impl Slot {
    /// The place of this row of the day, but for when in the day it starts.
    pub(super) const fn on_day(day: i64, index: u32) -> Self {
        Self {
            start: day * DAY,
            fraction_digits: 0,
            index,
        }
    }

    /// The UTC day, counted from 1970.
    pub(crate) const fn day(self) -> i64 {
        self.start.div_euclid(DAY)
    }
}

/// Starts by hour of the UTC day.
const HOURS: &[u32] = &[
    4, 3, 2, 2, 3, 5, 14, 38, 62, 70, 66, 58, 60, 84, 100, 104, 96, 84, 70, 62, 52, 34, 14, 7,
];

impl Log {
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
        let millionths = u64::from(tenant.rows_per_day) * per_mille * self.share();
        let (rows, rest) = (millionths / 1_000_000, millionths % 1_000_000);
        // What is left of a row is one by chance, so that small rates keep their average.
        u32::try_from(rows + u64::from(draw.chance(rest, 1_000_000))).unwrap_or(u32::MAX)
    }

    /// The places of the day's rows, ordered as Graph orders them: by start, then by id.
    pub(crate) fn slots(self, tenant: Tenant, day: i64) -> Vec<Slot> {
        let count = self.count(tenant, day);
        let midnight = Draw::new(&[tenant.seed, self.salt(), 0x00, day as u64]).chance(2, 3);
        let mut slots: Vec<Slot> = (0..count)
            .map(|index| {
                if index == 0 && midnight {
                    return Slot::on_day(day, index);
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
    pub(super) fn draw(self, tenant: Tenant, day: i64, index: u32, part: u64) -> Draw {
        Draw::new(&[tenant.seed, self.salt(), part, day as u64, u64::from(index)])
    }

    pub(super) fn id(self, tenant: Tenant, day: i64, index: u32) -> Guid {
        self.draw(tenant, day, index, 0x1d).guid()
    }
}

/// Ticks below a second with exactly this many significant digits, so that none is a zero at the end.
pub(super) fn fraction(draw: &mut Draw, digits: u8) -> i64 {
    if digits == 0 {
        return 0;
    }
    let digits = u32::from(digits);
    let head = draw.below(10_u64.pow(digits - 1)) as i64;
    (head * 10 + 1 + draw.below(9) as i64) * 10_i64.pow(7 - digits)
}
