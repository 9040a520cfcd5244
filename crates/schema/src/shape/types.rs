//! The types that schemas name, and those of values.

use std::collections::HashSet;

use serde_json::Value;

use super::look_up::{Found, look_up};
use super::negation::{allowed, holds_for_type};
use super::possible::is_possible;
use super::{Conjunction, Type};

pub(super) const ALL_TYPES: [Type; 7] =
    [Type::Null, Type::Boolean, Type::Integer, Type::Number, Type::String, Type::Array, Type::Object];

/// The types a conjunction leaves.
pub(super) fn types(conjunction: &Conjunction<'_>) -> Vec<Type> {
    let mut left = ALL_TYPES.to_vec();
    for named in conjunction.keyword("type") {
        let allowed = named_types(named);
        left.retain(|ty| allowed.contains(ty));
    }
    let whole = |step: &Value| step.as_f64().is_some_and(|step| step != 0.0 && step.fract() == 0.0);
    if conjunction.keyword("multipleOf").any(whole) {
        left.retain(|ty| *ty != Type::Number);
    }
    left.retain(|ty| !conjunction.not.iter().any(|not| holds_for_type(not.value, *ty)));
    if let Some(values) = values(conjunction) {
        left.retain(|ty| values.iter().any(|value| type_of(value) == *ty));
    }
    left.retain(|ty| *ty != Type::Object || !conjunction.no_object);
    left
}

/// The values that `const` and `enum` leave; `None` where there is neither.
pub(super) fn values<'s>(conjunction: &Conjunction<'s>) -> Option<Vec<&'s Value>> {
    let mut lists: Vec<&[Value]> = conjunction.schemas.iter().filter_map(|schema| constants(schema.value)).collect();
    lists.sort_by_key(|list| list.len());
    let (first, others) = lists.split_first()?;
    let in_all = |value: &&Value| others.iter().all(|list| list.iter().any(|other| same(other, value)));
    let denied: HashSet<&Value> = denied(conjunction).collect();
    Some(first.iter().filter(|value| !denied.contains(value)).filter(in_all).collect())
}

/// Values that are certain not to be allowed.
fn denied<'s>(conjunction: &Conjunction<'s>) -> impl Iterator<Item = &'s Value> {
    conjunction.not.iter().flat_map(|not| allowed(not.value))
}

/// Whether this value may be allowed, as far as types and constants tell.
pub(super) fn may_be_value(conjunction: &Conjunction<'_>, value: &Value) -> bool {
    let listed = || values(conjunction).is_none_or(|values| values.iter().any(|known| same(known, value)));
    types(conjunction).contains(&type_of(value)) && listed() && !denied(conjunction).any(|denied| same(denied, value))
}

/// Whether each of these fields that an object has to have can have a value.
pub(super) fn has_objects(conjunction: &Conjunction<'_>, concerned: &dyn Fn(&str) -> bool) -> bool {
    let alone = conjunction.schemas.len() < 2 && conjunction.not.is_empty() && conjunction.absent.is_empty();
    let possible = |name: &str| match look_up(conjunction, name) {
        Found::Listed { schemas, required } => !required || is_possible(&schemas.settled(&|_| true)),
        Found::Absent => !conjunction.requires(name),
        Found::Matched(_) | Found::Closed | Found::NotListed | Found::Open => true,
    };
    alone || conjunction.named().into_iter().filter(|name| concerned(name)).all(possible)
}

pub(super) fn named_types(named: &Value) -> Vec<Type> {
    let one = |name: &Value| match name.as_str() {
        Some("null") => vec![Type::Null],
        Some("boolean") => vec![Type::Boolean],
        Some("integer") => vec![Type::Integer],
        Some("number") => vec![Type::Integer, Type::Number],
        Some("string") => vec![Type::String],
        Some("array") => vec![Type::Array],
        Some("object") => vec![Type::Object],
        _ => Vec::new(),
    };
    match named {
        Value::Array(list) => list.iter().flat_map(one).collect(),
        single => one(single),
    }
}

/// The values of `const` or `enum`.
pub(super) fn constants(schema: &Value) -> Option<&[Value]> {
    if let Some(value) = schema.get("const") {
        return Some(std::slice::from_ref(value));
    }
    schema.get("enum")?.as_array().map(Vec::as_slice)
}

/// Whether two constants are one value.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// The narrowest type of a value.
pub fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Boolean,
        Value::Number(number) => {
            let text = number.to_string();
            let whole = !text.contains(['.', 'e', 'E']) || number.as_f64().is_some_and(|n| n.fract() == 0.0);
            if whole { Type::Integer } else { Type::Number }
        }
        Value::String(_) => Type::String,
        Value::Array(_) => Type::Array,
        Value::Object(_) => Type::Object,
    }
}
