//! Every format of the same range holds the same rows.

use std::fs::{self, File};

use graph_pstn_export::spreadsheet::unprotect;
use graph_pstn_model::{ColumnKind, OffsetDateTime, PstnCallLogRow, Tabular, format_time};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;

use crate::program::{Totals, Workplace};

const RANGE: [&str; 4] = ["--from", "2019-11-01", "--to", "2019-12-01"];
const RATE: [&str; 2] = ["--emulator-rows-per-day", "60"];

/// A row as the texts of its cells; money without zeros at its end.
pub(crate) type Cells = Vec<String>;

fn export(workplace: &Workplace, file: &str, more: &[&str]) -> Vec<Cells> {
    let args = [
        &["export", "--emulator", "-o", file][..],
        &RANGE,
        &RATE,
        more,
    ]
    .concat();
    let ended = workplace.run(args);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let path = workplace.path(file);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("parquet") => of_parquet(File::open(path).unwrap()),
        Some("ndjson") => of_ndjson(&fs::read_to_string(path).unwrap()),
        _ => of_csv(&fs::read_to_string(path).unwrap()),
    }
}

fn of_csv(text: &str) -> Vec<Cells> {
    let is_marked = text.starts_with('\u{feff}');
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let names: Vec<&str> = PstnCallLogRow::COLUMNS.iter().map(|c| c.name()).collect();
    assert_eq!(reader.headers().unwrap(), names);
    let records = reader.records();
    records
        .map(|record| {
            let record = record.unwrap();
            let cells = record.iter().enumerate();
            cells
                .map(|(place, cell)| {
                    // Only a file for spreadsheets has a mark here, and only its texts are protected.
                    let is_text = PstnCallLogRow::COLUMNS[place].kind() == ColumnKind::Text;
                    canonical(
                        place,
                        if is_marked && is_text {
                            unprotect(cell)
                        } else {
                            cell
                        },
                    )
                })
                .collect()
        })
        .collect()
}

fn of_ndjson(text: &str) -> Vec<Cells> {
    text.lines()
        .map(|line| {
            let row: PstnCallLogRow = serde_json::from_str(line).unwrap();
            (0..PstnCallLogRow::COLUMNS.len())
                .map(|place| canonical(place, &row.cell(place).to_string()))
                .collect()
        })
        .collect()
}

pub(crate) fn of_parquet(file: File) -> Vec<Cells> {
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        row.get_column_iter()
            .enumerate()
            .map(|(place, (name, field))| {
                assert_eq!(name, PstnCallLogRow::COLUMNS[place].name());
                let text = match field {
                    Field::Null => String::new(),
                    Field::Str(text) => text.clone(),
                    Field::Long(nanoseconds) => {
                        let time =
                            OffsetDateTime::from_unix_timestamp_nanos(i128::from(*nanoseconds));
                        format_time(time.unwrap()).to_string()
                    }
                    other => other.to_string(),
                };
                canonical(place, &text)
            })
            .collect()
    })
    .collect()
}

fn canonical(place: usize, text: &str) -> String {
    match PstnCallLogRow::COLUMNS[place].kind() {
        ColumnKind::Decimal if text.contains('.') => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text.to_owned(),
    }
}

#[test]
fn all_of_them_hold_the_same_rows() {
    let workplace = Workplace::new();
    let rows = export(&workplace, "calls.csv", &[]);
    let totals = Totals::of_file(&workplace.path("calls.csv"));
    let truth = workplace.truth(&["--rows-per-day", "60"], "2019-11-01", "2019-12-01");
    assert_eq!(totals.line(), truth);
    for (file, more) in [
        ("typed.ndjson", &[][..]),
        ("raw.ndjson", &["--raw"]),
        ("calls.parquet", &[]),
        ("spreadsheet.csv", &["--spreadsheet"]),
        ("bom.csv", &["--bom"]),
    ] {
        assert!(export(&workplace, file, more) == rows, "{file} differs");
    }
    // Money has Graph's own digits in text, and a fixed scale in Parquet.
    let raw = fs::read_to_string(workplace.path("raw.ndjson")).unwrap();
    assert_eq!(
        Totals::of_ndjson(&raw).line(),
        truth,
        "the text of a number was changed"
    );
}

#[test]
fn parquet_says_what_it_holds() {
    let workplace = Workplace::new();
    export(&workplace, "calls.parquet", &[]);
    let file = File::open(workplace.path("calls.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let said = reader.metadata().file_metadata().key_value_metadata();
    let said: Vec<(&str, &str)> = said
        .unwrap()
        .iter()
        .map(|pair| (pair.key.as_str(), pair.value.as_deref().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("graph-pstn.version", env!("CARGO_PKG_VERSION")),
            ("graph-pstn.log", "pstn"),
            ("graph-pstn.api-version", "v1.0"),
            ("graph-pstn.from", "2019-11-01T00:00:00Z"),
            ("graph-pstn.until", "2019-12-01T00:00:00Z"),
        ]
    );
}

#[test]
fn a_file_for_spreadsheets_has_no_formula_and_no_bare_number_of_a_phone() {
    let workplace = Workplace::new();
    export(&workplace, "calls.csv", &["--spreadsheet"]);
    let text = fs::read_to_string(workplace.path("calls.csv")).unwrap();
    let body = text.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::Reader::from_reader(body.as_bytes());
    let mut numbers = 0;
    for record in reader.records() {
        for (cell, column) in record.unwrap().iter().zip(PstnCallLogRow::COLUMNS) {
            assert!(!cell.starts_with(['=', '+', '@', '\t', '\r']), "{cell}");
            if column.name().ends_with("Number") && !cell.is_empty() {
                assert!(cell.starts_with('\''), "{cell}");
                numbers += 1;
            }
        }
    }
    assert!(numbers > 1_000);
}

#[test]
fn columns_are_chosen_in_every_format() {
    let workplace = Workplace::new();
    let run = |format: &str, columns: &str| {
        let args = [
            &["export", "--emulator", "--format", format][..],
            &[
                "--from",
                "2019-11-04",
                "--to",
                "2019-11-05",
                "--columns",
                columns,
            ],
            &RATE,
        ]
        .concat();
        workplace.run(args)
    };
    let csv = run("csv", "charge,id").stdout;
    let ndjson = run("ndjson", "charge,id").stdout;
    assert!(csv.starts_with("charge,id\r\n"));
    assert_eq!(csv.lines().count(), ndjson.lines().count() + 1);
    for (line, record) in ndjson.lines().zip(csv.lines().skip(1)) {
        let (charge, id) = record.split_once(',').unwrap();
        let charge = if charge.is_empty() { "null" } else { charge };
        assert_eq!(line, format!(r#"{{"charge":{charge},"id":"{id}"}}"#));
    }
    let unknown = run("csv", "charge,cost");
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.error().contains("there is no column cost"));
}
