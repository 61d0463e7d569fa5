//! Which rows an export takes.

use std::collections::BTreeMap;

use graph_pstn_model::{CallType, Direction};

use crate::program::{Ended, Totals, Workplace};

const RATE: [&str; 2] = ["--emulator-rows-per-day", "60"];
const WEEK: [&str; 4] = ["--from", "2019-11-04", "--to", "2019-11-11"];

fn export(workplace: &Workplace, more: &[&str]) -> Ended {
    let args = [
        &["export", "--emulator", "--summary", "json"][..],
        &RATE,
        &WEEK,
        more,
    ]
    .concat();
    let ended = workplace.run(args);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

/// Each record as its cells by column.
fn records(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn filtered(ended: &Ended) -> u64 {
    let summary: serde_json::Value = serde_json::from_str(&ended.stderr).unwrap();
    summary["filtered"].as_u64().unwrap()
}

#[test]
fn filters_take_what_they_name_and_count_the_rest() {
    let workplace = Workplace::new();
    let all = records(&export(&workplace, &[]).stdout);
    let check = |options: &[&str], wanted: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        let ended = export(&workplace, options);
        let expected: Vec<_> = all.iter().filter(|row| wanted(row)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len());
        assert!(records(&ended.stdout) == expected, "{options:?}");
        assert_eq!(filtered(&ended), (all.len() - expected.len()) as u64);
    };
    let direction =
        |row: &BTreeMap<String, String>| CallType::from(row["callType"].as_str()).direction();
    check(&["--direction", "inbound"], &|row| {
        direction(row) == Some(Direction::Inbound)
    });
    let user = all.iter().find(|row| !row["userId"].is_empty()).unwrap();
    for name in ["userId", "userPrincipalName"] {
        let value = user[name].to_uppercase();
        check(&["--user", &value], &|row| row[name] == user[name]);
    }
    let called = all
        .iter()
        .map(|row| row["calleeNumber"].as_str())
        .find(|number| number.len() > 8 && !number.contains('*'))
        .unwrap();
    let spelt = format!("{} {}", &called[..3], &called[3..]);
    check(&["--number", &spelt], &|row| {
        let is_it = |number: &str| {
            number.len() == called.len()
                && number
                    .chars()
                    .zip(called.chars())
                    .all(|(one, other)| one == other || one == '*')
        };
        is_it(&row["calleeNumber"]) || is_it(&row["callerNumber"])
    });
}

#[test]
fn masked_numbers_are_masked_in_every_format() {
    let workplace = Workplace::new();
    let whole = records(&export(&workplace, &[]).stdout);
    let masked = records(&export(&workplace, &["--mask-numbers"]).stdout);
    assert_eq!(whole.len(), masked.len());
    let mut hidden = 0;
    for (whole, masked) in whole.iter().zip(&masked) {
        for (column, text) in whole {
            if !column.ends_with("Number") {
                assert_eq!(text, &masked[column]);
            } else if !text.is_empty() {
                let (kept, end) = text.split_at(text.len() - 3);
                assert_eq!(masked[column], format!("{kept}***"));
                hidden += usize::from(end != "***");
            }
        }
    }
    assert!(hidden > 100);
    let numbers = |ended: &Ended| -> Vec<String> {
        let rows = ended.stdout.lines();
        rows.flat_map(|line| {
            let row: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            let numbers = ["calleeNumber", "callerNumber"];
            numbers.map(|name| row[name].as_str().unwrap_or_default().to_owned())
        })
        .collect()
    };
    let expected: Vec<String> = masked
        .iter()
        .flat_map(|row| ["calleeNumber", "callerNumber"].map(|name| row[name].clone()))
        .collect();
    for options in [&["--format", "ndjson"][..], &["--raw"]] {
        let options = [options, &["--mask-numbers"]].concat();
        assert!(
            numbers(&export(&workplace, &options)) == expected,
            "{options:?}"
        );
    }
}

#[test]
fn days_are_those_of_the_time_zone() {
    let workplace = Workplace::new();
    let args = [
        &["export", "--emulator", "--time-zone", "America/Sao_Paulo"][..],
        // Clocks were set forward at the midnight that begins the 4th.
        &["--from", "2018-11-04", "--to", "2018-11-06"],
        &RATE,
    ]
    .concat();
    let ended = workplace.run(args);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let truth = workplace.truth(
        &["--rows-per-day", "60"],
        "2018-11-04T03:00:00Z",
        "2018-11-06T02:00:00Z",
    );
    assert_eq!(Totals::of_csv(ended.stdout.as_bytes()).line(), truth);
    let args = [
        &["export", "--emulator", "--last", "1d"][..],
        &["--time-zone", "Berlin"],
    ]
    .concat();
    let wrong = workplace.run(args);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.error().contains("no such time zone"));
}
