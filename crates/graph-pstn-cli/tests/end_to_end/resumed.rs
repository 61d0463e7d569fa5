//! Exports that were killed, and how they are gone on with.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use crate::program::{Ended, Totals, Workplace, pause};

const ROWS_PER_DAY: [&str; 2] = ["--rows-per-day", "1000"];
const RANGE: [&str; 4] = ["--from", "2019-11-01", "--to", "2019-12-01"];
/// Long enough for checkpoints, which are a second apart.
const LONG: [&str; 4] = ["--from", "2019-01-01", "--to", "2019-12-01"];
const SOURCE: [&str; 3] = ["--emulator", "--emulator-rows-per-day", "1000"];

fn export(workplace: &Workplace, more: &[&str]) -> Command {
    let mut command = workplace.command([&["export"], &SOURCE[..], more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn ended(mut command: Command) -> Ended {
    Ended::of(&command.output().unwrap())
}

/// Kills it as soon as the file in the making has so many bytes, if it gets that far.
fn kill_at(mut child: Child, file: &Path, bytes: u64) {
    loop {
        let length = fs::metadata(file).map_or(0, |metadata| metadata.len());
        if length >= bytes || child.try_wait().unwrap().is_some() {
            break;
        }
        pause(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// An export that was killed half-way, after its first checkpoint.
fn killed_half_way(workplace: &Workplace, output: &[&str]) {
    let command = export(workplace, &[&LONG[..], output].concat());
    killed_after_checkpoint(
        command,
        &workplace.path("calls.csv.partial/checkpoint.json"),
    );
}

/// Kills it once there is a checkpoint with rows.
pub(crate) fn killed_after_checkpoint(mut command: Command, checkpoint: &Path) {
    let mut child = command.spawn().unwrap();
    for _ in 0..60_000 {
        let text = fs::read_to_string(checkpoint).unwrap_or_default();
        if [r#""name":"rows""#, r#""name":"date="#]
            .iter()
            .any(|rows| text.contains(rows))
        {
            child.kill().unwrap();
            child.wait().unwrap();
            return;
        }
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "it ended before its first checkpoint"
        );
        pause(Duration::from_millis(1));
    }
    panic!("no checkpoint");
}

#[test]
fn an_export_that_is_killed_is_gone_on_with_exactly() {
    let whole = Workplace::new();
    let done = ended(export(
        &whole,
        &[&RANGE[..], &["-o", "calls.csv", "--summary", "json"]].concat(),
    ));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let expected = fs::read(whole.path("calls.csv")).unwrap();
    for tenths in [0, 3, 7, 10] {
        let workplace = Workplace::new();
        let child = export(&workplace, &[&RANGE[..], &["-o", "calls.csv"]].concat());
        let rows = workplace.path("calls.csv.partial/rows");
        let bytes = expected.len() as u64 * tenths / 10;
        kill_at({ child }.spawn().unwrap(), &rows, bytes);
        if workplace.path("calls.csv").exists() {
            // At the very end it may be quicker than its killer.
            assert_eq!(tenths, 10);
        } else {
            let resume = ["-o", "calls.csv", "--resume", "--summary", "json"];
            let resumed = ended(export(&workplace, &[&RANGE[..], &resume].concat()));
            assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
            // The summary counts the whole.
            assert_eq!(resumed.stderr.lines().last(), done.stderr.lines().last());
        }
        assert!(
            fs::read(workplace.path("calls.csv")).unwrap() == expected,
            "{tenths}"
        );
        assert!(
            workplace
                .names()
                .iter()
                .all(|name| name.starts_with("calls.csv"))
        );
    }
}

/// `cargo test -p graph-pstn-cli --test end_to_end -- --ignored fifty`: some minutes.
#[test]
#[ignore = "takes minutes"]
fn fifty_random_kills() {
    let outputs: [&[&str]; 3] = [
        &["-o", "calls.csv"],
        &["-o", "calls.ndjson"],
        &["-o", "days", "--partition-by", "day"],
    ];
    let range = ["--from", "2019-10-01", "--to", "2019-12-01"];
    let random = |most: Duration| {
        let draw = RandomState::new().hash_one(0) % 1_000_000;
        most.mul_f64(draw as f64 / 1e6)
    };
    let mut resumed_midway = 0;
    for (index, output) in outputs.into_iter().enumerate() {
        let whole = Workplace::new();
        let start = Instant::now();
        let done = ended(export(&whole, &[&range[..], output].concat()));
        let took = start.elapsed();
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let kills = if index == 0 { 18 } else { 16 };
        for kill in 0..kills {
            let workplace = Workplace::new();
            let mut child = export(&workplace, &[&range[..], output].concat())
                .spawn()
                .unwrap();
            pause(random(took));
            // Every third is killed twice.
            if kill % 3 == 0 {
                child.kill().unwrap();
                child.wait().unwrap();
                let again = [&range[..], output, &["--resume"]].concat();
                child = export(&workplace, &again).spawn().unwrap();
                pause(random(took));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let resumed = ended(export(
                &workplace,
                &[&range[..], output, &["--resume"]].concat(),
            ));
            if resumed.code == Some(1) {
                // It had come to its end before it was killed.
                assert!(
                    resumed.error().contains("is there already"),
                    "{}",
                    resumed.stderr
                );
            } else {
                assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
            }
            let went_on = resumed.stderr.contains("going on with");
            let from_zero = resumed.stderr.contains(" after 0 rows");
            resumed_midway += u32::from(went_on && !from_zero);
            assert!(tree(&workplace) == tree(&whole), "{output:?}, kill {kill}");
        }
    }
    println!("{resumed_midway} of 50 went on from rows that were there");
}

/// All files below the workplace with what they hold.
fn tree(workplace: &Workplace) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![workplace.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(workplace.path("")).unwrap();
                files.push((name.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn another_job_and_a_damaged_one_are_refused() {
    let workplace = Workplace::new();
    killed_half_way(&workplace, &["-o", "calls.csv"]);
    let resume = |more: &[&str]| {
        let mut command =
            workplace.command([&["export", "--resume", "-o", "calls.csv"], more].concat());
        Ended::of(&command.output().unwrap())
    };
    let refused = |more: &[&str], code: i32, words: &str| {
        let ended = resume(more);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(
            format!("{}\n", ended.error()).contains(words),
            "{}",
            ended.stderr
        );
        assert!(!ended.hint().is_empty());
        assert_eq!(workplace.names(), ["calls.csv.partial"]);
    };
    let same = |more: &[&'static str]| [&SOURCE[..], &LONG, more].concat();
    refused(
        &same(&["--emulator-seed", "2"]),
        2,
        "another source: the emulator of seed 1",
    );
    refused(
        &same(&["--format", "ndjson"]),
        2,
        "another format: csv, not ndjson",
    );
    // What was chosen is personal data, and a sum of it could be tried out.
    let other_rows = "the unfinished export is of another choice of rows: users, numbers, direction or masking differ";
    for more in [&["--number=+15550100"][..], &["--user=ada@contoso.example"]] {
        refused(&same(more), 2, &format!("error: {other_rows}\n"));
    }
    refused(
        &same(&["--mask-numbers"]),
        2,
        &format!("error: {other_rows}\n"),
    );
    let november = [&SOURCE[..], &RANGE].concat();
    refused(&november, 2, "another range: 2019-01-01 until 2019-12-01");

    // Without --resume it is neither taken for nothing nor thrown away.
    let fresh = ended(export(
        &workplace,
        &[&RANGE[..], &["-o", "calls.csv"]].concat(),
    ));
    assert_eq!(fresh.code, Some(1), "{}", fresh.stderr);
    assert!(
        fresh
            .error()
            .contains("there is an unfinished export of calls.csv")
    );
    assert!(fresh.hint().contains("--resume") && fresh.hint().contains("--overwrite"));

    let rows = workplace.path("calls.csv.partial/rows");
    let mut content = fs::read(&rows).unwrap();
    content[10] ^= 1;
    fs::write(&rows, &content).unwrap();
    refused(&same(&[]), 1, "was changed since its checkpoint");
    fs::write(workplace.path("calls.csv.partial/checkpoint.json"), "{").unwrap();
    refused(&same(&[]), 1, "cannot be used");
    fs::remove_file(workplace.path("calls.csv.partial/checkpoint.json")).unwrap();
    refused(&same(&[]), 1, "has no checkpoint");

    let overwrite = ["-o", "calls.csv", "--overwrite"];
    let fresh = ended(export(&workplace, &[&RANGE[..], &overwrite].concat()));
    assert_eq!(fresh.code, Some(0), "{}", fresh.stderr);
    assert_eq!(
        Totals::of_file(&workplace.path("calls.csv")).line(),
        workplace.truth(&ROWS_PER_DAY, "2019-11-01", "2019-12-01")
    );
    assert_eq!(workplace.names(), ["calls.csv"]);
}

#[test]
fn a_range_up_to_now_stays_the_one_that_was_begun() {
    let workplace = Workplace::new();
    let last = ["--last", "30d", "-o", "calls.csv"];
    let mut child = export(&workplace, &last).spawn().unwrap();
    let checkpoint = workplace.path("calls.csv.partial/checkpoint.json");
    while !checkpoint.exists() {
        pause(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = fs::read_to_string(&checkpoint).unwrap();
    let bound = |name: &str| {
        let (_, rest) = text.split_once(&format!(r#""{name}":""#)).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (from, until) = (bound("from"), bound("until"));
    let ended = ended(export(&workplace, &[&last[..], &["--resume"]].concat()));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        Totals::of_file(&workplace.path("calls.csv")).line(),
        workplace.truth(&ROWS_PER_DAY, &from, &until)
    );
}

#[test]
fn two_at_once_are_one_too_many() {
    let workplace = Workplace::new();
    let args = [&RANGE[..], &["-o", "calls.csv"]].concat();
    let mut first = export(&workplace, &args).spawn().unwrap();
    let lock = workplace.path("calls.csv.partial/checkpoint.json");
    while !lock.exists() {
        pause(Duration::from_millis(1));
    }
    for more in [&["--overwrite"][..], &["--resume"], &[]] {
        let second = ended(export(&workplace, &[&args[..], more].concat()));
        assert_eq!(second.code, Some(1), "{}", second.stderr);
        assert!(
            second.error().contains("is being written by another run"),
            "{}",
            second.stderr
        );
    }
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn nothing_to_go_on_with_is_a_beginning() {
    let workplace = Workplace::new();
    let range = ["--from", "2019-11-04", "--to", "2019-11-05"];
    let done = ended(export(
        &workplace,
        &[&range[..], &["-o", "calls.csv", "--resume"]].concat(),
    ));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(
        done.stderr
            .starts_with("note: there is no unfinished export of calls.csv")
    );
    assert_eq!(workplace.names(), ["calls.csv"]);
    let without = ended(export(&workplace, &["-o", "other.csv", "--resume"]));
    assert_eq!(without.code, Some(2), "{}", without.stderr);
}

#[test]
fn what_is_finished_is_no_beginning() {
    let workplace = Workplace::new();
    let range = ["--from", "2019-11-04", "--to", "2019-11-05"];
    let file = ["-o", "calls.csv", "--resume"];
    let days = ["-o", "days", "--partition-by", "day", "--resume"];
    for output in [&file[..], &days] {
        let args = [&range[..], output].concat();
        let done = ended(export(&workplace, &args));
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let before = tree(&workplace);
        let again = ended(export(&workplace, &args));
        assert_eq!(again.code, Some(1), "{}", again.stderr);
        assert_eq!(again.stderr.lines().count(), 2, "{}", again.stderr);
        assert!(again.error().contains(" already"), "{}", again.stderr);
        assert!(again.hint().contains("--overwrite"), "{}", again.stderr);
        assert!(tree(&workplace) == before);
        let anew = ended(export(&workplace, &[&args[..], &["--overwrite"]].concat()));
        assert_eq!(anew.code, Some(0), "{}", anew.stderr);
        assert!(
            anew.stderr
                .starts_with("note: there is no unfinished export of ")
        );
        assert!(tree(&workplace) == before);
    }
    // It has no range to go on with either, but that is not what is in the way.
    let without_range = ended(export(&workplace, &file));
    assert_eq!(without_range.code, Some(1), "{}", without_range.stderr);
    assert!(
        without_range
            .error()
            .ends_with("calls.csv is there already")
    );
}
