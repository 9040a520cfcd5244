//! What is wrong with schemas, and where it is shown.

use super::folder;

/// Files `a.json` and `b.json`, and what is reported about them.
fn problems(schema: &str, a: &str, b: &str) -> Vec<String> {
    folder(schema, &[("a.json", a), ("b.json", b)]).problems()
}

#[test]
fn a_mistake_is_shown_in_the_file_it_is_in() {
    let types = r#"["array","boolean","integer","null","number","object","string"]"#;
    let strin = format!("not a valid JSON Schema: `/type` is the string \"strin\", not one of {types}");
    let at_b = problems("a.json", r#"{"properties": {"x": {"$ref": "b.json"}}}"#, r#"{"type": "strin"}"#);
    assert_eq!(at_b, [format!("E0119 b.json:1:10 {strin}")]);
    let bracket =
        |pointer: &str| format!("not a valid JSON Schema: `{pointer}` is the string \"(\", not a valid regex");
    let at_b = problems("a.json", r#"{"$ref": "b.json#/$defs/n"}"#, r#"{"$defs": {"n": {"pattern": "("}}}"#);
    assert_eq!(at_b, [format!("E0119 b.json:1:29 {}", bracket("/$defs/n/pattern"))]);
    let a = r##"{"$defs": {"n": {"$ref": "#/$defs/m"}, "m": {"pattern": "("}}}"##;
    assert_eq!(problems("'a.json#/$defs/n'", a, ""), [format!("E0119 a.json:1:57 {}", bracket("/$defs/m/pattern"))]);
}

#[test]
fn a_reference_to_nothing_is_shown_where_it_is() {
    let cases = [
        (r#"{"items": {"$ref": "b.json#/$defs/none"}}"#, "a.json:1:20 `b.json#/$defs/none` leads to nothing in b.json"),
        (r##"{"items": {"$ref": "#nope"}}"##, "a.json:1:20 `#nope` leads to nothing in a.json"),
        (r##"{"items": {"$dynamicRef": "#nope"}}"##, "a.json:1:27 `#nope` leads to nothing in a.json"),
        (
            r##"{"$defs": {"a b": {}}, "allOf": [{"$ref": "#/$defs/a%20b"}, {"$ref": "#/$defs/c"}]}"##,
            "a.json:1:70 `#/$defs/c` leads to nothing in a.json",
        ),
        (r##"{"$ref": "#/x", "x": {"$ref": "none.json"}}"##, "a.json:1:31 `none.json` leads to no local schema file"),
    ];
    for (a, expected) in cases {
        assert_eq!(problems("a.json", a, "{}"), [format!("E0120 {expected}")]);
    }
}

#[test]
fn a_pointer_without_its_slash_is_completed() {
    let a = r##"{"definitions": {"x": {}}, "$ref": "#definitions/x"}"##;
    let problems = folder("a.json", &[("a.json", a)]).compile().unwrap_err();
    assert_eq!(problems[0].help, ["a pointer starts with `/`: `#/definitions/x`"]);
}

#[test]
fn a_missing_file_is_shown_at_its_reference() {
    let a = r#"{"title": "common things", "$ref": "common"}"#;
    assert!(problems("a.json", a, "{}")[0].starts_with("E0120 a.json:1:36 "));
    let yaml = folder("a.yaml", &[("a.yaml", "type: object\n$ref: nope.json\n")]).problems();
    assert!(yaml[0].starts_with("E0120 a.yaml:2:7 "), "{yaml:?}");
}

#[test]
fn an_unknown_draft_is_reported_however_it_is_written() {
    for draft in ["http://json-schema.org/draft-03/schema#", "http://json-schema.org/draft-07/hyper-schema#", "x#", ""]
    {
        let problems = problems("a.json", &format!(r#"{{"$schema": "{draft}"}}"#), "{}");
        assert!(problems[0].starts_with("E0121 a.json:1:13 "), "{problems:?}");
        let named = folder("{ file: a.json, draft: 7 }", &[("a.json", &format!(r#"{{"$schema": "{draft}"}}"#))]);
        assert_eq!(named.verdict("1"), "valid", "{draft}");
    }
}

#[test]
fn what_a_schema_can_not_be_is_reported() {
    let help =
        |schema: &str| folder(schema, &[("a.json", r#"{"$anchor": "foo"}"#)]).compile().unwrap_err().remove(0).help;
    assert_eq!(help("https://x.test/a.json"), ["schemas are never fetched from the network: name a local file"]);
    assert!(help("'a.json#foo'")[0].contains("anchors are for `$ref` alone"));
}
