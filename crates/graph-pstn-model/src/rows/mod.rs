//! The rows of the logs, one file a log.

mod blocked_user;
mod dial_out;
mod direct_routing;
mod pstn_call;
mod sms;
mod table;

pub use blocked_user::PstnBlockedUsersLogRow;
pub use dial_out::PstnOnlineMeetingDialoutReport;
pub use direct_routing::DirectRoutingLogRow;
pub use pstn_call::PstnCallLogRow;
pub use sms::SmsLogRow;
pub(crate) use table::{KnownRow, log_row};

/// The forms that the rows of v1.0 have in the beta version, which has more properties.
///
/// Microsoft may change the beta version at any time.
pub mod beta {
    pub use super::direct_routing::beta::DirectRoutingLogRow;
    pub use super::pstn_call::beta::PstnCallLogRow;
}
