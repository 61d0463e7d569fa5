//! Rows as Arrow record batches.
//!
//! Columns are named and ordered as those of [`Tabular`]. Decimals are `Decimal128` of one fixed
//! [scale](DECIMAL_SCALE), times are nanoseconds in UTC, texts that repeat (currencies, countries,
//! users, plans) are dictionaries. Every column may be null. Nothing is rounded: what does not fit is
//! an error that names the row.
//!
//! ```
//! use graph_pstn_model::{PstnCallLogRow, arrow::BatchBuilder};
//!
//! let mut row = PstnCallLogRow::default();
//! row.duration = Some(219);
//! let mut builder = BatchBuilder::new();
//! builder.push(&row)?;
//! let batch = builder.finish()?;
//! assert_eq!((batch.num_rows(), batch.num_columns()), (1, 23));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{error, fmt, marker::PhantomData, sync::Arc};

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{
        ArrayBuilder, BooleanBuilder, Decimal128Builder, Int32Builder, ListBuilder, StringBuilder,
        StringDictionaryBuilder, TimestampNanosecondBuilder,
    },
    types::Int32Type,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use rust_decimal::Decimal;
use time::OffsetDateTime;

use crate::{Cell, Column, ColumnKind, Tabular};

/// The precision of decimal columns, in digits: the most that `Decimal128` has.
pub const DECIMAL_PRECISION: u8 = 38;

/// The scale of decimal columns, in digits after the point. Microsoft's report has two; rates of a
/// minute have more.
pub const DECIMAL_SCALE: i8 = 10;

/// The zone of time columns.
const UTC: &str = "UTC";

/// The schema of a row type.
#[must_use]
pub fn schema<T: Tabular>() -> SchemaRef {
    let field = |column: &Column| Field::new(column.name(), data_type(*column), true);
    Arc::new(Schema::new(
        T::COLUMNS.iter().map(field).collect::<Vec<_>>(),
    ))
}

fn data_type(column: Column) -> DataType {
    match column.kind() {
        ColumnKind::Text if repeats(column.name()) => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        ColumnKind::Text => DataType::Utf8,
        ColumnKind::Integer => DataType::Int32,
        ColumnKind::Decimal => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
        ColumnKind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into())),
        ColumnKind::Boolean => DataType::Boolean,
        ColumnKind::AdministrativeUnits => {
            DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
        }
    }
}

/// Whether the texts of a column repeat from row to row: all but identifiers of calls, numbers and
/// addresses.
fn repeats(name: &str) -> bool {
    !matches!(
        name,
        "id" | "callId"
            | "correlationId"
            | "transferorCorrelationId"
            | "conferenceId"
            | "smsId"
            | "remediationId"
            | "callerNumber"
            | "calleeNumber"
            | "sourceNumber"
            | "destinationNumber"
            | "userTelephoneNumber"
            | "clientLocalIpV4Address"
            | "clientLocalIpV6Address"
            | "clientPublicIpV4Address"
            | "clientPublicIpV6Address"
    )
}

/// Collects rows into record batches.
pub struct BatchBuilder<T> {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    /// Rows in the batch so far.
    length: usize,
    /// Rows in the batches before.
    finished: usize,
    row_type: PhantomData<fn(&T)>,
}

impl<T: Tabular> BatchBuilder<T> {
    /// A builder without rows.
    #[must_use]
    pub fn new() -> Self {
        Self {
            schema: schema::<T>(),
            columns: T::COLUMNS
                .iter()
                .map(|column| ColumnBuilder::new(*column))
                .collect(),
            length: 0,
            finished: 0,
            row_type: PhantomData,
        }
    }

    /// The schema of the batches.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// How many rows the next batch has so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether the next batch has no row yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// When a decimal has more than [`DECIMAL_SCALE`] decimals or too many digits, an integer more than
    /// 32 bits, or a time is outside of the years 1677 to 2262. The row is then not in the batch, and others may follow.
    pub fn push(&mut self, row: &T) -> Result<(), ArrowRowError> {
        // First all that can fail, so that no column gets ahead of the others.
        for (at, column) in T::COLUMNS.iter().enumerate() {
            let fits = match row.cell(at) {
                Cell::Integer(number) => i32::try_from(number).map(|_| ()).map_err(|_| TOO_LARGE),
                Cell::Decimal(number) => scaled(number).map(|_| ()),
                Cell::Time(time) => nanoseconds(time).map(|_| ()),
                _ => Ok(()),
            };
            fits.map_err(|reason| ArrowRowError {
                row: self.finished + self.length,
                column: column.name(),
                reason,
            })?;
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.append(row.cell(at));
        }
        self.length += 1;
        Ok(())
    }

    /// The rows so far as a batch, and a new start.
    ///
    /// # Errors
    ///
    /// When Arrow refuses the batch.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.finished += self.length;
        self.length = 0;
        let arrays = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        RecordBatch::try_new(self.schema(), arrays)
    }
}

impl<T: Tabular> Default for BatchBuilder<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for BatchBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchBuilder")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

enum ColumnBuilder {
    Text(StringBuilder),
    Repeating(Box<StringDictionaryBuilder<Int32Type>>),
    Integer(Int32Builder),
    Decimal(Decimal128Builder),
    Time(TimestampNanosecondBuilder),
    Boolean(BooleanBuilder),
    Units(Box<ListBuilder<StringBuilder>>),
}

impl ColumnBuilder {
    fn new(column: Column) -> Self {
        match column.kind() {
            ColumnKind::Text if repeats(column.name()) => Self::Repeating(Box::default()),
            ColumnKind::Text => Self::Text(StringBuilder::new()),
            ColumnKind::Integer => Self::Integer(Int32Builder::new()),
            ColumnKind::Decimal => {
                let builder = Decimal128Builder::new();
                Self::Decimal(builder.with_data_type(data_type(column)))
            }
            ColumnKind::Time => Self::Time(TimestampNanosecondBuilder::new().with_timezone(UTC)),
            ColumnKind::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnKind::AdministrativeUnits => {
                Self::Units(Box::new(ListBuilder::new(StringBuilder::new())))
            }
        }
    }

    /// Cells are of their column's kind; what does not fit was refused before.
    fn append(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Text(column), Cell::Text(text)) => column.append_value(text),
            (Self::Repeating(column), Cell::Text(text)) => column.append_value(text),
            (Self::Integer(column), Cell::Integer(number)) => {
                column.append_option(i32::try_from(number).ok());
            }
            (Self::Decimal(column), Cell::Decimal(number)) => {
                column.append_option(scaled(number).ok());
            }
            (Self::Time(column), Cell::Time(time)) => column.append_option(nanoseconds(time).ok()),
            (Self::Boolean(column), Cell::Boolean(yes)) => column.append_value(yes),
            (Self::Units(column), Cell::AdministrativeUnits(units)) => {
                column.append_value(units.iter().map(|unit| unit.id.as_deref()));
            }
            (Self::Text(column), _) => column.append_null(),
            (Self::Repeating(column), _) => column.append_null(),
            (Self::Integer(column), _) => column.append_null(),
            (Self::Decimal(column), _) => column.append_null(),
            (Self::Time(column), _) => column.append_null(),
            (Self::Boolean(column), _) => column.append_null(),
            (Self::Units(column), _) => column.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => ArrayBuilder::finish(column),
            Self::Repeating(column) => ArrayBuilder::finish(column.as_mut()),
            Self::Integer(column) => ArrayBuilder::finish(column),
            Self::Decimal(column) => ArrayBuilder::finish(column),
            Self::Time(column) => ArrayBuilder::finish(column),
            Self::Boolean(column) => ArrayBuilder::finish(column),
            Self::Units(column) => ArrayBuilder::finish(column.as_mut()),
        }
    }
}

/// The number in units of the last place of [`DECIMAL_SCALE`], if it is a whole number of them.
fn scaled(number: Decimal) -> Result<i128, &'static str> {
    let digits = number.mantissa();
    let shift = i64::from(DECIMAL_SCALE) - i64::from(number.scale());
    let power = 10_i128.pow(u32::try_from(shift.unsigned_abs()).unwrap_or(0));
    let digits = if shift < 0 {
        if digits % power != 0 {
            return Err("more decimals than the column has; it is not rounded");
        }
        digits / power
    } else {
        digits.checked_mul(power).ok_or(TOO_LARGE)?
    };
    if digits.unsigned_abs() < 10_u128.pow(DECIMAL_PRECISION.into()) {
        Ok(digits)
    } else {
        Err(TOO_LARGE)
    }
}

const TOO_LARGE: &str = "a number larger than the column holds";

fn nanoseconds(time: OffsetDateTime) -> Result<i64, &'static str> {
    i64::try_from(time.unix_timestamp_nanos()).map_err(
        |_| "a time outside of the years 1677 to 2262, which are all that nanoseconds reach",
    )
}

/// A row that no batch can hold as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrowRowError {
    row: usize,
    column: &'static str,
    reason: &'static str,
}

impl ArrowRowError {
    /// Which row it is, counted from 0 over all that the builder took.
    #[must_use]
    pub fn row(&self) -> usize {
        self.row
    }

    /// The column that does not hold it.
    #[must_use]
    pub fn column(&self) -> &'static str {
        self.column
    }
}

impl fmt::Display for ArrowRowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}, {}: {}", self.row, self.column, self.reason)
    }
}

impl error::Error for ArrowRowError {}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, cast::AsArray, types::*};
    use time::macros::datetime;

    use super::*;
    use crate::{AdministrativeUnitInfo, DirectRoutingLogRow, PstnCallLogRow, beta};

    fn charged(charge: &str) -> PstnCallLogRow {
        PstnCallLogRow {
            charge: Some(Decimal::from_str_exact(charge).unwrap()),
            currency: Some("USD".into()),
            start_date_time: Some(datetime!(2019-11-01 00:00:08.2589935 UTC)),
            ..PstnCallLogRow::default()
        }
    }

    #[test]
    fn keeps_every_digit() {
        let mut builder = BatchBuilder::new();
        for charge in [
            "0.00",
            "0.0113",
            "-12.3456789012",
            "9999999999999999999999999999",
        ] {
            builder.push(&charged(charge)).unwrap();
        }
        builder.push(&PstnCallLogRow::default()).unwrap();
        let batch = builder.finish().unwrap();
        let charges = batch
            .column_by_name("charge")
            .unwrap()
            .as_primitive::<Decimal128Type>();
        assert_eq!(charges.value(1), 113_000_000);
        assert_eq!(charges.value_as_string(2), "-12.3456789012");
        assert_eq!(
            charges.value_as_string(3),
            "9999999999999999999999999999.0000000000"
        );
        assert!(charges.is_null(4));
        let starts = batch.column_by_name("startDateTime").unwrap();
        let starts = starts.as_primitive::<TimestampNanosecondType>();
        assert_eq!(starts.value(0), 1_572_566_408_258_993_500);
        let currencies = batch
            .column_by_name("currency")
            .unwrap()
            .as_dictionary::<Int32Type>();
        assert_eq!(currencies.values().len(), 1);
        assert!(currencies.is_null(4));
    }

    #[test]
    fn names_the_row_that_would_be_rounded() {
        let mut builder = BatchBuilder::new();
        builder.push(&charged("1.5")).unwrap();
        builder.finish().unwrap();
        builder.push(&charged("1.50")).unwrap();
        let error = builder.push(&charged("0.00000000001")).unwrap_err();
        assert_eq!((error.row(), error.column()), (2, "charge"));
        assert!(
            error
                .to_string()
                .starts_with("row 2, charge: more decimals"),
            "{error}"
        );
        // Zeros past the last place are no loss.
        builder.push(&charged("0.10000000000000")).unwrap();
        let batch = builder.finish().unwrap();
        assert_eq!(batch.num_rows(), 2);

        let late = PstnCallLogRow {
            end_date_time: Some(datetime!(2300-01-01 0:00 UTC)),
            ..PstnCallLogRow::default()
        };
        assert_eq!(builder.push(&late).unwrap_err().column(), "endDateTime");
        assert!(builder.is_empty());
    }

    #[test]
    fn an_integer_that_does_not_fit_is_named_too() {
        struct Long;
        impl Tabular for Long {
            const COLUMNS: &'static [Column] = &[Column::new("duration", ColumnKind::Integer)];

            fn cell(&self, _: usize) -> Cell<'_> {
                Cell::Integer(i64::from(i32::MAX) + 1)
            }
        }
        let mut builder = BatchBuilder::new();
        assert_eq!(builder.push(&Long).unwrap_err().column(), "duration");
    }

    #[test]
    fn other_kinds_of_cells() {
        let row = beta::DirectRoutingLogRow {
            successful_call: Some(true),
            final_sip_code: Some(-1),
            administrative_unit_infos: Some(vec![
                AdministrativeUnitInfo {
                    id: Some("u".into()),
                },
                AdministrativeUnitInfo::default(),
            ]),
            ..Default::default()
        };
        let mut builder = BatchBuilder::new();
        builder.push(&row).unwrap();
        let batch = builder.finish().unwrap();
        let column = |name| batch.column_by_name(name).unwrap();
        assert!(column("successfulCall").as_boolean().value(0));
        assert_eq!(
            column("finalSipCode").as_primitive::<Int32Type>().value(0),
            -1
        );
        let units = column("administrativeUnitInfos").as_list::<i32>().value(0);
        assert_eq!(units.as_string::<i32>().value(0), "u");
        assert!(units.is_null(1));
        assert_eq!(schema::<DirectRoutingLogRow>().fields().len(), 21);
    }
}
