use std::fs::File;
use std::io::Seek as _;

use graph_pstn_model::{Decimal, PstnCallLogRow, beta};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde::de::DeserializeOwned;

use super::row_groups::GROUP_BYTES;
use super::*;

fn written<T: Tabular>(
    set: impl Fn(ParquetWriter<File>) -> ParquetWriter<File>,
    rows: &[T],
) -> SerializedFileReader<File> {
    let mut file = tempfile::tempfile().unwrap();
    let mut writer = Box::new(set(ParquetWriter::new(file.try_clone().unwrap())));
    for row in rows {
        writer.write(row).unwrap();
    }
    RowWriter::<T>::finish(writer).unwrap();
    file.rewind().unwrap();
    SerializedFileReader::new(file).unwrap()
}

/// All rows, each column as text; absent ones as `null`.
fn read(reader: &SerializedFileReader<File>) -> Vec<Vec<(String, String)>> {
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        let columns = row.get_column_iter();
        columns
            .map(|(name, field)| {
                let text = match field {
                    Field::Str(text) => text.clone(),
                    other => other.to_string(),
                };
                (name.clone(), text)
            })
            .collect()
    })
    .collect()
}

/// The rows of a file.
pub(crate) fn rows(content: &[u8]) -> Vec<Vec<(String, String)>> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    read(&SerializedFileReader::new(file).unwrap())
}

/// The ids in a file.
pub(crate) fn ids(content: &[u8]) -> Vec<String> {
    rows(content).iter().map(|row| cell(row, "id")).collect()
}

fn cell(row: &[(String, String)], name: &str) -> String {
    let (_, text) = row.iter().find(|(column, _)| column == name).unwrap();
    text.clone()
}

fn row<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

#[test]
fn every_kind_of_value_comes_back() {
    let rows: [beta::DirectRoutingLogRow; 4] = [
        row(
            r#"{"id":"a","startDateTime":"2019-11-01T00:00:08.2589935Z","duration":219,"successfulCall":true,"callType":"ByotIn","administrativeUnitInfos":[{"id":"u"},{"id":null},{"id":"v"}]}"#,
        ),
        row(r#"{"id":"b","finalSipCode":-1,"mediaBypassEnabled":false}"#),
        row(r#"{"administrativeUnitInfos":[]}"#),
        row(r#"{"id":"d","administrativeUnitInfos":[{"id":"w"}]}"#),
    ];
    let file = written(|writer| writer, &rows);
    let read = read(&file);
    assert_eq!(read.len(), 4);
    assert_eq!(read[0].len(), beta::DirectRoutingLogRow::COLUMNS.len());
    assert_eq!(cell(&read[0], "id"), "a");
    assert_eq!(cell(&read[0], "duration"), "219");
    assert_eq!(cell(&read[0], "successfulCall"), "true");
    assert_eq!(cell(&read[0], "callType"), "ByotIn");
    assert_eq!(
        cell(&read[0], "administrativeUnitInfos"),
        r#"["u", null, "v"]"#
    );
    assert_eq!(cell(&read[0], "userId"), "null");
    assert_eq!(cell(&read[1], "finalSipCode"), "-1");
    assert_eq!(cell(&read[1], "mediaBypassEnabled"), "false");
    assert_eq!(cell(&read[1], "administrativeUnitInfos"), "null");
    assert_eq!(cell(&read[2], "administrativeUnitInfos"), "[]");
    assert_eq!(cell(&read[3], "administrativeUnitInfos"), r#"["w"]"#);
    // 2019-11-01T00:00:08.2589935Z to the last digit.
    let first = file.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let (_, start) = first
        .get_column_iter()
        .find(|(name, _)| *name == "startDateTime")
        .unwrap();
    assert_eq!(*start, Field::Long(1_572_566_408_258_993_500));
}

#[test]
fn money_has_one_scale_and_no_rounding() {
    let charged = |charge: &str| {
        let mut row = PstnCallLogRow::default();
        row.charge = Some(Decimal::from_str_exact(charge).unwrap());
        row
    };
    let rows = [
        "0.00",
        "0.0113",
        "-12.3456789012",
        "9999999999999999999999999999",
    ]
    .map(charged);
    let file = written(|writer| writer, &rows);
    let charges: Vec<String> = read(&file).iter().map(|row| cell(row, "charge")).collect();
    assert_eq!(
        charges,
        [
            "0.0000000000",
            "0.0113000000",
            "-12.3456789012",
            "9999999999999999999999999999.0000000000"
        ]
    );

    let mut writer = ParquetWriter::new(Vec::new());
    for (refused, column) in [
        (charged("0.00000000001"), "charge: more decimals"),
        (
            row(r#"{"endDateTime":"2300-01-01T00:00:00Z"}"#),
            "endDateTime: a time outside",
        ),
    ] {
        let error = writer.write(&refused).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unwritable);
        assert!(error.to_string().contains(column), "{error}");
    }
    assert_eq!(RowWriter::<PstnCallLogRow>::waiting(&writer), 0);
}

#[test]
fn the_file_says_what_it_is() {
    let file = written::<PstnCallLogRow>(
        |writer| {
            writer
                .with_metadata("graph-pstn.log", "pstn")
                .with_columns(vec![8, 0])
        },
        &[],
    );
    let metadata = file.metadata();
    assert_eq!(metadata.num_row_groups(), 0);
    let said = metadata.file_metadata().key_value_metadata().unwrap();
    let said: Vec<(&str, Option<&str>)> = said
        .iter()
        .map(|pair| (pair.key.as_str(), pair.value.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            ("graph-pstn.version", Some(env!("CARGO_PKG_VERSION"))),
            ("graph-pstn.log", Some("pstn"))
        ]
    );
    let columns = metadata.file_metadata().schema_descr();
    assert_eq!(columns.column(0).name(), "charge");
    assert_eq!(columns.column(1).name(), "id");
    assert_eq!(columns.num_columns(), 2);
}

#[test]
fn a_row_group_is_full_at_some_size() {
    let long = "x".repeat(64 * 1024);
    let rows: Vec<PstnCallLogRow> = (0..600)
        .map(|number| {
            let mut row = PstnCallLogRow::default();
            row.id = Some(format!("{number:08}{long}").as_str().into());
            row
        })
        .collect();
    let file = written(|writer| writer, &rows);
    let groups = file.metadata().row_groups();
    assert_eq!(groups.len(), 5);
    let largest = groups.iter().map(|group| group.total_byte_size()).max();
    assert!(largest.unwrap() < GROUP_BYTES as i64 + 2 * 64 * 1024);
    let ids: Vec<String> = read(&file).iter().map(|row| cell(row, "id")).collect();
    assert!(
        ids.iter()
            .zip(&rows)
            .all(|(id, row)| Some(id.as_str()) == row.id.as_deref())
    );
    assert_eq!(ids.len(), 600);
}

#[test]
fn an_output_that_fails_is_an_error_of_its_kind() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Box::new(ParquetWriter::new(Full));
    writer.write(&PstnCallLogRow::default()).unwrap();
    let error = RowWriter::<PstnCallLogRow>::finish(writer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
}

#[test]
fn many_rows_with_lists_of_any_length_come_back() {
    // Slices of the encoder's end in the midst of rows and of lists.
    let rows: Vec<beta::PstnCallLogRow> = (0..5_000_usize)
        .map(|number| {
            let units: Vec<String> = (0..number % 7)
                .map(|unit| match unit % 3 {
                    2 => r#"{"id":null}"#.to_owned(),
                    _ => format!(r#"{{"id":"{number}-{unit}"}}"#),
                })
                .collect();
            let units = match number % 5 {
                0 => "null".to_owned(),
                _ => format!("[{}]", units.join(",")),
            };
            row(&format!(
                r#"{{"id":"{number}","administrativeUnitInfos":{units},"charge":{number}.5}}"#
            ))
        })
        .collect();
    let file = written(|writer| writer, &rows);
    let read = read(&file);
    assert_eq!(read.len(), rows.len());
    for (read, row) in read.iter().zip(&rows) {
        assert_eq!(cell(read, "id"), row.id.as_deref().unwrap());
        assert_eq!(
            cell(read, "charge"),
            format!("{}.5000000000", row.id.as_deref().unwrap())
        );
        let expected = match &row.administrative_unit_infos {
            None => "null".to_owned(),
            Some(units) => {
                let ids = units.iter().map(|unit| match &unit.id {
                    Some(id) => format!("{:?}", &**id),
                    None => "null".to_owned(),
                });
                format!("[{}]", ids.collect::<Vec<_>>().join(", "))
            }
        };
        assert_eq!(cell(read, "administrativeUnitInfos"), expected);
    }
}

#[test]
fn rows_of_one_file_go_after_those_of_another_as_they_are() {
    let rows: [beta::DirectRoutingLogRow; 4] = [
        row(
            r#"{"id":"a","startDateTime":"2019-11-01T00:00:08.2589935Z","duration":-219,"successfulCall":true,"administrativeUnitInfos":[{"id":"u"},{"id":null}]}"#,
        ),
        row(r#"{"id":"b","callType":"","administrativeUnitInfos":[]}"#),
        row("{}"),
        row(r#"{"id":"d","successfulCall":false}"#),
    ];
    let content = |rows: &[beta::DirectRoutingLogRow]| {
        let mut out = Vec::new();
        let mut writer =
            Box::new(ParquetWriter::new(&mut out).with_metadata("graph-pstn.log", "x"));
        for row in rows {
            writer.write(row).unwrap();
        }
        RowWriter::<beta::DirectRoutingLogRow>::finish(writer).unwrap();
        out
    };
    let (first, second) = (content(&rows[..1]), content(&rows[1..]));
    let mut both = first.clone();
    let mut appender = RowAppender::new(&mut both, io::Cursor::new(&first)).unwrap();
    let mut others = FileRows::new(&second[..]).unwrap();
    assert_eq!(
        others.columns(),
        FileRows::new(&first[..]).unwrap().columns()
    );
    let mut ids = Vec::new();
    let mut contents = std::collections::HashSet::new();
    while others.advance().unwrap() {
        ids.push(others.id().map(str::to_owned));
        contents.insert(others.content());
        appender.push(&others).unwrap();
    }
    appender.finish().unwrap();
    assert_eq!(ids, [Some("b".to_owned()), None, Some("d".to_owned())]);
    assert_eq!(contents.len(), 3);
    assert_eq!(
        super::tests::rows(&both),
        super::tests::rows(&content(&rows))
    );
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&both).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let said = reader.metadata().file_metadata().key_value_metadata();
    assert_eq!(
        said.unwrap().len(),
        2,
        "what the first says of itself stays"
    );
}

#[test]
fn a_file_of_no_rows_yet_is_gone_on_with() {
    let refused: PstnCallLogRow = row(r#"{"id":"a","charge":0.00000000001}"#);
    let wanted: PstnCallLogRow = row(r#"{"id":"b"}"#);
    let mut out = Vec::new();
    let mut writer = ParquetWriter::new(&mut out);
    let error = writer.write(&refused).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unwritable);
    RowWriter::<PstnCallLogRow>::pause(&mut writer).unwrap();
    drop(writer);
    let mut rest = Vec::new();
    let writer = ParquetWriter::new(&mut rest).continuing(io::Cursor::new(&out));
    let mut writer = Box::new(writer.unwrap());
    writer.write(&wanted).unwrap();
    RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
    out.extend(rest);
    assert_eq!(ids(&out), ["b"]);
}

#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    let rows: Vec<PstnCallLogRow> = (0..20)
        .map(|number| row(&format!(r#"{{"id":"{number}","charge":{number}.5}}"#)))
        .collect();
    let mut content = Vec::new();
    let mut writer = Box::new(ParquetWriter::new(&mut content).with_columns(vec![0, 8]));
    for row in &rows {
        writer.write(row).unwrap();
    }
    RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
    let read = |content: &[u8]| {
        let mut rows = FileRows::new(content)?;
        let mut count = 0;
        while rows.advance()? {
            count += 1;
        }
        io::Result::Ok(count)
    };
    assert_eq!(read(&content).unwrap(), rows.len());
    let mut damaged = 0;
    for at in 0..content.len() {
        for bit in 0..8 {
            let mut changed = content.clone();
            changed[at] ^= 1 << bit;
            damaged += usize::from(read(&changed).is_err());
        }
        assert!(read(&content[..at]).is_err(), "{at}");
    }
    assert!(damaged > content.len(), "{damaged} of {}", content.len());
}
