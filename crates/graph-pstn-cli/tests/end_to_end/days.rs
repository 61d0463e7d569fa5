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
