//! Values with many alternatives, and what a condition leaves of them.

use crate::known_values::{S, array, column, each, object, when};

/// An object with one of two fields, eight times over.
fn pairs() -> String {
    let fields: Vec<String> = (0..8).map(|i| format!(r#""a{i}": {S}, "b{i}": {S}"#)).collect();
    let either = |i| format!(r#"{{"anyOf": [{{"required": ["a{i}"]}}, {{"required": ["b{i}"]}}]}}"#);
    let all: Vec<String> = (0..8).map(either).collect();
    format!(
        r#"{{"type": "object", "properties": {{{}}}, "additionalProperties": false, "allOf": [{}]}}"#,
        fields.join(", "),
        all.join(", ")
    )
}

/// Alternatives that multiplied would not end while the test runs.
#[test]
fn many_alternatives_do_not_multiply() {
    for (schema, inside) in [(pairs(), ""), (object(&format!("p!: {}", pairs())), ".p")] {
        let one: Vec<String> = (0..8).map(|i| format!("({inside}.a{i} // {inside}.b{i})")).collect();
        assert_eq!(column(&schema, &format!("c: text = {}", one.join(" + "))), "");
    }
    assert_eq!(column(&pairs(), "c: text = .a0 // .a1"), "E0113", "both may be absent");
}

#[test]
fn a_value_that_a_schema_asks_for_is_known_though_others_are_not_listed() {
    let asking = |ty: &str, value: &str| {
        format!(
            r#"{{"type": "object", "properties": {{"g": {{"type": "{ty}"}}, "v": {S}}}, "additionalProperties": false, "allOf": [
                {{"if": {{"properties": {{"g": {{"const": {value}}}}}, "required": ["g"]}}, "then": {{"required": ["v"]}}}}]}}"#
        )
    };
    for condition in [".g", ".g == true"] {
        assert_eq!(when(&asking("boolean", "true"), condition, "v: text"), "", "{condition}");
    }
    assert_eq!(when(&asking("boolean", "true"), ".g == false", "v: text"), "E0113");
    assert_eq!(when(&asking("string", "\"a\""), ".g == \"a\"", "v: text"), "");
    assert_eq!(when(&asking("string", "\"a\""), ".g == \"b\"", "v: text"), "E0113");
}

#[test]
fn a_function_that_compares_leaves_the_values_it_is_true_of() {
    let paid = object(&format!("m!: {{\"enum\": [\"a_pay\", \"g_pay\"]}}; tok!: {S}"));
    let card = object(&format!("m!: {{\"const\": \"card\"}}; l4!: {S}"));
    let either = format!(r#"{{"oneOf": [{card}, {paid}]}}"#);
    let schema = object(&format!("pm!: {either}; pms!: {}; x: {S}", array(&either)));
    for condition in ["endswith(\"_pay\")", "IN(\"a_pay\", \"g_pay\")"] {
        assert_eq!(when(&schema, &format!(".pm.m | {condition}"), "t: text = .pm.tok"), "", "{condition}");
        let elements = format!("[.pms[] | select(.m | {condition})]");
        assert_eq!(each(&schema, &elements, &["t: text = .tok"]), "", "{condition}");
    }
    assert_eq!(when(&schema, ".pm.m | startswith(\"c\")", "l: text = .pm.l4"), "");
    assert_eq!(when(&schema, ".pm.m | IN(\"a_pay\", \"card\")", "t: text = .pm.tok"), "E0113");
    assert_eq!(when(&schema, ".x | IN(\"a\", \"b\")", "x: text"), "");
    assert_eq!(when(&schema, ".x | IN(\"a\", null)", "x: text"), "E0113");
    assert_eq!(when(&schema, ".x | any(1; . == 1)", "x: text"), "E0113", "null has no part in it");
}

#[test]
fn a_string_that_keeps_to_a_pattern_has_a_first_part() {
    let text = |pattern: &str| object(&format!(r#"k!: {{"type": "string", "pattern": "{pattern}"}}"#));
    assert_eq!(column(&text("^[^/]+/[^/]+$"), "a: text = .k | split(\"/\")[0]"), "");
    assert_eq!(column(&text("^[^/]*$"), "a: text = .k | split(\"/\")[0]"), "E0113", "it may be empty");
}

#[test]
fn an_item_that_was_found_is_there() {
    let schema = object(&format!("a!: {}", array(S)));
    for condition in [".a | index(\"q\") != null", ".a | any(. == \"q\")"] {
        assert_eq!(when(&schema, condition, "a: text = .a[0]"), "", "{condition}");
        assert_eq!(when(&schema, condition, "a: text = .a[1]"), "E0113", "{condition}");
    }
    assert_eq!(when(&schema, ".a | all(. == \"q\")", "a: text = .a[0]"), "E0113");
}
