//! Rows of the Direct Routing log (`getDirectRoutingCalls`).

use time::OffsetDateTime;

use super::log_row;
use crate::{AdministrativeUnitInfo, CallType, Direction, LogRow, Text};

/// `LogRow` and what the call type tells.
macro_rules! direct_routing {
    ($Row:ident) => {
        impl LogRow for $Row {
            fn id(&self) -> Option<&str> {
                self.id.as_deref()
            }

            fn time(&self) -> Option<OffsetDateTime> {
                self.start_date_time
            }
        }

        impl $Row {
            /// Which way the call went, where its [type](Self::call_type) says so.
            #[must_use]
            pub fn direction(&self) -> Option<Direction> {
                self.call_type.as_ref()?.direction()
            }

            /// The number outside of the organization: who called, or who was called.
            ///
            /// `None` where the direction is not known: the numbers do not tell it.
            #[must_use]
            pub fn external_number(&self) -> Option<&str> {
                match self.direction()? {
                    Direction::Inbound => self.caller_number.as_deref(),
                    Direction::Outbound => self.callee_number.as_deref(),
                }
            }
        }
    };
}

log_row! {
    /// A call over a session border controller of one's own (`directRoutingLogRow` of v1.0).
    ///
    /// Graph declares every property nullable, so each is an `Option`. `null`, the empty string, a
    /// missing property and a time in the year 1 are all `None`, which says that Graph does not tell;
    /// written, `None` is `null`. The properties stand in the order of the [documented example].
    ///
    /// The end of a request's range is exclusive here, where that of the PSTN log is inclusive. The
    /// page names no longest range; tools keep to the 90 days of the PSTN log.
    ///
    /// [documented example]: https://learn.microsoft.com/en-us/graph/api/callrecords-callrecord-getdirectroutingcalls
    pub struct DirectRoutingLogRow {
        /// Unique identifier of the call's leg, a GUID.
        id: Text = "id",
        /// What the legs of one call have in common, a GUID. Gets the `callRecord`, while there is one.
        correlation_id: Text = "correlationId",
        /// The user's id in the directory, a GUID. Absent for bots.
        user_id: Text = "userId",
        /// The name the user signs in with.
        user_principal_name: Text = "userPrincipalName",
        /// The user's name for display.
        user_display_name: Text = "userDisplayName",
        /// When the call began, UTC. The range of a request is over this property.
        start_date_time: OffsetDateTime = "startDateTime",
        /// When the invitation was sent, UTC.
        invite_date_time: OffsetDateTime = "inviteDateTime",
        /// When the call failed, UTC. Absent for calls that were established, for which Graph sends
        /// `0001-01-01T00:00:00Z`.
        failure_date_time: OffsetDateTime = "failureDateTime",
        /// When the call ended, UTC. Absent for calls that failed.
        end_date_time: OffsetDateTime = "endDateTime",
        /// How long the call took, in seconds, counted from the invitation: it includes the time in
        /// a queue.
        duration: i32 = "duration",
        /// The type of the call. An open string; Graph writes `ByotIn` where the report of the admin
        /// centre has `dr_in`.
        call_type: CallType = "callType",
        /// Whether the call was established.
        successful_call: bool = "successfulCall",
        /// The number that called. What the border controller says: E.164, an extension or a name.
        caller_number: Text = "callerNumber",
        /// The number that was called. What the border controller says: E.164, an extension or a name.
        callee_number: Text = "calleeNumber",
        /// The data centre that the media went through, `USWE` for instance.
        media_path_location: Text = "mediaPathLocation",
        /// The data centre that the signalling went through.
        signaling_location: Text = "signalingLocation",
        /// The SIP code that the call ended with; 0 for a call that was hung up.
        final_sip_code: i32 = "finalSipCode",
        /// Microsoft's code for how the call ended.
        call_end_sub_reason: i32 = "callEndSubReason",
        /// The words for [`final_sip_code`](Self::final_sip_code).
        final_sip_code_phrase: Text = "finalSipCodePhrase",
        /// The host name of the border controller.
        trunk_fully_qualified_domain_name: Text = "trunkFullyQualifiedDomainName",
        /// Whether the media went past Microsoft.
        media_bypass_enabled: bool = "mediaBypassEnabled",
    }
}

direct_routing!(DirectRoutingLogRow);

/// The form of the beta version, which has four properties more.
pub(super) mod beta {
    use super::*;

    log_row! {
        /// A call over a session border controller of one's own, as the beta version has it: the
        /// properties of [v1.0](crate::DirectRoutingLogRow), which says what they hold, and four
        /// more.
        pub struct DirectRoutingLogRow {
            /// Unique identifier of the call's leg, a GUID.
            id: Text = "id",
            /// What the legs of one call have in common, a GUID.
            correlation_id: Text = "correlationId",
            /// The user's id in the directory, a GUID. Absent for bots.
            user_id: Text = "userId",
            /// The name the user signs in with.
            user_principal_name: Text = "userPrincipalName",
            /// The user's name for display.
            user_display_name: Text = "userDisplayName",
            /// When the call began, UTC.
            start_date_time: OffsetDateTime = "startDateTime",
            /// When the call ended, UTC. Absent for calls that failed.
            end_date_time: OffsetDateTime = "endDateTime",
            /// When the invitation was sent, UTC.
            invite_date_time: OffsetDateTime = "inviteDateTime",
            /// When the call failed, UTC. Absent for calls that were established.
            failure_date_time: OffsetDateTime = "failureDateTime",
            /// How long the call took, in seconds, counted from the invitation.
            duration: i32 = "duration",
            /// The type of the call. An open string.
            call_type: CallType = "callType",
            /// Whether the call was established.
            successful_call: bool = "successfulCall",
            /// The number that called: E.164, an extension or a name.
            caller_number: Text = "callerNumber",
            /// The number that was called: E.164, an extension or a name.
            callee_number: Text = "calleeNumber",
            /// The data centre that the media went through.
            media_path_location: Text = "mediaPathLocation",
            /// The data centre that the signalling went through.
            signaling_location: Text = "signalingLocation",
            /// The SIP code that the call ended with.
            final_sip_code: i32 = "finalSipCode",
            /// Microsoft's code for how the call ended.
            call_end_sub_reason: i32 = "callEndSubReason",
            /// The words for [`final_sip_code`](Self::final_sip_code).
            final_sip_code_phrase: Text = "finalSipCodePhrase",
            /// The host name of the border controller.
            trunk_fully_qualified_domain_name: Text = "trunkFullyQualifiedDomainName",
            /// Whether the media went past Microsoft.
            media_bypass_enabled: bool = "mediaBypassEnabled",
            /// The user's country, ISO 3166-1 alpha-2.
            user_country_code: Text = "userCountryCode",
            /// The country of the other party, ISO 3166-1 alpha-2.
            other_party_country_code: Text = "otherPartyCountryCode",
            /// The call that transferred this one: its correlation id, a GUID.
            transferor_correlation_id: Text = "transferorCorrelationId",
            /// The administrative units of the user.
            administrative_unit_infos: Vec<AdministrativeUnitInfo> = "administrativeUnitInfos",
        }
    }

    direct_routing!(DirectRoutingLogRow);
}
