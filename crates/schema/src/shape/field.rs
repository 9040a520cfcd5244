//! One step into a shape: a field of an object, an item of an array.

use serde_json::Value;

use super::alternatives::Shape;
use super::conjunction::{Conjunction, Located};
use super::expand;
use super::json_types::Type;
use super::look_up::{Found, look_up};
use super::types::types;
use super::union::{distinct, in_common, product, restricts_by_itself};

/// Alternatives kept for one step; beyond it, each one's values count with what they have in common.
const MAX_ALTERNATIVES: usize = 512;

/// What a shape means for one field.
#[derive(Debug)]
pub enum Field<'s> {
    /// It may be there.
    Known {
        /// Its values.
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

impl<'s> Shape<'s> {
    /// Looks a field up in every alternative that may be an object.
    pub fn field(&self, name: &str) -> Field<'s> {
        let found: Vec<Found<'s>> = self.of_type(Type::Object).map(|conjunction| look_up(conjunction, name)).collect();
        let optional = found.iter().any(|found| !matches!(found, Found::Listed { required: true, .. }));
        let listed: Vec<_> = found.iter().filter_map(Found::listed).collect();
        let matched = if listed.is_empty() { found.iter().filter_map(Found::matched).collect() } else { listed };
        let shape = self.inside(matched);
        match () {
            () if found.is_empty() => Field::NoObject,
            () if !shape.alternatives.is_empty() || found.iter().any(|found| matches!(found, Found::Absent)) => {
                Field::Known { shape, optional }
            }
            () if found.iter().any(|found| matches!(found, Found::Open)) => Field::Open,
            () if found.iter().any(|found| matches!(found, Found::NotListed)) => Field::NotListed,
            () => Field::Closed,
        }
    }

    /// Whether the field may have values that [`Shape::field`] does not know of: an alternative leaves it open, or only
    /// a pattern matches it there while another alternative lists it.
    pub fn leaves_open(&self, name: &str) -> bool {
        let found: Vec<Found<'_>> = self.of_type(Type::Object).map(|conjunction| look_up(conjunction, name)).collect();
        let is_listed = found.iter().any(|found| matches!(found, Found::Listed { .. }));
        found.iter().any(|found| match found {
            Found::Open | Found::NotListed => true,
            Found::Matched(_) => is_listed,
            Found::Listed { .. } | Found::Absent | Found::Closed => false,
        })
    }

    /// Whether some value is certain to be allowed without this field.
    pub fn allows_without(&self, name: &str) -> bool {
        self.without(name).next().is_some()
    }

    /// The name of a file in which this field is optional, or not there at all.
    pub fn optional_in(&self, name: &str) -> Option<&'s str> {
        self.without(name).find_map(file_name)
    }

    fn without(&self, name: &str) -> impl Iterator<Item = &Conjunction<'s>> {
        let certain = self.of_type(Type::Object).filter(|conjunction| !conjunction.partial);
        certain.filter(move |all| !matches!(look_up(all, name), Found::Listed { required: true, .. }))
    }

    fn of_type(&self, ty: Type) -> impl Iterator<Item = &Conjunction<'s>> {
        self.alternatives.iter().filter(move |conjunction| types(conjunction).contains(&ty))
    }

    /// The names of the files that describe it, each once.
    pub fn file_names(&self) -> Vec<&'s str> {
        let mut names: Vec<&str> = self.alternatives.iter().filter_map(file_name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of all fields that some alternative lists.
    pub fn field_names(&self) -> Vec<&'s str> {
        let lists = self.schemas().filter_map(|schema| schema.get("properties")?.as_object());
        let mut names: Vec<&str> = lists.flat_map(|properties| properties.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The shape of an item; `None` when no schema describes it.
    pub fn items(&self, index: Option<usize>) -> Option<Self> {
        let items = self.of_type(Type::Array).map(|conjunction| {
            let schemas: Vec<_> = conjunction.schemas.iter().filter_map(|schema| item_schema(schema, index)).collect();
            let partial = conjunction.partial;
            (!schemas.is_empty()).then_some(Conjunction { schemas, partial, ..Conjunction::default() })
        });
        let items = items.collect::<Option<Vec<_>>>()?;
        (!items.is_empty()).then(|| self.inside(items))
    }

    /// The shape under a keyword, such as `contains`, or `patternProperties` and one of its patterns; `None` where no
    /// schema has it.
    pub fn under(&self, path: &[&str]) -> Option<Self> {
        let mut found = Vec::new();
        for conjunction in &self.alternatives {
            let schemas: Vec<_> = conjunction.schemas.iter().filter_map(|schema| below(schema, path)).collect();
            if !schemas.is_empty() {
                found.push(Conjunction { schemas, ..Conjunction::default() });
            }
        }
        (!found.is_empty()).then(|| self.inside(found))
    }

    /// The values that any of these allows, of which the schemas are as they are written.
    fn inside(&self, written: Vec<Conjunction<'s>>) -> Self {
        let written = distinct(written, |_| true);
        let share = (MAX_ALTERNATIVES / written.len().max(1)).max(1);
        let expanded = written.iter().flat_map(|written| {
            let all = self.expand(written);
            if all.len() > share { in_common(&all) } else { all }
        });
        Self { files: self.files, alternatives: distinct(expanded.collect(), restricts_by_itself) }
    }

    fn expand(&self, written: &Conjunction<'s>) -> Vec<Conjunction<'s>> {
        let start = Conjunction { schemas: Vec::new(), ..written.clone() };
        let expanded = written.schemas.iter().map(|schema| expand::alternatives(self.files, *schema));
        expanded.fold(vec![start], |all, one| product(&all, &one))
    }
}

/// The schema under a path of keywords.
fn below<'s>(schema: &Located<'s>, path: &[&str]) -> Option<Located<'s>> {
    let mut value = schema.value;
    for key in path {
        value = value.get(*key)?;
    }
    Some(Located { value, ..*schema })
}

/// The file of the schema that lists fields, or else of the first one.
fn file_name<'s>(conjunction: &Conjunction<'s>) -> Option<&'s str> {
    let listing = conjunction.schemas.iter().find(|schema| schema.value.get("properties").is_some());
    listing.or(conjunction.schemas.first())?.file?.file_name()?.to_str()
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
    }

    #[test]
    fn a_pattern_lists_the_fields_whose_names_match() {
        let patterns = json!({"^x-": {"type": "integer"}, "^x-(?=a)": {}, "^y": true});
        let closed = json!({"properties": {"email": {}}, "patternProperties": patterns, "additionalProperties": false});
        let shape = Shape::of_value(&closed);
        let Field::Known { shape: inner, optional } = shape.field("x-a") else { panic!() };
        assert!(optional && inner.types() == [(Type::Integer, None)]);
        assert!(matches!(shape.field("y-a"), Field::Open));
        assert!(matches!(shape.field("emial"), Field::Closed));
        let open = json!({"properties": {"email": {}}, "patternProperties": patterns});
        assert!(matches!(Shape::of_value(&open).field("emial"), Field::NotListed));
    }

    #[test]
    fn a_pattern_does_not_count_beside_a_schema_that_lists_the_field() {
        let pattern = json!({"patternProperties": {"^[a-z]+$": {"type": "integer"}}});
        let either = json!({"anyOf": [pattern, {"properties": {"x": {"type": "string"}}, "required": ["x"]}]});
        let Field::Known { shape, optional } = Shape::of_value(&either).field("x") else { panic!() };
        assert!(optional && shape.types() == [(Type::String, None)]);
    }

    #[test]
    fn what_additional_properties_allow_is_evaluated() {
        let extended = json!({"allOf": [{"properties": {"a": {}}, "additionalProperties": true}],
            "unevaluatedProperties": false});
        assert!(matches!(Shape::of_value(&extended).field("b"), Field::NotListed));
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
