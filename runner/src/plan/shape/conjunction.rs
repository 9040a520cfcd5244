//! Schemas that all hold, and what keeps unions of them small.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::negation::REMARKS;
use super::possible::is_possible;

/// Alternatives kept where two unions meet; beyond it, the second one counts with what its alternatives have in common.
const MAX_ALTERNATIVES: usize = 256;
/// Pairs tried for it.
const MAX_PAIRS: usize = 16 * MAX_ALTERNATIVES;

/// A schema and the file it stands in; no file for the built-in ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<'s> {
    pub(super) value: &'s Value,
    /// What `#` means here: the whole document, or the schema in it that has an `$id`.
    pub(super) resource: &'s Value,
    pub(super) file: Option<&'s Path>,
}

/// What holds for the values of one alternative.
#[derive(Debug, Clone, Default)]
pub(super) struct Conjunction<'s> {
    /// Each of these.
    pub(super) schemas: Vec<Located<'s>>,
    /// None of these.
    pub(super) not: Vec<Located<'s>>,
    /// An object has each of these fields.
    pub(super) required: Vec<&'s str>,
    /// An object has none of these fields.
    pub(super) absent: Vec<&'s str>,
    /// More, that was not followed: no value is certain to be allowed.
    pub(super) partial: bool,
}

/// What tells one conjunction from another.
type Identity<'s> = (Vec<*const Value>, Vec<*const Value>, Vec<&'s str>, Vec<&'s str>, bool);

impl<'s> Located<'s> {
    pub(super) fn document(value: &'s Value, file: &'s Path) -> Self {
        Self { value, resource: value, file: Some(file) }
    }
}

impl<'s> Conjunction<'s> {
    pub(super) fn of(schema: Located<'s>) -> Self {
        Self { schemas: vec![schema], ..Self::default() }
    }

    pub(super) fn without(schema: Located<'s>) -> Self {
        Self { not: vec![schema], ..Self::default() }
    }

    /// Something that can't be told.
    pub(super) fn unknown() -> Self {
        Self { partial: true, ..Self::default() }
    }

    /// The values of a keyword, where it is there.
    pub(super) fn keyword(&self, name: &str) -> impl Iterator<Item = &'s Value> {
        self.schemas.iter().filter_map(move |schema| schema.value.get(name))
    }

    /// Whether an object has to have this field.
    pub(super) fn requires(&self, name: &str) -> bool {
        self.required_names().any(|required| required == name)
    }

    fn required_names(&self) -> impl Iterator<Item = &'s str> {
        let lists = self.keyword("required").filter_map(Value::as_array);
        lists.flatten().filter_map(Value::as_str).chain(self.required.iter().copied())
    }

    /// The fields that an object may have to have, each once.
    pub(super) fn named(&self) -> Vec<&'s str> {
        let not = self.not.iter().filter_map(|schema| schema.value.get("properties")?.as_object());
        let mut names = sorted(self.required_names().chain(not.flat_map(Map::keys).map(String::as_str)));
        names.dedup();
        names
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            schemas: either(&self.schemas, &other.schemas),
            not: either(&self.not, &other.not),
            required: either(&self.required, &other.required),
            absent: either(&self.absent, &other.absent),
            partial: self.partial || other.partial,
        }
    }

    /// What both have.
    fn in_common(&self, other: &Self) -> Self {
        Self {
            schemas: both(&self.schemas, &other.schemas),
            not: both(&self.not, &other.not),
            required: both(&self.required, &other.required),
            absent: both(&self.absent, &other.absent),
            partial: true,
        }
    }

    fn identity(&self, counts: fn(&Value) -> bool) -> Identity<'s> {
        let addresses = |schemas: &[Located<'s>], counts: fn(&Value) -> bool| {
            sorted(schemas.iter().map(|schema| schema.value).filter(|schema| counts(schema)).map(std::ptr::from_ref))
        };
        let names = |names: &[&'s str]| sorted(names.iter().copied());
        let (schemas, not) = (addresses(&self.schemas, counts), addresses(&self.not, |_| true));
        (schemas, not, names(&self.required), names(&self.absent), self.partial)
    }
}

impl PartialEq for Located<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.value, other.value)
    }
}

fn either<T: Copy + PartialEq>(left: &[T], right: &[T]) -> Vec<T> {
    let more = right.iter().filter(|item| !left.contains(item));
    left.iter().chain(more).copied().collect()
}

fn both<T: Copy + PartialEq>(left: &[T], right: &[T]) -> Vec<T> {
    left.iter().filter(|item| right.contains(item)).copied().collect()
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items
}

/// Every possible pair, each as one conjunction of the two.
pub(super) fn product<'s>(left: &[Conjunction<'s>], right: &[Conjunction<'s>]) -> Vec<Conjunction<'s>> {
    let tried = left.len() * right.len() <= MAX_PAIRS;
    let few = |found: &Vec<_>| right.len() == 1 || found.len() <= MAX_ALTERNATIVES;
    let found = tried.then(|| pairs(left, right)).filter(few);
    found.unwrap_or_else(|| pairs(left, &in_common(right)))
}

fn pairs<'s>(left: &[Conjunction<'s>], right: &[Conjunction<'s>]) -> Vec<Conjunction<'s>> {
    let pairs = left.iter().flat_map(|left| right.iter().map(move |right| left.and(right)));
    pairs.filter(is_possible).collect()
}

/// One conjunction that allows all that any of these does.
pub(super) fn in_common<'s>(alternatives: &[Conjunction<'s>]) -> Vec<Conjunction<'s>> {
    alternatives.iter().cloned().reduce(|all, one| all.in_common(&one)).into_iter().collect()
}

/// Those that differ in the schemas that count.
pub(super) fn distinct(mut all: Vec<Conjunction<'_>>, counts: fn(&Value) -> bool) -> Vec<Conjunction<'_>> {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(one.identity(counts)));
    all
}

/// Whether a schema says anything by itself, apart from the schemas it is made of.
pub(super) fn says_something(schema: &Value) -> bool {
    const FOLLOWED: [&str; 20] = [
        "$anchor",
        "$defs",
        "$dynamicAnchor",
        "$dynamicRef",
        "$id",
        "$recursiveRef",
        "$ref",
        "$schema",
        "allOf",
        "anyOf",
        "definitions",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "oneOf",
        "then",
        "id",
    ];
    let silent = |keyword: &str| FOLLOWED.contains(&keyword) || REMARKS.contains(&keyword);
    match schema {
        Value::Object(keywords) => !keywords.keys().all(|keyword| silent(keyword)),
        other => *other == Value::Bool(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::plan::shape::{Field, Shape, Type};

    use super::*;

    fn count(shape: &Shape<'_>) -> usize {
        shape.alternatives().count()
    }

    fn field<'s>(shape: &Shape<'s>, name: &str) -> Shape<'s> {
        let Field::Known { shape, .. } = shape.field(name) else { panic!("`{name}` is not listed") };
        shape
    }

    /// A node of many kinds, each with a field for the next node, as deep as it is asked for.
    fn nested(depth: usize, kinds: usize) -> Value {
        let child = if depth == 0 { json!({}) } else { nested(depth - 1, kinds) };
        let kind = |kind| json!({"properties": {"kind": {"const": kind}, "child": child}, "required": ["kind"]});
        json!({"type": "object", "oneOf": (0..kinds).map(kind).collect::<Vec<_>>()})
    }

    #[test]
    fn alternatives_within_alternatives_do_not_multiply() {
        let schema = nested(3, 9);
        let shape = Shape::of_value(&schema);
        let two = field(&field(&shape, "child"), "child");
        assert_eq!(count(&field(&shape, "child")), 81);
        assert!(count(&two) <= 512, "{}", count(&two));
        assert_eq!(two.types(), [(Type::Object, None)]);
        assert!(!two.allows(Type::Object) && matches!(two.field("kind"), Field::Open));
    }

    #[test]
    fn equal_alternatives_count_once() {
        let same = json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"of": {"type": "null"}}});
        assert_eq!(count(&field(&Shape::of_value(&same), "of")), 1);
    }

    #[test]
    fn what_is_too_much_leaves_the_rest_known() {
        let either = |n: usize| json!({"anyOf": [{"required": [format!("f{n}")]}, {"required": ["other"]}]});
        let properties = json!({"f0": {"type": ["string", "null"]}, "id": {"type": "integer"}});
        let schema = json!({"type": "object", "properties": properties, "required": ["id"],
            "additionalProperties": false, "allOf": (0..20).map(either).collect::<Vec<_>>()});
        let shape = Shape::of_value(&schema);
        assert!(matches!(shape.field("idd"), Field::Closed));
        assert_eq!(field(&shape, "id").types(), [(Type::Integer, None)]);
        assert!(field(&shape, "f0").may_be(Type::Null) && !field(&shape, "f0").allows(Type::Null));
        assert!(!shape.allows_without("f0"));
    }
}
