//! The mapping against the schema: what is reported, and, as important, what is not.

use std::io;
use std::path::Path;

use compiler::config::load::load_text;
use compiler::config::{Environment, Files};
use compiler::diagnostic::SourceText;

/// Compiles one column against a schema and gives the codes reported for it.
fn codes(schema: &str, column: &str) -> Vec<&'static str> {
    let pipeline = format!(
        "source: {{ queue: a, dlq: b }}\nschema: s.json\ntables:\n  t:\n    primary_key: [key]\n    columns:\n      \
         key: text = $sqs.message_id\n      {column}\n"
    );
    let read = |path: &Path, _: u64| match path.to_str() {
        Some("s.json") => Ok(schema.as_bytes().to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let text = load_text(SourceText::new("p.yaml", &pipeline), &Environment::new(), &read);
    let problems = match compiler::compile(&Files { pipelines: vec![text], problems: Vec::new() }) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => problems,
    };
    problems.iter().map(|problem| problem.code.id()).collect()
}

const EVENT: &str = r##"{
    "type": "object",
    "required": ["id", "name", "amount", "count", "ts", "at", "items", "kind", "maybe", "size", "attributes", "tree",
        "digits", "some", "halves", "kinds"],
    "additionalProperties": false,
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string"},
        "note": {"type": "string"},
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "ts": {"type": "integer"},
        "at": {"type": "string", "format": "date-time"},
        "code": {"type": "string", "pattern": "^[0-9]+$"},
        "kind": {"enum": ["a", "b"]},
        "size": {"enum": [1, 2]},
        "digits": {"enum": ["1", "22"]},
        "some": {"enum": ["1", "x"]},
        "halves": {"enum": [1, 1.5]},
        "kinds": {"type": "array", "items": {"enum": ["a", "b"]}},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "anything": true,
        "items": {"type": "array", "items": {"$ref": "#/$defs/a~1b%20c"}},
        "attributes": {"type": "object", "additionalProperties": {"type": "string"}},
        "headers": {"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false},
        "tree": {"$ref": "#/$defs/tree"},
        "mixed": {"type": ["string", "integer"]}
    },
    "$defs": {
        "a/b c": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}},
        "tree": {"type": "object", "required": ["value"], "properties": {"value": {"type": "string"},
            "left": {"$ref": "#/$defs/tree"}}, "unevaluatedProperties": false}
    }
}"##;

#[test]
fn what_fits_is_not_reported() {
    for column in [
        "id: uuid",
        "name: text",
        "note: text null",
        "note: text = .note // \"none\"",
        "note: text = .note // .name",
        "amount: numeric(12,2)",
        "amount: bigint = .amount | round",
        "count: integer",
        "count: bigint = .items | length",
        "at: timestamptz = .ts | unix_ms",
        "at: timestamptz",
        "at: timestamptz = $sqs.sent_at",
        "code: text null",
        "day: date = .at[0:10]",
        "day: date = .at[:10]",
        "digits: integer = .digits",
        "digits: integer[] = [.digits]",
        "at: timestamptz = .name | unix",
        "kind: text",
        "size: smallint",
        "maybe: text null",
        "maybe: text null = .maybe | lower",
        "anything: jsonb null",
        "anything: uuid null",
        "deep: text null = .anything.a.b",
        "items: jsonb",
        "body: jsonb = .",
        "body: jsonb = $body",
        "sku: text null = .items[0].sku",
        "skus: text[] = .items | map(.sku)",
        "skus: text = .items | map(.sku) | join(\",\")",
        "first: text null = first(.items[].sku)",
        "code: integer null",
        "entries: 'jsonb = .tree | with_entries(select(.key | startswith(\"l\")))'",
        "id: uuid = $sqs.attributes.id // error(\"none\")",
        "pair: text[] = [.name, .kind]",
        "pair: 'jsonb = {name, k: .kind}'",
        "both: \"text = \\\"\\\\(.name)-\\\\(.kind)\\\"\"",
        "same: boolean = .name == .kind",
        "pick: text = if .kind == \"a\" then .name else .kind end",
        "colour: text null = .attributes.colour",
        "header: text null = .headers[\"x-a\"]",
        "left: text null = .tree.left.left.value",
        "left: text null = .tree?.left?.value",
        "tenant: text null = $sqs.attributes.tenant",
        "receives: integer = $sqs.receive_count",
        "text: text = .amount | tostring",
        "hash: text = tojson | sha256",
    ] {
        assert_eq!(codes(EVENT, column), [""; 0], "{column}");
    }
}

#[test]
fn what_does_not_fit_is_reported_with_its_code() {
    for (column, code) in [
        ("nam: text", "E0107"),
        ("x: text = .tree.value.x", "E0107"),
        ("x: text null = .tree.left.right", "E0107"),
        ("x: text = $sqs.message", "E0107"),
        ("x: text null = .items[0].skuu", "W0202"),
        ("note: text", "E0113"),
        ("x: text = .note | upper", "E0113"),
        ("x: text = .note // .code", "E0113"),
        ("maybe: text", "E0113"),
        ("x: text = .items[0].sku", "E0113"),
        ("x: text = .attributes.colour", "E0113"),
        ("x: text = $sqs.attributes.tenant", "E0113"),
        ("x: text = $sqs.group_id", "E0113"),
        ("x: text = .items[] | .sku", "E0113"),
        ("amount: bigint", "E0114"),
        ("amount: text", "E0114"),
        ("count: boolean", "E0114"),
        ("ts: timestamptz", "E0114"),
        ("items: text", "E0114"),
        ("x: text[] = .name", "E0114"),
        ("x: integer[] = .items", "E0114"),
        ("id: date", "E0114"),
        ("x: text = .count | lower", "E0114"),
        ("x: uuid = .at", "E0114"),
        ("x: uuid = .name", "W0204"),
        ("x: timestamptz = .name", "W0204"),
        ("mixed: text null", "W0204"),
        ("first: text = first(.items[].sku)", "E0113"),
        ("kind: integer", "E0114"),
        ("kind: uuid", "E0114"),
        ("some: integer", "W0204"),
        ("halves: integer", "W0204"),
        ("size: text", "E0114"),
        ("kinds: integer[]", "E0114"),
        ("at: date", "E0114"),
        ("x: uuid = .at[0:10]", "E0114"),
        ("x: date = .name[0:10]", "W0204"),
        ("x: timestamptz = .at | unix", "E0114"),
        ("x: timestamptz = .id | unix_ms", "E0114"),
        ("x: numeric = .at | tonumber", "E0114"),
        ("x: text = .detail-type", "E0126"),
    ] {
        assert_eq!(codes(EVENT, column), [code], "{column}");
    }
}

#[test]
fn alternatives_are_united_and_conditions_count() {
    let schema = r#"{
        "type": "object",
        "oneOf": [
            {"required": ["kind", "card"], "properties": {"kind": {"const": "card"}, "card": {"type": "string"}}, "additionalProperties": false},
            {"required": ["kind", "iban"], "properties": {"kind": {"const": "bank"}, "iban": {"type": "string"}}, "additionalProperties": false}
        ]
    }"#;
    assert_eq!(codes(schema, "kind: text"), [""; 0]);
    assert_eq!(codes(schema, "card: text null"), [""; 0]);
    assert_eq!(codes(schema, "card: text"), ["E0113"]);
    assert_eq!(codes(schema, "cash: text null"), ["E0107"]);
    let schema = r#"{
        "type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    }"#;
    assert_eq!(codes(schema, "a: text null"), [""; 0]);
    assert_eq!(codes(schema, "a: text"), ["E0113"]);
    assert_eq!(codes(schema, "b: text null"), ["W0202"]);
}

#[test]
fn a_reference_hides_its_siblings_up_to_draft_7_only() {
    let schema = |draft: &str| {
        format!(
            r##"{{"$schema": "{draft}", "$ref": "#/definitions/a", "additionalProperties": false,
            "definitions": {{"a": {{"type": "object", "required": ["x"], "properties": {{"x": {{"type": "string"}}}}}}}}}}"##
        )
    };
    assert_eq!(codes(&schema("http://json-schema.org/draft-07/schema#"), "x: text"), [""; 0]);
    assert_eq!(codes(&schema("https://json-schema.org/draft/2020-12/schema"), "x: text"), ["E0107"]);
}

#[test]
fn values_are_followed_through_operators_functions_and_constructions() {
    let mut wrong = Vec::new();
    for (column, expected) in [
        ("x: bigint = .count + .ts", ""),
        ("x: text = .count + .name", "E0114"),
        ("x: text = .name * .name", "E0114"),
        ("x: text = .name + .note", ""),
        ("x: numeric null = .count - (.code | tonumber?)", ""),
        ("x: text = .note | split(\"-\") | .[0]", "W0255"),
        ("x: integer = .kind | keys | length", "E0114"),
        ("x: text = {a: .name} | .a", ""),
        ("x: text = {a: .name} | .b", "E0107"),
        ("x: integer = {a: .name} | .a", "W0204"),
        ("x: text[] = [.items[].sku]", ""),
        ("x: integer[] = [.items[] | {s: .sku} | .s | length]", ""),
        ("x: integer[] = [.at]", "E0114"),
        ("x: text = .items[0] | .sku", "E0113"),
        ("x: text null = .items | first | .sku", ""),
        ("x: text null = .items | map(.sku) | max", ""),
        ("x: text = .items | map(.sku) | add", "E0113"),
        ("x: text null = .items[].sku", "W0255"),
        ("x: text = .name, .kind", "E0114"),
        ("x: text null = .attributes | to_entries | map(.value) | first", ""),
        ("x: text null = .attributes | to_entries | map(.val) | first", "E0107"),
        ("x: boolean = .note | test(\"a\")", "W0255"),
        ("x: boolean = .count | test(\"a\")", "E0114"),
        ("x: boolean = .name | any", "E0114"),
        ("x: text = .mixed | ascii_downcase", "W0255"),
        ("x: text null = .mixed | strings | ascii_downcase", ""),
        ("x: text = if (.mixed | type) == \"string\" then .mixed else \"none\" end", ""),
        ("x: text = .name as $n | $n", ""),
        ("x: text = .note as $n | $n", "E0113"),
        ("x: text = if .note == null then \"none\" else .note end", ""),
        ("x: text = if .count > 0 then .name else null end", "E0113"),
        ("x: integer = .count // \"0\"", ""),
        ("x: integer null = .tree.left.value // \"none\"", "W0204"),
        ("x: text = reduce .items[] as $i (\"\"; . + $i.sku)", ""),
    ] {
        let found = codes(EVENT, &format!("'{}'", column.replace('\'', "''")).replacen("'x: ", "x: '", 1));
        let found = found.join(" ");
        if found != expected {
            wrong.push(format!("{column}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bounds_patterns_and_encodings_bear_on_the_type() {
    let schema = r#"{"type": "object", "required": ["big", "small", "step", "txn", "b64", "wide", "ip"],
        "properties": {"big": {"type": "integer", "maximum": 9000000000}, "small": {"type": "integer", "maximum": 100},
            "step": {"type": "number", "multipleOf": 0.001}, "txn": {"type": "string", "pattern": "^txn_[a-z]+$"},
            "b64": {"type": "string", "contentEncoding": "base64"}, "wide": {"type": "integer", "format": "int64"},
            "ip": {"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]}}}"#;
    for (column, expected) in [
        ("big: integer", "W0204"),
        ("big: bigint", ""),
        ("small: smallint", ""),
        ("wide: integer", "W0204"),
        ("step: numeric(12,2)", "W0204"),
        ("step: numeric(12,3)", ""),
        ("txn: uuid", "E0114"),
        ("b64: bytea", ""),
        ("ip: inet", ""),
    ] {
        assert_eq!(codes(schema, column).join(" "), expected, "{column}");
    }
}
