//! A data set that is kept up to date.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::answers::Answering;
use crate::program::{Ended, Served, Totals, Workplace, pause};

/// A row without a readable charge.
const UNREADABLE: &str =
    r#"{"value":[{"id":"b","startDateTime":"2019-11-01T09:00:00Z","charge":"much"}]}"#;

/// So few rows that none begins while a test runs.
const FEW: [&str; 3] = ["--emulator", "--emulator-rows-per-day", "5"];

fn sync(workplace: &Workplace, more: &[&str]) -> Ended {
    workplace.run(
        [
            &["sync", "--output", "calls", "--summary", "json"],
            &FEW[..],
            more,
        ]
        .concat(),
    )
}

/// The day so many days ago.
pub(crate) fn days_ago(days: u64) -> String {
    let at = SystemTime::now() - Duration::from_secs(days * 86_400);
    OffsetDateTime::from(at).date().to_string()
}

/// What a run that went well says at its end.
fn summary(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap()
}

pub(crate) fn changes(ended: &Ended) -> [u64; 5] {
    let summary = summary(ended);
    ["days", "added", "changed", "missing", "removed"]
        .map(|name| summary["changes"][name].as_u64().unwrap())
}

/// The files of the days, with what they hold.
fn files(workplace: &Workplace) -> BTreeMap<PathBuf, (SystemTime, String)> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(workplace.path("calls")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.is_dir()
            && folder
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("date=")
        {
            let file = folder.join("part-00000.csv");
            let changed = fs::metadata(&file).unwrap().modified().unwrap();
            let text = fs::read_to_string(&file).unwrap();
            files.insert(file, (changed, text));
        }
    }
    files
}

/// All rows of the data set in the truth's words.
fn held(workplace: &Workplace) -> String {
    let mut all = String::new();
    for (_, text) in files(workplace).into_values() {
        let rows = text.split_once('\n').unwrap().1;
        if all.is_empty() {
            all.push_str(&text);
        } else {
            all.push_str(rows);
        }
    }
    Totals::of_csv(all.as_bytes()).line()
}

fn truth(workplace: &Workplace, rows_per_day: &str, ended: &Ended) -> String {
    let from = summary(ended)["from"].as_str().unwrap().to_owned();
    truth_since(workplace, rows_per_day, &from, ended)
}

/// What there is from then until the end of that run, which may have gone on with another.
fn truth_since(workplace: &Workplace, rows_per_day: &str, from: &str, ended: &Ended) -> String {
    let until = summary(ended)["until"].as_str().unwrap().to_owned();
    workplace.truth(&["--rows-per-day", rows_per_day], from, &until)
}

#[test]
fn a_second_run_changes_nothing_and_late_rows_are_merged() {
    let workplace = Workplace::new();
    let first = sync(&workplace, &["--since", &days_ago(6)]);
    assert_eq!(held(&workplace), truth(&workplace, "5", &first));
    let [days, added, ..] = changes(&first);
    assert!(days >= 3 && added >= 8, "{first:?}");
    let before = files(&workplace);

    let second = sync(&workplace, &[]);
    assert_eq!(changes(&second), [0; 5]);
    assert_eq!(files(&workplace), before, "no file was touched");

    // A row that came late is one that the first run had not seen.
    let (file, (_, text)) = before.iter().rev().nth(1).unwrap();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.pop().unwrap();
    fs::write(file, lines.concat()).unwrap();
    let third = sync(&workplace, &[]);
    assert_eq!(changes(&third), [1, 1, 0, 0, 0]);
    assert_eq!(held(&workplace), truth(&workplace, "5", &first));
}

#[test]
fn rows_that_are_set_aside_are_in_one_file_once() {
    let workplace = Workplace::new();
    let server = Answering::start_by(|_| ("200 OK", UNREADABLE));
    let since = days_ago(1);
    for _ in 0..3 {
        let ended = server.run(
            &workplace,
            &["sync", "--output", "calls", "--since", &since],
        );
        assert_eq!(ended.code, Some(5), "{ended:?}");
        assert!(
            ended.stderr.contains("they are in calls/_rejects.ndjson"),
            "{ended:?}"
        );
    }
    let mut names: Vec<String> = fs::read_dir(workplace.path("calls"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["_rejects.ndjson", "_sync.json"]);
    let rejects = fs::read_to_string(workplace.path("calls/_rejects.ndjson")).unwrap();
    assert_eq!(rejects.lines().count(), 1, "{rejects}");
}

#[test]
fn what_is_in_the_way_is_named_with_a_remedy_that_sync_has() {
    let workplace = Workplace::new();
    sync(&workplace, &["--since", &days_ago(3)]);
    let file = files(&workplace).into_keys().nth(1).unwrap();
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, "id,charge\r\na,0.05\r\n").unwrap();
    let others = files(&workplace);
    let columns = sync(&workplace, &["--reread", "5"]);
    assert_eq!(columns.code, Some(2), "{columns:?}");
    assert!(columns.hint().contains("move it away"), "{columns:?}");
    assert_eq!(files(&workplace), others, "no day was replaced");
    // What was read is there still.
    fs::write(&file, before).unwrap();
    let ended = sync(&workplace, &[]);
    assert!(ended.stderr.contains("going on with"), "{ended:?}");
    assert_eq!(changes(&ended), [0; 5]);
}

#[test]
fn nothing_is_taken_away_without_leave() {
    let workplace = Workplace::new();
    let first = sync(&workplace, &["--since", &days_ago(4)]);
    let before = files(&workplace);
    let (file, (_, text)) = before.iter().rev().nth(1).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let row = rows.lines().next().unwrap();
    let id = row.split(',').next().unwrap();
    let gone = row.replacen(id, "00000000-0000-4000-8000-00000000dead", 1);
    let grown = format!("{header}\n{rows}{gone}\n");
    fs::write(file, &grown).unwrap();

    let kept = sync(&workplace, &[]);
    assert_eq!(changes(&kept), [0, 0, 0, 1, 0]);
    assert_eq!(fs::read_to_string(file).unwrap(), grown);

    let shrunk = sync(&workplace, &["--allow-shrink"]);
    assert_eq!(changes(&shrunk), [1, 0, 0, 0, 1]);
    assert_eq!(held(&workplace), truth(&workplace, "5", &first));
}

#[test]
fn what_is_no_data_set_of_these_calls_is_refused() {
    let workplace = Workplace::new();
    sync(&workplace, &["--since", &days_ago(1)]);
    let other = sync(&workplace, &["--emulator-seed", "2"]);
    assert_eq!(other.code, Some(2));
    assert!(
        other.error().contains("calls is kept of something else"),
        "{other:?}"
    );
    assert_eq!(sync(&workplace, &["--log", "dial-out"]).code, Some(2));
    let elsewhere = sync(&workplace, &["--time-zone", "Asia/Tokyo"]);
    assert_eq!(elsewhere.code, Some(2));
    assert!(elsewhere.error().contains("Asia/Tokyo"), "{elsewhere:?}");
    fs::write(workplace.path("calls/_sync.json"), "{").unwrap();
    let damaged = sync(&workplace, &[]);
    assert_eq!(damaged.code, Some(2));
    assert!(damaged.hint().contains("delete it"), "{damaged:?}");
    fs::remove_file(workplace.path("calls/_sync.json")).unwrap();
    assert_eq!(
        changes(&sync(&workplace, &["--since", &days_ago(1)])),
        [0; 5]
    );
}

#[test]
fn killed_at_any_moment_the_next_run_is_exact_and_two_at_once_are_not() {
    let workplace = Workplace::new();
    let served = Served::start(
        &workplace,
        &[
            "--rows-per-day",
            "400",
            "--page-rows",
            "50",
            "--latency",
            "30",
        ],
    );
    let since = days_ago(12);
    let options = [
        "--since",
        since.as_str(),
        "--summary",
        "json",
        "--requests-per-minute",
        "unlimited",
    ];
    let command = || {
        let mut command = workplace.command(["sync", "--output", "calls"]);
        command
            .args(options)
            .args(&served.options)
            .envs(served.environment.iter().cloned());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    // The first is caught with its lock in hand.
    let mut child = command().spawn().unwrap();
    let lock = workplace.path("calls/.partial/lock");
    while !lock.exists() {
        assert_eq!(child.try_wait().unwrap(), None);
        pause(Duration::from_millis(1));
    }
    pause(Duration::from_millis(50));
    let busy = Ended::of(&command().output().unwrap());
    assert_eq!(busy.code, Some(1), "{busy:?}");
    assert!(busy.hint().contains("wait for the other run"), "{busy:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    for milliseconds in [20, 400, 900] {
        let mut child = command().spawn().unwrap();
        pause(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let done = Ended::of(&command().output().unwrap());
    assert_eq!(
        held(&workplace),
        truth_since(&workplace, "400", &since, &done)
    );
    assert!(!workplace.path("calls/.partial").exists());
}

#[test]
fn a_later_day_to_begin_with_leaves_no_gap() {
    let workplace = Workplace::new();
    sync(&workplace, &["--since", &days_ago(8)]);
    // As if that had been six days ago.
    let state = workplace.path("calls/_sync.json");
    let text = fs::read_to_string(&state).unwrap();
    let (_, rest) = text.split_once("complete_until\": \"").unwrap();
    let (until, _) = rest.split_once('"').unwrap();
    let before = format!("{}T12:00:00Z", days_ago(6));
    fs::write(&state, text.replace(until, &before)).unwrap();
    for days in 0..6 {
        let day = workplace.path(&format!("calls/date={}", days_ago(days)));
        if day.exists() {
            fs::remove_dir_all(day).unwrap();
        }
    }
    let second = sync(&workplace, &["--since", &days_ago(1)]);
    let from = format!("{}T00:00:00Z", days_ago(9));
    assert_eq!(summary(&second)["from"].as_str(), Some(from.as_str()));
    assert_eq!(held(&workplace), truth(&workplace, "5", &second));
}

/// `cargo test -p graph-pstn-cli --test end_to_end -- --ignored fifty`: some minutes.
#[test]
#[ignore = "takes minutes"]
fn fifty_random_kills_of_runs_that_merge() {
    let workplace = Workplace::new();
    let serve = [
        "--rows-per-day",
        "400",
        "--page-rows",
        "100",
        "--latency",
        "10",
    ];
    let served = Served::start(&workplace, &serve);
    let since = days_ago(20);
    let command = || {
        let mut command = workplace.command(["sync", "--output", "calls", "--since", &since]);
        command
            .args(["--summary", "json", "--requests-per-minute", "unlimited"])
            .args(&served.options)
            .envs(served.environment.iter().cloned());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let start = Instant::now();
    let whole = Ended::of(&command().output().unwrap());
    let took = start.elapsed();
    let expected = files(&workplace);
    let mut went_on = 0;
    for kill in 0..50 {
        // Every day lacks some rows, has others that are gone, and one that was changed: all is to be replaced.
        for (file, (_, text)) in &expected {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            let few = kill % 5 + 1;
            lines.drain(1..few.min(lines.len()));
            fs::write(file, lines.concat()).unwrap();
        }
        for _ in 0..=kill % 3 {
            let mut child = command().spawn().unwrap();
            pause(took.mul_f64(random()));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let done = Ended::of(&command().output().unwrap());
        went_on += usize::from(done.stderr.contains("going on with"));
        assert_eq!(
            held(&workplace),
            truth_since(&workplace, "400", &since, &done),
            "{kill}"
        );
        assert!(!workplace.path("calls/.partial").exists());
    }
    assert_eq!(whole.code, Some(0), "{whole:?}");
    assert!(went_on > 5, "{went_on}");
    println!("50 kills, {went_on} gone on with");
}

/// A draw from 0 to 1.
fn random() -> f64 {
    (RandomState::new().hash_one(0) % 1_000_000) as f64 / 1e6
}
