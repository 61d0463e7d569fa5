//! What the PSTN call logs of Microsoft Graph say: rows, pages, errors and ranges of time.
//!
//! The lowest of the workspace's crates: `graph-pstn-http` reads these rows out of Graph's answers,
//! `graph-pstn-export` writes them to files, and this one knows of neither. No I/O, no async, no clouds.
//! Start at [`Collection::from_slice`], which reads a response's body into rows:
//!
//! - [`PstnCallLogRow`] and [`DirectRoutingLogRow`] of v1.0; [`SmsLogRow`], [`PstnBlockedUsersLogRow`]
//!   and [`PstnOnlineMeetingDialoutReport`], which only the beta version has; [`beta`] has the longer
//!   beta forms of the first two. Which log has which rows, and what else is known of it, says
//!   [`CallLog`].
//! - [`RawRow`], which keeps every byte of a row of any log.
//! - A type of your own that implements `Deserialize`; [`adapt`] has what makes exact numbers and times
//!   of its fields.
//!
//! ```
//! use graph_pstn_model::{BadRow, Collection, PstnCallLogRow};
//!
//! let body = br#"{"value":[{"callType":"user_out","charge":0.0113,"currency":"USD"}]}"#;
//! let page = Collection::<PstnCallLogRow>::from_slice(body, BadRow::SetAside)?;
//! let total: graph_pstn_model::Decimal = page.rows.iter().filter_map(|row| row.charge).sum();
//! assert_eq!(total.to_string(), "0.0113");
//! # Ok::<(), graph_pstn_model::CollectionError>(())
//! ```
//!
//! # What is kept, and what is not
//!
//! Digits and scale of numbers are kept (`0.00` stays `0.00`), and so are times to 100 ns, the spelling
//! of call types, and values of enumerations that this version does not know. A number that would have
//! to be rounded, a text that is no time, a property of another type or one that comes twice sets the
//! row aside; the others are delivered.
//!
//! A row that is written comes out byte for byte as it was read, if its text was in *canonical form*:
//!
//! - all properties of its type, none else, in the order of declaration, without white space;
//! - `null` for what is absent: not an empty string, not the year-1 filler `0001-01-01T00:00:00Z`, not
//!   a missing property;
//! - numbers as numbers, not as strings, without exponent, without a minus before zero, integers
//!   without leading zeros, decimals of at most 28 places;
//! - times in UTC with `Z` and capital letters, with up to seven digits of fraction and no trailing
//!   zeros, and none at all rather than `.0`;
//! - members of enumerations as the schema spells them;
//! - in strings, no escapes but those that JSON requires, in their shortest form.
//!
//! Other text comes out in this form. [`RawRow`]s come out as they came, always.
//!
//! # Speed
//!
//! A page of this crate's rows is read by a reader of its own, in safe code, that leaves everything
//! unusual to `serde_json` and agrees with it on every input. A page of 1,000 rows takes less than a
//! third of what `serde_json` takes for owned strings and floats (`cargo bench -p graph-pstn-model`).
//! `Deserialize` of the row types is plain serde and may be used with any format.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `arrow` | the module `arrow`: rows as Arrow record batches; brings `arrow-array` and `arrow-schema` |
//!
//! It is off by default.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod adapt;
mod administrative_unit;
#[cfg(feature = "arrow")]
#[cfg_attr(docsrs, doc(cfg(feature = "arrow")))]
pub mod arrow;
mod call_log;
mod call_type;
mod collection;
mod collection_error;
mod decimal;
mod decode;
mod envelope;
mod error_body;
mod instant;
mod log_row;
mod open_enum;
mod phone_number;
mod property;
mod raw_row;
mod reader;
mod rejected_row;
mod retention;
mod rows;
mod tabular;
mod text;
mod time_range;
mod unknown;

pub use rust_decimal::Decimal;
pub use time::OffsetDateTime;

pub use administrative_unit::AdministrativeUnitInfo;
pub use call_log::{ApiVersion, CallLog, EndBound, ParseCallLogError};
pub use call_type::{CallKind, CallType, Direction};
pub use collection::Collection;
pub use collection_error::{CollectionError, CollectionErrorKind};
pub use error_body::ErrorBody;
pub use instant::format_time;
pub use log_row::LogRow;
pub use open_enum::{CallDurationSource, UserBlockMode};
pub use phone_number::{hidden_digits, is_masked};
pub use raw_row::RawRow;
pub use rejected_row::{BadRow, RejectedRow};
pub use rows::{
    DirectRoutingLogRow, PstnBlockedUsersLogRow, PstnCallLogRow, PstnOnlineMeetingDialoutReport,
    SmsLogRow, beta,
};
pub use tabular::{Cell, Column, ColumnKind, Tabular};
pub use text::Text;
pub use time_range::{MAX_RANGE, TimeRange, TimeRangeError};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
