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
fn a_reference_that_is_no_uri_is_shown_as_it_has_to_be_written() {
    let written = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"List<a[]>": {"type": "string"}},
        "properties": {"x": {"$ref": "#/definitions/List<a[]>"}}}"##;
    let problems = folder("a.json", &[("a.json", written)]).compile().unwrap_err();
    let escaped = "#/definitions/List%3Ca%5B%5D%3E";
    assert_eq!(problems[0].help, [format!("a reference is a URI, where such characters are escaped: `{escaped}`")]);
    let mended = written.replace("#/definitions/List<a[]>", escaped);
    assert_eq!(folder("a.json", &[("a.json", &mended)]).verdict(r#"{"x": 1}"#), "type");
}

#[test]
fn an_ignored_keyword_is_a_warning_once_for_each_file() {
    let of = |schema: &str| problems("a.json", schema, "{}");
    let nullable = "W0206 a.json:1:53 `nullable` is a keyword of OpenAPI: null is refused";
    let twice =
        r#"{"properties": {"a": {"type": "string", "nullable": true}, "b": {"type": "string", "nullable": true}}}"#;
    assert_eq!(of(twice), [nullable]);
    assert_eq!(
        of(r#"{"requierd": ["a"]}"#),
        ["W0206 a.json:1:14 `requierd` is ignored: JSON Schema has no such keyword"]
    );
    let of_draft_7 = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "unevaluatedProperties": false}"#;
    let ignored = "`unevaluatedProperties` is ignored: the schema is of draft 7, which does not have it";
    assert_eq!(of(of_draft_7), [format!("W0206 a.json:1:81 {ignored}")]);
    let unknown = r#"{"note": "", "x-id": 1, "example": 1, "nullable": false, "properties": {"requierd": {"default": {"typo": 1}}}}"#;
    assert_eq!(of(unknown), [] as [&str; 0]);
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
