//! From one schema to its alternatives: `$ref`, `allOf`, `anyOf`, `oneOf` and `if` resolved.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::conjunction::{Conjunction, Located};
use super::resolve::Files;
use super::union::product;
use crate::SchemaDocuments;

/// Schemas within schemas at one place, `$ref`s included.
const MAX_DEPTH: usize = 32;
/// Schemas looked at for one place, however they refer to each other.
const MAX_SCHEMAS: usize = 2_000;

pub(crate) fn alternatives<'s>(files: Option<&'s dyn SchemaDocuments>, schema: Located<'s>) -> Vec<Conjunction<'s>> {
    Expander { files: Files(files), left: Cell::new(MAX_SCHEMAS) }.expand(schema, &mut Vec::new())
}

struct Expander<'s> {
    files: Files<'s>,
    left: Cell<usize>,
}

impl<'s> Expander<'s> {
    /// `around` has the schemas this one is inside of: a circle adds nothing.
    fn expand(&self, schema: Located<'s>, around: &mut Vec<&'s Value>) -> Vec<Conjunction<'s>> {
        let circle = around.iter().any(|outer| std::ptr::eq(*outer, schema.value));
        let object = match schema.value {
            Value::Bool(false) => return Vec::new(),
            Value::Object(_) if around.len() >= MAX_DEPTH || self.left.get() == 0 => {
                return vec![Conjunction::unknown()];
            }
            Value::Object(object) if !circle => object,
            _ => return vec![Conjunction::default()],
        };
        self.left.set(self.left.get() - 1);
        around.push(schema.value);
        let found = self.combine(self.files.entered(schema), object, around);
        around.pop();
        found
    }

    fn combine(
        &self,
        schema: Located<'s>,
        object: &'s Map<String, Value>,
        around: &mut Vec<&'s Value>,
    ) -> Vec<Conjunction<'s>> {
        let mut found = vec![Conjunction::of(schema)];
        for name in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = object.get(name).and_then(Value::as_str) {
                let target = self.files.resolve(reference, schema);
                let expanded =
                    target.map_or_else(|| vec![Conjunction::unknown()], |target| self.expand(target, around));
                if name == "$ref" && self.files.ignores_siblings(schema) {
                    return expanded;
                }
                found = product(&found, &expanded);
            }
        }
        let mut inner = |value| self.expand(Located { value, ..schema }, around);
        for part in list(object.get("allOf")) {
            found = product(&found, &inner(part));
        }
        for name in ["anyOf", "oneOf"] {
            if object.contains_key(name) {
                let union: Vec<_> = list(object.get(name)).flat_map(&mut inner).collect();
                found = product(&found, &union);
            }
        }
        if let Some(condition) = object.get("if") {
            found = product(&found, &conditional(Located { value: condition, ..schema }, object, &mut inner));
        }
        if let Some(value) = object.get("not") {
            found = product(&found, &[Conjunction::without(Located { value, ..schema })]);
        }
        for (name, more) in dependents(object) {
            found = product(&found, &dependent(name, more, &mut inner));
        }
        found
    }
}

/// `if` holds with `then`, or does not with `else`.
fn conditional<'s>(
    condition: Located<'s>,
    object: &'s Map<String, Value>,
    inner: &mut impl FnMut(&'s Value) -> Vec<Conjunction<'s>>,
) -> Vec<Conjunction<'s>> {
    let mut branch = |name| object.get(name).map_or_else(|| vec![Conjunction::default()], &mut *inner);
    let (then, otherwise) = (branch("then"), branch("else"));
    let mut found = product(&inner(condition.value), &then);
    found.extend(product(&[Conjunction::without(condition)], &otherwise));
    found
}

/// The fields on which more depends, each with the names of other fields or with a schema.
fn dependents(object: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let keywords = ["dependentRequired", "dependentSchemas", "dependencies"].into_iter();
    let fields = keywords.filter_map(|keyword| object.get(keyword)?.as_object()).flatten();
    fields.map(|(name, more)| (name.as_str(), more))
}

/// The field is there and more holds, or it is not.
fn dependent<'s>(
    name: &'s str,
    more: &'s Value,
    inner: &mut impl FnMut(&'s Value) -> Vec<Conjunction<'s>>,
) -> Vec<Conjunction<'s>> {
    let there = Conjunction { required: vec![name], ..Conjunction::default() };
    let more = match more {
        Value::Array(names) => {
            let required = names.iter().filter_map(Value::as_str).collect();
            vec![Conjunction { required, ..Conjunction::default() }]
        }
        schema => inner(schema),
    };
    let mut found = product(&[there], &more);
    found.push(Conjunction { absent: vec![name], ..Conjunction::default() });
    found
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Field, Shape};

    use super::*;

    /// For each alternative: the values of `k`, and of the other fields `!` for one that is required, `?` for an
    /// optional one, `-` for one that can't be there.
    fn described(schema: &Value, names: [&str; 2]) -> Vec<String> {
        let mark = |shape: &Shape<'_>, name: &str| match shape.field(name) {
            Field::Known { optional: false, .. } => format!("{name}!"),
            Field::Known { shape, .. } if shape.alternatives().next().is_some() => format!("{name}?"),
            _ => format!("{name}-"),
        };
        let one = |shape: Shape<'_>| {
            let Field::Known { shape: k, .. } = shape.field("k") else { return "no k".to_owned() };
            let k = k.finite().map_or("any".to_owned(), |values| Value::from(values).to_string());
            format!("{k} {}", names.map(|name| mark(&shape, name)).join(" "))
        };
        Shape::of_value(schema).alternatives().map(one).collect()
    }

    fn object(more: &Value) -> Value {
        let mut schema = json!({"type": "object", "required": ["k"],
            "properties": {"k": {"enum": ["a", "b", "c"]}, "x": {"type": "string"}, "y": {"type": "string"}}});
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    }

    fn when(kind: &str, then: &Value) -> Value {
        json!({"if": {"properties": {"k": {"const": kind}}}, "then": then})
    }

    #[test]
    fn a_condition_holds_with_then_and_fails_with_else() {
        let schema =
            object(&json!({"allOf": [when("a", &json!({"required": ["x"]})), when("b", &json!({"required": ["y"]}))]}));
        assert_eq!(described(&schema, ["x", "y"]), [r#"["a"] x! y?"#, r#"["b"] x? y!"#, r#"["c"] x? y?"#]);
        let schema = object(
            &json!({"if": {"required": ["x"]}, "then": {"required": ["y"]}, "else": {"not": {"required": ["y"]}}}),
        );
        assert_eq!(described(&schema, ["x", "y"]), [r#"["a","b","c"] x! y!"#, r#"["a","b","c"] x- y-"#]);
    }

    #[test]
    fn many_conditions_on_one_kind_are_as_many_alternatives() {
        let kinds: Vec<String> = (0..100).map(|kind| format!("k{kind}")).collect();
        let rules: Vec<Value> = kinds.iter().map(|kind| when(kind, &json!({"required": ["x"]}))).collect();
        let schema = object(&json!({"properties": {"k": {"enum": kinds}, "x": {}}, "allOf": rules}));
        let alternatives = described(&schema, ["x", "y"]);
        assert_eq!(alternatives.len(), 100, "{alternatives:?}");
        assert!(alternatives.iter().all(|one| one.ends_with("x! y-")), "{alternatives:?}");
    }

    #[test]
    fn what_depends_on_a_field_holds_where_it_is_there() {
        for keyword in ["dependentRequired", "dependencies"] {
            let schema = object(&json!({keyword: {"x": ["y"]}}));
            assert_eq!(described(&schema, ["x", "y"]), [r#"["a","b","c"] x! y!"#, r#"["a","b","c"] x- y?"#]);
        }
        let schema = object(&json!({"dependentSchemas": {"x": {"properties": {"y": false}}}}));
        assert_eq!(described(&schema, ["x", "y"]), [r#"["a","b","c"] x! y-"#, r#"["a","b","c"] x- y?"#]);
    }

    #[test]
    fn a_negation_of_several_things_means_nothing() {
        let schema = object(&json!({"not": {"properties": {"k": {"const": "a"}, "x": {"const": "b"}}}}));
        assert_eq!(described(&schema, ["x", "y"]), [r#"["a","b","c"] x? y?"#]);
        let schema = object(&json!({"not": {"properties": {"k": {"const": "a", "minLength": 9}}}}));
        assert_eq!(described(&schema, ["x", "y"]), [r#"["a","b","c"] x? y?"#]);
    }

    #[test]
    fn fields_of_a_condition_and_of_a_dependent_schema_count_as_seen() {
        let schema = json!({"type": "object", "unevaluatedProperties": false, "properties": {"id": {}},
            "if": {"properties": {"kind": {"const": "a"}}}, "then": {},
            "dependentSchemas": {"id": {"properties": {"address": {}}}}});
        let shape = Shape::of_value(&schema);
        assert!(["id", "kind", "address"].iter().all(|name| matches!(shape.field(name), Field::Known { .. })));
        assert!(matches!(shape.field("other"), Field::Closed));
    }
}
