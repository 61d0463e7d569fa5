//! Parquet that is gone on with, and merged with.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::formats::{Cells, of_parquet};
use crate::program::Workplace;
use crate::resumed::{ended, killed_after_checkpoint};
use crate::sync::{changes, days_ago};

fn export(workplace: &Workplace, more: &[&str]) -> Command {
    let source = ["export", "--emulator", "--emulator-rows-per-day", "1000"];
    let range = ["--from", "2019-09-15", "--to", "2019-12-01"];
    let mut command = workplace.command([&source[..], &range, more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The rows of each file, in the order of their ids.
fn rows(folder: &Path) -> BTreeMap<PathBuf, Vec<Cells>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rows(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            let mut rows = of_parquet(File::open(&path).unwrap());
            rows.sort();
            files.insert(path, rows);
        }
    }
    files
}

#[test]
fn an_export_that_is_killed_is_gone_on_with_row_by_row() {
    for (options, stage) in [
        (
            &["-o", "out/calls.parquet"][..],
            "out/calls.parquet.partial",
        ),
        (
            &["-o", "out", "--partition-by", "day", "--format", "parquet"],
            "out/.partial",
        ),
    ] {
        let of = |workplace: &Workplace| -> Vec<Vec<Cells>> {
            rows(&workplace.path("out")).into_values().collect()
        };
        let whole = Workplace::new();
        fs::create_dir(whole.path("out")).unwrap();
        let done = ended(export(&whole, options));
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let workplace = Workplace::new();
        fs::create_dir(workplace.path("out")).unwrap();
        let checkpoint = workplace.path(stage).join("checkpoint.json");
        killed_after_checkpoint(export(&workplace, options), &checkpoint);
        let resumed = ended(export(&workplace, &[options, &["--resume"]].concat()));
        assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
        assert!(
            resumed.stderr.contains("going on with"),
            "{}",
            resumed.stderr
        );
        assert!(
            !resumed.stderr.contains(" after 0 rows"),
            "{}",
            resumed.stderr
        );
        assert_eq!(resumed.stderr.lines().last(), done.stderr.lines().last());
        let (resumed, whole) = (of(&workplace), of(&whole));
        assert!(whole.iter().map(Vec::len).sum::<usize>() > 50_000);
        assert!(resumed == whole, "{options:?}");
    }
}

#[test]
fn rows_that_come_late_are_merged_and_those_that_are_gone_stay() {
    let workplace = Workplace::new();
    let source = ["--emulator", "--emulator-rows-per-day", "40"];
    let sync = || {
        let since = days_ago(4);
        let options = ["--output", "out", "--format", "parquet", "--since", &since];
        let ended = workplace.run([&["sync", "--summary", "json"], &options[..], &source].concat());
        changes(&ended)
    };
    let [_, added, ..] = sync();
    let before = rows(&workplace.path("out"));
    assert_eq!(before.values().map(Vec::len).sum::<usize>() as u64, added);
    assert_eq!(sync(), [0; 5]);

    // The rows of one direction are as if only they had come before.
    let day = days_ago(2);
    let part = workplace
        .path("out")
        .join(format!("date={day}/part-00000.parquet"));
    let some = ["-o", "some.parquet", "--direction", "inbound"];
    let range = ["--from", &day, "--to", &days_ago(1)];
    let done = workplace.run([&["export"], &some[..], &range, &source].concat());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    fs::rename(workplace.path("some.parquet"), &part).unwrap();
    let there = of_parquet(File::open(&part).unwrap()).len() as u64;
    let all = before[&part].len() as u64;
    assert!(0 < there && there < all);
    assert_eq!(sync(), [1, all - there, 0, 0, 0]);
    assert_eq!(rows(&workplace.path("out")), before);

    // The rows of another day are not those that the service has.
    let other = part
        .parent()
        .unwrap()
        .with_file_name(format!("date={}", days_ago(3)));
    let other = other.join("part-00000.parquet");
    fs::copy(&other, &part).unwrap();
    let gone = before[&other].len() as u64;
    assert_eq!(sync(), [1, all, 0, gone, 0]);
    let mut both = [before[&part].clone(), before[&other].clone()].concat();
    both.sort();
    assert_eq!(rows(&workplace.path("out"))[&part], both);
    assert_eq!(sync(), [0, 0, 0, gone, 0]);
}
