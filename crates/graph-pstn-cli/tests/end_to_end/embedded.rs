//! `export --emulator`: the main job, end to end over sockets inside one process.

use crate::program::{Totals, Workplace};

const RATE: [&str; 2] = ["--emulator-rows-per-day", "60"];
const TRUTH_RATE: [&str; 2] = ["--rows-per-day", "60"];

#[test]
fn a_month_is_exact_in_both_formats() {
    let workplace = Workplace::new();
    let truth = workplace.truth(&TRUTH_RATE, "2019-11-01", "2019-12-01");
    for file in ["calls.csv", "calls.ndjson"] {
        let args = [
            &[
                "export",
                "--emulator",
                "--from",
                "2019-11-01",
                "--to",
                "2019-12-01",
                "-o",
                file,
            ],
            &RATE[..],
        ]
        .concat();
        let ended = workplace.run(args);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.starts_with(file), "{}", ended.stderr);
        assert_eq!(
            Totals::of_file(&workplace.path(file)).line(),
            truth,
            "{file}"
        );
    }
    assert_eq!(workplace.names(), ["calls.csv", "calls.ndjson"]);
}

#[test]
fn more_than_a_chunk_with_odd_ends_is_exact() {
    let workplace = Workplace::new();
    let (from, to) = ("2019-01-01T07:30:15.5Z", "2019-09-10T11:00:00.0000001Z");
    let truth = workplace.truth(&["--rows-per-day", "15", "--seed", "9"], from, to);
    let ended = workplace.run([
        "export",
        "--emulator",
        "--emulator-seed",
        "9",
        "--emulator-rows-per-day",
        "15",
        "--from",
        from,
        "--to",
        to,
        "--output",
        "calls.csv",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(Totals::of_file(&workplace.path("calls.csv")).line(), truth);
}

#[test]
fn the_json_summary_starts_with_the_truth() {
    let workplace = Workplace::new();
    let truth = workplace.truth(&TRUTH_RATE, "2019-11-04", "2019-11-06");
    let args = [
        &[
            "export",
            "--emulator",
            "--from",
            "2019-11-04",
            "--to",
            "2019-11-06",
            "--quiet",
        ],
        &["--summary", "json"][..],
        &RATE[..],
    ]
    .concat();
    let ended = workplace.run(args);
    let shared = truth.strip_suffix('}').unwrap();
    assert!(
        ended.stderr.starts_with(shared),
        "{} / {truth}",
        ended.stderr
    );
    assert_eq!(ended.stderr.lines().count(), 1);
    assert_eq!(Totals::of_csv(ended.stdout.as_bytes()).line(), truth);
}

#[test]
fn money_and_times_keep_their_digits() {
    let workplace = Workplace::new();
    let ended = workplace.run([
        "export",
        "--emulator",
        "--from",
        "2019-11-01",
        "--to",
        "2019-11-08",
        "--quiet",
        "--emulator-rows-per-day",
        "300",
    ]);
    assert_eq!(ended.stderr, "");
    let mut reader = csv::Reader::from_reader(ended.stdout.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name| header.iter().position(|column| column == name).unwrap();
    let (charge, start) = (column("charge"), column("startDateTime"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let has = |at: usize, test: &dyn Fn(&str) -> bool| rows.iter().any(|row| test(&row[at]));
    assert!(has(charge, &|text| text == "0.00"));
    assert!(has(charge, &|text| text
        .rsplit_once('.')
        .is_some_and(|(_, digits)| digits.len() == 4)));
    assert!(has(start, &|text| text.len()
        == "2019-11-01T00:00:08.2589935Z".len()));
    assert!(rows.iter().all(|row| row[start].ends_with('Z')));
    assert!(ended.stdout.lines().count() == rows.len() + 1);
}

#[test]
fn the_header_is_there_without_rows_too() {
    let workplace = Workplace::new();
    let ended = workplace.run([
        "export",
        "--emulator",
        "--from",
        "2019-11-01",
        "--to",
        "2019-11-02",
        "--emulator-rows-per-day",
        "0",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.starts_with("id,callId,userId,"),
        "{}",
        ended.stdout
    );
    assert_eq!(ended.stdout.lines().count(), 1);
}
