//! Exports of every kind that were killed, and gone on with.

use std::fs;
use std::process::{Command, Stdio};

use crate::program::Workplace;
use crate::resumed::{ended, killed_after_checkpoint};

/// Long enough for checkpoints, which are a second apart.
const LONG: [&str; 4] = ["--from", "2019-07-01", "--to", "2019-12-01"];
const SOURCE: [&str; 3] = ["--emulator", "--emulator-rows-per-day", "1000"];

fn export(workplace: &Workplace, more: &[&str]) -> Command {
    let mut command = workplace.command([&["export"], &SOURCE[..], &LONG, more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn whatever_is_exported_goes_on_byte_by_byte() {
    for options in [
        &["--log", "direct-routing", "-o", "calls.csv"][..],
        &["--raw", "--format", "ndjson", "-o", "calls.csv"],
        &[
            "--columns",
            "charge,id,startDateTime",
            "--bom",
            "-o",
            "calls.csv",
        ],
        &["--spreadsheet", "--mask-numbers", "-o", "calls.csv"],
        &["--beta", "--direction", "outbound", "-o", "calls.csv"],
    ] {
        let whole = Workplace::new();
        let done = ended(export(&whole, options));
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let workplace = Workplace::new();
        let checkpoint = workplace.path("calls.csv.partial/checkpoint.json");
        killed_after_checkpoint(export(&workplace, options), &checkpoint);
        let resumed = ended(export(&workplace, &[options, &["--resume"]].concat()));
        assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
        assert!(
            resumed.stderr.contains("going on with calls.csv after"),
            "{}",
            resumed.stderr
        );
        // The summary counts the whole.
        assert_eq!(resumed.stderr.lines().last(), done.stderr.lines().last());
        let of = |workplace: &Workplace| fs::read(workplace.path("calls.csv")).unwrap();
        assert!(of(&workplace) == of(&whole), "{options:?}");
    }
}

#[test]
fn each_of_several_logs_goes_on_and_a_finished_one_stays() {
    let both = ["--log", "pstn,direct-routing", "-o", "{log}.csv"];
    let whole = Workplace::new();
    assert_eq!(ended(export(&whole, &both)).code, Some(0));
    let workplace = Workplace::new();
    let checkpoint = workplace.path("direct-routing.csv.partial/checkpoint.json");
    killed_after_checkpoint(export(&workplace, &both), &checkpoint);
    let again = [&both[..], &["--resume"]].concat();
    let resumed = ended(export(&workplace, &again));
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    let of = |workplace: &Workplace, name: &str| fs::read(workplace.path(name)).unwrap();
    let names = ["direct-routing.csv", "pstn.csv"];
    assert_eq!(workplace.names(), names);
    for name in names {
        assert!(of(&workplace, name) == of(&whole, name), "{name}");
    }
    // One was complete before the other had begun.
    fs::remove_file(workplace.path("pstn.csv")).unwrap();
    fs::write(workplace.path("direct-routing.csv"), "mine").unwrap();
    let resumed = ended(export(&workplace, &again));
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert!(
        resumed
            .stderr
            .contains("direct-routing.csv is there already, and stays as it is"),
        "{}",
        resumed.stderr
    );
    assert_eq!(of(&workplace, "direct-routing.csv"), b"mine");
    assert!(of(&workplace, "pstn.csv") == of(&whole, "pstn.csv"));
}

#[test]
fn several_logs_that_are_to_be_replaced_are_replaced() {
    let workplace = Workplace::new();
    let names = ["pstn.csv", "sms.csv"];
    for name in names {
        fs::write(workplace.path(name), "old").unwrap();
    }
    let mut command = workplace.command([&["export"], &SOURCE[..]].concat());
    command.args([
        "--from",
        "2019-11-04",
        "--to",
        "2019-11-05",
        "--log",
        "pstn,sms",
    ]);
    command.args(["-o", "{log}.csv", "--resume", "--overwrite"]);
    let done = ended(command);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    for name in names {
        let text = fs::read_to_string(workplace.path(name)).unwrap();
        assert!(text.starts_with("id,"), "{name}: {text}");
    }
}

#[test]
fn another_choice_of_rows_is_another_job() {
    let workplace = Workplace::new();
    let begun = ["--user", "ada@contoso.example", "-o", "calls.csv"];
    // Nearly all rows are left out, so the file hardly grows; a checkpoint there is all the same.
    let checkpoint = workplace.path("calls.csv.partial/checkpoint.json");
    killed_after_checkpoint(export(&workplace, &begun), &checkpoint);
    for other in [
        &["--user", "grace@contoso.example"][..],
        &["--user", "ada@contoso.example", "--mask-numbers"],
        &["--user", "ada@contoso.example", "--beta"],
        &["--user", "ada@contoso.example", "--columns", "id"],
        &["--user", "ada@contoso.example", "--bom"],
        &["--log", "direct-routing", "--user", "ada@contoso.example"],
    ] {
        let refused = ended(export(
            &workplace,
            &[other, &["-o", "calls.csv", "--resume"]].concat(),
        ));
        assert_eq!(refused.code, Some(2), "{other:?}: {}", refused.stderr);
        assert!(
            refused.error().contains("is of another"),
            "{}",
            refused.stderr
        );
        assert!(!refused.stderr.contains("contoso"), "{}", refused.stderr);
    }
    let text = fs::read_to_string(&checkpoint).unwrap();
    assert!(
        !text.contains("contoso"),
        "what was chosen is personal data"
    );
    let resumed = ended(export(&workplace, &[&begun[..], &["--resume"]].concat()));
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
}

#[test]
fn of_several_logs_by_day_the_finished_one_stays() {
    let workplace = Workplace::new();
    let few = |more: &[&str]| {
        let range = ["--from", "2019-11-04", "--to", "2019-11-06"];
        let days = ["-o", "{log}", "--partition-by", "day"];
        let mut command =
            workplace.command([&["export"], &SOURCE[..], &range, &days, more].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        ended(command)
    };
    assert_eq!(few(&["--log", "pstn"]).code, Some(0));
    let part = workplace.path("pstn/date=2019-11-04/part-00000.csv");
    fs::write(&part, "mine").unwrap();
    let both = few(&["--log", "pstn,direct-routing", "--resume"]);
    assert_eq!(both.code, Some(0), "{}", both.stderr);
    assert!(
        both.stderr.contains("pstn is there already, and stays"),
        "{}",
        both.stderr
    );
    assert_eq!(fs::read(&part).unwrap(), b"mine");
    let other = "direct-routing/date=2019-11-04/part-00000.csv";
    assert!(workplace.path(other).exists());
}

#[test]
fn a_log_that_is_refused_leaves_nothing_of_the_others() {
    let workplace = Workplace::new();
    fs::write(workplace.path("sms.csv"), "mine").unwrap();
    let refused = ended(export(
        &workplace,
        &["--log", "pstn,sms", "-o", "{log}.csv"],
    ));
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert_eq!(workplace.names(), ["sms.csv"]);
}

#[test]
fn what_is_in_the_way_of_the_files_in_the_making_is_named() {
    let workplace = Workplace::new();
    fs::write(workplace.path("calls.csv.partial"), "mine").unwrap();
    for more in [&[][..], &["--resume"]] {
        let refused = ended(export(&workplace, &[&["-o", "calls.csv"], more].concat()));
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        let error = refused.error();
        assert!(error.contains("calls.csv.partial is in the way"), "{error}");
        assert!(
            !refused.stderr.contains("--overwrite"),
            "{}",
            refused.stderr
        );
    }
    let there = fs::read(workplace.path("calls.csv.partial")).unwrap();
    assert_eq!(there, b"mine");
}
