//! Which Rust type the rows of a log have.

use graph_pstn_export::{ExportRow, RawRecord};
use graph_pstn_model::{
    ApiVersion, CallLog, DirectRoutingLogRow, PstnBlockedUsersLogRow, PstnCallLogRow,
    PstnOnlineMeetingDialoutReport, SmsLogRow, beta,
};
use serde::de::DeserializeOwned;

/// Something that is done alike for rows of any type.
pub(crate) trait ForRows {
    type Output;

    fn of<T: ExportRow + DeserializeOwned>(self) -> Self::Output;
}

/// Does it for the rows of a log as a version of the API has them.
pub(crate) fn for_rows<F: ForRows>(log: CallLog, version: ApiVersion, what: F) -> F::Output {
    match (log, version) {
        (CallLog::Pstn, ApiVersion::Beta) => what.of::<beta::PstnCallLogRow>(),
        (CallLog::Pstn, _) => what.of::<PstnCallLogRow>(),
        (CallLog::DirectRouting, ApiVersion::Beta) => what.of::<beta::DirectRoutingLogRow>(),
        (CallLog::DirectRouting, _) => what.of::<DirectRoutingLogRow>(),
        (CallLog::Sms, _) => what.of::<SmsLogRow>(),
        (CallLog::BlockedUsers, _) => what.of::<PstnBlockedUsersLogRow>(),
        (CallLog::DialOut, _) => what.of::<PstnOnlineMeetingDialoutReport>(),
        // What this version does not know it can still pass on.
        _ => what.of::<RawRecord>(),
    }
}
