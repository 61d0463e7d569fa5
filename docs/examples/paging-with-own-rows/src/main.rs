//! Reading a range into rows of one's own.
//!
//! A chargeback needs four of a call's 23 properties, so it has a row type with four fields. `Deserialize` says
//! how they are read, by the model's adapters where a number must stay exact; `LogRow` says by what a row is
//! known again and when it happened. The reader sees to the rest: pages, seams, rows that come twice.

use std::{
    collections::BTreeMap,
    error::Error as StdError,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use graph_pstn_http::{DecodePageLayer, Error, Origin, PageService, RangeReader};
use graph_pstn_model::{BadRow, CallLog, Decimal, LogRow, OffsetDateTime, TimeRange, adapt};
use http::{Request, Response};
use serde::Deserialize;
use time::macros::datetime;
use tower::{ServiceBuilder, service_fn, util::BoxCloneSyncService};

/// What a chargeback needs of a call.
#[serde_with::serde_as]
#[derive(Debug, Deserialize, PartialEq, Hash)]
#[serde(rename_all = "camelCase")]
struct Charge {
    id: String,
    #[serde_as(as = "adapt::Instant")]
    #[serde(default)]
    start_date_time: Option<OffsetDateTime>,
    user_principal_name: String,
    #[serde_as(as = "adapt::Exact")]
    #[serde(default)]
    charge: Option<Decimal>,
}

impl LogRow for Charge {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.start_date_time
    }
}

/// Two pages, as Graph might send them. The second repeats a row of the first, holds one that belongs to
/// December, and one that nobody can read.
const PAGES: [&str; 2] = [
    r#"{
        "@odata.nextLink": "https://graph.example/v1.0/communications/callRecords/getPstnCalls(from=2019-11-01,to=2019-12-01)?$skip=2",
        "value": [
            {"id":"a","startDateTime":"2019-11-05T09:00:00Z","userPrincipalName":"alex@contoso.example","charge":0.10},
            {"id":"b","startDateTime":"2019-11-06T10:30:00Z","userPrincipalName":"robin@contoso.example","charge":0.0113}
        ]
    }"#,
    r#"{
        "value": [
            {"id":"b","startDateTime":"2019-11-06T10:30:00Z","userPrincipalName":"robin@contoso.example","charge":0.0113},
            {"id":"c","startDateTime":"2019-11-06T11:00:00Z","userPrincipalName":"alex@contoso.example","charge":0.20},
            {"id":"d","startDateTime":"2019-12-01T00:00:00Z","userPrincipalName":"alex@contoso.example","charge":5.00},
            {"id":"e","startDateTime":"2019-11-07T08:00:00Z","userPrincipalName":"robin@contoso.example","charge":"plenty"}
        ]
    }"#,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    // In the place of a client, with whatever layers it has.
    let sent = Arc::new(AtomicUsize::new(0));
    let client = service_fn(move |_: Request<Bytes>| {
        let page = PAGES.get(sent.fetch_add(1, Ordering::Relaxed)).copied();
        async move {
            Ok::<_, Error>(Response::new(Bytes::from_static(
                page.unwrap_or("").as_bytes(),
            )))
        }
    });

    let graph: Origin = "https://graph.example".parse()?;
    let pages = ServiceBuilder::new()
        .layer(DecodePageLayer::<Charge>::new(
            graph.clone(),
            BadRow::SetAside,
        ))
        .service(client);
    let source = BoxCloneSyncService::new(PageService::new(pages, graph));

    let november = TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    )?;
    let mut reader = RangeReader::<Charge>::new(source, CallLog::Pstn, november);
    let mut bill = BTreeMap::<String, Decimal>::new();
    while let Some(batch) = reader.next_batch().await? {
        for row in batch.rows {
            *bill.entry(row.user_principal_name).or_default() += row.charge.unwrap_or_default();
        }
        for reject in batch.rejects {
            println!("row {} was set aside: {}", reject.index, reject.reason);
        }
    }

    println!("{bill:?} of {:?}", reader.progress());
    let bill: Vec<_> = bill.values().map(ToString::to_string).collect();
    assert_eq!(bill, ["0.30", "0.0113"]);
    let progress = reader.progress();
    assert_eq!((progress.rows, progress.duplicates), (3, 1));
    assert_eq!((progress.strays, progress.rejects), (1, 1));
    Ok(())
}
