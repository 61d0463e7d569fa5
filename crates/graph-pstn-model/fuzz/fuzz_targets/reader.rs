//! The page reader against serde: they must agree on every input.
#![no_main]

use graph_pstn_model::{
    BadRow, Collection, CollectionError, DirectRoutingLogRow, PstnCallLogRow, SmsLogRow, beta,
};
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

fuzz_target!(|body: &[u8]| {
    compare_all(body);
    // The rows alone, so that less has to be guessed right.
    compare_all(&[b"{\"value\":[".as_slice(), body, b"]}"].concat());
});

fn compare_all(body: &[u8]) {
    compare::<PstnCallLogRow>(body);
    compare::<beta::PstnCallLogRow>(body);
    compare::<DirectRoutingLogRow>(body);
    compare::<SmsLogRow>(body);
}

/// The row type behind another name, which the reader does not know.
#[derive(Deserialize)]
#[serde(transparent)]
struct BySerde<T>(T);

fn compare<T: DeserializeOwned + Serialize + PartialEq + 'static>(body: &[u8]) {
    for on_bad_row in [BadRow::SetAside, BadRow::Fail] {
        let read = Collection::<T>::from_slice(body, on_bad_row);
        let expected = Collection::<BySerde<T>>::from_slice(body, on_bad_row);
        match (read, expected) {
            (Ok(read), Ok(expected)) => {
                assert_eq!(read.context, expected.context);
                assert_eq!(read.count, expected.count);
                assert_eq!(read.next_link, expected.next_link);
                assert_eq!(read.rejects, expected.rejects);
                assert_eq!(read.rows.len(), expected.rows.len());
                for (row, BySerde(expected)) in read.rows.iter().zip(&expected.rows) {
                    assert!(row == expected);
                    // Scales, which equality does not look at.
                    assert_eq!(text(row), text(expected));
                }
            }
            (Err(read), Err(expected)) => assert_eq!(said(&read), said(&expected)),
            (read, _) => panic!("the reader says {:?}, serde does not", read.err()),
        }
    }
}

fn text(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("rows can be written")
}

fn said(error: &CollectionError) -> String {
    format!("{:?} {error}", error.kind())
}
