use super::super::SchemaErrorKind;
use super::*;

const BASE: &str = "file:///schemas/order.schema.json";

fn build(document: &Value, pointer: Option<&str>, resources: &[(&str, Value)]) -> Result<Validator, SchemaError> {
    let resources = resources.iter().map(|(uri, value)| ((*uri).to_owned(), value.clone()));
    let documents = std::iter::once((BASE.to_owned(), document.clone())).chain(resources);
    SchemaSet::new(documents, Options::default())?.compile(BASE, pointer.unwrap_or_default())
}

#[test]
fn a_pointer_chooses_a_part_and_its_refs_still_resolve() {
    let document = json!({
        "definitions": {
            "id": { "type": "integer" },
            "an order/1": { "type": "object", "required": ["id"], "properties": { "id": { "$ref": "#/definitions/id" } } },
        }
    });
    let validator = build(&document, Some("/definitions/an order~11"), &[]).unwrap();
    assert!(validator.is_valid(&json!({"id": 1})));
    let rejection = validator.check(&json!({"id": "x"})).unwrap_err();
    assert_eq!(rejection.instance_path.as_deref(), Some("/id"));
    let error = build(&document, Some("/definitions/none"), &[]).unwrap_err();
    assert_eq!(error.kind, SchemaErrorKind::NoSuchPointer);
}

#[test]
fn refs_resolve_by_path_and_by_id() {
    let document = json!({ "properties": {
        "a": { "$ref": "common/money.json#/$defs/amount" },
        "b": { "$ref": "https://example.com/currency" },
    } });
    let resources = [
        ("file:///schemas/common/money.json", json!({ "$defs": { "amount": { "type": "number" } } })),
        ("file:///elsewhere/currency.json", json!({ "$id": "https://example.com/currency", "type": "string" })),
    ];
    let validator = build(&document, None, &resources).unwrap();
    assert!(validator.is_valid(&json!({"a": 1, "b": "EUR"})));
    assert!(!validator.is_valid(&json!({"a": "1"})));
    assert!(!validator.is_valid(&json!({"b": 1})));
}

#[test]
fn what_is_not_local_is_named_and_never_fetched() {
    let document = json!({ "properties": { "a": { "$ref": "https://example.com/x.json" } } });
    let error = build(&document, None, &[]).unwrap_err();
    assert_eq!(error.kind, SchemaErrorKind::UnresolvedRef);
    assert!(error.message.contains("https://example.com/x.json"), "{error}");
    let missing = build(&json!({ "$ref": "other.json" }), None, &[]).unwrap_err();
    assert!(missing.message.contains("file:///schemas/other.json"), "{missing}");
    let dangling = build(&json!({ "items": { "$ref": "#/definitions/x" } }), None, &[]).unwrap_err();
    assert_eq!(dangling.kind, SchemaErrorKind::UnresolvedRef);
}

#[test]
fn a_broken_schema_is_an_error_with_its_place() {
    let error = build(&json!({ "properties": { "a": { "type": "strin" } } }), None, &[]).unwrap_err();
    assert_eq!((error.kind, error.pointer.as_str()), (SchemaErrorKind::Invalid, "/properties/a/type"));
    let unknown = build(&json!({ "$schema": "https://example.com/mine" }), None, &[]).unwrap_err();
    assert_eq!(unknown.kind, SchemaErrorKind::UnknownDraft);
    let pattern = build(&json!({ "pattern": "(" }), None, &[]).unwrap_err();
    assert_eq!(pattern.pointer, "/pattern");
}

#[test]
fn patterns_may_be_large() {
    for pattern in [r"^[\p{L}]{1,500}$", "^.{1,20000}$", r"^[\s\S]{1,50000}$"] {
        assert!(build(&json!({ "pattern": pattern }), None, &[]).unwrap().is_valid(&json!("a")), "{pattern}");
    }
    let error = build(&json!({ "pattern": r"^(\p{L}{1,1000}){1,1000}$" }), None, &[]).unwrap_err();
    assert_eq!(error.message, "the pattern takes more than 64 MiB when it is compiled");
}

#[test]
fn an_unknown_draft_can_be_named() {
    let document = json!({ "$schema": "https://example.com/mine", "type": "integer" });
    let options = Options { draft: Some(Draft::Draft7), ..Options::default() };
    let validator = Validator::of(&document, options).unwrap();
    assert!(!validator.is_valid(&json!("x")));
}

#[test]
fn formats_are_asserted_in_every_draft_unless_turned_off() {
    for draft in [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012] {
        let document = json!({ "format": "email" });
        for assert_formats in [true, false] {
            let options = Options { draft: Some(draft), assert_formats };
            let validator = Validator::of(&document, options).unwrap();
            assert_eq!(validator.is_valid(&json!("no address")), !assert_formats, "{draft:?}");
        }
    }
}
