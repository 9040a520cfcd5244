//! Where references lead: the validator and the plan follow them to the same schemas.

use super::folder;

const STRING: (&str, &str) = ("sub/e.json", r#"{"type": "string"}"#);

#[test]
fn a_path_is_followed_from_a_file_without_id_below_one_with() {
    let a = r#"{"$id": "https://x.test/a.json", "properties": {"d": {"$ref": "d.json"}}}"#;
    let d = r#"{"properties": {"e": {"$ref": "sub/e.json"}}}"#;
    let plain = folder("a.json", &[("a.json", a), ("d.json", d), STRING]);
    assert_eq!(plain.verdict(r#"{"d": {"e": 1}}"#), "type");
    // A file that is at that URI by its `$id` is not the one at that path.
    let a = r#"{"$id": "https://x.test/a.json", "anyOf": [{"$ref": "d.json"}, {"$ref": "https://x.test/sub/e.json"}]}"#;
    let other = ("f.json", r#"{"$id": "https://x.test/sub/e.json", "type": "boolean"}"#);
    let both = folder("a.json", &[("a.json", a), ("d.json", d), STRING, other]);
    assert_eq!(both.verdict(r#"{"e": "x"}"#), "valid");
    assert_eq!(both.verdict("true"), "valid");
    assert_eq!(both.verdict(r#"{"e": 1}"#), "type");
}

#[test]
fn anchors_and_pointers_are_followed_in_files_with_any_id() {
    for id in ["https://x.test/b", "b2.json", "other/b.json"] {
        let b = format!(r#"{{"$id": "{id}", "$defs": {{"n": {{"$anchor": "n", "$ref": "{}"}}}}}}"#, "#/$defs/s");
        let b = b.replace("}}}", r#"}, "s": {"type": "string"}}}"#);
        for reference in ["b.json#n", "b.json#/$defs/n"] {
            let a = format!(r#"{{"$ref": "{reference}"}}"#);
            assert_eq!(folder("a.json", &[("a.json", &a), ("b.json", &b)]).verdict("1"), "type", "{id} {reference}");
        }
    }
}

#[test]
fn ids_under_json_schema_org_are_found_too() {
    let a = r#"{"$ref": "https://json-schema.org/learn/address.schema.json"}"#;
    let b = r#"{"$id": "https://json-schema.org/learn/address.schema.json", "type": "string"}"#;
    assert_eq!(folder("a.json", &[("a.json", a), ("b.json", b)]).verdict("1"), "type");
    let meta = r#"{"$ref": "https://json-schema.org/draft/2020-12/schema"}"#;
    assert_eq!(folder("a.json", &[("a.json", meta)]).verdict(r#"{"type": 1}"#), "enum");
}

#[test]
fn what_unknown_keywords_hold_is_no_reference_unless_it_is_referred_to() {
    let a = r#"{"example": {"$ref": "https://shop.test/123", "id": "evt_1"}, "anyOf": [{"$ref": "b.json"}]}"#;
    let b = r#"{"example": {"$id": "evt_1", "id": "evt_1"}, "x": {"$ref": "none.json"}}"#;
    assert_eq!(folder("a.json", &[("a.json", a), ("b.json", b)]).verdict("1"), "valid");
    let a = r##"{"$ref": "#/components/schemas/n", "components": {"schemas": {"n": {"$ref": "b.json"}}}}"##;
    assert_eq!(folder("a.json", &[("a.json", a), ("b.json", r#"{"type": "string"}"#)]).verdict("1"), "type");
}

#[test]
fn a_dependency_named_like_data_is_a_schema() {
    let a = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"const": {"$ref": "b.json"}}}"#;
    let b = r#"{"required": ["x"]}"#;
    assert_eq!(folder("a.json", &[("a.json", a), ("b.json", b)]).verdict(r#"{"const": 1}"#), "required");
}

#[test]
fn names_with_spaces_are_found_escaped_or_not() {
    for reference in ["my d.json", "my%20d.json"] {
        let a = format!(r#"{{"$ref": "{reference}"}}"#);
        assert_eq!(folder("a.json", &[("a.json", &a), ("my d.json", r#"{"type": "string"}"#)]).verdict("1"), "type");
    }
    let a = r#"{"definitions": {"a b": {"type": "string"}}}"#;
    assert_eq!(folder("'a.json#/definitions/a%20b'", &[("a.json", a)]).verdict("1"), "type");
}

#[test]
fn a_file_uri_is_a_path() {
    let at = folder("a.json", &[("d.json", r#"{"type": "string"}"#)]);
    let a = format!(r#"{{"$ref": "file://{}/d.json"}}"#, at.0.path().display());
    std::fs::write(at.0.path().join("a.json"), a).unwrap();
    assert_eq!(at.verdict("1"), "type");
}

#[test]
fn an_id_that_two_schemas_have_is_reported_where_it_is_needed() {
    let money = |id: &str| format!(r#"{{"$id": "https://x.test/{id}"}}"#);
    let a = r#"{"$ref": "https://x.test/money"}"#;
    for (one, other) in [("money", "money"), ("money.json", "money.yaml")] {
        let files = [("a.json", a), ("m.json", &money(one)), ("n.json", &money(other))];
        let problems = folder("a.json", &files).problems();
        assert!(problems[0].starts_with("E0143 n.json:1:9 two schemas have the `$id`"), "{problems:?}");
        let unused = folder("m.json", &files);
        let alone: &[String] = &[];
        assert_eq!(unused.problems(), alone);
    }
    let twice = r#"{"$defs": {"a": {"$id": "https://x.test/m"}, "b": {"$id": "https://x.test/m"}}}"#;
    assert_eq!(
        folder("a.json", &[("a.json", twice)]).problems(),
        ["E0143 a.json:1:59 two schemas have the `$id` `https://x.test/m`"]
    );
}
