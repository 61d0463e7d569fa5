use graph_pstn_model::TimeRange;
use time::{Duration, macros::datetime};

/// How many calls begin in each hour of a day, in UTC.
const HOURS: [u64; 24] = [
    4, 3, 2, 2, 3, 5, 14, 38, 62, 70, 66, 58, 60, 84, 100, 104, 96, 84, 70, 62, 52, 34, 14, 7,
];
const DAYS: i64 = 90;

/// Rows at known times: each is its number, and the first of each hour is known.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// The number of the first row of each hour; the last entry is the number of all rows.
    first: Vec<u64>,
}

impl Log {
    pub(crate) fn new(rows: u64) -> Self {
        let weight = |hour: i64| {
            let weekend = (hour / 24) % 7 >= 5;
            let of_day = HOURS[(hour % 24) as usize];
            if weekend { of_day } else { of_day * 7 }
        };
        let total: u64 = (0..DAYS * 24).map(weight).sum();
        let mut before = 0;
        let mut first = vec![0];
        for hour in 0..DAYS * 24 {
            before += weight(hour);
            first.push(before * rows / total);
        }
        Self { first }
    }

    pub(crate) fn range(&self) -> TimeRange {
        let from = datetime!(2019-09-01 0:00 UTC);
        TimeRange::new(from, from + Duration::days(DAYS)).unwrap()
    }

    /// The seconds from the beginning of the range at which a row starts.
    pub(crate) fn at(&self, row: u64) -> i64 {
        let hour = self.first.partition_point(|first| *first <= row) - 1;
        let (first, next) = (self.first[hour], self.first[hour + 1]);
        hour as i64 * 3_600 + (row - first) as i64 * 3_600 / (next - first) as i64
    }

    /// The first row that starts at or after so many seconds.
    pub(crate) fn first_at(&self, seconds: i64) -> u64 {
        let (mut low, mut high) = (0, *self.first.last().unwrap());
        while low < high {
            let middle = low.midpoint(high);
            if self.at(middle) < seconds {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low
    }
}
