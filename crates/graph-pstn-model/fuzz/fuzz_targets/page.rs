//! Any body, as a page of every row type: no panic, and what was read can be written and read again.
#![no_main]

use graph_pstn_model::{
    BadRow, Collection, DirectRoutingLogRow, ErrorBody, LogRow, PstnBlockedUsersLogRow,
    PstnCallLogRow, PstnOnlineMeetingDialoutReport, RawRow, SmsLogRow, beta,
};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|body: &[u8]| {
    read::<PstnCallLogRow>(body);
    read::<DirectRoutingLogRow>(body);
    read::<SmsLogRow>(body);
    read::<PstnBlockedUsersLogRow>(body);
    read::<PstnOnlineMeetingDialoutReport>(body);
    read::<beta::PstnCallLogRow>(body);
    read::<beta::DirectRoutingLogRow>(body);
    read::<RawRow>(body);
    let _ = ErrorBody::from_slice(body);
});

fn read<T: LogRow + DeserializeOwned + Serialize + std::fmt::Debug>(body: &[u8]) {
    let strict = Collection::<T>::from_slice(body, BadRow::Fail);
    let Ok(page) = Collection::<T>::from_slice(body, BadRow::SetAside) else {
        assert!(strict.is_err());
        return;
    };
    assert_eq!(strict.is_ok(), page.rejects.is_empty());
    assert_ne!(page.next_link.as_deref(), Some(""));
    for row in &page.rows {
        let text = serde_json::to_string(row).expect("rows can be written");
        let again: T = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(&again, row);
        assert_eq!(serde_json::to_string(&again).expect("rows can be written"), text);
    }
}
