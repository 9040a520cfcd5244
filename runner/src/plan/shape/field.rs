//! One step into a shape: a field of an object, an item of an array.

use serde_json::Value;

use super::{Conjunction, Located, Shape, Type, types};

/// What a shape says about one field.
#[derive(Debug)]
pub(crate) enum Field<'s> {
    /// It may be there.
    Known {
        shape: Shape<'s>,
        /// It may also be absent.
        optional: bool,
    },
    /// No value of this shape has it, and none may.
    Closed,
    /// The schema lists other fields, and allows more.
    NotListed,
    /// The schema lists none.
    Open,
    /// No value of this shape is an object.
    NoObject,
}

/// What one conjunction says.
enum Found<'s> {
    Listed { schemas: Vec<Located<'s>>, required: bool },
    Closed,
    NotListed,
    Open,
}

impl<'s> Shape<'s> {
    /// Looks a field up in every alternative that may be an object.
    pub(crate) fn field(&self, name: &str) -> Field<'s> {
        let objects = self.alternatives.iter().filter(|conjunction| types(conjunction).contains(&Type::Object));
        let found: Vec<Found<'s>> = objects.map(|conjunction| look_up(conjunction, name)).collect();
        let mut shapes = Vec::new();
        let mut optional = false;
        for found in &found {
            match found {
                Found::Listed { schemas, required } => {
                    shapes.push(self.all_of(schemas));
                    optional |= !required;
                }
                _ => optional = true,
            }
        }
        let any = |wanted: fn(&Found<'_>) -> bool| found.iter().any(wanted);
        match shapes.into_iter().reduce(Shape::or) {
            Some(shape) => Field::Known { shape, optional },
            None if found.is_empty() => Field::NoObject,
            None if any(|found| matches!(found, Found::Open)) => Field::Open,
            None if any(|found| matches!(found, Found::NotListed)) => Field::NotListed,
            None => Field::Closed,
        }
    }

    /// The name of a file in which this field is optional, or not there at all.
    pub(in crate::plan) fn optional_in(&self, name: &str) -> Option<&'s str> {
        let objects = self.alternatives.iter().filter(|conjunction| types(conjunction).contains(&Type::Object));
        let mut lacking = objects.filter(|all| !matches!(look_up(all, name), Found::Listed { required: true, .. }));
        lacking.find_map(file_name)
    }

    /// The names of the files that describe it, each once.
    pub(in crate::plan) fn file_names(&self) -> Vec<&'s str> {
        let mut names: Vec<&str> = self.alternatives.iter().filter_map(file_name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of all fields that some alternative lists.
    pub(crate) fn field_names(&self) -> Vec<&'s str> {
        let schemas = self.alternatives.iter().flatten();
        let lists = schemas.filter_map(|schema| schema.value.get("properties")?.as_object());
        let mut names: Vec<&str> = lists.flat_map(|properties| properties.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The shape of an item; `None` when nothing is said about it.
    pub(crate) fn items(&self, index: Option<usize>) -> Option<Self> {
        let arrays = self.alternatives.iter().filter(|conjunction| types(conjunction).contains(&Type::Array));
        let items = arrays.map(|conjunction| {
            let schemas: Vec<Located<'s>> =
                conjunction.iter().filter_map(|schema| item_schema(schema, index)).collect();
            (!schemas.is_empty()).then(|| self.all_of(&schemas))
        });
        items.collect::<Option<Vec<_>>>()?.into_iter().reduce(Shape::or)
    }

    /// The shape under a keyword, such as `contains`, or `patternProperties` and one of its patterns; `None` where no
    /// schema has it.
    pub(crate) fn under(&self, path: &[&str]) -> Option<Self> {
        let inner = |schema: &Located<'s>| {
            let value = path.iter().try_fold(schema.value, |value, key| value.get(*key))?;
            Some(Located { value, ..*schema })
        };
        let found = self.alternatives.iter().filter_map(|conjunction| {
            let schemas: Vec<Located<'s>> = conjunction.iter().filter_map(inner).collect();
            (!schemas.is_empty()).then(|| self.all_of(&schemas))
        });
        found.reduce(Shape::or)
    }

    fn all_of(&self, schemas: &[Located<'s>]) -> Self {
        let expanded = schemas.iter().map(|schema| Shape::expanded(self.files, *schema));
        let whole = Self { files: self.files, alternatives: vec![Vec::new()] };
        expanded.fold(whole, |all, one| all.and(&one))
    }
}

/// The file of the schema that lists fields, or else of the first one.
fn file_name<'s>(conjunction: &Conjunction<'s>) -> Option<&'s str> {
    let listing = conjunction.iter().find(|schema| schema.value.get("properties").is_some());
    listing.or(conjunction.first())?.file?.file_name()?.to_str()
}

fn look_up<'s>(conjunction: &Conjunction<'s>, name: &str) -> Found<'s> {
    let mut schemas = Vec::new();
    let mut lists_others = false;
    let mut any_pattern = false;
    let mut closed = false;
    for schema in conjunction {
        let properties = schema.value.get("properties").and_then(Value::as_object);
        let patterns = schema.value.get("patternProperties").and_then(Value::as_object);
        let has_patterns = patterns.is_some_and(|patterns| !patterns.is_empty());
        lists_others |= properties.is_some_and(|properties| !properties.is_empty());
        any_pattern |= has_patterns;
        if let Some(value) = properties.and_then(|properties| properties.get(name)) {
            schemas.push(Located { value, ..*schema });
        } else if !has_patterns {
            match schema.value.get("additionalProperties") {
                Some(Value::Bool(false)) => closed = true,
                Some(value @ Value::Object(_)) => schemas.push(Located { value, ..*schema }),
                _ => {}
            }
        }
    }
    let unevaluated =
        conjunction.iter().any(|schema| schema.value.get("unevaluatedProperties") == Some(&Value::Bool(false)));
    let required = conjunction.iter().any(|schema| is_required(schema.value, name));
    if closed || (unevaluated && schemas.is_empty() && !any_pattern) {
        Found::Closed
    } else if !schemas.is_empty() || required {
        Found::Listed { schemas, required }
    } else if lists_others && !any_pattern {
        Found::NotListed
    } else {
        Found::Open
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|known| known == name))
}

/// The schema of an item: by position (`prefixItems`, or `items` as a list before 2020-12), else that of all items.
fn item_schema<'s>(schema: &Located<'s>, index: Option<usize>) -> Option<Located<'s>> {
    let items = schema.value.get("items");
    let positions = schema.value.get("prefixItems").or(items).and_then(Value::as_array);
    let rest = items.filter(|items| !items.is_array()).or_else(|| schema.value.get("additionalItems"));
    let value = match (positions, index) {
        (Some(positions), Some(index)) => positions.get(index).or(rest)?,
        (Some(_), None) => return None,
        (None, _) => rest?,
    };
    Some(Located { value, ..*schema })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_known_closed_unlisted_or_open() {
        let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
        let open = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "r"]});
        let bare = json!({"type": "object"});
        let field = |schema: &Value, name: &str| format!("{:?}", Shape::of_value(schema).field(name));
        assert!(field(&closed, "a").ends_with("optional: true }"));
        assert_eq!(field(&closed, "b"), "Closed");
        assert!(field(&open, "a").ends_with("optional: false }"));
        assert!(field(&open, "r").ends_with("optional: false }"));
        assert_eq!(field(&open, "b"), "NotListed");
        assert_eq!(field(&bare, "b"), "Open");
        assert_eq!(field(&json!({"type": "string"}), "b"), "NoObject");
        assert_eq!(field(&json!({"patternProperties": {"^x": {}}, "additionalProperties": false}), "xy"), "Open");
    }

    #[test]
    fn a_field_of_one_alternative_only_is_optional() {
        let schema = json!({"oneOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false},
            {"properties": {"b": {"type": "integer"}}, "required": ["b"], "additionalProperties": false},
        ]});
        let Field::Known { shape, optional } = Shape::of_value(&schema).field("a") else { panic!() };
        assert!(optional && shape.types() == [(Type::String, None)]);
        assert!(matches!(Shape::of_value(&schema).field("c"), Field::Closed));
    }

    #[test]
    fn required_may_stand_beside_the_alternatives() {
        let schema = json!({"required": ["a"], "anyOf": [{"properties": {"a": {"type": "null"}}},
            {"properties": {"a": {"type": "string"}}}]});
        let Field::Known { shape, optional } = Shape::of_value(&schema).field("a") else { panic!() };
        assert!(!optional && shape.types().len() == 2);
    }

    #[test]
    fn what_stands_under_a_keyword_holds_together() {
        let schema = json!({"allOf": [{"contains": {"minimum": 1}}, {"contains": {"type": "integer"}}],
            "dependentSchemas": {"a": {"required": ["b"]}}});
        let shape = Shape::of_value(&schema);
        assert_eq!(shape.under(&["contains"]).unwrap().types(), [(Type::Integer, None)]);
        assert!(shape.under(&["dependentSchemas", "a"]).is_some());
        assert!(shape.under(&["dependentSchemas", "b"]).is_none());
    }

    #[test]
    fn items_by_position_and_for_all() {
        let tuple = json!({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}});
        let shape = Shape::of_value(&tuple);
        assert_eq!(shape.items(Some(0)).unwrap().types(), [(Type::String, None)]);
        assert_eq!(shape.items(Some(1)).unwrap().types(), [(Type::Integer, None)]);
        assert!(Shape::of_value(&json!({"type": "array"})).items(None).is_none());
    }
}
