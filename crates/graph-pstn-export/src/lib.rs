//! Where the rows of PSTN call logs go: CSV, NDJSON and Parquet, to a stream or to a file that appears only
//! when it is complete.
//!
//! The pieces work alone: a [`RowWriter`] writes rows to anything that is [`Write`](std::io::Write), an
//! [`OutputFile`] is a file in the making, a [`Summary`] counts and sums exactly. [`Export`] puts them
//! together for the batches of a reader, with the rows that were set aside in a file of their own, and
//! [`ExportThread`] does that on a thread, for async code.
//!
//! Rows are those of any log of `graph-pstn-model`, or [`RawRecord`]s, which are written as Graph sent them. A
//! [`Selection`] says which of them are wanted, and whether numbers are masked.
//!
//! # Features
//!
//! - `parquet`: `ParquetWriter`. Off by default.
//!
//! It stands above `graph-pstn-http`, whose batches it takes, and knows nothing of tokens or programs.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod billed;
mod columns;
mod csv_writer;
mod error;
mod export;
mod export_row;
mod filter;
mod format;
mod ndjson_writer;
mod number_mask;
mod output_file;
#[cfg(feature = "parquet")]
#[cfg_attr(docsrs, doc(cfg(feature = "parquet")))]
pub mod parquet_writer;
mod raw_record;
mod rejects;
mod row_writer;
mod selection;
pub mod spreadsheet;
mod summary;
mod thread;
mod total;

pub use billed::Billed;
pub use csv_writer::CsvWriter;
pub use error::{Error, ErrorKind};
pub use export::Export;
pub use export_row::ExportRow;
pub use filter::{Filter, FilterError, NumberPattern};
pub use format::{Format, ParseFormatError, WriterOptions};
pub use ndjson_writer::NdjsonWriter;
pub use number_mask::{NumberMask, Unmaskable};
pub use output_file::{Existing, OutputFile};
#[cfg(feature = "parquet")]
pub use parquet_writer::ParquetWriter;
pub use raw_record::RawRecord;
pub use rejects::{Rejects, SetAside};
pub use row_writer::RowWriter;
pub use selection::Selection;
pub use summary::Summary;
pub use thread::ExportThread;
pub use total::Total;

/// Bytes that a writer collects before it asks the system to take them.
const BUFFER: usize = 64 * 1024;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
