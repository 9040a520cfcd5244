//! The `$ref`s and `$id`s of a schema, each with the URI it means where it stands (JSON Schema Core, 8.2 and 9.1).

use std::rc::Rc;

use fluent_uri::{Uri, UriRef};
use serde_json::{Map, Value};

/// Keywords whose values are data, not schemas.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];
/// Keywords whose values have names for keys, not keywords.
const NAMES: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Keywords that refer.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// What [`references`] finds.
#[derive(Debug, Default)]
pub(crate) struct Found<'v> {
    /// Each reference as written, with its URI, the fragment aside. Those inside their own document are left out.
    pub(crate) references: Vec<(&'v str, String)>,
    /// Each absolute `$id`, with the JSON Pointer of its schema.
    pub(crate) ids: Vec<(String, String)>,
}

/// Every reference and `$id` of a schema document.
pub(crate) fn references<'v>(document: &'v Value, uri: &str) -> Found<'v> {
    let mut found = Found::default();
    schema(document, &Rc::from(uri), "", &mut found);
    found
}

fn schema<'v>(value: &'v Value, base: &Rc<str>, pointer: &str, found: &mut Found<'v>) {
    match value {
        Value::Object(fields) => object(fields, base, pointer, found),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                schema(item, base, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn object<'v>(fields: &'v Map<String, Value>, base: &Rc<str>, pointer: &str, found: &mut Found<'v>) {
    let id = fields.get("$id").or_else(|| fields.get("id")).and_then(Value::as_str);
    let own = id.filter(|id| !id.starts_with('#')).and_then(|id| resolve(base, id));
    let base = match own {
        Some(own) => {
            found.ids.push((own.clone(), pointer.to_owned()));
            Rc::from(own)
        }
        None => Rc::clone(base),
    };
    for (key, value) in fields {
        match value {
            Value::String(text) if REFERENCES.contains(&key.as_str()) => {
                if !text.starts_with('#') && !text.is_empty() {
                    found.references.push((text, resolve(&base, text).unwrap_or_else(|| text.clone())));
                }
            }
            Value::Object(named) if NAMES.contains(&key.as_str()) => {
                for (name, value) in named {
                    schema(value, &base, &below(&below(pointer, key), name), found);
                }
            }
            _ if DATA.contains(&key.as_str()) => {}
            _ => schema(value, &base, &below(pointer, key), found),
        }
    }
}

fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// A reference against its base (RFC 3986, 5.2), without its fragment; `None` when one of them is no URI.
fn resolve(base: &str, reference: &str) -> Option<String> {
    let base = Uri::parse(base).ok()?;
    let reference = UriRef::parse(super::split_pointer(reference).0).ok()?;
    let resolved = reference.resolve_against(&base.strip_fragment()).ok()?;
    Some(resolved.normalize().into_string())
}
