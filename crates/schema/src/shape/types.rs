//! The types and constants that the schemas of a conjunction leave.

use std::collections::HashSet;

use serde_json::Value;

use super::conjunction::Conjunction;
use super::json_types::{ALL_TYPES, Type, constants, named_types, same, type_of};
use super::look_up::{Found, look_up};
use super::negation::{allowed, holds_for_type};

/// The types a conjunction leaves.
pub(super) fn types(conjunction: &Conjunction<'_>) -> Vec<Type> {
    let mut left = ALL_TYPES.to_vec();
    for named in conjunction.keyword("type") {
        let allowed = named_types(named);
        left.retain(|ty| allowed.contains(ty));
    }
    if conjunction.keyword("multipleOf").filter_map(Value::as_f64).any(|step| step != 0.0 && step.fract() == 0.0) {
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
    let denied: HashSet<&Value> = denied(conjunction).collect();
    let mut left = Vec::new();
    for value in first.iter().filter(|value| !denied.contains(value)) {
        if others.iter().all(|list| list.iter().any(|other| same(other, value))) {
            left.push(value);
        }
    }
    Some(left)
}

/// Values that are certain not to be allowed.
fn denied<'s>(conjunction: &Conjunction<'s>) -> impl Iterator<Item = &'s Value> {
    conjunction.not.iter().flat_map(|not| allowed(not.value))
}

/// Whether this value may be allowed, as far as types and constants show.
pub(super) fn may_be_value(conjunction: &Conjunction<'_>, value: &Value) -> bool {
    if !types(conjunction).contains(&type_of(value)) || denied(conjunction).any(|denied| same(denied, value)) {
        return false;
    }
    values(conjunction).is_none_or(|values| values.iter().any(|known| same(known, value)))
}

/// Whether each of these fields that an object has to have can have a value.
fn has_objects(conjunction: &Conjunction<'_>, concerned: &dyn Fn(&str) -> bool) -> bool {
    let alone = conjunction.schemas.len() < 2 && conjunction.not.is_empty() && conjunction.absent.is_empty();
    alone || conjunction.named().into_iter().filter(|name| concerned(name)).all(|name| can_have(conjunction, name))
}

fn can_have(conjunction: &Conjunction<'_>, name: &str) -> bool {
    match look_up(conjunction, name) {
        Found::Listed { schemas, required } => !required || is_possible(&schemas.settled(&|_| true)),
        Found::Absent => !conjunction.requires(name),
        Found::Matched(_) | Found::Closed | Found::NotListed | Found::Open => true,
    }
}

/// Whether any value keeps to all of these schemas, as far as types and constants show.
pub(super) fn is_possible(conjunction: &Conjunction<'_>) -> bool {
    !types(conjunction).is_empty()
}

impl Conjunction<'_> {
    /// With what follows for objects from these fields of them.
    pub(crate) fn settled(mut self, concerned: &dyn Fn(&str) -> bool) -> Self {
        self.no_object = self.no_object || !has_objects(&self, concerned);
        self
    }
}
