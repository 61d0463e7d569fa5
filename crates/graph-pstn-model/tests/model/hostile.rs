//! Bodies that are anything but a page.

use graph_pstn_model::{BadRow, Collection, ErrorBody, LogRow, RawRow};
use proptest::{prelude::*, test_runner::TestRunner};
use serde::de::DeserializeOwned;

use crate::{any, for_each_row_type};

fn reads_anything<T>(_: &str, _: &str)
where
    T: LogRow + DeserializeOwned + std::fmt::Debug,
{
    let cases = ProptestConfig {
        cases: 128,
        ..ProptestConfig::default()
    };
    let page = any::json().prop_map(|json| format!("{{\"value\":[{json}]}}").into_bytes());
    let body = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        any::json().prop_map(String::into_bytes),
        (page, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut page, at, byte)| {
            let at = at.index(page.len());
            page[at] = byte;
            page
        }),
    ];
    TestRunner::new(cases)
        .run(&body, |body| {
            for on_bad_row in [BadRow::SetAside, BadRow::Fail] {
                if let Err(error) = Collection::<T>::from_slice(&body, on_bad_row) {
                    prop_assert!(!error.to_string().contains('\n'));
                }
            }
            let _ = Collection::<RawRow>::from_slice(&body, BadRow::SetAside);
            let _ = ErrorBody::from_slice(&body);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_body_makes_it_panic() {
    for_each_row_type!(reads_anything);
}

fn keeps_neighbours<T>(_: &str, _: &str)
where
    T: LogRow + DeserializeOwned + std::fmt::Debug,
{
    let cases = ProptestConfig {
        cases: 128,
        ..ProptestConfig::default()
    };
    TestRunner::new(cases)
        .run(&any::json(), |json| {
            let good = r#"{"userId":"11111111-1111-4111-8111-111111111111"}"#;
            let expected: T = serde_json::from_str(good).unwrap();
            let body = format!("{{\"value\":[{good}, {json} ,{good}]}}");
            let page = Collection::<T>::from_slice(body.as_bytes(), BadRow::SetAside).unwrap();
            prop_assert_eq!(page.rows.len() + page.rejects.len(), 3);
            prop_assert_eq!(page.rows.first(), Some(&expected));
            prop_assert_eq!(page.rows.last(), Some(&expected));
            if let Some(reject) = page.rejects.first() {
                prop_assert_eq!(reject.index, 1);
                prop_assert_eq!(&reject.json, &json);
                prop_assert!(reject.path.starts_with("$.value[1]"), "{}", reject.path);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_row_costs_its_neighbours() {
    for_each_row_type!(keeps_neighbours);
}
