//! The row types have the properties of Microsoft's schemas: none missing, none more, none of
//! another type.

use std::collections::BTreeMap;

use graph_pstn_model::{
    AdministrativeUnitInfo, CallDurationSource, CallLog, ColumnKind, Tabular, UserBlockMode,
};
use serde_json::Value;

use crate::{fixture, for_each_row_type};

fn table() -> Value {
    serde_json::from_slice(&fixture("properties.json")).unwrap()
}

/// The types of the schema, as columns have them.
fn edm_types(kind: ColumnKind) -> &'static [&'static str] {
    match kind {
        ColumnKind::Text => &[
            "Edm.String",
            "microsoft.graph.callRecords.pstnCallDurationSource",
            "microsoft.graph.callRecords.pstnUserBlockMode",
        ],
        ColumnKind::Integer => &["Edm.Int32"],
        ColumnKind::Decimal => &["Edm.Decimal"],
        ColumnKind::Time => &["Edm.DateTimeOffset"],
        ColumnKind::Boolean => &["Edm.Boolean"],
        ColumnKind::AdministrativeUnits => {
            &["Collection(microsoft.graph.callRecords.administrativeUnitInfo)"]
        }
        _ => &[],
    }
}

fn conforms<T: Tabular>(version: &str, name: &str) {
    let table = table();
    let properties: BTreeMap<String, String> =
        serde_json::from_value(table[version][name].clone()).unwrap();
    let columns: BTreeMap<&str, ColumnKind> = T::COLUMNS
        .iter()
        .map(|column| (column.name(), column.kind()))
        .collect();
    assert_eq!(
        columns.len(),
        T::COLUMNS.len(),
        "{version} {name} has a column twice"
    );
    assert_eq!(
        columns.keys().copied().collect::<Vec<_>>(),
        properties.keys().map(String::as_str).collect::<Vec<_>>(),
        "{version} {name}"
    );
    for (property, edm) in &properties {
        let types = edm_types(columns[property.as_str()]);
        assert!(
            types.contains(&edm.as_str()),
            "{version} {name} {property}: {edm}"
        );
    }
}

#[test]
fn row_types_have_the_schemas_properties() {
    for_each_row_type!(conforms);
}

#[test]
fn administrative_units_have_an_id() {
    let unit = serde_json::to_value(AdministrativeUnitInfo::default()).unwrap();
    let names: Vec<_> = unit.as_object().unwrap().keys().cloned().collect();
    for version in ["v1.0", "beta"] {
        let table = table();
        let properties = table[version]["administrativeUnitInfo"]
            .as_object()
            .unwrap();
        assert_eq!(names, properties.keys().cloned().collect::<Vec<_>>());
    }
}

#[test]
fn enumerations_have_the_schemas_members() {
    let table = table();
    let members = |name: &str| -> Vec<String> {
        serde_json::from_value(table["enumerations"][name].clone()).unwrap()
    };
    for member in members("pstnCallDurationSource") {
        let known = CallDurationSource::from(member.as_str());
        assert!(!matches!(known, CallDurationSource::Unknown(_)), "{member}");
        assert_eq!(known.as_str(), member);
    }
    for member in members("pstnUserBlockMode") {
        let known = UserBlockMode::from(member.as_str());
        assert!(!matches!(known, UserBlockMode::Unknown(_)), "{member}");
        assert_eq!(known.as_str(), member);
    }
}

#[test]
fn logs_name_properties_that_their_rows_have() {
    let table = table();
    for log in CallLog::ALL {
        let row = &table[log.version().segment()][log.row_type()];
        assert!(row.is_object(), "{log}");
        for property in [log.key(), log.time_property()].into_iter().flatten() {
            assert!(row[property].is_string(), "{log} {property}");
        }
    }
}
