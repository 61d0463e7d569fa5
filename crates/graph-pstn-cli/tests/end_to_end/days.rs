//! A folder with a file for each day.

use std::fs;

use crate::program::{Ended, Totals, Workplace};

fn export(workplace: &Workplace, more: &[&str]) -> Ended {
    let emulator = ["export", "--emulator", "--emulator-rows-per-day", "60"];
    workplace.run([&emulator[..], more].concat())
}

fn truth(workplace: &Workplace, from: &str, to: &str) -> String {
    workplace.truth(&["--rows-per-day", "60"], from, to)
}

const DAYS: [&str; 4] = ["--output", "calls", "--partition-by", "day"];

#[test]
fn each_day_has_its_rows() {
    for (format, file) in [("csv", "part-00000.csv"), ("ndjson", "part-00000.ndjson")] {
        let workplace = Workplace::new();
        let range = [
            "--from",
            "2019-11-04",
            "--to",
            "2019-11-07",
            "--format",
            format,
        ];
        let ended = export(&workplace, &[&range[..], &DAYS].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(workplace.names(), ["calls"]);
        let days = ["2019-11-04", "2019-11-05", "2019-11-06", "2019-11-07"];
        let mut names: Vec<_> = fs::read_dir(workplace.path("calls"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            days[..3]
                .iter()
                .map(|day| format!("date={day}"))
                .collect::<Vec<_>>()
        );
        for day in days.windows(2) {
            let path = workplace.path(&format!("calls/date={}/{file}", day[0]));
            assert_eq!(
                Totals::of_file(&path).line(),
                truth(&workplace, day[0], day[1]),
                "{path:?}"
            );
        }
    }
}

#[test]
fn a_day_that_is_there_is_kept_or_replaced() {
    let workplace = Workplace::new();
    let first = ["--from", "2019-11-04", "--to", "2019-11-06"];
    assert_eq!(
        export(&workplace, &[&first[..], &DAYS].concat()).code,
        Some(0)
    );
    let monday = workplace.path("calls/date=2019-11-04/part-00000.csv");
    let tuesday = workplace.path("calls/date=2019-11-05/part-00000.csv");
    for day in [&monday, &tuesday] {
        fs::write(day, "old").unwrap();
    }
    let second = ["--from", "2019-11-05", "--to", "2019-11-07"];
    let ended = export(&workplace, &[&second[..], &DAYS].concat());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.error().contains("date=2019-11-05 is there already"),
        "{}",
        ended.stderr
    );
    let ended = export(&workplace, &[&second[..], &DAYS, &["--overwrite"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(fs::read(&monday).unwrap(), b"old");
    assert_eq!(
        Totals::of_file(&tuesday).line(),
        truth(&workplace, "2019-11-05", "2019-11-06")
    );
}

#[test]
fn half_a_day_does_not_take_the_place_of_a_whole_one() {
    let workplace = Workplace::new();
    let half = ["--from", "2019-11-04T09:00:00Z", "--to", "2019-11-06"];
    let ended = export(&workplace, &[&half[..], &DAYS].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.error().contains("whole days"), "{}", ended.stderr);
    let whole = ["--from", "2019-11-04", "--to", "2019-11-06"];
    fs::create_dir(workplace.path("calls")).unwrap();
    let ended = export(&workplace, &[&whole[..], &["--output", "calls"]].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended.hint().contains("--partition-by day"),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_last_days_are_whole_but_for_today() {
    let workplace = Workplace::new();
    let ended = export(&workplace, &[&["--last", "2d"], &DAYS[..]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let days = fs::read_dir(workplace.path("calls")).unwrap().count();
    // Midnight may have come since, and calls of today may not.
    assert!((2..=3).contains(&days), "{days}");
}

#[test]
fn a_log_without_times_has_no_days() {
    let workplace = Workplace::new();
    let range = ["--from", "2019-11-04", "--to", "2019-11-06"];
    let ended = export(
        &workplace,
        &[&range[..], &DAYS, &["--log", "dial-out"]].concat(),
    );
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.error().contains("of no day"), "{}", ended.stderr);
    assert!(ended.hint().contains("--partition-by"), "{}", ended.stderr);
    assert!(workplace.names().is_empty());
}

#[test]
fn days_may_be_those_of_a_time_zone() {
    let workplace = Workplace::new();
    let zone = ["--time-zone", "Europe/Berlin"];
    // Clocks are set back on the 27th, which has 25 hours.
    let range = ["--from", "2019-10-26", "--to", "2019-10-29"];
    let done = export(&workplace, &[&range[..], &DAYS, &zone].concat());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let mut all = String::new();
    let bounds = [
        ("2019-10-26", "2019-10-25T22:00:00"),
        ("2019-10-27", "2019-10-26T22:00:00"),
        ("2019-10-28", "2019-10-27T23:00:00"),
        ("2019-10-29", "2019-10-28T23:00:00"),
    ];
    for days in bounds.windows(2) {
        let [(day, from), (_, until)] = days else {
            continue;
        };
        let path = workplace.path(&format!("calls/date={day}/part-00000.csv"));
        let text = fs::read_to_string(path).unwrap();
        let rows = csv::Reader::from_reader(text.as_bytes()).into_records();
        for row in rows {
            let row = row.unwrap();
            let start = row
                .iter()
                .find(|cell| cell.starts_with("2019-10-2"))
                .unwrap();
            assert!(*from <= start && start < *until, "{day}: {start}");
        }
        let body = text.split_once('\n').unwrap();
        all.push_str(if all.is_empty() { &text } else { body.1 });
    }
    assert_eq!(
        Totals::of_csv(all.as_bytes()).line(),
        truth(&workplace, "2019-10-25T22:00:00Z", "2019-10-28T23:00:00Z")
    );
    assert_eq!(fs::read_dir(workplace.path("calls")).unwrap().count(), 3);
    // Dates are those of the zone, so half a day of it is refused.
    let half = ["--from", "2019-10-26T00:00:00Z", "--to", "2019-10-29"];
    let refused = export(&workplace, &[&half[..], &DAYS, &zone].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}
