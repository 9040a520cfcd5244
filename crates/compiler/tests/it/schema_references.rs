//! Where a reference leads to when a schema is read as alternatives, on files as a user writes them.

use std::io;
use std::path::Path;

use compiler::config::load::load_text;
use compiler::config::{Environment, PipelineText};
use compiler::diagnostic::SourceText;
use schema::{Field, Shape, Type};

/// The types of field `k`, of which the schema is chosen so.
fn types(schema: &str, files: &[(&str, &str)]) -> Vec<Type> {
    let text = format!("source: {{ queue: q, dlq: d }}\nschema: {schema}\ntables: {{}}\n");
    let read = |path: &Path, _: u64| {
        let found = files.iter().find(|(known, _)| Path::new(known) == path);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    let source = SourceText::new("p.yaml", &text);
    let PipelineText { schema, problems, .. } = load_text(source, &Environment::new(), &read);
    assert!(problems.is_empty(), "{problems:?}");
    let files = schema.unwrap();
    match Shape::of_part(&files, 0).unwrap().field("k") {
        Field::Known { shape, .. } => shape.types().into_iter().map(|(ty, _)| ty).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_pointer_starts_at_the_embedded_schema_it_stands_in() {
    let bundle = r##"{"$id": "https://x.test/m.json", "properties": {"k": {"$ref": "inner.json#/$defs/q"}},
        "$defs": {"r": {"type": "string"},
            "i": {"$id": "inner.json", "$defs": {"q": {"$ref": "#/$defs/r"}, "r": {"type": "integer"}},
                "properties": {"k": {"$ref": "#r"}}},
            "named": {"$anchor": "r", "type": "null"}}}"##;
    let bundle = bundle.replace(r#""r": {"type": "integer"}"#, r#""r": {"$anchor": "r", "type": "integer"}"#);
    assert_eq!(types("s.json", &[("s.json", &bundle)]), [Type::Integer]);
    assert_eq!(types("s.json#/$defs/i", &[("s.json", &bundle)]), [Type::Integer]);
    let through = bundle.replace("inner.json#/$defs/q", "#/$defs/i/$defs/q");
    assert_eq!(types("s.json", &[("s.json", &through)]), [Type::Integer]);
    let outer = bundle.replace("inner.json#/$defs/q", "#r");
    assert_eq!(types("s.json", &[("s.json", &outer)]), [Type::Null]);
}

#[test]
fn the_draft_decides_what_counts_beside_a_reference() {
    let schema = r##"{"$ref": "#/definitions/x", "properties": {"k": {"type": "null"}},
        "definitions": {"x": {"type": "object"}}}"##;
    let old = schema.replacen('{', r#"{"$schema": "http://json-schema.org/draft-07/schema#", "#, 1);
    assert_eq!(types("s.json", &[("s.json", schema)]), [Type::Null]);
    assert_eq!(types("{ file: s.json, draft: '7' }", &[("s.json", schema)]), []);
    assert_eq!(types("s.json", &[("s.json", &old)]), []);
    assert_eq!(types("{ file: s.json, draft: 2020-12 }", &[("s.json", &old)]), []);
}

#[test]
fn an_id_beside_a_reference_is_none_in_draft_7() {
    let schema = r##"{"$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"k": {"$id": "other.json", "$ref": "#/definitions/x"}},
        "definitions": {"x": {"type": "string"}}}"##;
    assert_eq!(types("s.json", &[("s.json", schema)]), [Type::String]);
}
