use serde_json::json;

use super::super::{Options, Validator};
use super::*;

fn reject(schema: &Value, document: &Value) -> Rejection {
    Validator::of(schema, Options::default()).unwrap().check(document).unwrap_err()
}

#[test]
fn a_rejection_names_path_keyword_and_schema_path() {
    let schema = json!({ "properties": { "customer": { "properties": { "email": { "format": "email" } } } } });
    let rejection = reject(&schema, &json!({"customer": {"email": "nobody"}}));
    assert_eq!(rejection.code, Code::Schema);
    assert_eq!(rejection.instance_path.as_deref(), Some("/customer/email"));
    assert_eq!(rejection.keyword.as_deref(), Some("format"));
    assert_eq!(rejection.schema_path.as_deref(), Some("/properties/customer/properties/email/format"));
    assert_eq!(rejection.message, "`/customer/email` is the string \"nobody\", not a valid email");
}

#[test]
fn too_many_of_a_kind_are_not_called_none() {
    let schema = json!({ "contains": { "const": 1 }, "minContains": 2, "maxContains": 3 });
    let message_for = |document| reject(&schema, &document).message;
    let document = "the document has";
    assert_eq!(
        message_for(json!([1])),
        format!("{document} fewer items of the kind `contains` asks for than `minContains` wants")
    );
    assert_eq!(
        message_for(json!([1, 1, 1, 1])),
        format!("{document} more items of the kind `contains` asks for than `maxContains` allows")
    );
}

#[test]
fn the_deepest_error_is_reported_and_the_others_are_counted() {
    let schema = json!({ "required": ["x", "y"], "properties": { "a": { "properties": { "b": { "type": ["string", "null"] } } } } });
    let rejection = reject(&schema, &json!({"a": {"b": 5}}));
    assert_eq!(rejection.message, "`/a/b` is the number 5, not null or string (and 2 more)");
}

#[test]
fn the_first_errors_are_reported_one_by_one() {
    let schema = json!({ "required": ["x"], "properties": { "a": { "type": "null" } } });
    let validator = Validator::of(&schema, Options::default()).unwrap();
    let expected = ["`/a` is the number 5, not null", "the document is missing the required field \"x\""];
    let mut errors = validator.errors(&json!({"a": 5}), 10);
    errors.sort();
    assert_eq!(errors, expected);
    assert_eq!(validator.errors(&json!({"a": 5}), 1).len(), 1);
    assert!(validator.errors(&json!({"x": 1}), 10).is_empty());
    let twice = json!({ "allOf": [{ "required": ["x"] }, { "required": ["x"] }] });
    assert_eq!(Validator::of(&twice, Options::default()).unwrap().errors(&json!({}), 10), expected[1..]);
}

#[test]
fn of_a_choice_the_branch_that_was_meant_is_explained() {
    let schema = json!({ "oneOf": [
        { "properties": { "kind": { "const": "a" }, "n": { "type": "string" } } },
        { "properties": { "kind": { "const": "b" }, "n": { "type": "integer", "minimum": 3 } } },
    ] });
    let rejection = reject(&schema, &json!({"kind": "b", "n": 1}));
    assert_eq!(rejection.message, "`/n` is below the minimum 3");
    let neither = reject(&schema, &json!({"kind": "c", "n": 1}));
    assert_eq!(neither.keyword.as_deref(), Some("oneOf"));
}

#[test]
fn a_branch_for_all_other_kinds_is_not_meant_by_a_known_kind() {
    let known = json!({ "oneOf": [
        { "properties": { "kind": { "const": "a" } }, "required": ["n"] },
        { "properties": { "kind": { "const": "b" } } },
    ] });
    let other = json!({ "properties": { "kind": { "not": { "enum": ["a", "b"] } } } });
    let schema = json!({ "items": { "anyOf": [known, other] } });
    let rejection = reject(&schema, &json!([{"kind": "a"}]));
    assert_eq!(rejection.message, "`/0` is missing the required field \"n\"");
}

#[test]
fn a_branch_behind_references_and_conjunctions_is_found_too() {
    let kinds: Vec<Value> = (0..250).map(|n| json!({ "$ref": format!("#/$defs/kind{n}") })).collect();
    let kind = |n: usize| {
        json!({ "type": "object", "required": ["kind", "body"], "properties": {
            "kind": { "const": format!("k{n}") },
            "body": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/body" }] },
        } })
    };
    let mut defs: serde_json::Map<String, Value> = (0..250).map(|n| (format!("kind{n}"), kind(n))).collect();
    let body =
        json!({ "type": "object", "properties": { "state": { "enum": ["on", "off"] }, "at": { "type": "integer" } } });
    defs.insert("body".to_owned(), body);
    let schema = json!({ "allOf": [{ "oneOf": kinds }], "$defs": defs });
    let rejection = reject(&schema, &json!({"kind": "k7", "body": {"state": "asleep", "at": 1}}));
    assert_eq!(rejection.message, "`/body/state` is the string \"asleep\", not one of [\"on\",\"off\"]");
    let missing = reject(&schema, &json!({"kind": "k7"}));
    assert_eq!(missing.message, "the document is missing the required field \"body\"");
    let unknown = reject(&schema, &json!({"kind": "k999", "body": null}));
    assert_eq!(unknown.message, "the document matches none of the schemas in `oneOf`");
}

#[test]
fn the_document_itself_is_never_in_the_message() {
    let schema = json!({ "additionalProperties": false, "properties": { "a": { "enum": ["x"] } } });
    let long = "z".repeat(10_000);
    for document in [json!({"a": long}), json!({ (long.clone()): 1 })] {
        let rejection = reject(&schema, &document);
        assert!(rejection.message.len() < 250, "{}", rejection.message);
    }
    let closed = reject(&schema, &json!({"b": 1}));
    assert_eq!(closed.message, "the document has fields the schema does not allow: `b`");
}
