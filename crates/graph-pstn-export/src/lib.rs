//! Where the rows of PSTN call logs go: CSV, NDJSON and Parquet, to a stream, to a file or to a file for each
//! day, which appear only when they are complete, and which another process can go on with.
//!
//! It stands above `graph-pstn-http`, whose batches it takes, and knows nothing of tokens or programs; the program
//! `graph-pstn` stands above it.
//!
//! The pieces work alone: a [`RowWriter`] writes rows to anything that is [`Write`](std::io::Write), an
//! [`OutputFile`] is a file in the making, a [`Summary`] counts and sums exactly. [`Export`] puts them
//! together for the batches of a reader, with the rows that were set aside in a file of their own, and
//! [`ExportThread`] does that on a thread, for async code.
//!
//! Rows are those of any log of `graph-pstn-model`, or [`RawRecord`]s, which are written as Graph sent them. A
//! [`Selection`] says which of them are wanted, and whether numbers are masked.
//!
//! ```
//! use graph_pstn_export::{Existing, Export, Format, Rejects};
//! use graph_pstn_model::{BadRow, Collection, PstnCallLogRow};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let calls = folder.path().join("calls.csv");
//! let body = br#"{"value":[{"id":"a","duration":60,"charge":0.0113,"currency":"USD"}]}"#;
//! let page = Collection::<PstnCallLogRow>::from_slice(body, BadRow::SetAside)?;
//!
//! let rejects = Rejects::to_file(Rejects::beside(&calls), Existing::Refuse);
//! let mut export = Export::to_file(&calls, Format::Csv, Existing::Refuse, rejects)?;
//! for row in &page.rows {
//!     export.write_row(row)?;
//! }
//! for rejected in &page.rejects {
//!     export.set_aside(rejected)?;
//! }
//! assert!(!calls.exists()); // It has its name when it is whole.
//! let summary = export.finish()?;
//! assert_eq!((summary.rows, summary.duration), (1, 60));
//! assert!(calls.exists());
//! # Ok(())
//! # }
//! ```
//!
//! Files are made in a folder of their own until they are complete, with a checkpoint that says how much of them
//! counts: [`Export::resumable`] keeps it, [`Unfinished`] goes on from it.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `parquet` | the module `parquet_writer` with `ParquetWriter`; brings some 25 crates and zstd's C code |
//! | `azure`, `s3`, `gcp` | folders of days in Azure Blob Storage, S3 and what speaks like it, or Google Cloud Storage: `Folder::at_url`; each brings some 80 crates, an HTTP client among them |
//! | `object-store` | what these three share |
//!
//! All are off by default.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod choice;
#[cfg(test)]
mod crash_tests;
mod disk;
mod error;
mod export;
mod formats;
mod output;
mod rejects;
mod rows;
mod staging;
mod sums;

pub use choice::filter::{Filter, FilterError, NumberPattern};
pub use choice::number_mask::{NumberMask, Unmaskable};
pub use choice::selection::Selection;
pub use error::{Error, ErrorKind};
pub use export::Export;
pub use export::thread::ExportThread;
pub use export::unfinished::Unfinished;
pub use formats::csv_writer::CsvWriter;
pub use formats::format::{Format, ParseFormatError, WriterOptions};
pub use formats::ndjson_writer::NdjsonWriter;
#[cfg(feature = "parquet")]
#[cfg_attr(docsrs, doc(cfg(feature = "parquet")))]
pub use formats::parquet_writer::{self, ParquetWriter};
pub use formats::row_writer::RowWriter;
pub use formats::spreadsheet;
pub use output::calendar::Calendar;
pub use output::folder::Folder;
pub use output::output_file::{Existing, OutputFile};
pub use rejects::{Rejects, SetAside};
pub use rows::billed::Billed;
pub use rows::export_row::ExportRow;
pub use rows::raw_record::RawRecord;
pub use staging::checkpoint::Job;
pub use staging::staged::Kept;
pub use sums::changes::Changes;
pub use sums::summary::Summary;
pub use sums::total::{ParseTotalError, Total};

/// Bytes that a writer collects before it asks the system to take them.
const BUFFER: usize = 64 * 1024;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
