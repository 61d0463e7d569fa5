//! The columns of the file.

use std::sync::Arc;

use graph_pstn_model::{Column, ColumnKind};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

/// The precision of money, in digits: the most that a decimal of Parquet's readers has.
pub const DECIMAL_PRECISION: u32 = 38;

/// The scale of money, in digits after the point. Microsoft's report has two; prices of a minute have more.
pub const DECIMAL_SCALE: u32 = 10;

/// The bytes of a decimal of that precision.
pub(super) const DECIMAL_BYTES: usize = 16;

/// The schema of these columns; any may be null.
pub(super) fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let fields = columns.iter().map(|column| field(*column).map(Arc::new));
    let root = Type::group_type_builder("schema").with_fields(fields.collect::<Result<_, _>>()?);
    root.build().map(Arc::new)
}

fn field(column: Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind() {
        ColumnKind::Integer => (Physical::INT32, None),
        ColumnKind::Boolean => (Physical::BOOLEAN, None),
        ColumnKind::Time => {
            let logical = LogicalType::timestamp(true, TimeUnit::NANOS);
            (Physical::INT64, Some(logical))
        }
        ColumnKind::Decimal => {
            return Type::primitive_type_builder(column.name(), Physical::FIXED_LEN_BYTE_ARRAY)
                .with_repetition(Repetition::OPTIONAL)
                .with_length(DECIMAL_BYTES as i32)
                .with_logical_type(Some(LogicalType::decimal(
                    DECIMAL_SCALE as i32,
                    DECIMAL_PRECISION as i32,
                )))
                .with_precision(DECIMAL_PRECISION as i32)
                .with_scale(DECIMAL_SCALE as i32)
                .build();
        }
        ColumnKind::AdministrativeUnits => return list(column.name()),
        _ => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(column.name(), physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

/// A list of texts, in the three levels that Parquet's page on [lists] wants.
///
/// [lists]: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
fn list(name: &str) -> Result<Type, ParquetError> {
    let element = Type::primitive_type_builder("element", Physical::BYTE_ARRAY)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::String))
        .build()?;
    let repeated = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(repeated)])
        .build()
}

/// The kinds of a schema's columns; none, if it is not one that [`schema`] makes.
pub(super) fn kinds(schema: &Type) -> Option<Vec<ColumnKind>> {
    let kind = |field: &TypePtr| {
        if field.is_group() {
            return Some(ColumnKind::AdministrativeUnits);
        }
        Some(match field.get_physical_type() {
            Physical::INT32 => ColumnKind::Integer,
            Physical::BOOLEAN => ColumnKind::Boolean,
            Physical::INT64 => ColumnKind::Time,
            Physical::FIXED_LEN_BYTE_ARRAY => ColumnKind::Decimal,
            Physical::BYTE_ARRAY => ColumnKind::Text,
            _ => return None,
        })
    };
    schema.get_fields().iter().map(kind).collect()
}

/// How the columns are encoded, and what the file says of itself.
pub(super) fn properties<'a>(
    columns: impl Iterator<Item = (&'a str, ColumnKind)>,
    metadata: Vec<KeyValue>,
) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        // What every reader knows.
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Of use only with statistics of pages.
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(metadata));
    for (name, _) in columns.filter(|(name, kind)| is_unique(name, *kind)) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    Ok(properties.build())
}

/// Whether hardly a value comes twice, so that a dictionary of them would only cost time.
fn is_unique(name: &str, kind: ColumnKind) -> bool {
    kind == ColumnKind::Time
        || matches!(
            name,
            "id" | "callId" | "correlationId" | "transferorCorrelationId" | "smsId"
        )
}
