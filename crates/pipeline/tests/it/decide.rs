//! `decide` on any body: an answer, never a panic.

use std::sync::OnceLock;

use jq::Expr;
use pipeline::ColumnType;
use pipeline::decide::{Decider, Schemas};
use pipeline::message::{Attribute, AttributeValue, Code, Delivery, Metadata, Receipt};
use pipeline::validate::{Options, Validator};
use pipeline::{ColumnMapping, Mapping, TableMapping, WhenNull};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Expressions of every kind, the wrong and the endless among them.
const EXPRESSIONS: [&str; 26] = [
    ".",
    ".a",
    ".a.b[0]",
    ".[-1]",
    ".\"a-b\"",
    "$body.a",
    "$sqs.attributes[\"x\"]",
    "$sqs.sent_at",
    ".a | lower",
    ".a | unix_ms",
    ".a | unix",
    ".a | sha256",
    ".a | url_decode",
    ".[]",
    "[.[]?]",
    "[.. | scalars]",
    "tojson | fromjson",
    ".a + .b",
    ".a * .b",
    ".a / .b",
    ".a // .b",
    "keys | join(\",\")",
    "to_entries | map(.value) | add",
    ".a | test(\"^(a+)+$\")",
    "repeat(.)",
    "error(.)",
];

/// One nullable column for every expression and type.
fn mapping() -> &'static Mapping {
    static MAPPING: OnceLock<Mapping> = OnceLock::new();
    MAPPING.get_or_init(|| {
        let types = ColumnType::names().flat_map(|name| [name.to_owned(), format!("{name}[]")]);
        let columns = types.zip(EXPRESSIONS.iter().cycle());
        Mapping { tables: columns.map(|(ty, expr)| table(&ty, expr)).collect() }
    })
}

/// A table of its own: the first rejection ends a mapping, so each is decided alone.
fn table(ty: &str, expr: &str) -> TableMapping {
    let column = ColumnMapping {
        name: "c".to_owned(),
        ty: ty.parse().expect("a type"),
        when_null: WhenNull::Store,
        expr: Expr::compile(expr).expect("an expression"),
    };
    TableMapping { name: "t".to_owned(), for_each: None, when: None, columns: vec![column] }
}

fn delivery(body: String) -> Delivery {
    let attribute = Attribute { data_type: "Binary".to_owned(), value: AttributeValue::Binary(vec![0, 255]) };
    Delivery {
        body,
        metadata: Metadata {
            sent_at: Some(i64::MAX),
            received_at: i64::MIN,
            attributes: [("x".to_owned(), attribute)].into(),
            ..Metadata::default()
        },
        receipt: Receipt("r".to_owned()),
    }
}

fn validators() -> &'static [Validator] {
    static VALIDATORS: OnceLock<Vec<Validator>> = OnceLock::new();
    VALIDATORS.get_or_init(|| {
        let schemas = [
            json!(true),
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "anyOf": [
                { "type": "string", "format": "date-time" }, { "type": "integer", "multipleOf": 0.01 }, { "$ref": "#" },
            ] } } }),
        ];
        let compile = |schema| Validator::of(schema, Options::default());
        schemas.iter().map(|schema| compile(schema).expect("a schema")).collect()
    })
}

/// Decides with every validator and every table alone.
fn decide_all(body: &str) {
    let delivery = delivery(body.to_owned());
    for validator in validators() {
        for table in &mapping().tables {
            let mapping = Mapping { tables: vec![table.clone()] };
            let schemas = Schemas::one(validator.clone());
            let decider = Decider { unwrap: None, skip: None, schemas, mapping };
            if let Err(rejection) = decider.decide(&delivery) {
                assert!(rejection.message.len() < 1000, "{}", rejection.message.len());
                assert!(rejection.code != Code::NotNull);
            }
        }
    }
}

pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(|text| serde_json::from_str(&text).expect("a number")),
        any::<String>().prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z".prop_map(Value::from),
    ];
    let key = prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("a-b".to_owned()), any::<String>()];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_json_is_decided(document in any_json()) {
        decide_all(&document.to_string());
    }

    #[test]
    fn any_text_is_decided(body in any::<String>()) {
        decide_all(&body);
    }

    #[test]
    fn nearly_json_is_decided(body in "[\\[\\]{}\",:0-9eE.+\\-a-fntru\\\\ ]{0,40}") {
        decide_all(&body);
    }
}

#[test]
fn bodies_at_the_limits_are_decided() {
    let deep = |levels| "[".repeat(levels) + &"]".repeat(levels);
    for body in [
        deep(127),
        deep(128),
        deep(100_000),
        format!("{{\"a\":{}}}", "9".repeat(100_000)),
        format!("{{\"a\":\"{}\"}}", "a".repeat(200_000)),
        format!("[{}1]", "1,".repeat(100_000)),
        "{\"a\":1e999999999}".to_owned(),
        "{\"a\":-1e-999999999}".to_owned(),
        "{\"a\":\"\\u0000\"}".to_owned(),
        "\u{feff}{}".to_owned(),
    ] {
        decide_all(&body);
    }
}
