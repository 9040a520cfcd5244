//! `when`, `skip`, `for_each` and choices of schemas against what the schemas allow.

use std::io;
use std::path::Path;

use compiler::config::load::load_text;
use compiler::config::{Environment, Files};
use compiler::diagnostic::SourceText;

const PLACED: &str = r#"{"type": "object", "required": ["id", "type", "email", "lines"], "additionalProperties": false,
    "properties": {"id": {"type": "string"}, "type": {"const": "order.placed"}, "email": {"type": "string"},
        "note": {"type": ["string", "null"]},
        "lines": {"type": "array", "items": {"oneOf": [
            {"type": "object", "required": ["kind", "sku"], "additionalProperties": false,
                "properties": {"kind": {"const": "goods"}, "sku": {"type": "string"}}},
            {"type": "object", "required": ["kind", "rate"], "additionalProperties": false,
                "properties": {"kind": {"const": "tax"}, "rate": {"type": "number"}}}]}}}}"#;
const CANCELLED: &str = r#"{"type": "object", "required": ["id", "type", "reason"], "additionalProperties": false,
    "properties": {"id": {"type": "string"}, "type": {"const": "order.cancelled"}, "reason": {"type": "string"}}}"#;

/// The codes for a table of a pipeline that chooses between the two.
fn codes(top: &str, table: &str) -> Vec<&'static str> {
    let schema =
        "schema: { discriminator: .type, mapping: { order.placed: placed.json, order.cancelled: cancelled.json } }";
    let pipeline = format!(
        "source: {{ queue: a, dlq: b }}\n{schema}\n{top}\ntables:\n  all:\n    primary_key: [id]\n    columns: {{ id: text }}\n  \
         t:\n    primary_key: [key]\n{table}"
    );
    reported(&pipeline, &[("placed.json", PLACED), ("cancelled.json", CANCELLED)])
}

/// The codes for a pipeline with these schema files.
fn reported(pipeline: &str, schemas: &[(&str, &str)]) -> Vec<&'static str> {
    let read = |path: &Path, _: u64| {
        let found = schemas.iter().find(|(known, _)| Path::new(known) == path);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    let text = load_text(SourceText::new("p.yaml", pipeline), &Environment::new(), &read);
    let problems = match compiler::compile(&Files { pipelines: vec![text], problems: Vec::new() }) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => problems,
    };
    problems.iter().map(|problem| problem.code.id()).collect()
}

/// A table with this condition and this column.
fn when(condition: &str, column: &str) -> Vec<&'static str> {
    codes("", &format!("    when: {condition}\n    columns:\n      key: text = .id\n      {column}\n"))
}

#[test]
fn a_field_of_one_kind_may_be_absent_and_one_of_none_is_no_field() {
    let column = |line: &str| codes("", &format!("    columns:\n      key: text = .id\n      {line}\n"));
    assert_eq!(column("email: text null"), [""; 0]);
    assert_eq!(column("email: text"), ["E0113"]);
    assert_eq!(column("emial: text null"), ["E0107"]);
}

/// A comparison of what a function makes of null, which is null for all of these, shows that the field is there.
#[test]
fn a_comparison_through_a_function_that_keeps_null_shows_that_the_field_is_there() {
    for function in jq::functions().filter(|function| function.null == jq::OnNull::Keeps) {
        let condition = format!("(.note | {}) > \"2024\"", function.name);
        assert_eq!(when(&condition, "note: text"), when(".note > \"2024\"", "note: text"), "{condition}");
    }
    assert_eq!(when("(.note | tostring) > \"2024\"", "note: text"), ["E0113"]);
}

#[test]
fn a_condition_leaves_the_kinds_that_can_meet_it() {
    for condition in [
        ".type == \"order.placed\"",
        "'\"order.placed\" == .type and .id != \"x\"'",
        ".type | endswith(\".placed\")",
        "(.type | split(\".\")[1]) == \"placed\"",
        ".type != \"order.cancelled\"",
        "(.type == \"order.placed\" and .email == \"x\") or (.type == \"order.placed\" and .id == \"y\")",
        "$doc.type == \"order.placed\"",
    ] {
        assert_eq!(when(condition, "email: text"), [""; 0], "{condition}");
        assert_eq!(when(condition, "reason: text null"), ["E0107"], "{condition}");
    }
    assert_eq!(when(".id == \"x\"", "email: text"), ["E0113"]);
}

#[test]
fn a_condition_rules_null_out() {
    for condition in [
        ".note != null",
        "(.note | length) > 0",
        ".note > \"\"",
        "'(.note == null) | not'",
        ".note | type == \"string\"",
        ".type == \"order.placed\" and .note != null",
    ] {
        assert_eq!(when(condition, "note: text"), [""; 0], "{condition}");
    }
    for column in [
        "note: text = if .note then .note else \"\" end",
        "note: text = .note // .id",
        "note: text null = .note | values | ascii_downcase",
    ] {
        assert_eq!(when(".type == \"order.placed\"", column), [""; 0], "{column}");
    }
    assert_eq!(when(".type == \"order.placed\"", "note: text = .note | ascii_downcase"), ["W0255"]);
}

#[test]
fn a_condition_that_cannot_be_is_reported() {
    assert_eq!(when(".type", "email: text null"), ["E0155"]);
    assert_eq!(when(".note", "email: text null"), ["E0155"]);
    assert_eq!(when(".type == \"order.plased\"", "email: text null"), ["W0257", "W0256"]);
    assert_eq!(when(".type | startswith(\"order.\")", "email: text null"), ["W0257"]);
    assert_eq!(when(".id == 5", "email: text null"), ["W0256"]);
}

#[test]
fn skip_sees_documents_that_no_schema_was_asked_about() {
    let rest = "    columns:\n      key: text = .id\n      email: text\n";
    assert_eq!(codes("skip: .type == \"order.cancelled\"", rest), [""; 0]);
    assert_eq!(codes("skip: .type == \"ping\"", rest), ["E0113"]);
    assert_eq!(codes("skip: .Event == \"test\"", rest), ["E0113"]);
    assert_eq!(codes("skip: .typ == \"ping\"", rest), ["W0202", "E0113"]);
    assert_eq!(codes("skip: .type", rest), ["E0155", "E0113"]);
}

#[test]
fn for_each_makes_rows_of_items() {
    let rows = |for_each: &str, rest: &str| codes("", &format!("    for_each: {for_each}\n{rest}"));
    let sku = "    when: .kind == \"goods\"\n    columns: { key: text = .sku, id: text = $doc.id, email: text = $doc.email }\n";
    assert_eq!(rows(".lines", sku), [""; 0], "`lines` is of one kind, which has an `email`");
    let sku = "    when: .kind == \"goods\"\n    columns: { key: text = .sku, id: text = $doc.id }\n";
    assert_eq!(rows(".lines", sku), [""; 0]);
    assert_eq!(rows(".lines", "    columns: { key: text = .sku }\n"), ["E0113"]);
    assert_eq!(rows(".lines", "    columns: { key: text = .id }\n"), ["E0107"]);
    assert_eq!(rows(".lines", "    columns: { key: text = $doc.id }\n"), ["W0259"]);
    let any = "    columns: { key: text = $sqs.message_id }\n";
    assert_eq!(rows(".lines[]", any), ["E0156", "W0255"]);
    assert_eq!(rows(".id", any), ["E0156"]);
}

/// The codes for a table of a pipeline with this schema.
fn alone(schema: &str, choice: &str, table: &str) -> Vec<&'static str> {
    let pipeline =
        format!("source: {{ queue: a, dlq: b }}\nschema: {choice}\ntables:\n  t:\n    primary_key: [key]\n{table}");
    reported(&pipeline, &[("s.json", schema)])
}

#[test]
fn a_condition_of_the_schema_is_known_where_the_table_has_the_same() {
    let schema = r#"{"type": "object", "required": ["id", "type"], "additionalProperties": false,
        "properties": {"id": {"type": "string"}, "type": {"enum": ["a", "b"]}, "x": {"type": "string"}},
        "if": {"properties": {"type": {"const": "a"}}}, "then": {"required": ["x"]}}"#;
    let table = |when: &str| format!("    when: {when}\n    columns: {{ key: text = .id, x: text }}\n");
    assert_eq!(alone(schema, "s.json", &table(".type == \"a\"")), [""; 0]);
    assert_eq!(alone(schema, "s.json", &table(".type == \"b\"")), ["E0113"]);
    let depends = r#"{"type": "object", "required": ["id"], "dependentRequired": {"y": ["x"]},
        "properties": {"id": {"type": "string"}, "x": {"type": "string"}, "y": {"type": "string"}}}"#;
    assert_eq!(alone(depends, "s.json", &table(".y != null")), [""; 0]);
    assert_eq!(alone(depends, "s.json", &table(".id != \"\"")), ["E0113"]);
}

#[test]
fn nothing_is_known_of_what_stands_beside_the_part_that_is_checked() {
    let schema = r#"{"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}}"#;
    let table = "    columns: { key: text = .id, x: text = .data.x }\n";
    assert_eq!(alone(schema, "{ file: s.json, at: .data }", table), [""; 0]);
}
