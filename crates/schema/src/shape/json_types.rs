//! The types of JSON values, as schemas name them and as values have them.

use serde_json::Value;

pub use pipeline::cast::JsonType as Type;

pub(super) const ALL_TYPES: [Type; 7] =
    [Type::Null, Type::Boolean, Type::Integer, Type::Number, Type::String, Type::Array, Type::Object];

/// The types that the keyword `type` lists.
pub(super) fn named_types(named: &Value) -> Vec<Type> {
    match named {
        Value::Array(list) => list.iter().flat_map(types_of_name).collect(),
        single => types_of_name(single),
    }
}

fn types_of_name(name: &Value) -> Vec<Type> {
    match name.as_str() {
        Some("null") => vec![Type::Null],
        Some("boolean") => vec![Type::Boolean],
        Some("integer") => vec![Type::Integer],
        Some("number") => vec![Type::Integer, Type::Number],
        Some("string") => vec![Type::String],
        Some("array") => vec![Type::Array],
        Some("object") => vec![Type::Object],
        _ => Vec::new(),
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
