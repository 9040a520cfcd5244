//! The schemas inside a schema, by the keywords that hold them.

use serde_json::{Map, Value};

use crate::config::child_pointer;

/// Keywords that hold schemas, or lists of them.
const SCHEMAS: [&str; 16] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that hold mappings of names, not of keywords.
const NAMES: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];
/// Keywords that hold data, not schemas.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// A schema, or what may be one, inside another.
#[derive(Debug)]
pub(crate) struct Inner<'v> {
    /// JSON Pointer to it, from the start of the document.
    pub(crate) pointer: String,
    /// Itself.
    pub(crate) value: &'v Value,
    /// Whether a keyword makes it a schema; what other keys hold may be one, to which a pointer leads.
    pub(crate) is_schema: bool,
}

/// A schema document, and all that is or may be a schema inside it, at any depth.
pub(crate) fn all_inside(root: &Value) -> Vec<Inner<'_>> {
    let mut found = Vec::new();
    let mut waiting = vec![Inner { pointer: String::new(), value: root, is_schema: true }];
    while let Some(next) = waiting.pop() {
        for part in inner(next.value, &next.pointer) {
            waiting.push(Inner { is_schema: next.is_schema && part.is_schema, ..part });
        }
        found.push(next);
    }
    found
}

/// What is right inside a schema, which is at `pointer`.
pub(super) fn inner<'v>(value: &'v Value, pointer: &str) -> Vec<Inner<'v>> {
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(key, value)| of_keyword(key, value, pointer)).collect(),
        Value::Array(items) => items_at(items, pointer),
        _ => Vec::new(),
    }
}

fn of_keyword<'v>(key: &str, value: &'v Value, pointer: &str) -> Vec<Inner<'v>> {
    let pointer = child_pointer(pointer, key);
    match value {
        _ if DATA.contains(&key) => Vec::new(),
        Value::Object(named) if NAMES.contains(&key) => named_at(named, &pointer),
        Value::Object(_) | Value::Array(_) => vec![Inner { pointer, value, is_schema: SCHEMAS.contains(&key) }],
        _ => Vec::new(),
    }
}

fn named_at<'v>(named: &'v Map<String, Value>, pointer: &str) -> Vec<Inner<'v>> {
    let mut found = Vec::new();
    for (name, value) in named {
        found.push(Inner { pointer: child_pointer(pointer, name), value, is_schema: true });
    }
    found
}

/// Every item is what the list is.
fn items_at<'v>(items: &'v [Value], pointer: &str) -> Vec<Inner<'v>> {
    let mut found = Vec::new();
    for (at, value) in items.iter().enumerate() {
        found.push(Inner { pointer: format!("{pointer}/{at}"), value, is_schema: true });
    }
    found
}
