//! What is refused before anything is asked for or made.

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
