//! The values at one place, as the union of its alternatives.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use super::built_in::BUILT_IN;
use super::conjunction::{Conjunction, Located};
use super::expand;
use super::json_types::{ALL_TYPES, Type};
use super::resolve::Files;
use super::types::{types, values};
use super::union::product;
use crate::SchemaDocuments;

/// The values at one place: those of any alternative. None at all: no value is possible.
#[derive(Debug, Clone)]
pub struct Shape<'s> {
    pub(super) files: Option<&'s dyn SchemaDocuments>,
    pub(super) alternatives: Vec<Conjunction<'s>>,
}

impl<'s> Shape<'s> {
    /// The shape of the events that one of the schemas is about, by its index.
    pub fn of_part(files: &'s dyn SchemaDocuments, part: usize) -> Option<Self> {
        let (path, document, pointer) = files.whole(part)?;
        let schema = Files(Some(files)).at(Located::document(document, path), pointer)?;
        Some(Self::expanded(Some(files), schema))
    }

    /// The shape of a built-in schema, by its name.
    pub fn named(name: &'static str) -> Self {
        let value = BUILT_IN.get(name).unwrap_or(&Value::Bool(true));
        Self::expanded(None, Located::document(value, Path::new(name)))
    }

    /// The shape of a schema that refers to no file.
    pub fn of_value(value: &'s Value) -> Self {
        Self::expanded(None, Located { value, resource: value, file: None })
    }

    fn expanded(files: Option<&'s dyn SchemaDocuments>, schema: Located<'s>) -> Self {
        Self { files, alternatives: expand::alternatives(files, schema) }
    }

    /// Every type a value may have, with the `format` its schema gives it.
    pub fn types(&self) -> Vec<(Type, Option<&'s str>)> {
        let mut found: Vec<(Type, Option<&str>)> = Vec::new();
        for conjunction in &self.alternatives {
            let format = conjunction.keyword("format").find_map(Value::as_str);
            let format = format.filter(|_| self.asserts_formats());
            for ty in types(conjunction) {
                let format = format.filter(|_| ty == Type::String);
                if !found.contains(&(ty, format)) {
                    found.push((ty, format));
                }
            }
        }
        found
    }

    /// Whether it comes from a built-in schema, not from a file of the user's.
    pub fn is_built_in(&self) -> bool {
        self.files.is_none()
    }

    /// Whether a string keeps to its `format`; those of the built-in schemas always do.
    pub(super) fn asserts_formats(&self) -> bool {
        self.files.is_none_or(|files| !files.formats_ignored())
    }

    /// Whether a value may be of every type.
    pub fn is_any(&self) -> bool {
        self.alternatives.iter().any(|conjunction| types(conjunction).len() == ALL_TYPES.len())
    }

    /// Whether a value may be of this type.
    pub fn may_be(&self, ty: Type) -> bool {
        self.alternatives.iter().any(|conjunction| types(conjunction).contains(&ty))
    }

    /// Whether some value of this type is certain to be allowed.
    pub fn allows(&self, ty: Type) -> bool {
        let mut certain = self.alternatives.iter().filter(|conjunction| !conjunction.partial);
        certain.any(|conjunction| types(conjunction).contains(&ty))
    }

    /// Each alternative as a shape of its own.
    pub fn alternatives(&self) -> impl Iterator<Item = Self> {
        self.alternatives.iter().map(|one| Self { files: self.files, alternatives: vec![one.clone()] })
    }

    /// How many alternatives there are.
    pub fn number_of_alternatives(&self) -> usize {
        self.alternatives.len()
    }

    /// Whether every alternative of the other is one of these.
    pub fn has(&self, other: &Self) -> bool {
        for wanted in &other.alternatives {
            let wanted = wanted.identity(|_| true);
            if !self.alternatives.iter().any(|known| known.identity(|_| true) == wanted) {
                return false;
            }
        }
        true
    }

    /// The schemas of all alternatives; those of one alternative all hold.
    pub fn schemas(&self) -> impl Iterator<Item = &'s Value> {
        self.alternatives.iter().flat_map(|conjunction| &conjunction.schemas).map(|schema| schema.value)
    }

    /// Values of either shape.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.files = self.files.or(other.files);
        self.alternatives.extend(other.alternatives);
        self
    }

    /// The values that `const` and `enum` leave, each once; `None` when any alternative has neither.
    pub fn constants(&self) -> Option<Vec<&'s Value>> {
        let lists: Option<Vec<_>> = self.alternatives.iter().map(values).collect();
        let mut seen = HashSet::new();
        Some(lists?.into_iter().flatten().filter(|value| seen.insert(*value)).collect())
    }

    /// A `minItems` that every alternative has.
    pub fn least_items(&self) -> u64 {
        let mut least = None;
        for conjunction in &self.alternatives {
            let own = conjunction.keyword("minItems").filter_map(Value::as_u64).max().unwrap_or(0);
            least = Some(least.map_or(own, |least: u64| least.min(own)));
        }
        least.unwrap_or(0)
    }

    /// A `maxItems` that every alternative has.
    pub fn most_items(&self) -> Option<u64> {
        let mut most = None;
        for conjunction in &self.alternatives {
            let own = conjunction.keyword("maxItems").filter_map(Value::as_u64).min()?;
            most = most.max(Some(own));
        }
        most
    }

    /// Values that both allow.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let files = self.files.or(other.files);
        Self { files, alternatives: product(&self.alternatives, &other.alternatives) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn types_of(schema: &Value) -> Vec<Type> {
        let mut types: Vec<Type> = Shape::of_value(schema).types().into_iter().map(|(ty, _)| ty).collect();
        types.sort();
        types.dedup();
        types
    }

    #[test]
    fn types_come_from_type_const_enum_and_their_combinations() {
        use Type::{Integer, Null, Number, String};
        assert_eq!(types_of(&json!({"type": ["string", "null"]})), [Null, String]);
        assert_eq!(types_of(&json!({"type": "number"})), [Integer, Number]);
        assert_eq!(types_of(&json!({"type": "number", "multipleOf": 1})), [Integer]);
        assert_eq!(types_of(&json!({"type": "number", "multipleOf": 2.0})), [Integer]);
        assert_eq!(types_of(&json!({"type": "number", "multipleOf": 0.5})), [Integer, Number]);
        assert_eq!(types_of(&json!({"enum": [1, "a", null]})), [Null, Integer, String]);
        assert_eq!(types_of(&json!({"const": 1.5})), [Number]);
        assert_eq!(types_of(&json!({"anyOf": [{"type": "null"}, {"type": "string"}]})), [Null, String]);
        assert_eq!(types_of(&json!({"allOf": [{"type": ["null", "string"]}, {"type": "string"}]})), [String]);
        assert_eq!(types_of(&json!({"type": "string", "allOf": [{"type": "null"}]})), []);
        assert_eq!(types_of(&json!(true)).len(), 7);
        assert_eq!(types_of(&json!(false)), []);
    }

    #[test]
    fn formats_belong_to_their_own_alternative() {
        let schema = json!({"oneOf": [{"type": "string", "format": "uuid"}, {"type": "integer"}]});
        let types = Shape::of_value(&schema).types();
        assert_eq!(types, [(Type::String, Some("uuid")), (Type::Integer, None)]);
    }
}
