//! What is refused before anything is asked for or made.

use std::fs;

use crate::program::Workplace;

const NOVEMBER: [&str; 6] = [
    "export",
    "--emulator",
    "--from",
    "2019-11-01",
    "--to",
    "2019-12-01",
];

#[test]
fn one_file_for_rows_and_rejects_is_noticed_however_it_is_spelt() {
    let workplace = Workplace::new();
    for rejects in ["a.csv", "./a.csv"] {
        let options = ["--output", "a.csv", "--rejects", rejects];
        let ended = workplace.run([&NOVEMBER[..], &options].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.error().contains("name the same file"), "{ended:?}");
        assert!(ended.hint().contains("a file of their own"), "{ended:?}");
        assert!(workplace.names().is_empty());
    }
}

#[test]
fn a_day_of_rows_fits_into_memory() {
    let workplace = Workplace::new();
    let most = u32::MAX.to_string();
    let export = [&NOVEMBER[..], &["--emulator-rows-per-day", &most]].concat();
    for args in [export, vec!["emulate", "--rows-per-day", &most]] {
        let ended = workplace.run(args);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("0..=1000000"), "{ended:?}");
    }
}

#[test]
fn what_is_no_folder_of_days_is_told_by_its_name() {
    let workplace = Workplace::new();
    fs::write(workplace.path("file"), "mine").unwrap();
    let by_day = [&NOVEMBER[..], &["--partition-by", "day"]].concat();
    for command in [&["sync", "--emulator"][..], &by_day] {
        let file = workplace.run([command, &["--output", "file"]].concat());
        assert_eq!(file.code, Some(1), "{file:?}");
        assert!(file.error().contains("file is a file, not a folder"));
        assert!(file.hint().contains("name a folder"));
    }
    let dash = workplace.run(["sync", "--emulator", "--output", "-"]);
    assert_eq!(dash.code, Some(2), "{dash:?}");
    assert!(dash.error().contains("standard output") && dash.hint().contains("./-"));
    assert_eq!(workplace.names(), ["file"]);
}

/// A file that takes the place of one of these would be in everybody's way.
#[cfg(unix)]
#[test]
fn what_is_open_already_is_no_file_to_write() {
    let workplace = Workplace::new();
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let options = ["--overwrite", "--output", name];
        let ended = workplace.run([&NOVEMBER[..], &options].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.hint().contains("--output -"), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
}

/// The kernel's own folder says that there is no such file.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_named_as_such() {
    let workplace = Workplace::new();
    let ended = workplace.run([&NOVEMBER[..], &["--output", "/proc/calls.csv"]].concat());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(
        ended.error(),
        "error: the folder /proc cannot be written to"
    );
    assert!(ended.hint().contains("a folder that you may write to"));
}

#[cfg(feature = "object-stores")]
#[test]
fn a_file_is_no_place_to_make_files_in() {
    let workplace = Workplace::new();
    fs::write(workplace.path("file"), "mine").unwrap();
    let options = ["--output", "s3://calls/pstn", "--staging", "file"];
    let ended = workplace.run([&["sync", "--emulator"], &options[..]].concat());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .error()
            .contains("file cannot be used to make files in")
    );
    assert!(ended.hint().contains("a folder that you may write to"));
    assert!(!ended.hint().contains("--overwrite"));
}
