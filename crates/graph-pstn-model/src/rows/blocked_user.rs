//! Rows of the log of blocked users (`getPstnBlockedUsersLog`, beta).

use time::OffsetDateTime;

use super::log_row;
use crate::{LogRow, Text, UserBlockMode};

log_row! {
    /// A user who was blocked from making calls, or unblocked (`pstnBlockedUsersLogRow`, beta only).
    ///
    /// Graph declares every property nullable, so each is an `Option`. `null`, the empty string and
    /// a missing property are all `None`; written, `None` is `null`. The properties stand in the
    /// order of the [documented example]. A row has no id.
    ///
    /// [documented example]: https://learn.microsoft.com/en-us/graph/api/callrecords-callrecord-getpstnblockeduserslog
    pub struct PstnBlockedUsersLogRow {
        /// The user's id in the directory, a GUID.
        user_id: Text = "userId",
        /// The name the user signs in with.
        user_principal_name: Text = "userPrincipalName",
        /// The user's name for display.
        user_display_name: Text = "userDisplayName",
        /// When the user was blocked or unblocked, UTC. The range of a request is over this property.
        block_date_time: OffsetDateTime = "blockDateTime",
        /// The user's number, E.164.
        user_telephone_number: Text = "userTelephoneNumber",
        /// Blocked or unblocked.
        user_block_mode: UserBlockMode = "userBlockMode",
        /// Why, in words: `High Overall Usage`, `Tenant Requested`.
        block_reason: Text = "blockReason",
        /// Identifier of the case for Microsoft's support, a GUID.
        remediation_id: Text = "remediationId",
    }
}

impl LogRow for PstnBlockedUsersLogRow {
    /// None: the rows of this log have no key.
    fn id(&self) -> Option<&str> {
        None
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.block_date_time
    }
}
