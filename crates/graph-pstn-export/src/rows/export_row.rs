//! What an export must know of a row beyond its cells: whose it is, and which numbers are in it.

use graph_pstn_model::{
    DirectRoutingLogRow, Direction, LogRow, PstnBlockedUsersLogRow, PstnCallLogRow,
    PstnOnlineMeetingDialoutReport, SmsLogRow, Tabular, Text, beta,
};
use serde::Serialize;

use crate::{Billed, NumberMask, Unmaskable};

/// A row that can be exported, chosen and masked. All rows of `graph-pstn-model` are, and
/// [`RawRecord`](crate::RawRecord).
pub trait ExportRow: LogRow + Tabular + Billed + Serialize + Clone {
    /// Whether rows of this type hold telephone numbers.
    const HAS_NUMBERS: bool;

    /// Whether rows of this type tell inbound from outbound.
    const HAS_DIRECTION: bool;

    /// The user's object id and user principal name.
    fn user(&self) -> [Option<&str>; 2];

    /// The numbers of caller and callee, of source and destination, or of the user.
    fn numbers(&self) -> [Option<&str>; 2];

    /// Which way the call or the message went, as far as its type says so.
    fn direction(&self) -> Option<Direction>;

    /// Hides the last digits of every number.
    ///
    /// # Errors
    ///
    /// When there may be a number where none can be hidden. The row must not be shown then.
    fn mask_numbers(&mut self, mask: NumberMask) -> Result<(), Unmaskable>;
}

macro_rules! export_row {
    ($Row:ty, numbers: [$($number:ident),*], direction: $direction:expr) => {
        impl ExportRow for $Row {
            const HAS_NUMBERS: bool = {
                let numbers: &[&str] = &[$(stringify!($number)),*];
                !numbers.is_empty()
            };
            const HAS_DIRECTION: bool = {
                let direction: Option<fn(&$Row) -> Option<Direction>> = $direction;
                direction.is_some()
            };

            fn user(&self) -> [Option<&str>; 2] {
                [self.user_id.as_deref(), self.user_principal_name.as_deref()]
            }

            fn numbers(&self) -> [Option<&str>; 2] {
                let mut numbers = [$(self.$number.as_deref()),*].into_iter();
                [numbers.next().flatten(), numbers.next().flatten()]
            }

            fn direction(&self) -> Option<Direction> {
                let direction: Option<fn(&$Row) -> Option<Direction>> = $direction;
                direction?(self)
            }

            fn mask_numbers(&mut self, mask: NumberMask) -> Result<(), Unmaskable> {
                let numbers: &mut [&mut Option<Text>] = &mut [$(&mut self.$number),*];
                for number in numbers.iter_mut().filter_map(|number| number.as_mut()) {
                    *number = Text::from(mask.hide(number));
                }
                Ok(())
            }
        }
    };
}

export_row!(PstnCallLogRow, numbers: [caller_number, callee_number], direction: Some(Self::direction));
export_row!(beta::PstnCallLogRow, numbers: [caller_number, callee_number], direction: Some(Self::direction));
export_row!(DirectRoutingLogRow, numbers: [caller_number, callee_number], direction: Some(Self::direction));
export_row!(beta::DirectRoutingLogRow, numbers: [caller_number, callee_number], direction: Some(Self::direction));
export_row!(
    SmsLogRow,
    numbers: [source_number, destination_number],
    direction: Some(|row| sms_direction(row.sms_type.as_deref()?))
);
export_row!(PstnBlockedUsersLogRow, numbers: [user_telephone_number], direction: None);
export_row!(PstnOnlineMeetingDialoutReport, numbers: [], direction: None);

/// The direction of a text message. Microsoft's page of the log shows `sms_in`; `sms_out` is its plain
/// counterpart.
pub(crate) fn sms_direction(sms_type: &str) -> Option<Direction> {
    match sms_type {
        inbound if inbound.eq_ignore_ascii_case("sms_in") => Some(Direction::Inbound),
        outbound if outbound.eq_ignore_ascii_case("sms_out") => Some(Direction::Outbound),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_log_says_what_it_has() {
        let has = |numbers, direction| (numbers, direction);
        assert_eq!(
            has(PstnCallLogRow::HAS_NUMBERS, PstnCallLogRow::HAS_DIRECTION),
            (true, true)
        );
        assert_eq!(
            has(SmsLogRow::HAS_NUMBERS, SmsLogRow::HAS_DIRECTION),
            (true, true)
        );
        assert_eq!(
            has(
                PstnBlockedUsersLogRow::HAS_NUMBERS,
                PstnBlockedUsersLogRow::HAS_DIRECTION
            ),
            (true, false)
        );
        assert_eq!(
            has(
                PstnOnlineMeetingDialoutReport::HAS_NUMBERS,
                PstnOnlineMeetingDialoutReport::HAS_DIRECTION
            ),
            (false, false)
        );
    }

    #[test]
    fn every_number_column_is_masked() {
        // By the names of the columns, so that a number that Graph adds to a row type is not forgotten.
        fn check<T: ExportRow + serde::de::DeserializeOwned>() {
            let fields: serde_json::Map<String, serde_json::Value> = T::COLUMNS
                .iter()
                .filter(|column| column.name().ends_with("Number"))
                .map(|column| (column.name().to_owned(), "+15550100".into()))
                .collect();
            assert_eq!(!fields.is_empty(), T::HAS_NUMBERS);
            let mut row: T = serde_json::from_value(fields.into()).unwrap();
            assert_eq!(row.numbers().contains(&Some("+15550100")), T::HAS_NUMBERS);
            row.mask_numbers(NumberMask::default()).unwrap();
            let masked = serde_json::to_string(&row).unwrap();
            assert!(!masked.contains("0100"), "{masked}");
            assert_eq!(masked.contains("+15550***"), T::HAS_NUMBERS);
        }
        check::<PstnCallLogRow>();
        check::<beta::PstnCallLogRow>();
        check::<DirectRoutingLogRow>();
        check::<beta::DirectRoutingLogRow>();
        check::<SmsLogRow>();
        check::<PstnBlockedUsersLogRow>();
        check::<PstnOnlineMeetingDialoutReport>();
    }
}
