//! Graph's own objects, unchanged.

use graph_pstn_model::{
    CallType, Cell, Column, Decimal, Direction, LogRow, OffsetDateTime, RawRow, Tabular, Text,
    adapt,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rows::export_row::sms_direction;
use crate::{Billed, ExportRow, NumberMask, Unmaskable};

/// A row of any log that is written as Graph sent it, byte for byte, with the properties that this version
/// does not know.
///
/// What sums and filters need is read beside it, exactly as typed rows are: a row whose charge would
/// have to be rounded is set aside here too. It has no columns, so it is for
/// [NDJSON](crate::NdjsonWriter) only; its line breaks, which JSON allows between properties only,
/// become spaces there.
#[derive(Clone, Debug)]
pub struct RawRecord {
    row: RawRow,
    looked: Looked,
}

/// The properties of all logs that sums and filters need.
#[serde_with::serde_as]
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Looked {
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    user_id: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    user_principal_name: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    caller_number: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    callee_number: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    source_number: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    destination_number: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    user_telephone_number: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    call_type: Option<Text>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    sms_type: Option<Text>,
    #[serde_as(as = "adapt::Int")]
    #[serde(default)]
    duration: Option<i32>,
    #[serde_as(as = "adapt::Int")]
    #[serde(default)]
    total_call_seconds: Option<i32>,
    #[serde_as(as = "adapt::Exact")]
    #[serde(default)]
    charge: Option<Decimal>,
    #[serde_as(as = "adapt::Exact")]
    #[serde(default)]
    call_charge: Option<Decimal>,
    #[serde_as(as = "adapt::Exact")]
    #[serde(default)]
    total_call_charge: Option<Decimal>,
    #[serde_as(as = "adapt::NonEmpty")]
    #[serde(default)]
    currency: Option<Text>,
}

/// Says nothing: they are personal data.
impl std::fmt::Debug for Looked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl RawRecord {
    /// The JSON object, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.row.as_str()
    }
}

impl<'de> Deserialize<'de> for RawRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = RawRow::deserialize(deserializer)?;
        let looked = serde_json::from_str(row.as_str()).map_err(|_| {
            D::Error::custom("a charge, a duration, a number or a user cannot be read")
        })?;
        Ok(Self { row, looked })
    }
}

impl Serialize for RawRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.serialize(serializer)
    }
}

impl PartialEq for RawRecord {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Eq for RawRecord {}

impl std::hash::Hash for RawRecord {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.row.hash(state);
    }
}

impl LogRow for RawRecord {
    fn id(&self) -> Option<&str> {
        self.row.id()
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.row.time()
    }
}

impl Tabular for RawRecord {
    const COLUMNS: &'static [Column] = &[];

    fn cell(&self, _: usize) -> Cell<'_> {
        Cell::Absent
    }
}

impl Billed for RawRecord {
    fn seconds(&self) -> Option<i64> {
        let seconds = self.looked.duration.or(self.looked.total_call_seconds);
        seconds.map(i64::from)
    }

    fn charge(&self) -> Option<(Decimal, Option<&str>)> {
        let Looked {
            charge,
            call_charge,
            total_call_charge,
            ..
        } = self.looked;
        let amount = charge.or(call_charge).or(total_call_charge)?;
        Some((amount, self.looked.currency.as_deref()))
    }
}

impl ExportRow for RawRecord {
    const HAS_NUMBERS: bool = true;
    const HAS_DIRECTION: bool = true;

    fn user(&self) -> [Option<&str>; 2] {
        let Looked {
            user_id,
            user_principal_name,
            ..
        } = &self.looked;
        [user_id.as_deref(), user_principal_name.as_deref()]
    }

    fn numbers(&self) -> [Option<&str>; 2] {
        let looked = &self.looked;
        let one = looked
            .caller_number
            .as_ref()
            .or(looked.source_number.as_ref())
            .or(looked.user_telephone_number.as_ref());
        let other = looked
            .callee_number
            .as_ref()
            .or(looked.destination_number.as_ref());
        [one.map(AsRef::as_ref), other.map(AsRef::as_ref)]
    }

    fn direction(&self) -> Option<Direction> {
        match (&self.looked.call_type, &self.looked.sms_type) {
            (Some(call_type), _) => CallType::from(call_type.as_ref()).direction(),
            (None, Some(sms_type)) => sms_direction(sms_type),
            (None, None) => None,
        }
    }

    fn mask_numbers(&mut self, mask: NumberMask) -> Result<(), Unmaskable> {
        let json = mask.hide_in_json(self.row.as_str())?;
        *self = serde_json::from_str(&json).map_err(|_| Unmaskable)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"{ "callType":"user_in","userId":"u", "charge":0.00,"currency":"EUR","duration":"7","callerNumber":"+15550100","new":[1.0e0]}"#;

    #[test]
    fn it_is_summed_and_chosen_as_typed_rows_are() {
        let record: RawRecord = serde_json::from_str(CALL).unwrap();
        assert_eq!(record.seconds(), Some(7));
        let (amount, currency) = record.charge().unwrap();
        assert_eq!(
            (amount.to_string().as_str(), currency),
            ("0.00", Some("EUR"))
        );
        assert_eq!(record.direction(), Some(Direction::Inbound));
        assert_eq!(record.numbers(), [Some("+15550100"), None]);
        assert_eq!(record.user(), [Some("u"), None]);
        assert_eq!(serde_json::to_string(&record).unwrap(), CALL);
        assert!(!format!("{record:?}").contains("555"));
    }

    #[test]
    fn masking_changes_the_digits_alone() {
        let mut record: RawRecord = serde_json::from_str(CALL).unwrap();
        record.mask_numbers(NumberMask::default()).unwrap();
        assert_eq!(record.as_str(), CALL.replace("+15550100", "+15550***"));
        let mut record: RawRecord = serde_json::from_str(r#"{"aNumber":5}"#).unwrap();
        assert!(record.mask_numbers(NumberMask::default()).is_err());
    }

    #[test]
    fn what_would_be_rounded_is_no_row() {
        for json in [r#"{"charge":1e99}"#, r#"{"callerNumber":5}"#, "[]", "5"] {
            assert!(serde_json::from_str::<RawRecord>(json).is_err(), "{json}");
        }
    }
}
