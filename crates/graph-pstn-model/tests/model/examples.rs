//! The examples of Microsoft's pages, and error bodies that users reported.

use graph_pstn_model::{
    BadRow, CallKind, Collection, DirectRoutingLogRow, Direction, ErrorBody,
    PstnBlockedUsersLogRow, PstnCallLogRow, PstnOnlineMeetingDialoutReport, RawRow, SmsLogRow,
    UserBlockMode, beta, is_masked,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use time::macros::datetime;

use crate::fixture;

/// JSON without the white space between its tokens.
fn compact(json: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    json.chars()
        .filter(|&c| {
            if in_string {
                in_string = escaped || c != '"';
                escaped = !escaped && c == '\\';
                return true;
            }
            in_string = c == '"';
            !c.is_ascii_whitespace()
        })
        .collect()
}

/// Reads an example; raw rows must come out as they stand there.
fn read<T: DeserializeOwned + 'static>(name: &str) -> Collection<T> {
    let body = fixture(&format!("examples/{name}.json"));
    let page = Collection::<T>::from_slice(&body, BadRow::Fail).unwrap();
    assert_eq!(
        page.unknown_properties.len(),
        0,
        "{:?}",
        page.unknown_properties
    );
    assert_eq!(page.count, Some(1000));
    assert!(page.next_link.as_deref().unwrap().ends_with("?$skip=1000"));
    assert!(
        page.context
            .as_deref()
            .unwrap()
            .contains("#Collection(microsoft.graph.callRecords.")
    );

    #[derive(serde::Deserialize)]
    struct Rows<'a> {
        #[serde(borrow)]
        value: Vec<&'a RawValue>,
    }
    let cut: Rows<'_> = serde_json::from_slice(&body).unwrap();
    let raw = Collection::<RawRow>::from_slice(&body, BadRow::Fail).unwrap();
    assert_eq!(raw.rows.len(), page.rows.len());
    for (raw, cut) in raw.rows.iter().zip(cut.value) {
        assert_eq!(raw.as_str(), cut.get());
        assert_eq!(serde_json::to_string(raw).unwrap(), cut.get());
    }
    page
}

/// Reads an example in canonical form, whose typed rows must come out as they stand there.
fn read_canonical<T: DeserializeOwned + Serialize + 'static>(name: &str) -> Collection<T> {
    let page = read::<T>(name);
    let body = String::from_utf8(fixture(&format!("examples/{name}.json"))).unwrap();
    let rows = serde_json::to_string(&page.rows).unwrap();
    assert!(
        compact(&body).contains(&format!("\"value\":{rows}")),
        "{rows}"
    );
    page
}

#[test]
fn pstn() {
    let page = read_canonical::<PstnCallLogRow>("v1.0-getPstnCalls");
    let row = &page.rows[0];
    assert_eq!(
        row.start_date_time,
        Some(datetime!(2019-11-01 00:00:08.2589935 UTC))
    );
    assert_eq!(row.charge.map(|c| c.to_string()).as_deref(), Some("0.00"));
    assert_eq!(row.direction(), Some(Direction::Inbound));
    assert_eq!(row.external_number(), Some("+15550101"));
    assert_eq!(row.is_international(), None);
    assert_eq!(
        page.next_link.as_deref(),
        Some(
            "https://graph.microsoft.com/v1.0/communications/callRecords/getPstnCalls(from=2019-11-01,to=2019-12-01)?$skip=1000"
        )
    );
}

#[test]
fn pstn_of_beta() {
    let row = &read::<beta::PstnCallLogRow>("beta-getPstnCalls").rows[0];
    assert_eq!(row.other_party_country_code.as_deref(), Some("US"));
    assert_eq!(row.administrative_unit_infos, None);
}

#[test]
fn direct_routing() {
    let row = &read::<DirectRoutingLogRow>("v1.0-getDirectRoutingCalls").rows[0];
    assert_eq!(row.failure_date_time, None);
    assert_eq!(
        row.invite_date_time,
        Some(datetime!(2019-11-01 00:00:21.949 UTC))
    );
    assert_eq!(row.final_sip_code, Some(0));
    assert_eq!(row.successful_call, Some(true));
    assert_eq!(
        row.call_type.as_ref().and_then(|t| t.kind()),
        Some(CallKind::User)
    );
    assert!(row.external_number().is_some_and(is_masked));
}

#[test]
fn direct_routing_of_beta() {
    let row = &read::<beta::DirectRoutingLogRow>("beta-getDirectRoutingCalls").rows[0];
    let units = row.administrative_unit_infos.as_ref().unwrap();
    assert_eq!(units.len(), 2);
    assert!(units.iter().all(|unit| unit.id.is_some()));
    assert_eq!(row.user_country_code.as_deref(), Some("US"));
}

#[test]
fn sms() {
    let row = &read::<SmsLogRow>("beta-getSmsLog").rows[0];
    assert_eq!(row.id, None);
    assert_eq!(
        row.sent_date_time,
        Some(datetime!(2022-10-06 11:15:48.6113555 UTC))
    );
    assert_eq!(row.sms_units, Some(1));
    assert_eq!(row.is_international(), Some(false));
}

#[test]
fn blocked_users() {
    let rows = read::<PstnBlockedUsersLogRow>("beta-getPstnBlockedUsersLog").rows;
    assert_eq!(rows[0].user_block_mode, Some(UserBlockMode::Blocked));
    assert_eq!(rows[1].user_block_mode, Some(UserBlockMode::Unblocked));
}

#[test]
fn dial_out() {
    let page =
        read_canonical::<PstnOnlineMeetingDialoutReport>("beta-getPstnOnlineMeetingDialoutReport");
    let row = &page.rows[0];
    assert_eq!(
        row.total_call_charge.map(|c| c.to_string()).as_deref(),
        Some("12.83")
    );
    assert_eq!(row.is_international(), Some(true));
}

#[test]
fn errors() {
    let read =
        |name: &str| ErrorBody::from_slice(&fixture(&format!("errors/{name}.json"))).unwrap();
    assert!(
        read("400-badrequest")
            .message()
            .starts_with("Expression expected")
    );
    assert_eq!(read("401-expired").code(), "InvalidAuthenticationToken");
    assert_eq!(read("404-notfound").to_string(), "NotFound");
    assert_eq!(read("404-notfound").date(), Some("2021-02-23T13:54:17"));
    assert_eq!(read("429-unknownerror").request_id(), Some("xxxxxxx"));
}
