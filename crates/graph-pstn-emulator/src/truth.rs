//! What a range holds, computed from the data alone.
//!
//! Nothing of the serving path is used: no HTTP, no JSON of rows, no pages. A client's export that
//! agrees with it has lost nothing and counted nothing twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use time::OffsetDateTime;

use crate::rows::{self, Money, Tenant};

/// Rows, seconds and charges of the PSTN log in a half-open range `[from, until)`.
///
/// The charge is the sum of the property `charge` per currency; `connectionCharge` is not in it. Rows
/// whose charge or duration is null add nothing to that sum.
///
/// ```
/// use graph_pstn_emulator::Truth;
/// use time::macros::datetime;
///
/// let truth = Truth::compute(1, 50, datetime!(2019-11-01 0:00 UTC), datetime!(2019-11-02 0:00 UTC));
/// assert!(truth.rows() > 0);
/// assert!(truth.to_json_line().starts_with("{\"rows\":"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    rows: u64,
    duration: u64,
    charge: BTreeMap<&'static str, Money>,
}

impl Truth {
    /// Computes the truth for what an emulator with this seed and rate serves in `[from, until)`.
    ///
    /// Takes time in proportion to the range, and memory for one day.
    #[must_use]
    pub fn compute(
        seed: u64,
        rows_per_day: u32,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Self {
        let mut truth = Self {
            rows: 0,
            duration: 0,
            charge: BTreeMap::new(),
        };
        let tenant = Tenant { seed, rows_per_day };
        rows::each_pstn(tenant, rows::ticks(from), rows::ticks(until), |row| {
            truth.rows += 1;
            truth.duration += row
                .duration
                .map_or(0, |seconds| u64::from(seconds.unsigned_abs()));
            if let (Some(currency), Some(charge)) = (row.currency, row.charge) {
                truth
                    .charge
                    .entry(currency)
                    .and_modify(|sum| *sum = sum.plus(charge))
                    .or_insert(charge);
            }
        });
        truth
    }

    /// How many rows start in the range.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The sum of `duration`, in seconds.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.duration
    }

    /// The sum of `charge` per ISO 4217 currency, sorted, as exact decimal text that keeps the largest
    /// scale among the rows.
    pub fn charges(&self) -> impl Iterator<Item = (&str, String)> {
        self.charge
            .iter()
            .map(|(currency, sum)| (*currency, sum.to_string()))
    }

    /// `{"rows":…,"duration":…,"charge":{"EUR":"…","USD":"…"}}`, without a line end.
    #[must_use]
    pub fn to_json_line(&self) -> String {
        let mut line = format!(
            "{{\"rows\":{},\"duration\":{},\"charge\":{{",
            self.rows, self.duration
        );
        for (index, (currency, sum)) in self.charges().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            // Writing to a String cannot fail.
            let _ = write!(line, "{comma}\"{currency}\":\"{sum}\"");
        }
        line.push_str("}}");
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn ranges_add_up() {
        let (a, b, c) = (
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-11-15 12:30 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let whole = Truth::compute(1, 300, a, c);
        let (first, second) = (Truth::compute(1, 300, a, b), Truth::compute(1, 300, b, c));
        assert_eq!(whole.rows(), first.rows() + second.rows());
        assert_eq!(whole.duration(), first.duration() + second.duration());
        assert!(whole.rows() > 5_000);
    }

    #[test]
    fn the_line_is_json_with_sorted_currencies() {
        let truth = Truth::compute(
            1,
            300,
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let line: serde_json::Value = serde_json::from_str(&truth.to_json_line()).unwrap();
        assert_eq!(line["rows"], truth.rows());
        let currencies: Vec<&str> = truth.charges().map(|(currency, _)| currency).collect();
        assert!(
            currencies.len() > 5 && currencies.is_sorted(),
            "{currencies:?}"
        );
    }

    #[test]
    fn an_empty_range_has_nothing() {
        let at = datetime!(2019-11-01 0:00 UTC);
        assert_eq!(
            Truth::compute(1, 300, at, at).to_json_line(),
            r#"{"rows":0,"duration":0,"charge":{}}"#
        );
    }
}
