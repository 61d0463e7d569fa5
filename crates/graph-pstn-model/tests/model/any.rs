//! Strategies for values of any kind, as JSON text.

use graph_pstn_model::{ColumnKind, Decimal, Tabular, format_time};
use proptest::prelude::*;
use time::OffsetDateTime;

/// The first tick after the year 1, and the last of 9999, in 100 ns of Unix time.
const FIRST_TICK: i128 = -621_040_608_000_000_000;
const LAST_TICK: i128 = 2_534_023_007_999_999_999;

pub(crate) fn time() -> impl Strategy<Value = OffsetDateTime> {
    let whole = (FIRST_TICK / 10_000_000..=LAST_TICK / 10_000_000).prop_map(|s| s * 10_000_000);
    let recent = 15_000_000_000_000_000_i128..20_000_000_000_000_000;
    prop_oneof![FIRST_TICK..=LAST_TICK, whole, recent].prop_map(|ticks| {
        OffsetDateTime::from_unix_timestamp_nanos(ticks * 100).expect("within the calendar")
    })
}

pub(crate) fn decimal() -> impl Strategy<Value = Decimal> {
    let digits = prop_oneof![
        -100_000..100_000_i128,
        -((1_i128 << 96) - 1)..(1_i128 << 96)
    ];
    (digits, 0..=28_u32).prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits, scale))
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9+@._ -]{1,48}",
        "\\PC{1,12}",
        proptest::collection::vec(any::<char>(), 1..8)
            .prop_map(|characters| characters.into_iter().collect()),
    ]
}

fn json_text() -> impl Strategy<Value = String> {
    text().prop_map(|text| serde_json::to_string(&text).expect("strings are JSON"))
}

/// A value of a column in canonical form.
fn canonical_value(name: &'static str, kind: ColumnKind) -> BoxedStrategy<String> {
    match (name, kind) {
        ("callDurationSource", _) => prop_oneof![
            Just("\"microsoft\"".into()),
            Just("\"operator\"".into()),
            json_text()
        ]
        .boxed(),
        ("userBlockMode", _) => {
            prop_oneof![Just("\"blocked\"".into()), Just("\"unblocked\"".into())].boxed()
        }
        (_, ColumnKind::Text) => json_text().boxed(),
        (_, ColumnKind::Integer) => any::<i32>().prop_map(|number| number.to_string()).boxed(),
        (_, ColumnKind::Decimal) => decimal().prop_map(|number| number.to_string()).boxed(),
        (_, ColumnKind::Time) => time()
            .prop_map(|time| format!("\"{}\"", format_time(time)))
            .boxed(),
        (_, ColumnKind::Boolean) => any::<bool>().prop_map(|yes| yes.to_string()).boxed(),
        (_, ColumnKind::AdministrativeUnits) => {
            let unit = prop_oneof![json_text(), Just("null".to_owned())]
                .prop_map(|id| format!("{{\"id\":{id}}}"));
            proptest::collection::vec(unit, 0..3)
                .prop_map(|units| format!("[{}]", units.join(",")))
                .boxed()
        }
        _ => Just("null".to_owned()).boxed(),
    }
}

/// A row in canonical form: all properties in their order, compact, `null` for what is absent.
pub(crate) fn canonical_row<T: Tabular>() -> impl Strategy<Value = String> {
    let members: Vec<_> = T::COLUMNS
        .iter()
        .map(|column| {
            let (name, kind) = (column.name(), column.kind());
            prop_oneof![1 => Just("null".to_owned()), 4 => canonical_value(name, kind)]
                .prop_map(move |value| format!("\"{name}\":{value}"))
        })
        .collect();
    members.prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// Any JSON.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
        json_text(),
        Just("\"\\ud800\"".to_owned()),
    ];
    let name = prop_oneof![
        json_text(),
        prop::sample::select(vec![
            "\"id\"",
            "\"charge\"",
            "\"duration\"",
            "\"startDateTime\"",
            "\"callType\"",
            "\"callDurationSource\"",
            "\"successfulCall\"",
            "\"administrativeUnitInfos\"",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let members = proptest::collection::vec((name.clone(), inner.clone()), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            members.prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                format!("{{{}}}", members.join(" ,"))
            }),
        ]
    })
}
