//! Rows of the dial-out report (`getPstnOnlineMeetingDialoutReport`, beta).

use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::log_row;
use crate::{LogRow, Text, phone_number::is_international};

log_row! {
    /// What a user's dialling out of online meetings cost in the range that was asked for, by
    /// location, destination and currency (`pstnOnlineMeetingDialoutReport`, beta only).
    ///
    /// Graph declares every property nullable, so each is an `Option`. `null`, the empty string and
    /// a missing property are all `None`; written, `None` is `null`. The properties stand in the
    /// order of the [documented example]. A row has neither id nor time.
    ///
    /// [documented example]: https://learn.microsoft.com/en-us/graph/api/callrecords-callrecord-getpstnonlinemeetingdialoutreport
    pub struct PstnOnlineMeetingDialoutReport {
        /// The user's id in the directory, a GUID.
        user_id: Text = "userId",
        /// The name the user signs in with.
        user_principal_name: Text = "userPrincipalName",
        /// The user's name for display.
        user_display_name: Text = "userDisplayName",
        /// The user's country, ISO 3166-1 alpha-2.
        usage_location: Text = "usageLocation",
        /// Whether the calls were `Domestic` or `International`.
        destination_context: Text = "destinationContext",
        /// The currency of the charge, ISO 4217.
        currency: Text = "currency",
        /// How many calls there were.
        total_calls: i32 = "totalCalls",
        /// What they cost together, in [`currency`](Self::currency).
        total_call_charge: Decimal = "totalCallCharge",
        /// How long they took together, in seconds.
        total_call_seconds: i32 = "totalCallSeconds",
    }
}

impl LogRow for PstnOnlineMeetingDialoutReport {
    /// None: the rows of this report have no key.
    fn id(&self) -> Option<&str> {
        None
    }

    /// None: a row is a sum over the range.
    fn time(&self) -> Option<OffsetDateTime> {
        None
    }
}

impl PstnOnlineMeetingDialoutReport {
    /// Whether the calls went to another country, by
    /// [`destination_context`](Self::destination_context).
    #[must_use]
    pub fn is_international(&self) -> Option<bool> {
        is_international(self.destination_context.as_deref()?)
    }
}
