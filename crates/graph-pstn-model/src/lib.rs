//! What the PSTN call logs of Microsoft Graph say: rows, pages, errors and ranges of time.
//!
//! No I/O, no async, no clouds. Start at [`Collection::from_slice`], which reads a response's body
//! into [`PstnCallLogRow`]s, into [`RawRow`]s that keep every byte, or into a type of your own.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod adapt;
mod administrative_unit;
mod call_log;
mod call_type;
mod collection;
mod collection_error;
mod decimal;
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
