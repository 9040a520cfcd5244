//! Every name under which a schema may refer to a local file.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::config::load::join;
use crate::config::{Document, SchemaFiles, local_path, split_pointer};

/// The documents by URI: each by its file, and by what a relative `$ref` means inside a document with an `$id` of its
/// own, since such a `$ref` is resolved against the `$id` and not against the file.
pub(super) fn all(files: &SchemaFiles) -> Vec<(String, Value)> {
    let mut resources: Vec<(String, Value)> = Vec::new();
    for (path, document) in &files.documents {
        add(&mut resources, document.uri.clone(), document);
        let Some(id) = id(&document.value) else {
            continue;
        };
        for reference in references(&document.value) {
            let named = target(path, reference).and_then(|path| files.documents.get(&path));
            // A document with an `$id` is found by it already.
            if let Some(named) = named.filter(|named| self::id(&named.value).is_none()) {
                add(&mut resources, resolved(id, split_pointer(reference).0), named);
            }
        }
    }
    resources
}

fn add(resources: &mut Vec<(String, Value)>, uri: String, document: &Document) {
    if !resources.iter().any(|(known, _)| *known == uri) {
        resources.push((uri, document.value.clone()));
    }
}

/// The absolute `$id` of a document; `id` in draft 4.
fn id(document: &Value) -> Option<&str> {
    let id = document.get("$id").or_else(|| document.get("id"))?.as_str()?;
    id.contains("://").then_some(id)
}

/// A relative path against a URI (RFC 3986, 5.2, for paths alone).
fn resolved(base: &str, path: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or(("", base));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, old) = rest.split_once('/').unwrap_or((rest, ""));
    let folder = old.rsplit_once('/').map_or("", |(folder, _)| folder);
    let start = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("{scheme}://{host}/{}", parts.join("/"))
}

/// The file a relative `$ref` names.
pub(super) fn target(from: &Path, reference: &str) -> Option<PathBuf> {
    local_path(reference).map(|path| join(from.parent().unwrap_or(Path::new("")), path))
}

/// Every `$ref` in a schema.
pub(super) fn references(value: &Value) -> impl Iterator<Item = &str> {
    let mut waiting = vec![value];
    std::iter::from_fn(move || {
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(object) => {
                    waiting.extend(object.values());
                    if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                        return Some(reference);
                    }
                }
                Value::Array(items) => waiting.extend(items),
                _ => {}
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_is_resolved_against_the_id() {
        let base = "https://example.com/schemas/v1/order.json";
        assert_eq!(resolved(base, "money.json"), "https://example.com/schemas/v1/money.json");
        assert_eq!(resolved(base, "../money.json"), "https://example.com/schemas/money.json");
        assert_eq!(resolved(base, "/money.json"), "https://example.com/money.json");
        assert_eq!(resolved("https://example.com", "a/b.json"), "https://example.com/a/b.json");
    }
}
