//! What the checks know of values that are computed, and of conditions on them.

use crate::known_values::{I, N, S, array, codes, column, object, selected, table, when};

#[test]
fn an_assignment_is_no_comparison() {
    let schema = object(&format!("t!: {S}; x!: {I}"));
    assert_eq!(when(&schema, ".t = \"a\"", "t: text"), "E0155");
    assert_eq!(codes(&schema, &format!("{}skip: .t = \"b\"\n", table(&[], &["t: text"]))), "E0155");
    assert_eq!(column(&schema, "b: boolean = .t = \"a\""), "E0114");
    assert_eq!(column(&schema, "n: integer = .x = 5"), "E0114");
    assert_eq!(column(&schema, "j: jsonb = .x = 5"), "");
}

#[test]
fn numbers_and_texts_that_are_computed_are_known() {
    let digits = r#"{"type": "string", "pattern": "^[0-9]+$"}"#;
    let text = |format: &str| format!(r#"{{"type": "string", "format": "{format}"}}"#);
    let schema = object(&format!(
        "s!: {S}; n!: {N}; i!: {I}; c!: {digits}; e!: {{\"enum\": [\"1\", \"2\"]}}; u!: {}; d!: {}; t!: {}; at!: {}; b: {}",
        text("uuid"),
        text("date"),
        text("time"),
        text("date-time"),
        text("date-time")
    ));
    for (line, expected) in [
        ("x: bigint = .c | tonumber", ""),
        ("x: bigint = .e | tonumber", ""),
        ("x: bigint = .s | tonumber", "W0204"),
        ("x: bigint = .d[0:4] | tonumber", "W0204"),
        ("x: numeric = .s | tonumber", ""),
        ("x: text = .s | tonumber", "E0114"),
        ("x: bigint = .n | trunc", ""),
        ("x: bigint = .i | fabs", ""),
        ("x: bigint = .n | fabs", "E0114"),
        ("x: timestamptz = .n | todate", ""),
        ("x: timestamptz = .d + \"T00:00:00Z\"", ""),
        ("x: timestamptz = .d + \"x\"", "W0204"),
        ("x: timestamptz = .d", "E0114"),
        ("x: uuid = .u | lower", ""),
        ("x: uuid = .s | lower", "W0204"),
        ("x: time = .t", "E0114"),
        ("x: time = .t[0:8]", ""),
        ("x: timestamptz = [.at, .b] | max", ""),
        ("x: timestamptz = [.at, .b] | min", "E0113"),
        ("x: text = .at | split(\"T\")[0]", ""),
        ("x: text = .u | split(\"-\") | first", ""),
        ("x: text = .s | split(\"-\") | first", "E0113"),
        ("x: text = .u | split(\"-\")[1]", "E0113"),
    ] {
        assert_eq!(column(&schema, line), expected, "{line}");
    }
}

#[test]
fn an_exclusive_bound_is_the_next_whole_number() {
    let bounded = |keywords: &str| object(&format!("n!: {{\"type\": \"integer\", {keywords}}}"));
    assert_eq!(column(&bounded("\"exclusiveMaximum\": 32768"), "n: smallint"), "");
    assert_eq!(column(&bounded("\"exclusiveMaximum\": 32769"), "n: smallint"), "W0204");
    assert_eq!(column(&bounded("\"exclusiveMaximum\": 2147483648"), "n: integer"), "");
    assert_eq!(column(&bounded("\"exclusiveMinimum\": -32769"), "n: smallint"), "");
    let draft = r#"{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["n"],
        "properties": {"n": {"type": "integer", "maximum": 32768, "exclusiveMaximum": true}}}"#;
    assert_eq!(column(draft, "n: smallint"), "");
}

#[test]
fn items_of_an_array_column_are_doubted_like_values() {
    let schema = object(&format!("ids!: {}; ns!: {}", array(S), array(r#"{"type": "integer", "maximum": 100000}"#)));
    assert_eq!(column(&schema, "ids: uuid[]"), "W0204");
    assert_eq!(column(&schema, "ns: smallint[]"), "W0204");
    assert_eq!(column(&schema, "ns: integer[]"), "");
}

#[test]
fn conditions_that_never_work_are_reported() {
    let schema = object(&format!("t!: {S}; tags!: {}; n!: {{\"type\": \"integer\", \"maximum\": 5}}", array(S)));
    for (condition, expected) in [
        (".tags[] == \"x\"", "W0255"),
        (".t | match(\"x\")", "E0155"),
        (".t | index(\"x\")", "E0155"),
        (".n > 10", "W0256"),
        ("10 < .n", "W0256"),
        (".n == 6", "W0256"),
        (".n >= 5", ""),
        ("any(.tags[]; . == \"x\")", ""),
    ] {
        assert_eq!(when(&schema, condition, "t: text"), expected, "{condition}");
    }
}

#[test]
fn a_format_that_is_ignored_promises_nothing() {
    let schema = object(r#"id!: {"type": "string", "format": "uuid"}; at!: {"type": "string", "format": "date-time"}"#);
    let choice = "schema: { file: s.json, formats: ignore }";
    let ignored = |column: &str| selected(choice, &[("s.json", &schema)], &table(&[], &[column]));
    assert_eq!(column(&schema, "id: uuid"), "");
    assert_eq!(ignored("id: uuid"), "W0204");
    assert_eq!(ignored("x: date = .at[0:10]"), "W0204");
    assert_eq!(ignored("x: timestamptz = $sqs.sent_at"), "");
}

/// Two inputs are two results, whatever the function makes of them.
#[test]
fn each_function_beyond_jqs_has_one_result_for_each_input() {
    let schema = object(&format!("s!: {S}; n!: {N}"));
    for function in jq::functions() {
        assert_eq!(function.arguments, 0, "{}", function.name);
        let line = format!("x: text = (.s, .s) | {}", function.name);
        assert_eq!(column(&schema, &line), "E0114", "{line}");
    }
}
