//! The values of one column, collected until a row group is full.

use bytes::Bytes;
use graph_pstn_model::{Cell, ColumnKind, Decimal, OffsetDateTime};
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType,
    Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;
use parquet::record::Field;

use super::schema::{DECIMAL_BYTES, DECIMAL_PRECISION, DECIMAL_SCALE};

/// How many values are handed to the encoder at a time.
const SLICE: usize = 1024;

/// A column of the row group that is being collected.
pub(super) struct Buffer {
    values: Values,
    /// For each row (of a list: for each element) how far it is there; see [`PRESENT`].
    levels: Vec<i16>,
    /// Of a list: whether an element goes on with the list of the one before (1) or begins a row's (0).
    repetitions: Vec<i16>,
}

/// The values that are there, without gaps.
enum Values {
    Integer(Vec<i32>),
    Time(Vec<i64>),
    Boolean(Vec<bool>),
    Decimal(Vec<u8>),
    Text(Texts),
    List(Texts),
}

#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The definition levels: of plain columns, and of lists.
const ABSENT: i16 = 0;
const PRESENT: i16 = 1;
const EMPTY_LIST: i16 = 1;
const NO_ELEMENT: i16 = 2;
const ELEMENT: i16 = 3;

impl Buffer {
    pub(super) fn new(kind: ColumnKind) -> Self {
        Self {
            values: match kind {
                ColumnKind::Integer => Values::Integer(Vec::new()),
                ColumnKind::Time => Values::Time(Vec::new()),
                ColumnKind::Boolean => Values::Boolean(Vec::new()),
                ColumnKind::Decimal => Values::Decimal(Vec::new()),
                ColumnKind::AdministrativeUnits => Values::List(Texts::default()),
                _ => Values::Text(Texts::default()),
            },
            levels: Vec::new(),
            repetitions: Vec::new(),
        }
    }

    /// Why a cell cannot be kept as it is.
    pub(super) fn refusal(cell: &Cell<'_>) -> Option<&'static str> {
        match cell {
            Cell::Decimal(number) => scaled(*number).err(),
            Cell::Time(time) => nanoseconds(*time).err(),
            Cell::Integer(number) => i32::try_from(*number).err().map(|_| TOO_LARGE),
            _ => None,
        }
    }

    /// Adds a cell that is not [refused](Self::refusal), and says how many bytes it takes.
    pub(super) fn push(&mut self, cell: Cell<'_>) -> usize {
        let before = self.values.len();
        match (&mut self.values, cell) {
            (Values::Integer(values), Cell::Integer(number)) => {
                values.extend(i32::try_from(number));
            }
            (Values::Time(values), Cell::Time(time)) => values.extend(nanoseconds(time)),
            (Values::Boolean(values), Cell::Boolean(yes)) => values.push(yes),
            (Values::Decimal(bytes), Cell::Decimal(number)) => {
                bytes.extend(scaled(number).into_iter().flat_map(i128::to_be_bytes));
            }
            (Values::Text(texts), Cell::Text(text)) => texts.push(text),
            (Values::List(_), Cell::AdministrativeUnits(units)) => {
                return self.push_list(units.iter().map(|unit| unit.id.as_deref()));
            }
            _ => {}
        }
        self.push_level(before)
    }

    /// Adds a field of a file that was written so, and says how many bytes it takes.
    pub(super) fn push_field(&mut self, field: &Field) -> usize {
        let before = self.values.len();
        match (&mut self.values, field) {
            (Values::Integer(values), Field::Int(number)) => values.push(*number),
            (Values::Time(values), Field::Long(nanoseconds)) => values.push(*nanoseconds),
            (Values::Boolean(values), Field::Bool(yes)) => values.push(*yes),
            (Values::Decimal(bytes), Field::Decimal(number)) => {
                bytes.extend_from_slice(number.data())
            }
            (Values::Text(texts), Field::Str(text)) => texts.push(text),
            (Values::List(_), Field::ListInternal(list)) => {
                return self.push_list(list.elements().iter().map(|element| match element {
                    Field::Str(text) => Some(text.as_str()),
                    _ => None,
                }));
            }
            _ => {}
        }
        self.push_level(before)
    }

    /// Says of a row whether its value has come, and of that how many bytes it takes.
    fn push_level(&mut self, before: usize) -> usize {
        let after = self.values.len();
        if matches!(self.values, Values::List(_)) {
            self.repetitions.push(0);
        }
        self.levels.push(match after > before {
            true => PRESENT,
            false => ABSENT,
        });
        after - before
    }

    fn push_list<'a>(&mut self, elements: impl Iterator<Item = Option<&'a str>>) -> usize {
        let before = self.values.len();
        let Values::List(texts) = &mut self.values else {
            return 0;
        };
        let mut is_empty = true;
        for element in elements {
            self.repetitions.push(i16::from(!is_empty));
            is_empty = false;
            self.levels.push(match element {
                Some(text) => {
                    texts.push(text);
                    ELEMENT
                }
                None => NO_ELEMENT,
            });
        }
        if is_empty {
            self.repetitions.push(0);
            self.levels.push(EMPTY_LIST);
        }
        self.values.len() - before
    }

    /// Writes the column, and is empty then.
    pub(super) fn write(
        &mut self,
        column: &mut SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        let levels = &self.levels;
        match &mut self.values {
            Values::Integer(values) => {
                column
                    .typed::<Int32Type>()
                    .write_batch(values, Some(levels), None)?;
                values.clear();
            }
            Values::Time(values) => {
                column
                    .typed::<Int64Type>()
                    .write_batch(values, Some(levels), None)?;
                values.clear();
            }
            Values::Boolean(values) => {
                column
                    .typed::<BoolType>()
                    .write_batch(values, Some(levels), None)?;
                values.clear();
            }
            Values::Decimal(bytes) => {
                let count = bytes.len() / DECIMAL_BYTES;
                // Each its own memory: the file's statistics keep the smallest and the largest for good, and
                // would keep all that they are parts of.
                let value = |at: usize| {
                    let start = at * DECIMAL_BYTES;
                    let value = bytes.get(start..start + DECIMAL_BYTES);
                    FixedLenByteArray::from(value.unwrap_or_default().to_vec())
                };
                let column = column.typed::<FixedLenByteArrayType>();
                write_slices(column, count, value, levels, None)?;
                bytes.clear();
            }
            Values::Text(texts) => {
                let column = column.typed::<ByteArrayType>();
                texts.take().write(column, levels, None)?;
            }
            Values::List(texts) => {
                let column = column.typed::<ByteArrayType>();
                texts
                    .take()
                    .write(column, levels, Some(&self.repetitions))?;
            }
        }
        self.levels.clear();
        self.repetitions.clear();
        Ok(())
    }
}

impl Values {
    /// In bytes. Grows with each value, also with an empty text.
    fn len(&self) -> usize {
        match self {
            Self::Integer(values) => size_of_val(values.as_slice()),
            Self::Time(values) => size_of_val(values.as_slice()),
            Self::Boolean(values) => values.len(),
            Self::Decimal(bytes) => bytes.len(),
            Self::Text(texts) | Self::List(texts) => {
                texts.bytes.len() + size_of_val(texts.ends.as_slice())
            }
        }
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    fn write(
        self,
        column: &mut ColumnWriterImpl<'_, ByteArrayType>,
        levels: &[i16],
        repetitions: Option<&[i16]>,
    ) -> Result<(), ParquetError> {
        // One piece of memory, of which each value is a part.
        let bytes = Bytes::from(self.bytes);
        let ends = self.ends;
        let end = |at: usize| ends.get(at).copied().unwrap_or(0);
        let value = |at: usize| {
            let start = at.checked_sub(1).map_or(0, end);
            ByteArray::from(bytes.slice(start..end(at)))
        };
        write_slices(column, ends.len(), value, levels, repetitions)
    }
}

/// Writes `count` values a slice at a time, so that never all of them are there in the encoder's form too.
fn write_slices<T: DataType>(
    column: &mut ColumnWriterImpl<'_, T>,
    count: usize,
    value: impl Fn(usize) -> T::T,
    levels: &[i16],
    repetitions: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let present = match repetitions {
        Some(_) => ELEMENT,
        None => PRESENT,
    };
    let mut slice = Vec::with_capacity(SLICE.min(count));
    let mut next = 0;
    let mut begin = 0;
    while let Some(rest) = levels.get(begin..).filter(|rest| !rest.is_empty()) {
        // A list is not cut in two.
        let goes_on = |at: &usize| {
            repetitions.is_some_and(|all| all.get(begin + at).is_some_and(|level| *level > 0))
        };
        let mut end = SLICE.min(rest.len());
        while end < rest.len() && goes_on(&end) {
            end += 1;
        }
        let (levels, _) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let values = levels.iter().filter(|level| **level == present).count();
        slice.clear();
        slice.extend((next..next + values).map(&value));
        next += values;
        let repetitions = repetitions.and_then(|all| all.get(begin..begin + end));
        column.write_batch(&slice, Some(levels), repetitions)?;
        begin += end;
    }
    Ok(())
}

const TOO_LARGE: &str = "a number larger than the column holds";

/// The number in units of the last place of [`DECIMAL_SCALE`], if it is a whole number of them.
fn scaled(number: Decimal) -> Result<i128, &'static str> {
    let digits = number.mantissa();
    let power = |places: u32| 10_i128.checked_pow(places).ok_or(TOO_LARGE);
    let digits = match DECIMAL_SCALE.checked_sub(number.scale()) {
        Some(missing) => digits.checked_mul(power(missing)?).ok_or(TOO_LARGE)?,
        None => {
            let excess = power(number.scale() - DECIMAL_SCALE)?;
            if digits % excess != 0 {
                return Err("more decimals than the column has, and money is not rounded");
            }
            digits / excess
        }
    };
    match digits.abs() < power(DECIMAL_PRECISION)? {
        true => Ok(digits),
        false => Err(TOO_LARGE),
    }
}

fn nanoseconds(time: OffsetDateTime) -> Result<i64, &'static str> {
    i64::try_from(time.unix_timestamp_nanos()).map_err(
        |_| "a time outside of the years 1677 to 2262, which are all that nanoseconds reach",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Result<i128, &'static str> {
        scaled(Decimal::from_str_exact(text).unwrap())
    }

    #[test]
    fn money_is_scaled_and_never_rounded() {
        assert_eq!(units("0.00"), Ok(0));
        assert_eq!(units("-0.0113"), Ok(-113_000_000));
        assert_eq!(units("0.10000000000000"), Ok(1_000_000_000));
        assert_eq!(
            units("9999999999999999999999999999"),
            Ok(99_999_999_999_999_999_999_999_999_990_000_000_000)
        );
        assert!(units("0.00000000001").is_err());
        assert_eq!(units("79228162514264337593543950335"), Err(TOO_LARGE));
    }
}
