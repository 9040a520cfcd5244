//! Values worth trying on each type, as JSON texts.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Values that are worth a look and rarely generated.
pub(super) const EDGES: [(&str, &str); 14] = [
    ("timestamptz", "\"9999-12-31T23:59:59.999999Z\""),
    ("timestamptz", "\"9999-12-31T00:00:00+15:59\""),
    ("timestamptz", "\"0001-01-01T00:00:00Z\""),
    ("timestamptz", "\"0001-01-01T00:00:00-15:59\""),
    ("timestamptz[]", "[\"9999-12-31T23:59:59.999999Z\",\"0001-01-01T00:00:00Z\"]"),
    ("interval", "\"PT0.0000005S\""),
    ("interval", "\"PT0.0000006S\""),
    ("interval", "\"PT0.0000015S\""),
    ("interval", "\"PT0.9999999S\""),
    ("time", "\"00:00:00.0000005\""),
    ("time", "\"00:00:00.0000015\""),
    ("time", "\"12:00:00.00000149999999\""),
    ("jsonb", "[1e2,1.50e1,1.10,0.00,0e-3,1.5E-3]"),
    ("jsonb[]", "[1e2,1.50e1]"),
];

/// Strings that are nearly a value of the type, or exactly one.
fn text_of(ty: &str) -> BoxedStrategy<String> {
    let pattern = match ty {
        "uuid" => "[0-9a-fA-F]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
        "timestamptz" => {
            "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|z|[+-][01][0-9]:[0-5][0-9])"
        }
        "date" => "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9]",
        "time" => "[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,9})?)?",
        "interval" => {
            "P([0-9]{1,9}Y)?([0-9]{1,9}M)?([0-9]{1,9}W)?([0-9]{1,9}D)?(T([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}(\\.[0-9]{1,9})?S)?)?"
        }
        "inet" => {
            "([0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|::[0-9a-f]{0,4}|[0-9a-f]{1,4}::([0-9a-f]{1,4}:){1,3}[0-9a-f]{1,4}|::ffff:[0-9]{1,2}\\.[0-9]{1,3}\\.1\\.2)(/[0-9]{1,3})?"
        }
        "bytea" => "([A-Za-z0-9+/]{4}){0,6}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        _ => "\\PC{0,20}",
    };
    pattern.boxed()
}

/// The JSON text of a number: short and long, whole and not, small and huge.
fn number() -> BoxedStrategy<String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,4})",
        "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,6})?",
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?",
        "-?[1-9](\\.[0-9]{1,17})?[eE][+-]?[0-9]{1,3}",
        "-?[0-9]\\.0{1,3}",
    ]
    // The oracle reads numbers by way of jsonb, whose numeric has no negative zero.
    .prop_filter("no negative zero", |text| !(text.starts_with('-') && text.parse() == Ok(-0.0)))
    .boxed()
}

/// Values worth trying on a scalar type, as JSON texts.
fn scalar(ty: &str) -> BoxedStrategy<String> {
    let quote = |text: String| Value::from(text).to_string();
    let noise = prop_oneof![Just("null"), Just("true"), Just("false"), Just("\"\""), Just("\"now\""), Just("\"NaN\"")];
    let noise = noise.prop_map(str::to_owned);
    match ty {
        "boolean" => prop_oneof![Just("true".to_owned()), Just("false".to_owned()), noise].boxed(),
        "smallint" | "integer" | "bigint" | "real" | "double precision" => numeric(noise.boxed()),
        numeric_type if numeric_type.starts_with("numeric") => numeric(noise.boxed()),
        "jsonb" => prop_oneof![6 => document(), 1 => noise].boxed(),
        ty => prop_oneof![9 => text_of(ty).prop_map(quote), 1 => noise, 1 => "\\PC{0,12}".prop_map(quote)].boxed(),
    }
}

fn numeric(noise: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![6 => number(), 2 => number().prop_map(|number| format!("\"{number}\"")), 1 => noise].boxed()
}

fn document() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        number(),
        "\\PC{0,10}".prop_map(|text| Value::from(text).to_string()),
        Just("null".to_owned()),
        Just("true".to_owned())
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let field = ("\\PC{1,5}", inner.clone()).prop_map(|(name, value)| format!("{}:{value}", json!(name)));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(field, 0..4).prop_map(|fields| format!("{{{}}}", fields.join(",")))
        ]
    })
    .boxed()
}

pub(super) fn values(ty: &str) -> BoxedStrategy<String> {
    match ty.strip_suffix("[]") {
        Some(element) => {
            prop::collection::vec(scalar(element), 0..4).prop_map(|items| format!("[{}]", items.join(","))).boxed()
        }
        None => scalar(ty),
    }
}
