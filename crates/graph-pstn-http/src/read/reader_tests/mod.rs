use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use graph_pstn_model::{BadRow, Collection, PstnCallLogRow};
use time::{Duration, OffsetDateTime, macros::datetime};
use tower::{ServiceExt as _, service_fn, util::BoxCloneSyncService};

use super::*;
use crate::NextLink;

/// A row of the caller's own type. One whose `id` is empty has none, as the reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Row {
    id: &'static str,
    time: Option<OffsetDateTime>,
    content: u32,
}

impl LogRow for Row {
    fn id(&self) -> Option<&str> {
        Some(self.id)
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.time
    }
}

fn row(id: &'static str, time: OffsetDateTime) -> Row {
    Row {
        id,
        time: Some(time),
        content: 0,
    }
}

fn link(name: &str) -> NextLink {
    format!("https://graph.example/v1.0/{name}")
        .parse()
        .unwrap()
}

fn page(rows: Vec<Row>, next: Option<&str>) -> Page<Row> {
    Page {
        rows,
        rejects: Vec::new(),
        next: next.map(link),
        request_id: None,
        bytes: 0,
    }
}

type Asked = Arc<Mutex<Vec<PageRequest>>>;

fn source(
    answer: impl Fn(&PageRequest) -> Result<Page<Row>, Error> + Send + Sync + 'static,
) -> (PageSource<Row>, Asked) {
    let asked = Asked::default();
    let of_service = asked.clone();
    let answer = Arc::new(answer);
    let service = service_fn(move |request: PageRequest| {
        let result = answer(&request);
        of_service.lock().unwrap().push(request);
        std::future::ready(result)
    });
    (BoxCloneSyncService::new(service), asked)
}

/// Answers by the name that the link ends in; `first` for first pages.
fn scripted(pages: Vec<(&'static str, Page<Row>)>) -> (PageSource<Row>, Asked) {
    let pages: HashMap<&str, Page<Row>> = pages.into_iter().collect();
    source(move |request| {
        let name = request
            .link()
            .map_or("first", |link| &link.uri().path()[6..]);
        Ok(pages[name].clone())
    })
}

fn range(from: OffsetDateTime, until: OffsetDateTime) -> TimeRange {
    TimeRange::new(from, until).unwrap()
}

fn november() -> TimeRange {
    range(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    )
}

/// Reads to the end; gives the ids delivered, those in conflict, and the counts.
async fn read_all(
    source: PageSource<Row>,
    range: TimeRange,
) -> (Vec<&'static str>, Vec<&'static str>, Progress) {
    let mut reader = RangeReader::new(source, CallLog::Pstn, range);
    let (mut ids, mut conflicts) = (Vec::new(), Vec::new());
    let mut latest = None;
    while let Some(batch) = reader.next_batch().await.unwrap() {
        latest = batch
            .rows
            .iter()
            .filter_map(|row| row.time)
            .chain(latest)
            .max();
        // Whoever goes on from here must not be given again what there is already.
        assert!(batch.done_until.is_none() || latest < batch.done_until);
        ids.extend(batch.rows.iter().map(|row| row.id));
        conflicts.extend(batch.conflicts.iter().map(|row| row.id));
    }
    assert!(reader.is_terminated());
    (ids, conflicts, reader.progress())
}

/// A log of `per_hour` rows an hour, with inclusive bounds, pages of 1,000 rows and links of a chain.
fn busy_log(per_hour: i64) -> (PageSource<Row>, Asked) {
    source(move |request| {
        let (from, until, skip) = match (request.range(), request.link()) {
            (Some(asked), _) => (seconds(asked.from()), seconds(asked.until()), 0),
            (None, Some(link)) => {
                let mut parts = link.uri().path()[6..]
                    .split('-')
                    .map(|part| part.parse().unwrap());
                (
                    parts.next().unwrap(),
                    parts.next().unwrap(),
                    parts.next().unwrap(),
                )
            }
            (None, None) => unreachable!(),
        };
        let step = 3_600 / per_hour;
        let first = (from + step - 1).div_euclid(step) * step;
        let times: Vec<i64> = (first..=until)
            .step_by(step as usize)
            .skip(skip as usize)
            .take(1_001)
            .collect();
        let rows = times.iter().take(1_000).map(|at| Row {
            id: "",
            time: OffsetDateTime::from_unix_timestamp(*at).ok(),
            content: 0,
        });
        let rows = rows.collect();
        let next = (times.len() > 1_000).then(|| format!("{from}-{until}-{}", skip + 1_000));
        Ok(Page {
            bytes: 700_000,
            ..page(rows, next.as_deref())
        })
    })
}

fn seconds(at: OffsetDateTime) -> i64 {
    at.unix_timestamp()
}

mod days;
mod failures;
mod rows;
mod windows;
