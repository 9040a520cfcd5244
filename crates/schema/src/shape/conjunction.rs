//! Schemas that all hold.

use std::path::Path;

use serde_json::{Map, Value};

use super::negation::of_field;

/// A schema and the file it stands in; no file for the built-in ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Located<'s> {
    pub(crate) value: &'s Value,
    /// What `#` means here: the whole document, or the schema in it that has an `$id`.
    pub(crate) resource: &'s Value,
    pub(crate) file: Option<&'s Path>,
}

/// What holds for the values of one alternative.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conjunction<'s> {
    /// Each of these.
    pub(crate) schemas: Vec<Located<'s>>,
    /// None of these.
    pub(crate) not: Vec<Located<'s>>,
    /// An object has each of these fields.
    pub(crate) required: Vec<&'s str>,
    /// An object has none of these fields.
    pub(crate) absent: Vec<&'s str>,
    /// No object keeps to all of it.
    pub(crate) no_object: bool,
    /// More, that was not followed: no value is certain to be allowed.
    pub(crate) partial: bool,
}

/// What distinguishes one conjunction from another.
pub(crate) type Identity<'s> = (Vec<*const Value>, Vec<*const Value>, Vec<&'s str>, Vec<&'s str>, bool);

impl<'s> Located<'s> {
    pub(crate) fn document(value: &'s Value, file: &'s Path) -> Self {
        Self { value, resource: value, file: Some(file) }
    }

    fn address(&self) -> *const Value {
        self.value
    }
}

impl<'s> Conjunction<'s> {
    pub(crate) fn of(schema: Located<'s>) -> Self {
        Self { schemas: vec![schema], ..Self::default() }
    }

    pub(crate) fn without(schema: Located<'s>) -> Self {
        Self { not: vec![schema], ..Self::default() }
    }

    /// Values about which nothing is certain.
    pub(crate) fn unknown() -> Self {
        Self { partial: true, ..Self::default() }
    }

    /// The values of a keyword, where it is there.
    pub(crate) fn keyword(&self, name: &str) -> impl Iterator<Item = &'s Value> {
        self.schemas.iter().filter_map(move |schema| schema.value.get(name))
    }

    /// Whether the schemas restrict this field; only then can another conjunction contradict.
    pub(crate) fn restricts(&self, name: &str) -> bool {
        self.keyword("properties").any(|properties| properties.as_object().is_some_and(|all| all.contains_key(name)))
            || self.not.iter().any(|schema| of_field(schema.value, name).is_some())
            || self.absent.contains(&name)
            || self.requires(name)
    }

    /// Whether an object has to have this field.
    pub(crate) fn requires(&self, name: &str) -> bool {
        self.required_names().any(|required| required == name)
    }

    fn required_names(&self) -> impl Iterator<Item = &'s str> {
        let lists = self.keyword("required").filter_map(Value::as_array);
        lists.flatten().filter_map(Value::as_str).chain(self.required.iter().copied())
    }

    /// The fields that an object may have to have, each once.
    pub(crate) fn named(&self) -> Vec<&'s str> {
        let not = self.not.iter().filter_map(|schema| schema.value.get("properties")?.as_object());
        let mut names = sorted(self.required_names().chain(not.flat_map(Map::keys).map(String::as_str)));
        names.dedup();
        names
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            schemas: either(&self.schemas, &other.schemas),
            not: either(&self.not, &other.not),
            required: either(&self.required, &other.required),
            absent: either(&self.absent, &other.absent),
            no_object: self.no_object || other.no_object,
            partial: self.partial || other.partial,
        }
    }

    /// What both have.
    pub(crate) fn in_common(&self, other: &Self) -> Self {
        Self {
            schemas: both(&self.schemas, &other.schemas),
            not: both(&self.not, &other.not),
            required: both(&self.required, &other.required),
            absent: both(&self.absent, &other.absent),
            no_object: self.no_object && other.no_object,
            partial: true,
        }
    }

    pub(crate) fn identity(&self, counts: fn(&Value) -> bool) -> Identity<'s> {
        let schemas = self.schemas.iter().filter(|schema| counts(schema.value));
        let (required, absent) = (sorted(self.required.iter().copied()), sorted(self.absent.iter().copied()));
        (
            sorted(schemas.map(Located::address)),
            sorted(self.not.iter().map(Located::address)),
            required,
            absent,
            self.partial,
        )
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
