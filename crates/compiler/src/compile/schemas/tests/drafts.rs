//! Each document is read by its own draft, however it is reached.

use super::folder;

const DRAFT_4: &str = r#""$schema": "http://json-schema.org/draft-04/schema#""#;
const DRAFT_7: &str = r#""$schema": "http://json-schema.org/draft-07/schema#""#;

#[test]
fn a_part_is_of_its_documents_draft() {
    // Up to draft 7, what stands beside a `$ref` does not count.
    let a = format!(
        r##"{{{DRAFT_7}, "definitions": {{"s": {{"type": "string"}},
            "n": {{"properties": {{"x": {{"$ref": "#/definitions/s", "maxLength": 2}}}}}}}}}}"##
    );
    let folder = folder("a.json#/definitions/n", &[("a.json", &a)]);
    assert_eq!(folder.verdict(r#"{"x": "abcdef"}"#), "valid");
    assert_eq!(folder.verdict(r#"{"x": 1}"#), "type");
}

#[test]
fn draft_4_is_known_by_pointer_and_by_reference() {
    let a = format!(r#"{{{DRAFT_4}, "definitions": {{"x": {{"minimum": 3, "exclusiveMinimum": true}}}}}}"#);
    let parts = [("a.json#/definitions/x", "true"), ("b.json", r#"{"$ref": "a.json#/definitions/x"}"#)];
    for (schema, b) in parts {
        let folder = folder(schema, &[("a.json", &a), ("b.json", b)]);
        assert_eq!((folder.verdict("3").as_str(), folder.verdict("4").as_str()), ("exclusiveMinimum", "valid"));
    }
}

#[test]
fn a_file_that_is_referred_to_is_of_its_own_draft() {
    let a = format!(r#"{{{DRAFT_7}, "$ref": "b.json#/definitions/n"}}"#);
    let b = r#""definitions": {"n": {"properties": {"x": {"prefixItems": [{"type": "string"}]}}}}"#;
    let of_draft_7 = format!("{{{DRAFT_7}, {b}}}");
    assert_eq!(folder("a.json", &[("a.json", &a), ("b.json", &of_draft_7)]).verdict(r#"{"x": [1]}"#), "valid");
    let of_2020_12 = format!(r#"{{"$schema": "https://json-schema.org/draft/2020-12/schema", {b}}}"#);
    let named = folder("{ file: a.json, draft: 7 }", &[("a.json", &a), ("b.json", &of_2020_12)]);
    assert_eq!(named.verdict(r#"{"x": [1]}"#), "type");
}

#[test]
fn the_names_of_old_drafts_are_followed() {
    let a = format!(r#"{{{DRAFT_7}, "$ref": "b.json#foo"}}"#);
    let b = format!(r##"{{{DRAFT_7}, "definitions": {{"foo": {{"$id": "#foo", "type": "string"}}}}}}"##);
    assert_eq!(folder("a.json", &[("a.json", &a), ("b.json", &b)]).verdict("1"), "type");
    let a = format!(
        r#"{{{DRAFT_4}, "id": "https://x.test/a.json", "allOf": [{{"$ref": "n"}}],
            "definitions": {{"n": {{"id": "n", "type": "string"}}}}}}"#
    );
    assert_eq!(folder("a.json", &[("a.json", &a)]).verdict("1"), "type");
}

#[test]
fn an_unknown_draft_is_reported_wherever_it_is() {
    let b = r#"{"$schema": "https://acme.test/meta", "type": "string"}"#;
    let folder = folder("a.json", &[("a.json", r#"{"$ref": "b.json"}"#), ("b.json", b)]);
    assert_eq!(folder.problems(), ["E0121 b.json:1:13 `https://acme.test/meta` is not a known draft of JSON Schema"]);
}
