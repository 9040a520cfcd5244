//! Random schemas that refer to themselves, and bodies that get deep into them.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::decide::any_json;

/// Patterns of each kind: linear, with look-around, with back references, and such that go back a lot.
const PATTERNS: [&str; 12] = [
    "^[ab]+$",
    "^(a+)+$",
    "^(a|aa)+$",
    "^(a|a?)+$",
    "(?<!x)(a*)*b",
    "^(?=.*a)(?=.*b).*$",
    "^(a+)+\\1$",
    "(.)\\1{2,}",
    "^\\p{L}{0,20}$",
    "^(?!a)",
    "[0-9]{1,50}$",
    "",
];

/// A root schema: two definitions, and references to them and to the root from anywhere.
pub(super) fn root() -> impl Strategy<Value = Value> {
    (part(), part(), part()).prop_map(|(root, x, y)| {
        let mut root = match root {
            Value::Object(fields) => fields,
            other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
        };
        root.insert("$defs".to_owned(), json!({ "x": x, "y": y }));
        Value::Object(root)
    })
}

fn part() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            3 => joined(inner.clone(), inner.clone()),
            3 => two.clone().prop_map(|(a, b)| json!({"properties": {"a": a, "b": b}})),
            3 => (inner.clone(), any::<bool>()).prop_map(|(items, needed)| {
                let required: &[&str] = if needed { &["args"] } else { &[] };
                json!({"properties": {"args": {"items": items}}, "required": required})
            }),
            3 => (select(vec!["anyOf", "oneOf", "allOf"]), proptest::collection::vec(inner.clone(), 1..4))
                .prop_map(|(word, parts)| json!({word: parts})),
            2 => inner.clone().prop_map(|not| json!({ "not": not })),
            1 => (two.clone(), inner.clone()).prop_map(|((a, b), c)| json!({"if": a, "then": b, "else": c})),
            1 => (inner.clone(), 0..3_u8).prop_map(|(part, least)| json!({"contains": part, "minContains": least})),
            1 => two.clone().prop_map(|(a, b)| json!({"prefixItems": [a], "items": b})),
            1 => (select(&PATTERNS[..]), inner.clone()).prop_map(|(pattern, part)| json!({"patternProperties": {pattern: part}})),
            2 => (select(vec!["additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames", "items"]), inner)
                .prop_map(|(word, part)| json!({word: part})),
            1 => two.prop_map(|(a, b)| json!({"dependentSchemas": {"a": a}, "properties": {"b": b}})),
        ]
    })
}

/// Two schemas in one: where both have a keyword, the second one's counts.
fn joined(one: impl Strategy<Value = Value>, other: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (one, other).prop_map(|parts| match parts {
        (Value::Object(one), Value::Object(other)) => Value::Object(one.into_iter().chain(other).collect()),
        (one, _) => one,
    })
}

fn leaf() -> impl Strategy<Value = Value> {
    let number = select(vec!["0", "1", "-1", "0.01", "1e300", "1e-300", "12345678901234567890123", "3"]);
    let number = number.prop_map(|text| serde_json::from_str::<Value>(text).expect("a number"));
    prop_oneof![
        6 => select(vec![json!({"$ref": "#"}), json!({"$ref": "#/$defs/x"}), json!({"$ref": "#/$defs/y"})]),
        4 => select(vec!["string", "number", "integer", "object", "array", "null", "boolean"]).prop_map(|ty| json!({"type": ty})),
        2 => select(&PATTERNS[..]).prop_map(|pattern| json!({ "pattern": pattern })),
        2 => (select(vec!["minimum", "exclusiveMaximum", "multipleOf"]), number.clone()).prop_map(|(word, number)| json!({word: number})),
        1 => any_json().prop_map(|value| json!({ "const": value })),
        1 => proptest::collection::vec(prop_oneof![any_json(), number], 1..4).prop_map(|values| json!({ "enum": values })),
        1 => select(vec![json!(true), json!(false), json!({}), json!({"uniqueItems": true}), json!({"required": ["a"]}),
            json!({"maxLength": 3}), json!({"minItems": 1}), json!({"maxProperties": 1}), json!({"dependentRequired": {"a": ["b"]}})]),
    ]
}

/// Documents with the fields that the schemas speak of, some of them deep, with texts that patterns go back in.
pub(super) fn document() -> impl Strategy<Value = Value> {
    let text = (select(vec!["a", "ab", "b", "1", "é"]), 0..40_usize).prop_map(|(text, count)| text.repeat(count));
    let leaf = prop_oneof![
        any_json(),
        text.prop_map(Value::from),
        (-2..3_i64).prop_map(Value::from),
        "-?[1-9](\\.[0-9]{1,3})?e-?[0-9]{1,9}".prop_map(|text| serde_json::from_str(&text).expect("a number")),
        select(vec![json!({"a": 1}), json!({"a": {}, "b": "a"}), json!({"args": []})]),
    ];
    let tree = leaf.prop_recursive(8, 40, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list.clone().prop_map(Value::from),
            (list, inner.clone()).prop_map(|(args, a)| json!({"args": args, "a": a})),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"a": a, "b": b})),
        ]
    });
    (tree, select(vec!["a", "args", "b"]), 0..120_usize, any::<bool>()).prop_map(|(tree, name, levels, deep)| {
        let levels = if deep { levels } else { 0 };
        (0..levels).fold(tree, |inner, _| if name == "args" { json!({"args": [inner]}) } else { json!({name: inner}) })
    })
}
