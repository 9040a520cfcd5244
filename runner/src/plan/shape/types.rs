//! The types that schemas name, and those of values.

use serde_json::Value;

use super::{Conjunction, Type};

pub(super) const ALL_TYPES: [Type; 7] =
    [Type::Null, Type::Boolean, Type::Integer, Type::Number, Type::String, Type::Array, Type::Object];

/// The types a conjunction leaves.
pub(super) fn types(conjunction: &Conjunction<'_>) -> Vec<Type> {
    let mut left = ALL_TYPES.to_vec();
    for schema in &conjunction.schemas {
        if let Some(named) = schema.value.get("type") {
            let allowed = named_types(named);
            left.retain(|ty| allowed.contains(ty));
        }
        if let Some(values) = constants(schema.value) {
            left.retain(|ty| values.iter().any(|value| type_of(value) == *ty));
        }
        if schema.value.get("multipleOf").is_some_and(Value::is_u64) {
            left.retain(|ty| *ty != Type::Number);
        }
    }
    left
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

/// The narrowest type of a value.
pub(crate) fn type_of(value: &Value) -> Type {
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
