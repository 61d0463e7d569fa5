//! Where the rows of PSTN call logs go: CSV and NDJSON, to a stream, to a file or to a file for each day, which
//! appear only when they are complete, and which another process can go on with.
//!
//! The pieces work alone: a [`RowWriter`] writes rows to anything that is [`Write`](std::io::Write), an
//! [`OutputFile`] is a file in the making, a [`Summary`] counts and sums exactly. [`Export`] puts them
//! together for the batches of a reader, with the rows that were set aside in a file of their own, and
//! [`ExportThread`] does that on a thread, for async code.
//!
//! Files are made in a folder of their own until they are complete, with a checkpoint that says how much of them
//! counts: [`Export::resumable`] keeps it, [`Unfinished`] goes on from it.
//!
//! It stands above `graph-pstn-http`, whose batches it takes, and knows nothing of tokens or programs.

mod beginning;
mod checkpoint;
#[cfg(test)]
mod crash_tests;
mod csv_writer;
mod days;
mod destination;
mod disk;
mod error;
mod export;
mod format;
mod layout;
mod merge;
mod ndjson_writer;
mod output_file;
mod part;
mod rejects;
mod row_writer;
mod stage;
mod staged;
mod summary;
mod thread;
mod total;
mod unfinished;

pub use checkpoint::Job;
pub use csv_writer::CsvWriter;
pub use error::{Error, ErrorKind};
pub use export::Export;
pub use format::{Format, ParseFormatError};
pub use merge::Changes;
pub use ndjson_writer::NdjsonWriter;
pub use output_file::{Existing, OutputFile};
pub use rejects::{Rejects, SetAside};
pub use row_writer::RowWriter;
pub use staged::Kept;
pub use summary::{Billed, Summary};
pub use thread::ExportThread;
pub use total::{ParseTotalError, Total};
pub use unfinished::Unfinished;

/// Bytes that a writer collects before it asks the system to take them.
const BUFFER: usize = 64 * 1024;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
