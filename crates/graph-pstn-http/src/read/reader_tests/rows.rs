//! Which rows are delivered, and how often.

use super::*;

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
    // The end is inclusive in this log, so both windows bring it.
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
async fn rows_one_by_one_go_on_after_a_failure_that_may_pass() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let failed = AtomicBool::new(false);
    let (source, _) = source(move |request| {
        Ok(match request.link() {
            None => page(vec![row("a", at), row("b", at)], Some("2")),
            // Neither an empty page nor a row that comes again is an item.
            Some(link) if link.uri().path().ends_with('2') => page(Vec::new(), Some("3")),
            Some(_) if !failed.swap(true, Ordering::Relaxed) => {
                return Err(Error::new(ErrorKind::Server, "down"));
            }
            Some(_) => page(vec![row("b", at), row("c", at)], None),
        })
    });
    let mut rows = RangeReader::new(source, CallLog::Pstn, november()).into_rows();
    let mut items = Vec::new();
    while let Some(row) = poll_fn(|cx| Pin::new(&mut rows).poll_next(cx)).await {
        items.push(row.map(|row| row.id).map_err(|error| error.kind()));
    }
    assert_eq!(items, [Ok("a"), Ok("b"), Err(ErrorKind::Server), Ok("c")]);
    let progress = rows.reader().progress();
    assert_eq!((progress.rows, progress.duplicates), (3, 1));
}
