//! Windows that Graph finds too long, and links that lose the time of day.

use super::*;

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
    log_with_dates(rows, page_rows, days, |asked| {
        let whole = Window::new(asked).by_whole_days();
        let whole = whole.map_or(asked, |window| window.asked);
        (whole.from(), whole.until())
    })
}

/// A log whose links show dates only, as the first moments of those days.
fn cutting_log(rows: Vec<Row>) -> (PageSource<Row>, Asked) {
    log_with_dates(rows, 2, 90, |asked| {
        let midnight = |at: OffsetDateTime| at.replace_time(time::Time::MIDNIGHT);
        (midnight(asked.from()), midnight(asked.until()))
    })
}

#[tokio::test]
async fn the_last_day_is_not_lost_to_a_link_that_ends_before_it() {
    let all = [
        row("a", datetime!(2019-11-05 0:00 UTC)),
        row("b", datetime!(2019-11-05 12:00 UTC)),
        row("c", datetime!(2019-11-05 23:00 UTC)),
        row("d", datetime!(2019-11-06 7:00 UTC)),
        row("e", datetime!(2019-11-06 8:00 UTC)),
        row("f", datetime!(2019-11-06 9:00 UTC)),
        row("after", datetime!(2019-11-06 13:00 UTC)),
    ];
    let until = datetime!(2019-11-06 12:00 UTC);
    for (from, ids) in [
        (datetime!(2019-11-05 0:00 UTC), "abcdef"),
        // The day by itself loses its time of day too.
        (datetime!(2019-11-06 0:00 UTC), "def"),
        (datetime!(2019-11-06 6:00 UTC), "def"),
    ] {
        let (source, _) = cutting_log(all.to_vec());
        let (delivered, _, _) = read_all(source, range(from, until)).await;
        assert_eq!(delivered.concat(), ids, "from {from}");
    }
}

#[tokio::test]
async fn a_last_day_that_has_shown_on_a_later_page_is_not_asked_for_again() {
    let at = |hour| datetime!(2019-11-05 0:00 UTC) + Duration::hours(hour);
    let rows: Vec<Row> = ["a", "b", "c"]
        .into_iter()
        .zip([0, 12, 30])
        .map(|(id, hour)| row(id, at(hour)))
        .collect();
    let (source, asked) = log_with_dates(rows, 2, 90, |asked| (asked.from(), asked.until()));
    let (ids, _, _) = read_all(source, range(at(0), at(36))).await;
    assert_eq!(
        (ids.concat().as_str(), asked.lock().unwrap().len()),
        ("abc", 2)
    );
}

/// A log whose links show other bounds than the request.
fn log_with_dates(
    rows: Vec<Row>,
    page_rows: usize,
    days: i64,
    shown: fn(TimeRange) -> (OffsetDateTime, OffsetDateTime),
) -> (PageSource<Row>, Asked) {
    source(move |request| {
        let (asked, skip) = match (request.range(), request.link()) {
            (Some(asked), _) if asked.duration() > Duration::days(days) => {
                let error = Error::new(ErrorKind::Client, "too long");
                return Err(error.with_status(StatusCode::NOT_ACCEPTABLE));
            }
            (Some(asked), _) => ((asked.from(), asked.until()), 0),
            (None, Some(link)) => {
                let numbers: Vec<i64> = link.uri().path()[6..]
                    .split('-')
                    .map(|part| part.parse().unwrap())
                    .collect();
                let day = |at| OffsetDateTime::from_unix_timestamp(at).unwrap();
                ((day(numbers[0]), day(numbers[1])), numbers[2])
            }
            (None, None) => unreachable!(),
        };
        let within = |row: &&Row| row.time.is_some_and(|at| asked.0 <= at && at <= asked.1);
        let rest: Vec<Row> = rows
            .iter()
            .filter(within)
            .skip(skip as usize)
            .cloned()
            .collect();
        let (from, until) = request.range().map_or(asked, shown);
        let next = format!(
            "{}-{}-{}",
            seconds(from),
            seconds(until),
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
