//! What is read comes out again.

use graph_pstn_model::{
    CallLog, Cell, Decimal, LogRow, PstnCallLogRow, RawRow, Tabular, format_time,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde::{Serialize, de::DeserializeOwned};
use time::{OffsetDateTime, UtcOffset};

use crate::{any, for_each_row_type};

fn comes_out_as_it_went_in<T>(_: &str, _: &str)
where
    T: LogRow + Tabular + Serialize + DeserializeOwned + std::fmt::Debug,
{
    let cases = ProptestConfig {
        cases: 64,
        ..ProptestConfig::default()
    };
    TestRunner::new(cases)
        .run(&any::canonical_row::<T>(), |json| {
            let row: T = serde_json::from_str(&json).unwrap();
            let written = serde_json::to_string(&row).unwrap();
            prop_assert_eq!(&written, &json);
            prop_assert_eq!(&serde_json::from_str::<T>(&written).unwrap(), &row);
            let raw: RawRow = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(serde_json::to_string(&raw).unwrap(), json);
            // A format without names and without numbers as text.
            let binary = postcard::to_stdvec(&row).unwrap();
            prop_assert_eq!(postcard::from_bytes::<T>(&binary).unwrap(), row);
            Ok(())
        })
        .unwrap();
}

#[test]
fn canonical_rows_come_out_byte_for_byte() {
    for_each_row_type!(comes_out_as_it_went_in);
}

#[test]
fn raw_rows_know_id_and_time_as_typed_ones_do() {
    let strategy = any::canonical_row::<PstnCallLogRow>();
    TestRunner::default()
        .run(&strategy, |json| {
            let typed: PstnCallLogRow = serde_json::from_str(&json).unwrap();
            let raw: RawRow = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(raw.id(), typed.id());
            prop_assert_eq!(raw.time(), typed.time());
            Ok(())
        })
        .unwrap();
}

/// A row's key and time are the properties that the descriptor of its log names.
fn is_as_its_log_says<T>(_: &str, row_type: &str)
where
    T: LogRow + Tabular + DeserializeOwned + std::fmt::Debug,
{
    let log = CallLog::ALL
        .into_iter()
        .find(|log| log.row_type() == row_type)
        .unwrap();
    let place = |name| {
        T::COLUMNS
            .iter()
            .position(|column| column.name() == name)
            .unwrap()
    };
    let (key, time) = (log.key().map(place), log.time_property().map(place));
    let cases = ProptestConfig {
        cases: 32,
        ..ProptestConfig::default()
    };
    TestRunner::new(cases)
        .run(&any::canonical_row::<T>(), |json| {
            let row: T = serde_json::from_str(&json).unwrap();
            let cell = |place: Option<usize>| place.map_or(Cell::Absent, |place| row.cell(place));
            prop_assert_eq!(row.id().map_or(Cell::Absent, Cell::Text), cell(key));
            prop_assert_eq!(row.time().map_or(Cell::Absent, Cell::Time), cell(time));
            Ok(())
        })
        .unwrap();
}

#[test]
fn rows_are_as_their_logs_say() {
    for_each_row_type!(is_as_its_log_says);
}

fn read_charge(number: &str) -> Option<Decimal> {
    let row: PstnCallLogRow = serde_json::from_str(&format!("{{\"charge\":{number}}}")).ok()?;
    row.charge
}

proptest! {
    #[test]
    fn a_row_put_together_comes_back(
        id in prop::option::of(any::text()),
        charge in prop::option::of(any::decimal()),
        start in prop::option::of(any::time()),
        offset in -15 * 3600..15 * 3600,
        duration: Option<i32>,
    ) {
        let mut row = PstnCallLogRow::default();
        row.id = id.map(Into::into);
        row.charge = charge;
        row.start_date_time = start.map(|start| {
            let offset = UtcOffset::from_whole_seconds(offset).unwrap();
            start.checked_to_offset(offset).unwrap_or(start)
        });
        row.duration = duration;
        let json = serde_json::to_string(&row).unwrap();
        let back: PstnCallLogRow = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(back.charge.map(|c| c.scale()), row.charge.map(|c| c.scale()));
        prop_assert_eq!(back, row);
    }

    /// Against `from_str_exact`, which knows no exponents.
    #[test]
    fn plain_numbers_are_read_exactly(number in "-?(0|[1-9][0-9]{0,29})(\\.[0-9]{1,29})?") {
        match Decimal::from_str_exact(&number) {
            Ok(expected) => {
                let read = read_charge(&number).unwrap();
                prop_assert_eq!(read, expected);
                prop_assert_eq!(read.scale(), expected.scale());
            }
            // It refuses zeros past the 28th place, which are dropped without a loss.
            Err(_) => if let Some(read) = read_charge(&number) {
                let read = read.normalize().to_string();
                let digits = if number.contains('.') {
                    number.trim_end_matches('0').trim_end_matches('.')
                } else {
                    &number
                };
                prop_assert_eq!(read.trim_start_matches('-'), digits.trim_start_matches('-'));
            },
        }
    }

    /// An exponent moves the point, and nothing else.
    #[test]
    fn exponents_move_the_point(digits in 1..1_000_000_000_000_i64, exponent in -20..=12_i32) {
        let read = read_charge(&format!("{digits}e{exponent}")).unwrap();
        let power = |n: i32| Decimal::from_i128_with_scale(10_i128.pow(n.unsigned_abs()), 0);
        let expected = if exponent < 0 {
            Decimal::from_i128_with_scale(digits.into(), exponent.unsigned_abs())
        } else {
            Decimal::from(digits) * power(exponent)
        };
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_date_time_is_read(
        start in any::time(),
        digits in 0..=9_usize,
        offset in prop::option::of((any::<bool>(), 0..24_i64, 0..60_i64)),
    ) {
        let (text, expected) = rfc_3339(start, digits, offset);
        prop_assume!(expected.year() > 1 && expected.year() <= 9999);
        let row: PstnCallLogRow =
            serde_json::from_str(&format!("{{\"startDateTime\":\"{text}\"}}")).unwrap();
        prop_assert_eq!(row.start_date_time, Some(expected));
        prop_assert_eq!(row.start_date_time.unwrap().offset(), UtcOffset::UTC);
    }
}

/// A date-time as the clock shows `local`, with an offset, and what it is in UTC.
fn rfc_3339(
    local: OffsetDateTime,
    digits: usize,
    offset: Option<(bool, i64, i64)>,
) -> (String, OffsetDateTime) {
    let whole = format_time(local.replace_nanosecond(0).unwrap()).to_string();
    let mut text = whole.trim_end_matches('Z').to_owned();
    let mut nanosecond = 0;
    if digits > 0 {
        let fraction = &format!("{:09}", local.nanosecond())[..digits];
        text = format!("{text}.{fraction}");
        nanosecond = format!("{fraction:0<9}").parse::<u32>().unwrap() / 100 * 100;
    }
    let mut expected = local.replace_nanosecond(nanosecond).unwrap();
    match offset {
        None => text.push('Z'),
        Some((east, hours, minutes)) => {
            let sign = if east { '+' } else { '-' };
            text = format!("{text}{sign}{hours:02}:{minutes:02}");
            let shift = time::Duration::minutes(hours * 60 + minutes);
            expected = if east {
                expected
                    .checked_sub(shift)
                    .unwrap_or(time::macros::datetime!(0001-01-01 0:00 UTC))
            } else {
                expected
                    .checked_add(shift)
                    .unwrap_or(time::macros::datetime!(0001-01-01 0:00 UTC))
            };
        }
    }
    (text, expected)
}
