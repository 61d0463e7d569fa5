//! Rows that are merged with those of an earlier run.

use std::sync::Arc;

use graph_pstn_model::{CallLog, PstnCallLogRow};

use super::case::{CASES, Case, call, files};
use crate::{ErrorKind, Export, Folder, Rejects, WriterOptions};

#[test]
fn merging_keeps_what_is_missing_unless_it_may_shrink() {
    for case in CASES.iter().copied().filter(|case| case.is_merged) {
        let disk = case.disk();
        let summary = case.run(&disk).unwrap();
        let changes = summary.changes.unwrap();
        // The days but for the second, and the rows without a time.
        assert_eq!((changes.days, changes.missing, changes.removed), (6, 1, 0));
        assert_eq!((changes.added, changes.changed), (19, 1));
        let first = case
            .output()
            .join(format!("date=2019-11-01/part-00000.{}", case.format));
        let text = case.text(&disk.content(&first).unwrap());
        assert!(text.contains("call gone") && text.contains("call 0.2") && text.contains("0.06"));
        assert!(!text.contains("0.99"));
        // Six rows could not be read, and one that could not be read once stays; each is there once.
        let rejects = disk.content(&Rejects::of_all(case.output())).unwrap();
        let rejects = String::from_utf8(rejects).unwrap();
        assert_eq!(rejects.lines().count(), 7, "{rejects}");
        for id in ["bad 0", "bad 5", "bad before"] {
            assert_eq!(rejects.matches(id).count(), 1, "{rejects}");
        }

        // The same again changes nothing, and touches no file.
        let before = files(&disk);
        let again = case.run(&disk).unwrap().changes.unwrap();
        assert_eq!(
            (again.days, again.added, again.changed, again.missing),
            (0, 0, 0, 1)
        );
        assert_eq!(files(&disk), before);

        // Nothing at all takes nothing away, but where it may.
        let nothing = |may_shrink| {
            let part = (CallLog::Pstn, Case::range());
            let folder = Folder {
                disk: Arc::new(disk.clone()),
                path: case.output().to_owned(),
            };
            let rejects = Rejects::told(|_| {});
            let export: Export<PstnCallLogRow> =
                Export::merge_days(folder, part, case.format, may_shrink, rejects).unwrap();
            export.finish().unwrap().changes.unwrap()
        };
        assert_eq!(nothing(false).days, 0);
        assert_eq!(files(&disk), before);
        let shrunk = nothing(true);
        assert_eq!((shrunk.days, shrunk.removed), (6, 19));
        let left: Vec<_> = files(&disk).into_iter().map(|(name, _)| name).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}

#[test]
fn an_id_that_stands_twice_is_one_row_where_the_service_has_it() {
    for case in CASES.iter().copied().filter(|case| case.is_merged) {
        let disk = case.disk();
        case.run(&disk).unwrap();
        let name = format!("date=2019-11-01/part-00000.{}", case.format);
        let target = case.output().join(name);
        let merged = case.text(&disk.content(&target).unwrap());
        let mut gone = call(0, 2);
        gone.id = Some("call gone".into());
        let mut other = gone.clone();
        other.duration = Some(61);
        // A row that the service has, one that it has not, and one of which there are two opinions.
        let rows = [
            call(0, 0),
            call(0, 0),
            call(0, 1),
            call(0, 2),
            gone.clone(),
            gone,
            other,
        ];
        disk.put(&target, &case.content(&rows));
        let changes = case.run(&disk).unwrap().changes.unwrap();
        assert_eq!(
            (changes.days, changes.added, changes.changed),
            (1, 0, 1),
            "{case:?}"
        );
        assert_eq!(changes.missing, 3);
        let again = case.text(&disk.content(&target).unwrap());
        assert_eq!(again.matches("call 0.0").count(), 1, "{again}");
        assert_eq!(again.matches("call gone").count(), 3, "{again}");
        assert_eq!(merged.matches("call gone").count(), 1);
        // From then on it is at rest.
        assert_eq!(case.run(&disk).unwrap().changes.unwrap().days, 0);
    }
}

#[test]
fn a_disk_that_fills_up_while_rows_are_merged_is_told_as_such() {
    for case in CASES.iter().copied().filter(|case| case.is_merged) {
        let rows: Vec<PstnCallLogRow> = (0..500)
            .map(|number| {
                let mut row = call(0, 0);
                row.id = Some(format!("call gone {number}").as_str().into());
                row
            })
            .collect();
        let target = format!("date=2019-11-01/part-00000.{}", case.format);
        let full = |room| {
            let disk = case.disk();
            disk.put(&case.output().join(&target), &case.content(&rows));
            disk.leave_room(Some(room));
            (case.run(&disk), disk.used())
        };
        let (_, needed) = full(usize::MAX);
        for part in 1..10 {
            let (outcome, _) = full(needed * part / 10);
            assert_eq!(
                outcome.unwrap_err().kind(),
                ErrorKind::StorageFull,
                "{case:?} {part}"
            );
        }
    }
}

#[test]
fn what_cannot_be_merged_with_is_named() {
    for case in CASES.iter().copied().filter(|case| case.is_merged) {
        let disk = case.disk();
        let name = format!("date=2019-11-01/part-00000.{}", case.format);
        let target = case.output().join(name);
        disk.put(&target, b"\"no\",\"rows\"\r\n\"of\" any format");
        let error = case.run(&disk).unwrap_err();
        assert_eq!(error.path(), Some(target.as_path()), "{error}");
        assert!(
            [ErrorKind::Damaged, ErrorKind::OtherJob].contains(&error.kind()),
            "{case:?} {error:?}"
        );
    }
}

#[test]
fn other_columns_and_formats_are_not_merged_with() {
    let case = CASES[6];
    let part = |name: &str| case.output().join("date=2019-11-03").join(name);
    let disk = case.disk();
    disk.put(&part("part-00000.csv"), b"id,charge\r\na,0.05\r\n");
    let error = case.run(&disk).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OtherJob, "{error}");
    let disk = case.disk();
    disk.put(&part("part-00000.ndjson"), b"{}\n");
    let error = case.run(&disk).unwrap_err();
    assert!(error.to_string().contains("part-00000.ndjson"), "{error}");
}

#[test]
fn without_their_ids_rows_are_not_merged() {
    let case = CASES[6];
    let merged_by = |columns: &[&str]| {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let options = WriterOptions::new(case.format).with_columns(columns);
        let folder = Folder {
            disk: Arc::new(case.disk()),
            path: case.output().to_owned(),
        };
        let part = (CallLog::Pstn, Case::range());
        let rejects = Rejects::told(|_| {});
        Export::<PstnCallLogRow>::merge_days(folder, part, options, false, rejects)
            .map(drop)
            .map_err(|error| error.kind())
    };
    // A row that has changed would be another, and there twice.
    assert_eq!(
        merged_by(&["startDateTime", "charge"]),
        Err(ErrorKind::NoColumn)
    );
    assert_eq!(merged_by(&["charge", "id"]), Ok(()));
}
