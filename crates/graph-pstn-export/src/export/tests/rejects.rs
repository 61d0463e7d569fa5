//! What becomes of the rejects, whatever fails.

use super::*;

#[test]
fn old_rejects_refuse_a_new_export_or_go_with_the_old_one() {
    let place = Place::new();
    fs::write(Rejects::beside(&place.target), "old").unwrap();
    let error = place.export(Existing::Refuse).unwrap_err();
    assert_eq!(error.path(), Some(Rejects::beside(&place.target).as_path()));
    place.export(Existing::Replace).unwrap().finish().unwrap();
    assert_eq!(place.names(), ["calls.ndjson"]);
}

#[test]
fn when_the_output_fails_the_old_rejects_stay() {
    for with_rejects in [true, false] {
        let place = Place::new();
        let rejects = Rejects::beside(&place.target);
        fs::write(&rejects, "old").unwrap();
        let mut export = place.export(Existing::Replace).unwrap();
        if with_rejects {
            export.set_aside(&rejected("{}")).unwrap();
        }
        // No file can take its place.
        fs::create_dir(&place.target).unwrap();
        export.finish().unwrap_err();
        assert_eq!(fs::read(&rejects).unwrap(), b"old");
        assert_eq!(
            place.names(),
            ["calls.ndjson", "calls.ndjson.rejects.ndjson"]
        );
    }
}

#[test]
fn rejects_that_cannot_get_their_name_leave_no_output() {
    let place = Place::new();
    let mut export = place.export(Existing::Refuse).unwrap();
    export.set_aside(&rejected("{}")).unwrap();
    fs::write(Rejects::beside(&place.target), "theirs").unwrap();
    let error = export.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TargetExists);
    assert_eq!(place.names(), ["calls.ndjson.rejects.ndjson"]);
}

#[test]
fn the_rejects_are_kept_when_only_their_last_step_fails() {
    let place = Place::new();
    let target = Rejects::beside(&place.target);
    let mut rejects = Rejects::to_file(&target, Existing::Refuse);
    rejects.add_unreadable(&rejected("{}")).unwrap();
    let complete = rejects.complete().unwrap();
    fs::write(&target, "theirs").unwrap();
    let error = complete.commit().unwrap_err().after_output(&place.target);
    assert_eq!(error.kind(), ErrorKind::OnlyRejects);
    assert_eq!(error.path(), Some(target.as_path()));
    let names = place.names();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(error.to_string().contains("calls.ndjson is complete, but "));
    assert!(error.to_string().ends_with(&names[0]), "{error}");
    let kept = fs::read_to_string(place.folder.path().join(&names[0])).unwrap();
    assert!(kept.contains("not a number"));
    assert_eq!(fs::read(&target).unwrap(), b"theirs");
}

#[test]
fn the_rejects_are_kept_when_an_old_day_cannot_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("days");
    // A folder with the name of a file: nothing removes it.
    let in_the_way = output.join("date=2019-11-02/part-00000.csv");
    fs::create_dir_all(in_the_way.join("inner")).unwrap();
    let at = |day| graph_pstn_model::TimeRange::parse_instant(day).unwrap();
    let range = graph_pstn_model::TimeRange::new(at("2019-11-01"), at("2019-12-01")).unwrap();
    let part = (graph_pstn_model::CallLog::Pstn, range);
    let rejects = Rejects::to_file(Rejects::within(&output, range), Existing::Replace);
    let mut export =
        Export::to_days(&output, part, Format::Csv, Existing::Replace, rejects).unwrap();
    let mut call = row("a");
    call.start_date_time = Some(range.from());
    export.write_row(&call).unwrap();
    export.set_aside(&rejected("{}")).unwrap();
    let error = export.finish().unwrap_err();
    assert_eq!(error.path(), Some(in_the_way.as_path()));
    assert!(output.join("date=2019-11-01/part-00000.csv").exists());
    let kept = fs::read_to_string(output.join(".partial/rejects")).unwrap();
    assert!(kept.contains("not a number"));
}

#[test]
fn the_rejects_have_a_file_of_their_own() {
    let place = Place::new();
    let folder = place.folder.path();
    fs::create_dir(folder.join("inner")).unwrap();
    let kind = |rejects: PathBuf| {
        Export::<PstnCallLogRow>::to_file(
            &place.target,
            Format::Csv,
            Existing::Replace,
            Rejects::to_file(rejects, Existing::Replace),
        )
        .map(drop)
        .map_err(|error| error.kind())
    };
    for same in ["calls.ndjson", "./calls.ndjson", "inner/../calls.ndjson"] {
        assert_eq!(kind(folder.join(same)), Err(ErrorKind::SameFile), "{same}");
    }
    assert_eq!(kind(folder.join("inner/calls.ndjson")), Ok(()));
    assert_eq!(kind(folder.join("calls")), Ok(()));
}

#[cfg(unix)]
#[test]
fn a_folder_is_the_same_by_a_link() {
    let place = Place::new();
    let link = place.folder.path().join("link");
    std::os::unix::fs::symlink(place.folder.path(), &link).unwrap();
    let rejects = Rejects::to_file(link.join("calls.ndjson"), Existing::Refuse);
    let error =
        Export::<PstnCallLogRow>::to_file(&place.target, Format::Csv, Existing::Refuse, rejects)
            .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SameFile);
}

#[test]
fn when_the_output_fails_the_rejects_go_too() {
    let place = Place::new();
    let mut export = place.export(Existing::Refuse).unwrap();
    export.set_aside(&rejected("{}")).unwrap();
    fs::write(&place.target, "theirs").unwrap();
    assert_eq!(export.finish().unwrap_err().kind(), ErrorKind::TargetExists);
    assert_eq!(place.names(), ["calls.ndjson"]);
}
