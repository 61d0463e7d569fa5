//! Rows of the PSTN log (`getPstnCalls`).

use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::log_row;
use crate::{
    CallDurationSource, CallType, Direction, LogRow, Text, phone_number::is_international,
};

/// The 23 properties of v1.0, and those that a version has besides.
macro_rules! pstn_call_row {
    ($(#[$meta:meta])* $Row:ident { $($more:tt)* }) => {
        log_row! {
            $(#[$meta])*
            pub struct $Row {
                /// Unique identifier of the call, a GUID; "UsageId" in the report that the admin
                /// centre exports. It cannot be used to get a `callRecord`.
                id: Text = "id",
                /// Identifier of the call, not guaranteed to be unique and not a GUID; up to 64 characters.
                call_id: Text = "callId",
                /// The user's id in the directory, a GUID. Absent for bots, by Microsoft's pages; seen
                /// filled with that of the resource account.
                user_id: Text = "userId",
                /// The name the user signs in with; up to 128 characters.
                user_principal_name: Text = "userPrincipalName",
                /// The user's name for display; up to 128 characters.
                user_display_name: Text = "userDisplayName",
                /// When the call began, UTC, to 100 ns. The range of a request is over this property.
                start_date_time: OffsetDateTime = "startDateTime",
                /// When the call ended, UTC, to 100 ns.
                end_date_time: OffsetDateTime = "endDateTime",
                /// How long the call was connected, in seconds.
                duration: i32 = "duration",
                /// What the call cost, in [`currency`](Self::currency), without the connection charge.
                /// An exact decimal, mostly of two places. `Edm.Decimal` in the schema and on the beta
                /// page; the page of v1.0 says Double, which would lose cents.
                charge: Decimal = "charge",
                /// The type of the call, `user_in` for instance. An open string, which tells
                /// [direction](CallType::direction) and [kind](CallType::kind).
                call_type: CallType = "callType",
                /// The currency of both charges, ISO 4217.
                currency: Text = "currency",
                /// The number that was called, mostly E.164; digits may be hidden (`+123456***`).
                callee_number: Text = "calleeNumber",
                /// The user's country, ISO 3166-1 alpha-2.
                usage_country_code: Text = "usageCountryCode",
                /// The tenant's country, ISO 3166-1 alpha-2.
                tenant_country_code: Text = "tenantCountryCode",
                /// The fee for the connection, in [`currency`](Self::currency).
                connection_charge: Decimal = "connectionCharge",
                /// The number that called, mostly E.164; digits may be hidden (`+123456***`). The page of
                /// v1.0 calls it "number that received the call for inbound calls", against its own
                /// example and the beta page: do not derive the direction from the numbers.
                caller_number: Text = "callerNumber",
                /// Whether the call was `Domestic` or `International`.
                destination_context: Text = "destinationContext",
                /// The country that was dialled, by its English name ("United States") and not by its
                /// code; up to 64 characters.
                destination_name: Text = "destinationName",
                /// Identifier of the audio conference. Absent outside audio conferencing.
                conference_id: Text = "conferenceId",
                /// The licence the call was made under, `MCOPSTN1` for instance. A free string: the
                /// example's `MCOPSTNU` is not in Microsoft's own list.
                license_capability: Text = "licenseCapability",
                /// The type of the user's number, `Subscriber` or `Service` for instance. A free string.
                inventory_type: Text = "inventoryType",
                /// The operator: `Microsoft`, or a carrier of Operator Connect.
                operator: Text = "operator",
                /// Where [`duration`](Self::duration) was taken from.
                call_duration_source: CallDurationSource = "callDurationSource",
                $($more)*
            }
        }

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

            /// The number outside of the organization: who called, or who was called. It is the one
            /// whose digits are hidden in [some countries](crate::hidden_digits).
            ///
            /// `None` where the direction is not known: the numbers do not tell it.
            #[must_use]
            pub fn external_number(&self) -> Option<&str> {
                match self.direction()? {
                    Direction::Inbound => self.caller_number.as_deref(),
                    Direction::Outbound => self.callee_number.as_deref(),
                }
            }

            /// Whether the call went to another country, by
            /// [`destination_context`](Self::destination_context).
            #[must_use]
            pub fn is_international(&self) -> Option<bool> {
                is_international(self.destination_context.as_deref()?)
            }
        }
    };
}

pstn_call_row! {
    /// A call over a Calling Plan or Operator Connect (`pstnCallLogRow` of v1.0).
    ///
    /// Graph declares every property nullable, so each is an `Option`. `null`, the empty string and
    /// a missing property are all `None`, which says that Graph does not tell: a charge of `None` is
    /// not one of zero. Written, `None` is `null`. The properties stand in the order of the
    /// [documented example].
    ///
    /// A row is one call, or one leg of a meeting. Microsoft's pages leave calls over Telstra's plans
    /// out of this log (until early 2025 also those over Softbank's). Rows are said to appear within
    /// 24 to 48 hours.
    ///
    /// [documented example]: https://learn.microsoft.com/en-us/graph/api/callrecords-callrecord-getpstncalls
    PstnCallLogRow {}
}

/// The form of the beta version, which has six properties more.
pub(super) mod beta {
    use super::*;
    use crate::AdministrativeUnitInfo;

    pstn_call_row! {
        /// A call over a Calling Plan or Operator Connect, as the beta version has it: the
        /// properties of [v1.0](crate::PstnCallLogRow) and six more.
        PstnCallLogRow {
            /// The country of the other party, ISO 3166-1 alpha-2.
            other_party_country_code: Text = "otherPartyCountryCode",
            /// The administrative units of the user.
            administrative_unit_infos: Vec<AdministrativeUnitInfo> = "administrativeUnitInfos",
            /// The address that the user's client has in its own network, IPv4.
            client_local_ip_v4_address: Text = "clientLocalIpV4Address",
            /// The address that the user's client has in its own network, IPv6.
            client_local_ip_v6_address: Text = "clientLocalIpV6Address",
            /// The address that the user's client is seen under, IPv4.
            client_public_ip_v4_address: Text = "clientPublicIpV4Address",
            /// The address that the user's client is seen under, IPv6.
            client_public_ip_v6_address: Text = "clientPublicIpV6Address",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::{Cell, Tabular};

    const DOCUMENTED: &str = r#"{"id":"11111111-2222-4333-8444-555555555555","callId":"1000000001_100000002@192.0.2.176","userId":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","userPrincipalName":"ada@contoso.example","userDisplayName":"Ada Example","startDateTime":"2019-11-01T00:00:08.2589935Z","endDateTime":"2019-11-01T00:03:47.2589935Z","duration":219,"charge":0.00,"callType":"user_in","currency":"USD","calleeNumber":"+15550100","usageCountryCode":"US","tenantCountryCode":"US","connectionCharge":0.0113,"callerNumber":"+15550101","destinationContext":null,"destinationName":"United States","conferenceId":null,"licenseCapability":"MCOPSTNU","inventoryType":"Subscriber","operator":"Microsoft","callDurationSource":"microsoft"}"#;

    fn read(json: &str) -> Result<PstnCallLogRow, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_documented_row_comes_out_as_it_went_in() {
        let row = read(DOCUMENTED).unwrap();
        assert_eq!(
            row.start_date_time,
            Some(datetime!(2019-11-01 00:00:08.2589935 UTC))
        );
        assert_eq!(row.charge.unwrap().to_string(), "0.00");
        assert_eq!(row.connection_charge.unwrap().to_string(), "0.0113");
        assert_eq!(
            row.call_duration_source,
            Some(CallDurationSource::Microsoft)
        );
        assert_eq!(row.destination_context, None);
        assert_eq!(serde_json::to_string(&row).unwrap(), DOCUMENTED);
    }

    #[test]
    fn fillers_are_absent_and_strings_may_hold_numbers() {
        let row = read(
            r#"{"userId":"","startDateTime":"0001-01-01T00:00:00Z","endDateTime":"","duration":"219",
                "charge":"0.050","connectionCharge":"","new":{"a":[1,null]},"@odata.type":"x"}"#,
        )
        .unwrap();
        let expected = PstnCallLogRow {
            duration: Some(219),
            charge: Some(Decimal::new(50, 3)),
            ..PstnCallLogRow::default()
        };
        assert_eq!(row, expected);
        assert_eq!(row.charge.unwrap().scale(), 3);
    }

    #[test]
    fn refuses_what_it_cannot_keep() {
        for json in [
            r#"{"charge":0.123456789012345678901234567890123}"#,
            r#"{"charge":"1_000"}"#,
            r#"{"charge":true}"#,
            r#"{"duration":2147483648}"#,
            r#"{"duration":1.5}"#,
            r#"{"duration":"007"}"#,
            r#"{"startDateTime":"yesterday"}"#,
            r#"{"startDateTime":5}"#,
            r#"{"id":5}"#,
            r#"{"id":"a","id":"b"}"#,
            r#"[]"#,
            r#"null"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn reads_from_a_reader_and_from_a_value() {
        let row = read(DOCUMENTED).unwrap();
        assert_eq!(
            serde_json::from_reader::<_, PstnCallLogRow>(DOCUMENTED.as_bytes()).unwrap(),
            row
        );
        let value = json!({"charge": "0.00", "duration": 5});
        let row: PstnCallLogRow = serde_json::from_value(value).unwrap();
        assert_eq!(row.charge.unwrap().to_string(), "0.00");
    }

    #[test]
    fn cells_follow_the_columns() {
        let row = read(DOCUMENTED).unwrap();
        let names: Vec<&str> = PstnCallLogRow::COLUMNS.iter().map(|c| c.name()).collect();
        let at = |name| names.iter().position(|n| *n == name).unwrap();
        assert_eq!(names.len(), 23);
        assert_eq!(row.cell(at("callType")), Cell::Text("user_in"));
        assert_eq!(row.cell(at("charge")).to_string(), "0.00");
        assert_eq!(
            row.cell(at("startDateTime")).to_string(),
            "2019-11-01T00:00:08.2589935Z"
        );
        assert_eq!(row.cell(at("conferenceId")), Cell::Absent);
        assert_eq!(row.cell(23), Cell::Absent);
    }
}
