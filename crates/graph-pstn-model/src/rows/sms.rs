//! Rows of the SMS log (`getSmsLog`, beta).

use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::log_row;
use crate::{AdministrativeUnitInfo, LogRow, Text, phone_number::is_international};

log_row! {
    /// A text message (`smsLogRow`, beta only).
    ///
    /// Graph declares every property nullable, so each is an `Option`. `null`, the empty string and
    /// a missing property are all `None`; written, `None` is `null`. The properties stand in the
    /// order of the [documented example], after `id`, which that example leaves out.
    ///
    /// [documented example]: https://learn.microsoft.com/en-us/graph/api/callrecords-callrecord-getsmslog
    pub struct SmsLogRow {
        /// Unique identifier of the row. In the schema; Microsoft's example does not have it.
        id: Text = "id",
        /// Identifier of the message, a GUID, not guaranteed to be unique.
        sms_id: Text = "smsId",
        /// The user's id in the directory, a GUID.
        user_id: Text = "userId",
        /// The name the user signs in with.
        user_principal_name: Text = "userPrincipalName",
        /// The user's name for display.
        user_display_name: Text = "userDisplayName",
        /// The user's country, ISO 3166-1 alpha-2.
        user_country_code: Text = "userCountryCode",
        /// The tenant's country, ISO 3166-1 alpha-2.
        tenant_country_code: Text = "tenantCountryCode",
        /// The number that sent the message, E.164.
        source_number: Text = "sourceNumber",
        /// The number that got the message, E.164.
        destination_number: Text = "destinationNumber",
        /// When the message was sent, UTC, to 100 ns. The range of a request is over this property.
        sent_date_time: OffsetDateTime = "sentDateTime",
        /// What the message cost, in [`currency`](Self::currency).
        call_charge: Decimal = "callCharge",
        /// The currency of the charge, ISO 4217.
        currency: Text = "currency",
        /// The type of the message, `sms_in` for instance. An open string.
        sms_type: Text = "smsType",
        /// Whether the message was `Domestic` or `International`.
        destination_context: Text = "destinationContext",
        /// The country that the message went to, by name.
        destination_name: Text = "destinationName",
        /// The country of the other party, ISO 3166-1 alpha-2.
        other_party_country_code: Text = "otherPartyCountryCode",
        /// The licence the message was sent under, `MCOSMS1` for instance.
        license_capability: Text = "licenseCapability",
        /// How many messages the text was split into.
        sms_units: i32 = "smsUnits",
        /// The administrative units of the user.
        administrative_unit_infos: Vec<AdministrativeUnitInfo> = "administrativeUnitInfos",
    }
}

impl LogRow for SmsLogRow {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.sent_date_time
    }
}

impl SmsLogRow {
    /// Whether the message went to another country, by
    /// [`destination_context`](Self::destination_context).
    #[must_use]
    pub fn is_international(&self) -> Option<bool> {
        is_international(self.destination_context.as_deref()?)
    }
}
