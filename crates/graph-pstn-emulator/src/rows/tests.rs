use super::*;
use std::collections::HashSet;
use time::macros::datetime;

const TENANT: Tenant = Tenant {
    seed: 1,
    rows_per_day: 400,
};

fn november() -> (i64, i64) {
    (
        ticks(datetime!(2019-11-01 00:00 UTC)),
        ticks(datetime!(2019-12-01 00:00 UTC)),
    )
}

fn all(log: Log, from: i64, until: i64) -> Vec<Slot> {
    window(log, TENANT, from, until, 0, usize::MAX).0
}

#[test]
fn windows_add_up_to_the_whole() {
    let (from, until) = november();
    let whole = all(Log::Pstn, from, until);
    for width in [DAY, 7 * 3600 * SECOND + 3, 5 * DAY] {
        let mut parts = Vec::new();
        let mut at = from;
        while at < until {
            parts.extend(all(Log::Pstn, at, (at + width).min(until)));
            at += width;
        }
        assert_eq!(parts, whole, "width {width}");
    }
}

#[test]
fn pages_add_up_to_the_whole() {
    let (from, until) = november();
    let whole = all(Log::Pstn, from, until);
    let mut paged = Vec::new();
    loop {
        let (page, more) = window(Log::Pstn, TENANT, from, until, paged.len() as u64, 1_000);
        paged.extend(page);
        if !more {
            break;
        }
        assert_eq!(paged.len() % 1_000, 0);
    }
    assert_eq!(paged, whole);
}

#[test]
fn rows_are_ordered_have_unique_ids_and_all_widths_of_fraction() {
    let (from, until) = november();
    let (mut ids, mut last, mut widths) = (HashSet::new(), (0, draw::Guid(0)), HashSet::new());
    each_pstn(TENANT, from, until, |row| {
        assert!((row.start, row.id) > last);
        last = (row.start, row.id);
        assert!(ids.insert(row.id));
        widths.insert(row.fraction_digits);
        let text = text(row.start);
        let digits = text.split_once('.').map_or(0, |(_, rest)| rest.len() - 1);
        assert_eq!(digits, usize::from(row.fraction_digits), "{text}");
    });
    assert_eq!(widths.len(), 8);
    assert!(ids.len() > 7_000, "{}", ids.len());
}

#[test]
fn work_days_average_the_rate_and_weekends_are_quiet() {
    let (from, _) = november();
    let (mut work, mut weekend) = ((0, 0), (0, 0));
    for day in from / DAY..from / DAY + 700 {
        let tally = if (day + 3) % 7 >= 5 {
            &mut weekend
        } else {
            &mut work
        };
        tally.0 += 1;
        tally.1 += Log::Pstn.count(TENANT, day);
    }
    assert!((390..410).contains(&(work.1 / work.0)), "{work:?}");
    assert!((45..75).contains(&(weekend.1 / weekend.0)), "{weekend:?}");
}

#[test]
fn many_days_start_with_a_row_at_midnight_sharp() {
    let (from, until) = november();
    let sharp = all(Log::Pstn, from, until)
        .iter()
        .filter(|slot| slot.start % DAY == 0)
        .count();
    assert!(sharp >= 10, "{sharp}");
}

#[test]
fn small_rates_keep_their_average() {
    let tenant = Tenant {
        seed: 9,
        rows_per_day: 1,
    };
    let rows: u32 = (0..7_000).map(|day| Log::Pstn.count(tenant, day)).sum();
    assert!((4_900..5_800).contains(&rows), "{rows}");
}
