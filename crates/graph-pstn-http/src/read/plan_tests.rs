use time::macros::datetime;

use super::*;

fn range(from: OffsetDateTime, until: OffsetDateTime) -> TimeRange {
    TimeRange::new(from, until).unwrap()
}

fn year() -> TimeRange {
    range(
        datetime!(2019-01-01 0:00 UTC),
        datetime!(2020-01-01 0:00 UTC),
    )
}

fn options() -> ReadOptions {
    ReadOptions::default()
        .with_parallel(4)
        .with_window_pages(10)
}

/// Runs a plan to its end as if the log held `rate` rows in a second; gives its windows in order.
fn run(mut plan: Plan, rate: impl Fn(OffsetDateTime) -> f64) -> Vec<TimeRange> {
    let mut windows = Vec::new();
    for _ in 0..10_000 {
        let mut begun = Vec::new();
        while let Some(next) = plan.start() {
            begun.push(next);
        }
        for (id, window) in begun {
            let rate = rate(window.asked.from());
            let span = Duration::seconds_f64(1_000.0 / rate).min(window.asked.duration());
            if plan.limit().is_exceeded(window, 1_000, span) {
                plan.too_dense(id, 1_000, span);
            } else {
                let rows = rate * window.asked.duration().as_seconds_f64();
                plan.fetched(id, rows as u64);
            }
        }
        while let Some(Part::Fetched(_, window)) = plan.front() {
            windows.push(window.wanted);
            plan.delivered();
        }
        if plan.is_empty() {
            return windows;
        }
    }
    panic!("the plan never comes to its end");
}

fn assert_join_up(windows: &[TimeRange], whole: TimeRange) {
    assert_eq!(windows.first().map(|w| w.from()), Some(whole.from()));
    assert_eq!(windows.last().map(|w| w.until()), Some(whole.until()));
    for (window, next) in windows.iter().zip(windows.iter().skip(1)) {
        assert_eq!(window.until(), next.from());
    }
    for window in windows {
        assert!(window.until() - floor(window.from()) <= MAX_RANGE);
    }
}

const DAY: f64 = 86_400.0;

#[test]
fn few_calls_are_few_requests() {
    let windows = run(Plan::new(year(), options()), |_| 4.0 / DAY);
    assert_join_up(&windows, year());
    assert_eq!(windows.len(), 5);
}

#[test]
fn many_calls_are_windows_of_whole_days_and_some_ten_pages() {
    let windows = run(Plan::new(year(), options()), |_| 3_000.0 / DAY);
    assert_join_up(&windows, year());
    for window in &windows {
        assert_eq!(window.from(), midnight_before(window.from()));
    }
    let pages = 365.0 * 3.0;
    assert!(
        (pages / 10.0..pages / 7.0).contains(&(windows.len() as f64)),
        "{}",
        windows.len()
    );
}

#[test]
fn a_day_of_many_pages_is_cut_in_equal_parts() {
    let week = range(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-11-08 0:00 UTC),
    );
    let windows = run(Plan::new(week, options()), |_| 100_000.0 / DAY);
    assert_join_up(&windows, week);
    let longest = windows.iter().skip(4).map(|w| w.duration()).max().unwrap();
    assert!(longest <= Duration::hours(3), "{longest}");
    // However many there are, midnights are among the cuts.
    for day in 2..8 {
        let midnight = datetime!(2019-11-01 0:00 UTC) + Duration::days(day - 1);
        assert!(windows.iter().any(|window| window.from() == midnight));
    }
}

#[test]
fn what_grows_dense_later_is_cut_anew() {
    let summer = datetime!(2019-07-01 0:00 UTC);
    let rate = |at: OffsetDateTime| {
        if at < summer {
            1.0 / DAY
        } else {
            50_000.0 / DAY
        }
    };
    let windows = run(Plan::new(year(), options()), rate);
    assert_join_up(&windows, year());
    let after = windows
        .iter()
        .filter(|window| window.from() >= summer + MAX_RANGE);
    assert!(
        after
            .clone()
            .all(|window| window.duration() <= Duration::DAY)
    );
}

#[test]
fn windows_get_smaller_towards_the_end() {
    let windows = run(Plan::new(year(), options()), |_| 3_000.0 / DAY);
    let last = windows.last().unwrap().duration();
    assert!(last <= Duration::days(2), "{last}");
}

#[test]
fn odd_bounds_join_up_and_fit() {
    for whole in [
        range(
            datetime!(2019-01-01 0:00:08.2589935 UTC),
            datetime!(2019-12-01 0:00:00.5 UTC),
        ),
        range(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-11-01 0:00:00.0000001 UTC),
        ),
        range(
            datetime!(2019-11-01 23:59:59 UTC),
            datetime!(2019-11-03 0:00:01 UTC),
        ),
        range(
            datetime!(9999-12-30 0:00 UTC),
            datetime!(9999-12-31 23:59:59 UTC),
        ),
    ] {
        for rate in [1.0 / DAY, 3_000.0 / DAY, 1_000_000.0 / DAY] {
            assert_join_up(&run(Plan::new(whole, options()), |_| rate), whole);
        }
    }
}

#[test]
fn a_day_is_not_cut_where_links_lose_the_time_of_day() {
    for whole in [
        range(
            datetime!(2019-11-01 9:00 UTC),
            datetime!(2019-11-01 17:00 UTC),
        ),
        range(
            datetime!(2019-11-01 23:00 UTC),
            datetime!(2019-11-12 4:00 UTC),
        ),
    ] {
        for rate in [1_000.0 / DAY, 100_000.0 / DAY, 10_000_000.0 / DAY] {
            let mut plan = Plan::new(whole, options());
            plan.keep_to_whole_days();
            assert_join_up(&run(plan, |_| rate), whole);
        }
    }
}

#[test]
fn what_graph_finds_too_long_is_halved_until_it_fits() {
    let mut plan = Plan::new(year(), options());
    let mut windows = Vec::new();
    while let Some((id, window)) = plan.start() {
        if window.wanted.duration() > Duration::days(20) {
            assert!(plan.too_long(id));
        } else {
            windows.push(window.wanted);
            plan.fetched(id, 0);
        }
    }
    assert_join_up(&windows, year());
}

#[test]
fn the_part_in_front_is_begun_however_many_others_are_under_way() {
    let options = options().with_parallel(1);
    let mut plan = Plan::new(year(), options);
    let (first, window) = plan.start().unwrap();
    plan.fetched(first, 0);
    assert!(plan.start().is_some());
    // The first is to be asked for by whole days, which turns out to be too long.
    let again = plan.again(window).unwrap();
    assert!(plan.too_long(again));
    assert!(plan.start().is_some());
    assert!(plan.front().and_then(Part::window).is_some());
    assert_eq!(plan.start(), None);
}

#[test]
fn one_piece_is_never_cut() {
    let mut plan = Plan::unsplit(year(), options());
    let (id, window) = plan.start().unwrap();
    assert_eq!(window.wanted, year());
    assert!(!plan.too_long(id));
    assert!(!plan.limit().is_exceeded(window, 1_000, Duration::SECOND));
    assert_eq!(plan.start(), None);
}

#[test]
fn no_more_windows_are_begun_than_may_be() {
    let mut plan = Plan::new(year(), options());
    plan.density.guess(1_000, Duration::HOUR);
    let begun: Vec<u64> = std::iter::from_fn(|| plan.start())
        .map(|(id, _)| id)
        .collect();
    assert_eq!(begun, [0, 1], "a guess is not worth all of them");
    let mut plan = Plan::new(year(), options());
    plan.density.count(24_000, Duration::DAY);
    let begun: Vec<u64> = std::iter::from_fn(|| plan.start())
        .map(|(id, _)| id)
        .collect();
    assert_eq!(begun, [0, 1, 2, 3]);
    plan.fetched(2, 1_000);
    assert_eq!(plan.start().map(|(id, _)| id), Some(4));
    let order: Vec<(u64, bool)> = plan.order().collect();
    assert_eq!(
        order,
        [(0, true), (1, true), (2, false), (3, true), (4, true)]
    );
}
