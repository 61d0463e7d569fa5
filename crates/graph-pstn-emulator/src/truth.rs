//! What a range holds, computed from the data alone.
//!
//! Nothing of the serving path is used: no HTTP, no JSON of rows, no pages. A client's export that
//! agrees with it has lost nothing and counted nothing twice.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use time::OffsetDateTime;

use crate::rows::{self, Guid, Log, Money, Row, Tenant, View};

/// Rows, seconds and charges of a log in a half-open range `[from, until)`.
///
/// The charge is the sum per currency of the property `charge` (`callCharge` of text messages, `totalCallCharge` of
/// the dial-out report); `connectionCharge` is not in it. Rows whose charge or duration is null add nothing to
/// that sum, and neither do logs that have none.
///
/// ```
/// use graph_pstn_emulator::{Log, Truth};
/// use time::macros::datetime;
///
/// let (from, until) = (datetime!(2019-11-01 0:00 UTC), datetime!(2019-11-02 0:00 UTC));
/// let truth = Truth::compute(1, 50, from, until);
/// assert!(truth.rows() > 0);
/// assert!(truth.to_json_line().starts_with("{\"rows\":"));
/// assert_eq!(truth, Truth::of(Log::Pstn, 1, 50, from, until));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    rows: u64,
    ids: u64,
    duration: u64,
    charge: BTreeMap<&'static str, Money>,
}

impl Truth {
    /// Computes the truth of the PSTN log: [`Truth::of`].
    #[must_use]
    pub fn compute(
        seed: u64,
        rows_per_day: u32,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Self {
        Self::of(Log::Pstn, seed, rows_per_day, from, until)
    }

    /// Computes the truth for what an emulator with this seed and rate serves in `[from, until)`, of rows that are
    /// neither late nor gone ([`RunningEmulator::truth`](crate::RunningEmulator::truth) knows of those).
    ///
    /// Takes time in proportion to the range, and memory for one day.
    #[must_use]
    pub fn of(
        log: Log,
        seed: u64,
        rows_per_day: u32,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Self {
        let tenant = Tenant { seed, rows_per_day };
        Self::seen(View::of_all(tenant), log, from, until)
    }

    /// The same for what can be seen at one moment.
    pub(crate) fn seen(view: View, log: Log, from: OffsetDateTime, until: OffsetDateTime) -> Self {
        let (from, until) = (rows::ticks(from), rows::ticks(until));
        let mut truth = Self {
            rows: 0,
            ids: 0,
            duration: 0,
            charge: BTreeMap::new(),
        };
        if log == Log::DialOut {
            let mut lines = BTreeSet::new();
            view.each(Log::Pstn, from, until, |_, row| {
                if let Some(line) = dial_out_line(row) {
                    lines.insert(line);
                    truth.count(row);
                }
            });
            truth.rows = lines.len() as u64;
            return truth;
        }
        // An id is made from its day too, so that only those of one day must be held against each other.
        let (mut day, mut ids) = (i64::MIN, HashSet::new());
        view.each(log, from, until, |slot, row| {
            if slot.day() != day {
                day = slot.day();
                ids.clear();
            }
            truth.rows += 1;
            truth.ids += u64::from(row.id().is_some_and(|id| ids.insert(id)));
            truth.count(row);
        });
        truth
    }

    fn count(&mut self, row: &Row) {
        let seconds = row.seconds().unwrap_or(0);
        self.duration += u64::from(seconds.unsigned_abs());
        if let Some((currency, charge)) = row.charge() {
            self.charge
                .entry(currency)
                .and_modify(|sum| *sum = sum.plus(charge))
                .or_insert(charge);
        }
    }

    /// How many rows start in the range; for the dial-out report, how many it has.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many different ids the rows have; none in the logs of blocked users and dialling out.
    #[must_use]
    pub fn ids(&self) -> u64 {
        self.ids
    }

    /// The sum of `duration`, in seconds; for the dial-out report that of `totalCallSeconds`.
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

/// Which line of the dial-out report the call is in: one for each user, destination and currency.
fn dial_out_line(row: &Row) -> Option<(Guid, &'static str, &'static str)> {
    let Row::Pstn(call) = row else {
        return None;
    };
    let user = call.user.as_ref()?;
    matches!(call.call_type, "conf_out" | "user_out_conf").then(|| {
        let none = "";
        (
            user.id,
            call.destination_context.unwrap_or(none),
            call.currency.unwrap_or(none),
        )
    })
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
