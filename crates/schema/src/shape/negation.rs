//! What follows from a schema that does not hold, as far as that is certain.

use serde_json::{Map, Value};

use super::json_types::{Type, constants, named_types, type_of};

/// Keywords that allow every value.
pub(crate) const REMARKS: [&str; 6] = ["$comment", "default", "deprecated", "description", "examples", "title"];

/// What a schema that does not hold means for a field of an object.
pub(crate) enum Denied<'s> {
    Absent,
    /// Its value does not keep to this schema; the field is there, or may be.
    Value {
        schema: &'s Value,
        required: bool,
    },
}

/// What follows for this field, from a schema that restricts it alone: of several fields, any might be the one that fails.
pub(crate) fn of_field<'s>(schema: &'s Value, name: &str) -> Option<Denied<'s>> {
    let keywords = only(schema, &["type", "properties", "required"])?;
    let is_object = keywords.get("type").is_none_or(|named| named_types(named).contains(&Type::Object));
    let required: Vec<&Value> = keywords.get("required").and_then(Value::as_array).into_iter().flatten().collect();
    let properties = keywords.get("properties").and_then(Value::as_object);
    let mut names = properties.into_iter().flat_map(Map::keys).map(String::as_str);
    if !is_object || names.any(|other| other != name) || required.iter().any(|other| *other != name) {
        return None;
    }
    match properties.and_then(|properties| properties.get(name)) {
        Some(schema) => Some(Denied::Value { schema, required: required.is_empty() }),
        None => (!required.is_empty()).then_some(Denied::Absent),
    }
}

/// Whether every value of that type keeps to the schema.
pub(crate) fn holds_for_type(schema: &Value, ty: Type) -> bool {
    match only(schema, &["type"]) {
        Some(keywords) => keywords.get("type").is_none_or(|named| named_types(named).contains(&ty)),
        None => *schema == Value::Bool(true),
    }
}

/// Values that are certain to keep to the schema.
pub(crate) fn allowed(schema: &Value) -> impl Iterator<Item = &Value> {
    let plain = only(schema, &["type", "const", "enum"]).is_some();
    let listed = constants(schema).into_iter().flatten().filter(move |_| plain);
    let named = schema.get("type").map(named_types);
    listed.filter(move |value| named.as_ref().is_none_or(|named| named.contains(&type_of(value))))
}

/// The keywords, where there are no others than these.
fn only<'s>(schema: &'s Value, known: &[&str]) -> Option<&'s Map<String, Value>> {
    let keywords = schema.as_object()?;
    for keyword in keywords.keys().map(String::as_str) {
        if !known.contains(&keyword) && !REMARKS.contains(&keyword) {
            return None;
        }
    }
    Some(keywords)
}
