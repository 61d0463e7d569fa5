//! What `emulate` tells of each log, and rows that arrive late.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::program::{Served, Workplace};

#[test]
fn each_log_has_a_truth_of_its_own() {
    let workplace = Workplace::new();
    let november = |options: &[&str]| {
        let options = [&["--rows-per-day", "300"], options].concat();
        workplace.truth(&options, "2019-11-01", "2019-12-01")
    };
    assert_eq!(november(&["--log", "pstn"]), november(&[]));
    for (log, least, has_seconds, has_charge) in [
        ("pstn", 5_000, true, true),
        ("direct-routing", 3_000, true, false),
        ("sms", 700, false, true),
        ("blocked-users", 10, false, false),
        ("dial-out", 50, true, true),
    ] {
        let truth: serde_json::Value = serde_json::from_str(&november(&["--log", log])).unwrap();
        assert!(truth["rows"].as_u64().unwrap() >= least, "{log}: {truth}");
        assert_eq!(truth["duration"] != 0, has_seconds, "{log}: {truth}");
        let charge = truth["charge"].as_object().unwrap();
        assert_eq!(!charge.is_empty(), has_charge, "{log}: {truth}");
    }
}

#[test]
fn late_rows_are_not_there_yet() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &["--rows-per-day", "200", "--lag", "48"]);
    let now = OffsetDateTime::from(SystemTime::now());
    let day = Duration::from_secs(86_400);
    let [from, to] = [now - 10 * day, now + day].map(|at| at.format(&Rfc3339).unwrap());
    let ended = served.export(&workplace, &["--from", &from, "--to", &to, "--quiet"], None);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut reader = csv::Reader::from_reader(ended.stdout.as_bytes());
    let header = reader.headers().unwrap().clone();
    let start = header
        .iter()
        .position(|column| column == "startDateTime")
        .unwrap();
    let mut rows = 0;
    for record in reader.records() {
        let start = OffsetDateTime::parse(&record.unwrap()[start], &Rfc3339).unwrap();
        // A minute for the reading itself.
        assert!(start <= now - day + Duration::from_secs(60), "{start}");
        rows += 1;
    }
    assert!(rows > 500, "{rows}");
}
