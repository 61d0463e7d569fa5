//! Closed pipes, full disks and Ctrl-C.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::program::{Ended, Served, Totals, Workplace, interrupt, pause};

/// Two pages, and the second has to wait a minute for the quota.
const SLOW: [&str; 8] = [
    "--from",
    "2019-11-04",
    "--to",
    "2019-11-09",
    "--requests-per-minute",
    "1",
    "--emulator-rows-per-day",
    "400",
];

fn slow_export(workplace: &Workplace, more: &[&str]) -> std::process::Command {
    workplace.command([&["export", "--emulator"], &SLOW[..], more].concat())
}

/// Waits until a condition holds, for ten seconds at most.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        pause(Duration::from_millis(10));
    }
    panic!("{what} did not come");
}

fn ended(child: Child) -> Ended {
    Ended::of(&child.wait_with_output().unwrap())
}

#[test]
fn ctrl_c_before_anything_is_safe_leaves_nothing() {
    let workplace = Workplace::new();
    let mut command = slow_export(&workplace, &["--output", "calls.csv", "--overwrite"]);
    fs::write(workplace.path("calls.csv"), "the last one").unwrap();
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    // The first page has been written when the file in the making has grown. It is no whole window.
    wait_until("the first page", || {
        fs::metadata(workplace.path("calls.csv.partial/rows"))
            .is_ok_and(|metadata| metadata.len() > 100_000)
    });
    interrupt(&child);
    let ended = ended(child);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert_eq!(ended.error(), "error: interrupted");
    assert!(ended.hint().contains("calls.csv was not written"));
    assert_eq!(workplace.names(), ["calls.csv"]);
    assert_eq!(
        fs::read(workplace.path("calls.csv")).unwrap(),
        b"the last one"
    );
}

#[test]
fn ctrl_c_keeps_what_is_safe_and_says_how_to_go_on() {
    let workplace = Workplace::new();
    // Enough for several windows.
    let args = [
        "export",
        "--emulator",
        "--emulator-rows-per-day",
        "2000",
        "--from",
        "2019-11-01",
        "--to",
        "2019-12-01",
        "--output",
        "calls.csv",
    ];
    let whole = Workplace::new();
    assert_eq!(whole.run(args).code, Some(0));
    let mut command = workplace.command(args);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let size = fs::metadata(whole.path("calls.csv")).unwrap().len();
    wait_until("half of the rows", || {
        fs::metadata(workplace.path("calls.csv.partial/rows"))
            .is_ok_and(|metadata| metadata.len() > size / 2)
    });
    interrupt(&child);
    let ended = ended(child);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert_eq!(ended.error(), "error: interrupted");
    let hint = ended.hint();
    assert!(
        hint.contains("are kept in calls.csv.partial: the same command with --resume"),
        "{hint}"
    );
    assert_eq!(workplace.names(), ["calls.csv.partial"]);
    let resumed = workplace.run([&args[..], &["--resume"]].concat());
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(workplace.names(), ["calls.csv"]);
    let content = |workplace: &Workplace| fs::read(workplace.path("calls.csv")).unwrap();
    assert!(content(&workplace) == content(&whole));
}

#[test]
fn a_stuck_pipe_does_not_make_it_deaf() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &["--rows-per-day", "2000"]);
    let range = ["--from", "2019-11-04", "--to", "2019-11-09"];
    let mut child = served
        .command(&workplace, &range, None)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Somebody reads one line and then no more, but stays.
    let mut out = BufReader::with_capacity(16, child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    interrupt(&child);
    assert_eq!(ended(child).code, Some(130));
    drop(out);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let workplace = Workplace::new();
    let mut child = slow_export(&workplace, &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut header = String::new();
    out.read_line(&mut header).unwrap();
    assert!(header.starts_with("id,"), "{header}");
    // The first page does not fit into the pipe, so that writing goes on and fails.
    drop(out);
    let ended = ended(child);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn rows_and_nothing_else_go_to_standard_output() {
    let workplace = Workplace::new();
    let range = ["--from", "2019-11-04", "--to", "2019-11-09"];
    let ended = workplace.run(
        [
            &[
                "export",
                "--emulator",
                "--emulator-rows-per-day",
                "400",
                "--verbose",
            ],
            &range[..],
        ]
        .concat(),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        Totals::of_csv(ended.stdout.as_bytes()).line(),
        workplace.truth(&["--rows-per-day", "400"], "2019-11-04", "2019-11-09")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    let workplace = Workplace::new();
    let full = File::create("/dev/full").unwrap();
    let child = slow_export(&workplace, &[])
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = ended(child);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.error().contains("no space left"), "{}", ended.stderr);
    assert!(ended.hint().contains("make room"));
}
