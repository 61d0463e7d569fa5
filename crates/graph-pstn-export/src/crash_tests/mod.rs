//! Exports that are killed, lose power or run out of disk at every step, and are resumed.

mod case;
mod comparison;
mod merging;
#[cfg(feature = "object-store")]
mod stores;

use std::path::{Path, PathBuf};

use graph_pstn_model::PstnCallLogRow;

use crate::disk::SimulatedDisk;
use crate::{ErrorKind, Existing, Format};

use case::{CASES, Case, DAYS, files, write_from};
use comparison::assert_exact;

#[test]
fn the_days_have_their_rows_in_the_files_of_their_own() {
    let (files, summary) = CASES[2].whole();
    let names: Vec<String> = files
        .iter()
        .map(|(name, _)| name.to_str().unwrap().replace('\\', "/"))
        .collect();
    assert_eq!(names.len(), usize::from(DAYS) + 2, "{names:?}");
    assert_eq!(names[0], "out/calls/_rejects-2019-11-01_2019-12-01.ndjson");
    assert_eq!(names[1], "out/calls/date=2019-11-01/part-00000.csv");
    assert_eq!(
        names[usize::from(DAYS) + 1],
        "out/calls/date=__HIVE_DEFAULT_PARTITION__/part-2019-11-01_2019-12-01.csv"
    );
    let of = |at: usize| String::from_utf8(files[at].1.clone()).unwrap();
    assert_eq!(of(1).lines().count(), 4);
    assert!(of(1).starts_with("id,") && of(1).contains("call 0.2"));
    assert!(of(2).starts_with("id,") && !of(2).contains("call 0"));
    assert_eq!(of(7).lines().count(), 1 + usize::from(DAYS));
    assert_eq!(
        (summary.rows, summary.rejects, summary.duplicates),
        (24, 6, 6)
    );
}

#[test]
fn whatever_a_power_cut_or_a_kill_leaves_is_gone_on_with_exactly() {
    let mut random = fastrand::Rng::with_seed(7);
    for case in CASES.iter().copied() {
        let whole = case.whole();
        let disk = case.disk();
        case.run(&disk).unwrap();
        let steps = disk.steps();
        assert!(steps > 20, "{steps}");
        // Row groups cost a thousand times what lines do, without optimisation.
        let first = random.usize(0..case.stride());
        for step in (first..steps).step_by(case.stride()) {
            for round in 0..3 {
                let disk = case.disk();
                disk.fail_after(step);
                // At the very last steps nothing is lost by a failure any more.
                assert!(case.run(&disk).is_err() || step + 8 > steps);
                let at = format!("step {step} of {steps}, round {round}");
                if round == 0 {
                    assert_exact(case, &disk.after_kill(), &whole, &at);
                    continue;
                }
                // Once more, in the midst of the second run.
                let disk = disk.after_power_cut(&mut random);
                disk.fail_after(random.usize(0..steps));
                let _ = case.run(&disk);
                let disk = disk.after_power_cut(&mut random);
                assert_exact(case, &disk, &whole, &at);
            }
        }
    }
}

#[test]
fn a_disk_that_fills_up_can_be_gone_on_with() {
    for case in CASES.iter().copied() {
        let whole = case.whole();
        let mut resumed = 0;
        let disk = case.disk();
        disk.leave_room(Some(usize::MAX));
        case.run(&disk).unwrap();
        let needed = disk.used();
        for room in (0..needed).step_by(needed / 150 * case.stride()) {
            let disk = case.disk();
            disk.leave_room(Some(room));
            if case.run(&disk).is_ok() {
                continue;
            }
            disk.leave_room(None);
            let can_be_resumed = case.find(&disk).unwrap().is_some();
            // What was safe once is not lost with more room.
            assert!(can_be_resumed || resumed == 0, "{case:?} room {room}");
            resumed += usize::from(can_be_resumed);
            assert_exact(case, &disk, &whole, &format!("room {room}"));
        }
        // Otherwise there is no checkpoint to begin with, and these rows make too little room for one.
        assert!(resumed > 5 || !case.every_mark, "{case:?} {resumed}");
    }
}

#[test]
fn what_somebody_has_changed_is_refused() {
    for case in CASES.iter().copied().filter(|case| case.every_mark) {
        let disk = SimulatedDisk::default();
        case.run(&disk).unwrap();
        let half = disk.steps() / 2;
        let disk = SimulatedDisk::default();
        disk.fail_after(half);
        case.run(&disk).unwrap_err();
        let killed = || {
            let disk = disk.after_kill();
            let stage = if case.by_day {
                "out/calls/.partial"
            } else {
                "out/calls.partial"
            };
            let rows = if case.by_day {
                "date=2019-11-01"
            } else {
                "rows"
            };
            (
                disk,
                Path::new(stage).join(rows),
                Path::new(stage).join("checkpoint.json"),
            )
        };
        let refused = |disk: &SimulatedDisk, what: &str| {
            let error = case.run(disk).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged, "{case:?} {what}: {error}");
        };
        let (disk, rows, checkpoint) = killed();
        let content = disk.content(&rows).unwrap();
        let mut changed = content.clone();
        changed[3] ^= 1;
        disk.put(&rows, &changed);
        refused(&disk, "a bit");
        disk.put(&rows, &content[..content.len() / 4]);
        refused(&disk, "a short file");
        let (disk, rows, _) = killed();
        crate::disk::Disk::remove(&disk, &rows).unwrap();
        refused(&disk, "no file");
        let (disk, ..) = killed();
        let content = disk.content(&checkpoint).unwrap();
        disk.put(&checkpoint, &content[..content.len() / 2]);
        refused(&disk, "half a checkpoint");
        crate::disk::Disk::remove(&disk, &checkpoint).unwrap();
        refused(&disk, "no checkpoint");
    }
}

#[test]
fn a_name_that_was_given_in_two_steps_is_known_again() {
    let case = CASES[0];
    let whole = case.whole();
    let finished = (0..)
        .map(|step| {
            let disk = SimulatedDisk::default();
            disk.fail_after(step);
            case.run(&disk).unwrap_err();
            disk.after_kill()
        })
        .find(|disk| {
            let checkpoint = disk.content(Path::new("out/calls.partial/checkpoint.json"));
            checkpoint.is_some_and(|text| {
                String::from_utf8(text)
                    .unwrap()
                    .contains("\"finished\":true")
            })
        })
        .unwrap();
    let (target, rows) = &whole.0[0];
    finished.put(target, &rows[1..]);
    assert_eq!(
        case.run(&finished).unwrap_err().kind(),
        ErrorKind::TargetExists
    );
    finished.put(target, rows);
    assert_exact(case, &finished, &whole, "with both names");
}

#[test]
fn two_at_once_or_two_jobs_do_not_mix() {
    let case = CASES[1];
    let disk = SimulatedDisk::default();
    let mut export = case.begin(&disk).unwrap();
    assert_eq!(case.begin(&disk).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(case.find(&disk).unwrap_err().kind(), ErrorKind::Busy);
    write_from(&mut export, None).unwrap();
    let kept = export.suspend().unwrap();
    assert_eq!(kept.rows, 24);
    let unfinished = || case.find(&disk).unwrap().unwrap();
    assert_eq!(unfinished().summary().rows, 24);
    let resume = |format, job| {
        let rejects = case.rejects();
        unfinished()
            .resume_file::<PstnCallLogRow>(format, Existing::Refuse, rejects, job)
            .map(drop)
            .map_err(|error| error.kind())
    };
    let other = Case::job().with("tenant", "fabrikam.example");
    assert_eq!(resume(Format::Ndjson, other), Err(ErrorKind::OtherJob));
    assert_eq!(resume(Format::Csv, Case::job()), Err(ErrorKind::OtherJob));
    assert_eq!(resume(Format::Ndjson, Case::job()), Ok(()));
}

#[test]
fn an_unfinished_export_is_resumed_or_replaced_and_not_forgotten() {
    let refusing = Case {
        existing: Existing::Refuse,
        ..CASES[1]
    };
    let disk = SimulatedDisk::default();
    disk.fail_after(60);
    refusing.run(&disk).unwrap_err();
    let disk = disk.after_kill();
    assert_eq!(
        refusing.begin(&disk).unwrap_err().kind(),
        ErrorKind::Unfinished
    );
    let replacing = CASES[1];
    let mut export = replacing.begin(&disk).unwrap();
    write_from(&mut export, None).unwrap();
    export.finish().unwrap();
    assert_eq!(files(&disk), replacing.whole().0);
}

#[test]
fn days_of_the_range_are_replaced_whole_and_no_others() {
    let case = CASES[2];
    let disk = SimulatedDisk::default();
    let put = |name: &str| disk.put(&case.output().join(name), b"old");
    put("date=2019-10-31/part-00000.csv");
    put("date=2019-11-01/part-00000.csv");
    put("date=2019-11-02/part-00001.ndjson");
    put("date=2019-11-30/part-00000.csv");
    put("date=2019-11-30/notes.txt");
    put("date=2019-12-01/part-00000.csv");
    put("date=__HIVE_DEFAULT_PARTITION__/part-2019-10-01_2019-11-01.csv");
    let refusing = Case {
        existing: Existing::Refuse,
        ..case
    };
    let error = refusing.begin(&disk).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TargetExists);
    assert!(error.to_string().contains("date=2019-11-01"), "{error}");
    case.run(&disk).unwrap();
    let old: Vec<PathBuf> = files(&disk)
        .into_iter()
        .filter(|(_, content)| content == b"old")
        .map(|(name, _)| name.strip_prefix(case.output()).unwrap().to_owned())
        .collect();
    let stays = [
        "date=2019-10-31/part-00000.csv",
        "date=2019-11-30/notes.txt",
        "date=2019-12-01/part-00000.csv",
        "date=__HIVE_DEFAULT_PARTITION__/part-2019-10-01_2019-11-01.csv",
    ];
    assert_eq!(old, stays.map(PathBuf::from));
}
