mod rejects;

use super::*;
use crate::output::output_file::tests::names;
use crate::{Existing, Filter, Format, NumberMask, RawRecord};
use graph_pstn_model::PstnCallLogRow;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

fn row(id: &str) -> PstnCallLogRow {
    let mut row = PstnCallLogRow::default();
    row.id = Some(id.into());
    row
}

fn rejected(json: &str) -> RejectedRow {
    RejectedRow::new(7, "$.value[7].charge", "not a number", json)
}

struct Place {
    folder: tempfile::TempDir,
    target: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("calls.ndjson");
        Self { folder, target }
    }

    fn export(&self, existing: Existing) -> Result<Export<PstnCallLogRow>, Error> {
        let rejects = Rejects::to_file(Rejects::beside(&self.target), existing);
        Export::to_file(&self.target, Format::Ndjson, existing, rejects)
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

#[test]
fn rows_and_rejects_appear_together_at_the_end() {
    let place = Place::new();
    let mut export = place.export(Existing::Refuse).unwrap();
    export.write_row(&row("a")).unwrap();
    export
        .set_aside(&rejected("{\n \"id\": \"b\", \"charge\": 1e99\r\n}"))
        .unwrap();
    export.set_aside(&rejected("{\"id\"")).unwrap();
    export.set_conflict_aside(&row("a")).unwrap();
    assert!(place.names().iter().all(|name| name.ends_with(".partial")));
    let summary = export.finish().unwrap();
    assert_eq!(
        (summary.rows, summary.rejects, summary.conflicts),
        (1, 2, 1)
    );
    assert_eq!(
        place.names(),
        ["calls.ndjson", "calls.ndjson.rejects.ndjson"]
    );
    let rejects = fs::read_to_string(Rejects::beside(&place.target)).unwrap();
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[0],
        r#"{"reason":"not a number","index":7,"path":"$.value[7].charge","row":{  "id": "b", "charge": 1e99  }}"#
    );
    assert!(lines[1].ends_with(r#""row":"{\"id\""}"#), "{}", lines[1]);
    assert!(
        lines[2].starts_with(r#"{"reason":"a row with the same id"#),
        "{}",
        lines[2]
    );
}

#[test]
fn without_rejects_there_is_no_file_of_them() {
    let place = Place::new();
    let mut export = place.export(Existing::Refuse).unwrap();
    export.write_row(&row("a")).unwrap();
    export.finish().unwrap();
    assert_eq!(place.names(), ["calls.ndjson"]);
}

#[test]
fn an_export_that_is_dropped_leaves_nothing() {
    let place = Place::new();
    let mut export = place.export(Existing::Refuse).unwrap();
    export.write_row(&row("a")).unwrap();
    export.set_aside(&rejected("{}")).unwrap();
    drop(export);
    assert!(place.names().is_empty());
}

#[cfg(unix)]
#[test]
fn a_folder_of_files_in_the_making_that_somebody_removes_is_named() {
    let place = Place::new();
    let stage = place.folder.path().join("calls.ndjson.partial");
    let mut export = place.export(Existing::Refuse).unwrap();
    export.write_row(&row("a")).unwrap();
    fs::remove_dir_all(&stage).unwrap();
    let error = export.finish().unwrap_err();
    assert_eq!(error.path(), Some(stage.as_path()), "{error}");
    assert!(error.to_string().contains("was removed"), "{error}");
}

#[test]
fn a_file_in_the_place_of_a_day_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("date=2019-11-02");
    fs::write(&day, "").unwrap();
    let at = |day| graph_pstn_model::TimeRange::parse_instant(day).unwrap();
    let range = graph_pstn_model::TimeRange::new(at("2019-11-01"), at("2019-12-01")).unwrap();
    let part = (graph_pstn_model::CallLog::Pstn, range);
    let error = Export::<PstnCallLogRow>::to_days(
        folder.path(),
        part,
        Format::Csv,
        Existing::Refuse,
        Rejects::told(|_| {}),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} cannot be read", day.display())
    );
}

#[test]
fn a_callback_hears_of_rows_without_their_content() {
    let (told, heard) = std::sync::mpsc::channel();
    let rejects = Rejects::told(move |note| {
        told.send(format!("{note:?}")).unwrap();
    });
    let mut export = Export::to_stream(Vec::new(), Format::Csv, rejects).unwrap();
    export
        .set_aside(&rejected("{\"callerNumber\":\"+1 555 0100\"}"))
        .unwrap();
    export.set_conflict_aside(&row("a")).unwrap();
    export.finish().unwrap();
    let notes: Vec<String> = heard.iter().collect();
    assert_eq!(notes.len(), 2);
    assert!(notes[0].contains("not a number") && !notes[0].contains("555"));
}

#[test]
fn a_stream_that_is_closed_says_so() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let rejects = Rejects::told(|_| {});
        let mut export = Export::to_stream(Closed, *format, rejects).unwrap();
        export.write_row(&row("a")).unwrap();
        assert_eq!(export.finish().unwrap_err().kind(), ErrorKind::ClosedPipe);
    }
}

#[test]
fn what_is_not_wanted_is_counted_and_written_nowhere() {
    let place = Place::new();
    let filter = Filter::default().or_user("ada@contoso.example");
    let selection = Selection::default().with_filter(filter);
    let mut export = place
        .export(Existing::Refuse)
        .unwrap()
        .with_selection(selection);
    let of = |user: &str| {
        let mut row = row("a");
        row.user_principal_name = Some(user.into());
        row.duration = Some(5);
        row
    };
    export.write_row(&of("ada@contoso.example")).unwrap();
    export.write_row(&of("grace@contoso.example")).unwrap();
    export
        .set_conflict_aside(&of("grace@contoso.example"))
        .unwrap();
    let summary = export.finish().unwrap();
    assert_eq!(
        (summary.rows, summary.duration, summary.filtered),
        (1, 5, 2)
    );
    assert!(!summary.has_set_aside());
    assert_eq!(place.names(), ["calls.ndjson"]);
}

#[test]
fn masked_numbers_are_masked_wherever_a_row_goes() {
    let place = Place::new();
    let rejects = Rejects::to_file(Rejects::beside(&place.target), Existing::Refuse);
    let mut export: Export<RawRecord> =
        Export::to_file(&place.target, Format::Ndjson, Existing::Refuse, rejects)
            .unwrap()
            .with_selection(Selection::default().with_mask(NumberMask::default()));
    let raw = |json: &str| serde_json::from_str::<RawRecord>(json).unwrap();
    export
        .write_row(&raw(r#"{"id":"a","callerNumber":"+15550100"}"#))
        .unwrap();
    export
        .set_conflict_aside(&raw(r#"{"id":"a","callerNumber":"+15550101"}"#))
        .unwrap();
    export
        .set_aside(&rejected(r#"{"charge":"x","callerNumber":"+15550102"}"#))
        .unwrap();
    export
        .set_aside(&rejected(r#"{"callerNumber":15550103}"#))
        .unwrap();
    export
        .write_row(&raw(r#"{"id":"b","newNumber":15550104}"#))
        .unwrap();
    let summary = export.finish().unwrap();
    assert_eq!(
        (summary.rows, summary.conflicts, summary.rejects),
        (1, 1, 3)
    );
    let rows = fs::read_to_string(&place.target).unwrap();
    assert_eq!(rows, "{\"id\":\"a\",\"callerNumber\":\"+15550***\"}\n");
    let rejects = fs::read_to_string(Rejects::beside(&place.target)).unwrap();
    assert_eq!(rejects.lines().count(), 4);
    assert_eq!(rejects.matches("+15550***").count(), 2);
    assert!(!rejects.contains("5501"), "{rejects}");
    assert_eq!(rejects.matches(r#""row":null"#).count(), 2);
}

#[cfg(feature = "parquet")]
#[test]
fn a_row_that_the_format_cannot_hold_is_set_aside() {
    let place = Place::new();
    let rejects = Rejects::to_file(Rejects::beside(&place.target), Existing::Refuse);
    let mut export =
        Export::to_file(&place.target, Format::Parquet, Existing::Refuse, rejects).unwrap();
    let charged = |charge| {
        let mut row = row("a");
        row.charge = Some(graph_pstn_model::Decimal::from_str_exact(charge).unwrap());
        row
    };
    export.write_row(&charged("0.05")).unwrap();
    export.write_row(&charged("0.000000000001")).unwrap();
    let summary = export.finish().unwrap();
    assert_eq!((summary.rows, summary.rejects), (1, 1));
    assert_eq!(summary.charge[""].to_string(), "0.05");
    let rejects = fs::read_to_string(Rejects::beside(&place.target)).unwrap();
    assert!(
        rejects.starts_with(r#"{"reason":"Parquet cannot hold charge: more decimals"#),
        "{rejects}"
    );
    assert!(rejects.contains(r#""charge":0.000000000001"#), "{rejects}");
}

#[test]
fn a_day_that_was_let_go_of_takes_a_late_row() {
    // More days than are open at a time, and then one more row for each.
    let days = 20_u8;
    for format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let range = graph_pstn_model::TimeRange::new(
            graph_pstn_model::TimeRange::parse_instant("2019-11-01").unwrap(),
            graph_pstn_model::TimeRange::parse_instant("2019-12-01").unwrap(),
        )
        .unwrap();
        let part = (graph_pstn_model::CallLog::Pstn, range);
        let rejects = Rejects::told(|_| {});
        let output = folder.path().join("days");
        let mut export =
            Export::to_days(&output, part, *format, Existing::Refuse, rejects).unwrap();
        for hour in 0..2_u8 {
            for day in 0..days {
                let mut row = row(&format!("call {day}.{hour}"));
                let passed = time::Duration::days(day.into()) + time::Duration::hours(hour.into());
                row.start_date_time = Some(range.from() + passed);
                export.write_row(&row).unwrap();
            }
        }
        assert_eq!(
            export.finish().unwrap().rows,
            u64::from(days) * 2,
            "{format}"
        );
        for day in 0..days {
            let file = format!("date=2019-11-{:02}/part-00000.{format}", day + 1);
            let content = fs::read(output.join(&file)).unwrap();
            let ids = ids(*format, &content);
            assert_eq!(
                ids,
                [format!("call {day}.0"), format!("call {day}.1")],
                "{file}"
            );
        }
    }
}

/// The ids in a file.
fn ids(format: Format, content: &[u8]) -> Vec<String> {
    match format {
        #[cfg(feature = "parquet")]
        Format::Parquet => crate::formats::parquet_writer::tests::ids(content),
        _ => {
            let text = String::from_utf8(content.to_vec()).unwrap();
            let ids = text.match_indices("call ").map(|(at, _)| {
                let id = text[at..].split([',', '"']).next().unwrap();
                id.to_owned()
            });
            ids.collect()
        }
    }
}
