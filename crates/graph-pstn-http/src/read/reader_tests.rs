use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use graph_pstn_model::{BadRow, Collection, PstnCallLogRow};
use time::{Duration, OffsetDateTime, macros::datetime};
use tower::{ServiceExt as _, service_fn};

use super::*;
use crate::NextLink;

/// A row of the caller's own type.
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

#[tokio::test]
async fn a_row_that_comes_again_on_the_next_page_is_delivered_once() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let (source, _) = scripted(vec![
        ("first", page(vec![row("a", at), row("b", at)], Some("2"))),
        (
            "2",
            page(vec![row("b", at), row("c", at), row("c", at)], None),
        ),
    ]);
    let (ids, conflicts, progress) = read_all(source, november()).await;
    assert_eq!(ids, ["a", "b", "c"]);
    assert!(conflicts.is_empty());
    assert_eq!(
        (progress.pages, progress.rows, progress.duplicates),
        (2, 3, 2)
    );
    assert_eq!(progress.position, Some(november().until()));
}

#[tokio::test]
async fn the_same_id_with_other_content_is_a_conflict_and_not_lost() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let changed = Row {
        content: 1,
        ..row("a", at)
    };
    let (source, _) = scripted(vec![("first", page(vec![row("a", at), changed], None))]);
    let (ids, conflicts, progress) = read_all(source, november()).await;
    assert_eq!((ids, conflicts), (vec!["a"], vec!["a"]));
    assert_eq!(progress.conflicts, 1);
}

#[tokio::test]
async fn a_row_on_a_seam_belongs_to_one_window() {
    // Graph's bounds are inclusive, so both windows bring it.
    let seam = datetime!(2019-04-01 0:00 UTC);
    let all = [
        row("before", datetime!(2019-02-01 0:00 UTC)),
        row("seam", seam),
        row("end", datetime!(2019-06-30 0:00 UTC)),
    ];
    let (source, asked) = source(move |request| {
        let asked = request.range().unwrap();
        let rows = all.iter().filter(|row| {
            row.time
                .is_some_and(|at| asked.from() <= at && at <= asked.until())
        });
        Ok(page(rows.cloned().collect(), None))
    });
    let half_year = range(
        datetime!(2019-01-01 0:00 UTC),
        datetime!(2019-06-30 0:00 UTC),
    );
    let (ids, _, progress) = read_all(source, half_year).await;
    assert_eq!(ids, ["before", "seam"]);
    assert_eq!(progress.strays, 2);
    assert_eq!(asked.lock().unwrap().len(), 2);
    assert_eq!(asked.lock().unwrap()[0].range().unwrap().until(), seam);
}

#[tokio::test]
async fn rows_without_a_time_are_kept_once_over_the_whole_range() {
    let timeless = Row {
        time: None,
        ..row("odd", datetime!(2019-11-05 12:00 UTC))
    };
    let (source, _) = source(move |_| Ok(page(vec![timeless.clone()], None)));
    let year = range(
        datetime!(2019-01-01 0:00 UTC),
        datetime!(2020-01-01 0:00 UTC),
    );
    let (ids, _, progress) = read_all(source, year).await;
    assert_eq!(ids, ["odd"]);
    assert_eq!((progress.pages, progress.duplicates), (5, 4));
}

#[tokio::test]
async fn rows_without_an_id_are_all_delivered() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let (source, _) = scripted(vec![("first", page(vec![row("", at), row("", at)], None))]);
    assert_eq!(read_all(source, november()).await.0, ["", ""]);
}

#[tokio::test]
async fn a_window_that_is_too_long_for_graph_is_halved() {
    let all = [
        row("a", datetime!(2019-11-01 0:00 UTC)),
        row("b", datetime!(2019-11-16 0:00 UTC)),
        row("c", datetime!(2019-11-30 23:59:59.9999999 UTC)),
    ];
    let (source, _) = source(move |request| {
        let asked = request.range().unwrap();
        if asked.duration() > Duration::days(10) {
            let error = Error::new(ErrorKind::Client, "too long");
            return Err(error.with_status(StatusCode::NOT_ACCEPTABLE));
        }
        let rows = all.iter().filter(|row| {
            row.time
                .is_some_and(|at| asked.from() <= at && at <= asked.until())
        });
        Ok(page(rows.cloned().collect(), None))
    });
    let (ids, _, progress) = read_all(source, november()).await;
    assert_eq!((ids, progress.pages), (vec!["a", "b", "c"], 4));
}

#[tokio::test]
async fn a_link_that_lost_the_time_of_day_is_made_good_by_whole_days() {
    let hours = range(
        datetime!(2019-11-05 12:00 UTC),
        datetime!(2019-11-05 18:00 UTC),
    );
    let (source, asked) = source(move |request| {
        let noon = row("noon", datetime!(2019-11-05 12:30 UTC));
        let evening = row("evening", datetime!(2019-11-05 17:30 UTC));
        let morning = row("morning", datetime!(2019-11-05 6:00 UTC));
        Ok(match (request.range(), request.link()) {
            (Some(asked), _) if asked == hours => page(vec![noon], Some("day?$skip=1")),
            // The link brings the day's second page, and so skips `evening`.
            (None, Some(_)) => page(vec![morning], None),
            _ => page(vec![morning, noon, evening], None),
        })
    });
    let (ids, _, progress) = read_all(source, hours).await;
    assert_eq!(ids, ["noon", "evening"]);
    assert_eq!(progress.duplicates, 1);
    let last = asked.lock().unwrap().last().unwrap().range().unwrap();
    assert_eq!(
        last,
        range(
            datetime!(2019-11-05 0:00 UTC),
            datetime!(2019-11-06 0:00 UTC)
        )
    );
}

/// A log whose links show whole days, with pages of so many rows; refuses more than so many days.
fn forgetful_log(rows: Vec<Row>, page_rows: usize, days: i64) -> (PageSource<Row>, Asked) {
    source(move |request| {
        let (asked, skip) = match (request.range(), request.link()) {
            (Some(asked), _) if asked.duration() > Duration::days(days) => {
                let error = Error::new(ErrorKind::Client, "too long");
                return Err(error.with_status(StatusCode::NOT_ACCEPTABLE));
            }
            (Some(asked), _) => (asked, 0),
            (None, Some(link)) => {
                let numbers: Vec<i64> = link.uri().path()[6..]
                    .split('-')
                    .map(|part| part.parse().unwrap())
                    .collect();
                let day = |at| OffsetDateTime::from_unix_timestamp(at).unwrap();
                (range(day(numbers[0]), day(numbers[1])), numbers[2])
            }
            (None, None) => unreachable!(),
        };
        let within = |row: &&Row| {
            row.time
                .is_some_and(|at| asked.from() <= at && at <= asked.until())
        };
        let rest: Vec<Row> = rows
            .iter()
            .filter(within)
            .skip(skip as usize)
            .cloned()
            .collect();
        let whole = Window::new(asked).by_whole_days();
        let whole = whole.map_or(asked, |window| window.asked);
        let next = format!(
            "{}-{}-{}",
            seconds(whole.from()),
            seconds(whole.until()),
            skip + page_rows as i64
        );
        let more = rest.len() > page_rows;
        let rows = rest.into_iter().take(page_rows).collect();
        Ok(page(rows, more.then_some(next.as_str())))
    })
}

#[tokio::test]
async fn whole_days_that_are_more_than_graph_takes_are_cut() {
    // 90 days at noon are 91 whole days.
    let range = range(
        datetime!(2019-07-01 12:00 UTC),
        datetime!(2019-09-29 12:00 UTC),
    );
    let rows = vec![
        row("morning before", datetime!(2019-07-01 3:00 UTC)),
        row("morning too", datetime!(2019-07-01 4:00 UTC)),
        row("a", datetime!(2019-07-01 13:00 UTC)),
        row("b", datetime!(2019-07-02 0:00 UTC)),
        row("c", datetime!(2019-09-28 0:00 UTC)),
        row("d", datetime!(2019-09-29 11:00 UTC)),
        row("evening after", datetime!(2019-09-29 13:00 UTC)),
    ];
    let (source, _) = forgetful_log(rows, 3, 90);
    let (ids, _, progress) = read_all(source, range).await;
    assert_eq!(ids, ["a", "b", "c", "d"]);
    assert!(progress.duplicates >= 3);
}

#[tokio::test]
async fn a_long_day_before_the_hours_that_are_wanted_is_no_circle() {
    let day = datetime!(2019-11-05 0:00 UTC);
    let ids: Vec<&'static str> = (0..2_880).map(|n| &*n.to_string().leak()).collect();
    let rows = ids.iter().zip(0..);
    let rows = rows.map(|(id, n)| row(id, day + Duration::seconds(n * 30)));
    let (source, _) = forgetful_log(rows.collect(), 10, 90);
    let evening = range(day + Duration::hours(22), day + Duration::hours(23));
    let (delivered, _, progress) = read_all(source, evening).await;
    assert_eq!(delivered, ids[2_640..2_760]);
    assert!(progress.pages > 288);
}

#[tokio::test]
async fn pages_that_bring_nothing_new_do_not_go_on_for_ever() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let count = Mutex::new(0);
    let (source, asked) = source(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        Ok(page(vec![row("a", at)], Some(&format!("x?$skip={count}"))))
    });
    let options = ReadOptions::default().with_waiting_bytes(1);
    let mut reader = RangeReader::new(source, CallLog::Pstn, november()).with_options(options);
    let error = loop {
        match reader.next_batch().await {
            Ok(batch) => assert!(batch.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::PagingLoop);
    assert!((102..=103).contains(&asked.lock().unwrap().len()));
    assert!(reader.next_batch().await.unwrap().is_none());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_set_aside_once_and_is_no_progress() {
    let body = br#"{"value":[{"id":"bad","duration":"long"}]}"#;
    let rejects = || {
        let page = Collection::<PstnCallLogRow>::from_slice(body, BadRow::SetAside);
        page.unwrap().rejects
    };
    let count = Mutex::new(0);
    let (source, _) = source(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        Ok(Page {
            rejects: rejects(),
            ..page(Vec::new(), Some(&format!("x?$skip={count}")))
        })
    });
    let mut reader = RangeReader::new(source, CallLog::Pstn, november());
    let mut set_aside = 0;
    let error = loop {
        match reader.next_batch().await {
            Ok(batch) => set_aside += batch.unwrap().rejects.len(),
            Err(error) => break error,
        }
        assert!(reader.progress().pages < 1_000, "it never ends");
    };
    assert_eq!((error.kind(), set_aside), (ErrorKind::PagingLoop, 1));
    assert_eq!(reader.progress().rejects, 1);
}

#[tokio::test]
async fn rows_without_an_id_that_come_again_and_again_are_a_circle() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let count = Mutex::new(0);
    let (source, _) = source(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        Ok(page(vec![row("", at)], Some(&format!("x?$skip={count}"))))
    });
    let mut reader = RangeReader::new(source, CallLog::Pstn, november());
    let error = loop {
        if let Err(error) = reader.next_batch().await {
            break error;
        }
        assert!(reader.progress().pages < 1_000, "it never ends");
    };
    assert_eq!(error.kind(), ErrorKind::PagingLoop);
}

#[tokio::test]
async fn a_failure_that_may_pass_keeps_the_place_and_another_ends_it() {
    for (kind, delivered) in [(ErrorKind::Server, 2), (ErrorKind::Forbidden, 1)] {
        let failed = Mutex::new(false);
        let (source, _) = source(move |request| {
            let at = datetime!(2019-11-05 12:00 UTC);
            if request.link().is_none() {
                return Ok(page(vec![row("a", at)], Some("2")));
            }
            if !std::mem::replace(&mut *failed.lock().unwrap(), true) {
                return Err(Error::new(kind, "failed"));
            }
            Ok(page(vec![row("b", at)], None))
        });
        let mut reader = RangeReader::new(source, CallLog::Pstn, november());
        let (mut rows, mut errors) = (0, 0);
        loop {
            match reader.next_batch().await {
                Ok(None) => break,
                Ok(Some(batch)) => rows += batch.rows.len(),
                Err(_) => errors += 1,
            }
        }
        assert_eq!((rows, errors), (delivered, 1), "{kind:?}");
    }
}

#[tokio::test]
async fn a_time_of_failures_is_one_error_however_many_windows_it_hit() {
    let down = Arc::new(AtomicBool::new(false));
    let is_down = down.clone();
    let (log, _) = busy_log(360);
    let service = service_fn(move |request: PageRequest| {
        let up = !is_down.load(Ordering::Relaxed);
        let log = log.clone();
        async move {
            if up {
                return log.oneshot(request).await;
            }
            Err(Error::new(ErrorKind::Server, "down"))
        }
    });
    // So little room that windows are under way, rather than done, when it begins.
    let options = ReadOptions::default().with_waiting_bytes(12 * 700_000);
    let source = BoxCloneSyncService::new(service);
    let mut reader = RangeReader::new(source, CallLog::Pstn, november()).with_options(options);
    let (mut rows, mut errors) = (0, 0);
    for poll in 0.. {
        if poll == 20 {
            down.store(true, Ordering::Relaxed);
        }
        match reader.next_batch().await {
            Ok(None) => break,
            Ok(Some(batch)) => rows += batch.rows.len(),
            Err(_) => {
                down.store(false, Ordering::Relaxed);
                errors += 1;
            }
        }
    }
    assert_eq!((rows, errors), (720 * 360, 1));
}

#[tokio::test]
async fn a_log_that_must_not_be_split_is_one_request() {
    let (source, asked) = source(|_| Ok(page(Vec::new(), None)));
    let year = range(
        datetime!(2019-01-01 0:00 UTC),
        datetime!(2020-01-01 0:00 UTC),
    );
    let mut reader = RangeReader::new(source, CallLog::DialOut, year);
    while reader.next_batch().await.unwrap().is_some() {}
    assert_eq!(asked.lock().unwrap().len(), 1);
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

#[tokio::test]
async fn windows_in_parallel_deliver_every_row_once_and_in_order() {
    for per_hour in [1, 60, 360, 1_800] {
        let (source, asked) = busy_log(per_hour);
        let mut reader = RangeReader::new(source, CallLog::Pstn, november());
        let mut next = seconds(november().from());
        while let Some(batch) = reader.next_batch().await.unwrap() {
            for row in batch.rows {
                assert_eq!(row.time.map(seconds), Some(next));
                next += 3_600 / per_hour;
            }
        }
        assert_eq!(next, seconds(november().until()), "{per_hour}");
        let pages = (720 * per_hour).div_euclid(1_000) + 1;
        let asked = asked.lock().unwrap().len() as i64;
        assert!(
            asked <= pages + pages / 5 + 2,
            "{asked} requests for {pages} pages"
        );
    }
}

#[tokio::test]
async fn what_waits_for_its_turn_is_bounded() {
    let (source, asked) = busy_log(3_600);
    let options = ReadOptions::default().with_waiting_bytes(7_000_000);
    let mut reader = RangeReader::new(source, CallLog::Pstn, november()).with_options(options);
    for _ in 0..20 {
        reader.next_batch().await.unwrap();
    }
    // A slow caller: whatever can be fetched has been.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let waiting = asked.lock().unwrap().len() - 20;
    assert!((8..=10 + 2 * 6).contains(&waiting), "{waiting} pages wait");
}

#[tokio::test]
async fn a_checkpoint_goes_on_where_a_window_ended() {
    let mut delivered = Vec::new();
    let mut checkpoint: Option<Checkpoint> = None;
    for run in 0.. {
        let (source, _) = busy_log(360);
        let mut reader = RangeReader::new(source, CallLog::Pstn, november());
        if let Some(checkpoint) = &checkpoint {
            let json = serde_json::to_string(checkpoint).unwrap();
            reader = reader
                .resume(&serde_json::from_str(&json).unwrap())
                .unwrap();
        }
        let mut since = Vec::new();
        let mut batches = 0;
        let done = loop {
            let Some(batch) = reader.next_batch().await.unwrap() else {
                break true;
            };
            since.extend(batch.rows.iter().filter_map(|row| row.time));
            if batch.done_until.is_some() {
                delivered.append(&mut since);
                checkpoint = Some(reader.checkpoint());
            }
            batches += 1;
            if batches == 41 {
                break false;
            }
        };
        if done {
            assert!(run > 3 && since.is_empty());
            break;
        }
    }
    assert_eq!(delivered.len(), 720 * 360);
    assert!(delivered.is_sorted());
    let other = RangeReader::new(busy_log(1).0, CallLog::Sms, november());
    assert_eq!(
        other.resume(&checkpoint.unwrap()).unwrap_err().kind(),
        ErrorKind::Config
    );
}

#[tokio::test]
async fn a_checkpoint_within_a_window_is_that_of_the_last_finished_one() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let pages = || {
        let timeless = Row {
            time: None,
            ..row("odd", at)
        };
        scripted(vec![
            ("first", page(vec![timeless], Some("2"))),
            ("2", page(vec![row("a", at)], None)),
        ])
    };
    let mut reader = RangeReader::new(pages().0, CallLog::Pstn, november());
    let before = reader.checkpoint();
    assert_eq!(reader.next_batch().await.unwrap().unwrap().rows.len(), 1);
    // The window will be read again, and its rows are cut off what was written.
    let checkpoint = reader.checkpoint();
    assert_eq!(checkpoint, before);
    let mut again = RangeReader::new(pages().0, CallLog::Pstn, november())
        .resume(&checkpoint)
        .unwrap();
    let batch = again.next_batch().await.unwrap().unwrap();
    assert_eq!(batch.rows[0].id, "odd");
}

#[tokio::test(start_paused = true)]
async fn dropping_a_reader_ends_its_tasks() {
    let busy = Arc::new(());
    let held = busy.clone();
    let service = service_fn(move |_: PageRequest| {
        let held = held.clone();
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            drop(held);
            Err(Error::new(ErrorKind::Other, "never"))
        }
    });
    let source = BoxCloneSyncService::new(service);
    let mut reader = RangeReader::<Row>::new(source, CallLog::Pstn, november());
    let slow = std::time::Duration::from_secs(1);
    assert!(
        tokio::time::timeout(slow, reader.next_batch())
            .await
            .is_err()
    );
    assert!(Arc::strong_count(&busy) > 1);
    drop(reader);
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&busy), 1);
}
