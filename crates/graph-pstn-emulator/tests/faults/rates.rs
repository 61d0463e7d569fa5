//! Faults by rate.

use std::collections::HashSet;

use graph_pstn_emulator::{Emulator, Fault, Faults};
use http::Request;
use http_body_util::Full;

use crate::client::{call, follow, send, token};
use crate::{DAY, with};

#[tokio::test]
async fn nothing_is_lost_by_a_client_that_asks_again() {
    let builder = Emulator::builder().rows_per_day(2_000).page_rows(50);
    let emulator = builder.start().await.unwrap();
    let token = token(&emulator, &[]).await;
    // From here on: this client asks for its token once.
    emulator.set_faults(Faults::none().percent(30).kinds([
        Fault::ResetInBody,
        Fault::TruncatedChunks,
        Fault::Throttled,
        Fault::UnavailableWait,
    ]));
    let mut ids = HashSet::new();
    let mut next = Some(format!(
        "{}/v1.0/communications/callRecords/{DAY}",
        emulator.graph_endpoint()
    ));
    let mut failures = 0;
    while let Some(url) = &next {
        let request = Request::get(url)
            .header("authorization", format!("Bearer {token}"))
            .body(Full::default())
            .unwrap();
        match send(None, request).await {
            Ok(answer) if answer.status == 200 => {
                let page = answer.json();
                for row in page["value"].as_array().unwrap() {
                    assert!(ids.insert(row["id"].to_string()));
                }
                next = page["@odata.nextLink"].as_str().map(str::to_owned);
            }
            _ => failures += 1,
        }
    }
    let stats = emulator.stats();
    assert_eq!(stats.rows, ids.len() as u64);
    assert_eq!(stats.pages, stats.rows.div_ceil(50));
    assert_eq!(stats.faults, failures);
    assert!((8..40).contains(&failures), "{failures}");
}

#[tokio::test]
async fn without_faults_there_are_none() {
    let emulator = with(Faults::none()).await;
    let token = token(&emulator, &[]).await;
    let first = format!(
        "{}/v1.0/communications/callRecords/{DAY}",
        emulator.graph_endpoint()
    );
    assert!(follow(&emulator, &token, first).await.len() > 1_000);
    assert_eq!(emulator.stats().faults, 0);
}

#[tokio::test]
async fn a_refusal_of_the_emulators_own_does_not_begin_a_new_row_of_faults() {
    let emulator = with(Faults::none()).await;
    let token = token(&emulator, &[]).await;
    emulator.set_faults(Faults::none().percent(100).kinds([Fault::Unavailable]));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(call(&emulator, &token, DAY).await.status.as_u16());
    }
    statuses.push(call(&emulator, "no-such-token", DAY).await.status.as_u16());
    statuses.push(call(&emulator, &token, DAY).await.status.as_u16());
    statuses.push(call(&emulator, &token, DAY).await.status.as_u16());
    assert_eq!(statuses, [503, 503, 503, 401, 200, 503]);
}
