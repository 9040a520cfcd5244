//! Schemas whose events take some thought.

use serde_json::{Value, json};

use super::{has_cases, is_right, made, read};

/// An event with this one field.
fn of(schema: &Value) -> Value {
    json!({"type": "object", "required": ["v"], "properties": {"v": schema}})
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({"type": "string"}), |inner, _| of(&inner))
}

fn check(schema: &Value) -> tempfile::TempDir {
    let folder = made("ev", "--from-schema", "s.json", &schema.to_string());
    is_right(folder.path(), "ev");
    has_cases(folder.path(), "ev");
    folder
}

#[test]
fn names_of_fields_keep_to_what_the_schema_says_of_them() {
    for labels in [
        json!({"propertyNames": {"pattern": "^[a-z]{3}$"}, "additionalProperties": {"type": "string"}, "minProperties": 2}),
        json!({"propertyNames": {"enum": ["env", "team"]}, "minProperties": 2}),
        json!({"propertyNames": {"format": "uuid"}, "additionalProperties": {"type": "integer"}, "minProperties": 2}),
        json!({"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": false, "minProperties": 1}),
        json!({"properties": {"a": {}}, "propertyNames": {"maxLength": 2}, "minProperties": 3}),
    ] {
        let mut labels = labels;
        labels["type"] = "object".into();
        check(&of(&labels));
    }
}

#[test]
fn fields_bring_those_they_depend_on() {
    let least = json!({"required": ["b"], "properties": {"b": {"type": "integer", "minimum": 10}}});
    for (draft, keyword, dependent) in [
        ("http://json-schema.org/draft-07/schema#", "dependencies", &least),
        ("http://json-schema.org/draft-07/schema#", "dependencies", &json!(["c"])),
        ("https://json-schema.org/draft/2020-12/schema", "dependentSchemas", &least),
        ("https://json-schema.org/draft/2020-12/schema", "dependentRequired", &json!(["c"])),
    ] {
        let mut schema = json!({"$schema": draft, "type": "object", "properties": {"a": {"type": "string"}}});
        schema[keyword] = json!({ "a": dependent });
        check(&schema);
    }
}

#[test]
fn arrays_have_the_items_that_are_asked_for() {
    let main = json!({"required": ["kind"], "properties": {"kind": {"const": "main"}}});
    let items = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}});
    for array in [
        json!({"contains": {"const": 5}}),
        json!({"contains": main, "items": items, "minItems": 2}),
        json!({"contains": {"type": "integer"}, "minContains": 2, "prefixItems": [{"type": "string"}]}),
        json!({"items": {"type": "boolean"}, "uniqueItems": true, "minItems": 2}),
        json!({"items": {"type": "integer", "minimum": 1, "maximum": 3}, "uniqueItems": true, "minItems": 3}),
        json!({"items": {"type": "string", "pattern": "^[A-Z]$"}, "uniqueItems": true, "minItems": 3}),
        json!({"items": {"type": "number", "multipleOf": 2.5}, "uniqueItems": true, "minItems": 3}),
    ] {
        let mut array = array;
        array["type"] = "array".into();
        check(&of(&array));
    }
}

#[test]
fn whole_numbers_beyond_bigint_have_a_column_and_an_event() {
    for keywords in [json!({"minimum": 1e30}), json!({"minimum": 0, "maximum": u64::MAX}), json!({"multipleOf": 1.5})] {
        let mut number = keywords;
        number["type"] = "integer".into();
        check(&of(&number));
    }
}

#[test]
fn required_fields_are_given_however_deep() {
    let template = read(check(&nested(30)).path(), "pipelines/ev.json.hbs");
    assert!(template.contains("{{random_string 8}}"), "{template}");
}
