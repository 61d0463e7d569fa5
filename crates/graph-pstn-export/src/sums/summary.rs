//! What an export came to.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Billed, Changes, Total};

/// Rows, seconds and charges of an export, and what did not go the straight way.
///
/// It serialises as one object that starts with `"rows"`, `"duration"` (seconds) and `"charge"`
/// (per currency, as exact decimal text). A charge without a currency is under the empty name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Rows written.
    pub rows: u64,
    /// The sum of their durations in seconds.
    pub duration: i64,
    /// The sum of their charges per currency; connection charges are not in it.
    #[serde(serialize_with = "as_text", deserialize_with = "of_text")]
    pub charge: BTreeMap<String, Total>,
    /// Rows that came again with the same content, and were dropped. The reader drops them before an
    /// export sees them: [`Export::mark`](crate::Export::mark) tells it of them.
    pub duplicates: u64,
    /// Rows whose id had come before with other content; they are among the rejects.
    pub conflicts: u64,
    /// Rows that could not be read, or cannot be written in the format or with masked numbers; they are
    /// among the rejects.
    pub rejects: u64,
    /// Rows that were read and not wanted: see [`Filter`](crate::Filter). They count nowhere else.
    pub filtered: u64,
    /// What has changed in a folder that was [merged](crate::Export::merge_days) with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

impl Summary {
    /// Counts a row that was written.
    pub fn add(&mut self, row: &impl Billed) {
        self.rows += 1;
        self.duration = self.duration.saturating_add(row.seconds().unwrap_or(0));
        if let Some((amount, currency)) = row.charge() {
            let currency = currency.unwrap_or_default();
            // A month has some ten currencies and a million rows: look first, allocate rarely.
            if let Some(total) = self.charge.get_mut(currency) {
                total.add(amount);
            } else {
                let mut total = Total::default();
                total.add(amount);
                self.charge.insert(currency.to_owned(), total);
            }
        }
    }

    /// Whether rows were set aside instead of being written.
    #[must_use]
    pub fn has_set_aside(&self) -> bool {
        self.rejects > 0 || self.conflicts > 0
    }
}

fn as_text<S: Serializer>(
    charge: &BTreeMap<String, Total>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        charge
            .iter()
            .map(|(currency, total)| (currency, total.to_string())),
    )
}

fn of_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Total>, D::Error> {
    BTreeMap::<String, String>::deserialize(deserializer)?
        .into_iter()
        .map(|(currency, total)| Ok((currency, total.parse().map_err(de::Error::custom)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_model::{Decimal, PstnCallLogRow};

    #[test]
    fn the_line_starts_like_the_truth() {
        let mut summary = Summary::default();
        for (charge, currency) in [("0.05", "USD"), ("0.0113", "USD"), ("0.00", "EUR")] {
            let mut row = PstnCallLogRow::default();
            row.duration = Some(60);
            row.charge = Some(Decimal::from_str_exact(charge).unwrap());
            row.currency = Some(currency.into());
            summary.add(&row);
        }
        summary.add(&PstnCallLogRow::default());
        assert_eq!(
            serde_json::to_string(&summary).unwrap(),
            r#"{"rows":4,"duration":180,"charge":{"EUR":"0.00","USD":"0.0613"},"duplicates":0,"conflicts":0,"rejects":0,"filtered":0}"#
        );
        assert!(!summary.has_set_aside());
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }

    #[test]
    fn money_without_a_currency_is_not_lost() {
        let mut row = PstnCallLogRow::default();
        row.charge = Some(Decimal::new(5, 2));
        let mut summary = Summary::default();
        summary.add(&row);
        assert_eq!(summary.charge[""].to_string(), "0.05");
    }
}
