//! What rows look like in a file, and how such files are read back.

pub(crate) mod columns;
pub(crate) mod csv_writer;
pub(crate) mod format;
pub(crate) mod ndjson_writer;
#[cfg(feature = "parquet")]
#[cfg_attr(docsrs, doc(cfg(feature = "parquet")))]
pub mod parquet_writer;
pub(crate) mod records;
pub(crate) mod row_writer;
pub mod spreadsheet;
