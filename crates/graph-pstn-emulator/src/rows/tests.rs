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

/// The logs that have rows of their own.
const WITH_ROWS: [Log; 4] = [Log::Pstn, Log::DirectRouting, Log::Sms, Log::BlockedUsers];
const VIEW: View = View::of_all(TENANT);

fn all(log: Log, from: i64, until: i64) -> Vec<Slot> {
    VIEW.window(log, from, until, 0, usize::MAX).0
}

#[test]
fn windows_add_up_to_the_whole() {
    let (from, until) = november();
    for log in WITH_ROWS {
        let whole = all(log, from, until);
        assert!(whole.len() > 30, "{log}");
        for width in [DAY, 7 * 3600 * SECOND + 3, 5 * DAY] {
            let mut parts = Vec::new();
            let mut at = from;
            while at < until {
                parts.extend(all(log, at, (at + width).min(until)));
                at += width;
            }
            assert_eq!(parts, whole, "{log}, width {width}");
        }
    }
}

#[test]
fn pages_add_up_to_the_whole() {
    let (from, until) = november();
    let whole = all(Log::Pstn, from, until);
    let mut paged = Vec::new();
    loop {
        let (page, more) = VIEW.window(Log::Pstn, from, until, paged.len() as u64, 1_000);
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
    VIEW.each(Log::Pstn, from, until, |_, row| {
        let Row::Pstn(row) = row else { panic!() };
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

/// Every row of November as JSON, and what it is written from.
fn november_rows(log: Log, mut each: impl FnMut(&Row, &serde_json::Value)) {
    let (from, until) = november();
    VIEW.each(log, from, until, |_, row| {
        let mut json = Vec::new();
        row.write(&mut json, TENANT, Version::Beta);
        each(row, &serde_json::from_slice(&json).unwrap());
    });
}

#[test]
fn the_other_logs_have_their_share_of_rows() {
    let (from, until) = november();
    let rows = |log| all(log, from, until).len();
    let pstn = rows(Log::Pstn);
    for (log, per_mille) in [
        (Log::DirectRouting, 600),
        (Log::Sms, 150),
        (Log::BlockedUsers, 4),
    ] {
        let share = rows(log) * 1_000 / pstn;
        let near = per_mille * 9 / 10..=per_mille * 11 / 10 + 1;
        assert!(near.contains(&share), "{log}: {share}");
    }
}

#[test]
fn direct_routing_calls_end_or_fail_after_they_were_invited() {
    let (mut hung_up, mut failed, mut correlations) = (0, 0, HashSet::new());
    november_rows(Log::DirectRouting, |row, json| {
        let time = |name: &str| json[name].as_str().unwrap().to_owned();
        let start = time("startDateTime");
        assert!(instant_of(&time("inviteDateTime")) <= instant_of(&start));
        let ended = json["successfulCall"].as_bool().unwrap();
        let (real, filler) = if ended {
            ("endDateTime", "failureDateTime")
        } else {
            ("failureDateTime", "endDateTime")
        };
        assert_eq!(time(filler), json::NO_TIME);
        assert_eq!(instant_of(&time(real)), row.ended());
        let code = json["finalSipCode"].as_i64().unwrap();
        assert_eq!(ended, code == 0);
        assert_eq!(ended, json["finalSipCodePhrase"] == "BYE");
        assert_eq!(json["callEndSubReason"].as_i64().unwrap() % 1_000, code);
        assert!(ended || json["duration"] == 0);
        correlations.insert(time("correlationId"));
        *(if ended { &mut hung_up } else { &mut failed }) += 1;
    });
    assert!(
        failed > 500 && hung_up > 5 * failed,
        "{failed} of {hung_up}"
    );
    let legs = hung_up + failed - correlations.len();
    assert!(legs > 100, "{legs}");
}

fn instant_of(text: &str) -> i64 {
    ticks(
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap(),
    )
}

#[test]
fn some_messages_have_no_id_of_their_own() {
    let (mut rows, mut without, mut messages) = (0, 0, HashSet::new());
    november_rows(Log::Sms, |_, json| {
        rows += 1;
        without += u32::from(json["id"].is_null());
        messages.insert(json["smsId"].as_str().unwrap().to_owned());
    });
    assert!(without > 5 && without < rows / 20, "{without} of {rows}");
    assert!(messages.len() < rows as usize);
}

#[test]
fn the_dial_out_report_has_a_line_for_each_user_destination_and_currency() {
    let (from, until) = november();
    let mut json = Vec::from(*b"[");
    let report = VIEW.page(Log::DialOut, from, until, 0, usize::MAX);
    report.write(&mut json, Log::DialOut, TENANT, Version::Beta);
    json.push(b']');
    let lines: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
    let keys: HashSet<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{} {} {}",
                line["userId"], line["destinationContext"], line["currency"]
            )
        })
        .collect();
    assert_eq!(keys.len(), lines.len());
    let total = |name: &str| -> u64 { lines.iter().map(|l| l[name].as_u64().unwrap()).sum() };
    let (mut calls, mut seconds) = (0, 0);
    november_rows(Log::Pstn, |_, json| {
        let kind = json["callType"].as_str().unwrap();
        if kind == "conf_out" || kind == "user_out_conf" {
            calls += 1;
            seconds += json["duration"].as_u64().unwrap_or(0);
        }
    });
    assert_eq!(
        (total("totalCalls"), total("totalCallSeconds")),
        (calls, seconds)
    );
    assert!(lines.len() > 40 && calls > 2 * lines.len() as u64);
}

fn at(now: time::OffsetDateTime, lag: i64, retention: bool) -> View {
    View {
        tenant: TENANT,
        horizon: Some(Horizon {
            now: ticks(now),
            lag,
            retention,
        }),
    }
}

#[test]
fn rows_arrive_late_and_stay() {
    let (from, until) = november();
    let noon = datetime!(2019-11-20 12:00 UTC);
    let lag = 48 * 3_600 * SECOND;
    for log in WITH_ROWS {
        let seen = |view: View| view.window(log, from, until, 0, usize::MAX).0;
        let mut before: Vec<Slot> = Vec::new();
        for hours in (0..72).step_by(5) {
            let now = noon + time::Duration::hours(hours);
            let rows = seen(at(now, lag, false));
            assert!(before.iter().all(|slot| rows.contains(slot)), "{log}");
            for slot in &rows {
                let ended = Row::of(log, TENANT, *slot).unwrap().ended();
                assert!(ended + lag / 2 <= ticks(now), "{log}");
            }
            before = rows;
        }
        let last = noon + time::Duration::hours(70);
        let settled = all(log, from, ticks(last) - lag - DAY);
        assert!(before.starts_with(&settled), "{log}");
        assert!(before.len() > settled.len() && before.len() < all(log, from, until).len());
    }
}

#[test]
fn without_a_lag_a_row_is_there_when_its_call_is_over() {
    let now = datetime!(2019-11-20 15:00 UTC);
    let (from, until) = november();
    let view = at(now, 0, false);
    let rows = view.window(Log::Pstn, from, until, 0, usize::MAX).0;
    let over = all(Log::Pstn, from, until)
        .into_iter()
        .filter(|slot| Row::of(Log::Pstn, TENANT, *slot).unwrap().ended() <= ticks(now));
    assert!(over.eq(rows));
}

#[test]
fn what_is_seen_is_the_same_looked_at_row_by_row() {
    let now = datetime!(2020-06-15 8:30 UTC);
    let from = ticks(datetime!(2018-01-01 0:00 UTC));
    let tenant = Tenant {
        seed: 5,
        rows_per_day: 30,
    };
    for (log, lag, retention) in [
        (Log::Pstn, 36, true),
        (Log::DirectRouting, 0, true),
        (Log::Sms, 7, true),
        (Log::BlockedUsers, 48, false),
    ] {
        let mut view = at(now, lag * 3_600 * SECOND, retention);
        view.tenant = tenant;
        let mut each = Vec::new();
        view.each(log, from, ticks(now), |slot, _| each.push(slot));
        let window = view.window(log, from, ticks(now), 0, usize::MAX).0;
        assert!(!each.is_empty());
        assert_eq!(window, each, "{log}");
    }
}

#[test]
fn rows_are_kept_as_long_as_the_users_country_keeps_them() {
    let now = datetime!(2021-06-15 0:00 UTC);
    let (from, until) = (ticks(datetime!(2019-05-01 0:00 UTC)), ticks(now));
    for (log, most) in [
        (
            Log::Pstn,
            [("US", 365), ("GB", 450), ("CA", 150), ("MX", 730)],
        ),
        (
            Log::DirectRouting,
            [("US", 150), ("GB", 450), ("NL", 180), ("MX", 730)],
        ),
    ] {
        let mut oldest = std::collections::HashMap::new();
        at(now, 0, true).each(log, from, until, |_, row| {
            let days = (until - row.ended()) / DAY;
            let oldest = oldest.entry(row.country().code).or_insert(0);
            *oldest = days.max(*oldest);
        });
        for (country, days) in most {
            assert!(
                (days - 4..=days).contains(&oldest[country]),
                "{log} {country}: {oldest:?}"
            );
        }
    }
    // No time is named for the others.
    let mut oldest = until;
    at(now, 0, true).each(Log::Sms, from, until, |_, row| {
        oldest = oldest.min(row.ended())
    });
    assert!(oldest < from + 7 * DAY);
}
