//! Finds the schema that a `$ref` leads to, and what of it counts in which draft.

use serde_json::Value;

use super::conjunction::Located;
use crate::{SchemaDocuments, percent, split_pointer};
use pipeline::validate::{Draft, declared_draft};

/// The schema files, where there are any.
#[derive(Clone, Copy)]
pub(crate) struct Files<'s>(pub(crate) Option<&'s dyn SchemaDocuments>);

impl<'s> Files<'s> {
    /// The schema a reference leads to; `None` when only running the schema would show it.
    pub(crate) fn resolve(self, reference: &str, from: Located<'s>) -> Option<Located<'s>> {
        let (target, fragment) = split_pointer(reference);
        let resource = match target {
            "" => Located { value: from.resource, ..from },
            _ => self.resource(from, target)?,
        };
        let fragment = percent::decoded(fragment.unwrap_or_default());
        if fragment.is_empty() || fragment.starts_with('/') {
            return self.at(resource, &fragment);
        }
        let value = self.anchor(resource, &fragment)?;
        Some(Located { value, ..resource })
    }

    /// The document or embedded schema that has this URI.
    fn resource(self, from: Located<'s>, target: &str) -> Option<Located<'s>> {
        let files = self.0?;
        let target = files.target(from.file?, target)?;
        let (path, document) = files.document(&target.path)?;
        self.at(Located::document(document, path), &target.pointer)
    }

    /// Down a JSON Pointer (RFC 6901).
    pub(crate) fn at(self, start: Located<'s>, pointer: &str) -> Option<Located<'s>> {
        let mut steps = pointer.split('/').skip(1);
        let start = self.entered(start);
        steps.try_fold(start, |outer, step| {
            let value = outer.value.pointer(&format!("/{step}"))?;
            Some(self.entered(Located { value, ..outer }))
        })
    }

    /// From here on, `#` is a schema that has an `$id` of its own (Core, 8.2.1).
    pub(crate) fn entered(self, schema: Located<'s>) -> Located<'s> {
        let resource = if self.has_id(schema.value, schema) { schema.value } else { schema.resource };
        Located { resource, ..schema }
    }

    fn has_id(self, value: &Value, of: Located<'_>) -> bool {
        let keyword = if self.draft(of) == Some(Draft::Draft4) { "id" } else { "$id" };
        let id = value.get(keyword).and_then(Value::as_str);
        let ignored = value.get("$ref").is_some() && self.ignores_siblings(of);
        id.is_some_and(|id| !id.starts_with('#')) && !ignored
    }

    /// Up to draft 7, nothing beside a `$ref` counts.
    pub(crate) fn ignores_siblings(self, schema: Located<'_>) -> bool {
        matches!(self.draft(schema), Some(Draft::Draft4 | Draft::Draft6 | Draft::Draft7))
    }

    fn draft(self, schema: Located<'_>) -> Option<Draft> {
        let files = self.0?;
        let document = files.document(schema.file?);
        document.and_then(|(_, document)| declared_draft(document)).or(files.draft())
    }

    /// The schema of that name, in its own resource only.
    fn anchor(self, resource: Located<'s>, name: &str) -> Option<&'s Value> {
        let legacy = format!("#{name}");
        let mut waiting = vec![resource.value];
        while let Some(value) = waiting.pop() {
            for (key, text) in [("$anchor", name), ("$dynamicAnchor", name), ("$id", &legacy), ("id", &legacy)] {
                if value.get(key).and_then(Value::as_str) == Some(text) {
                    return Some(value);
                }
            }
            let inner: Box<dyn Iterator<Item = &Value>> = match value {
                Value::Object(object) => Box::new(object.values()),
                Value::Array(items) => Box::new(items.iter()),
                _ => continue,
            };
            waiting.extend(inner.filter(|value| !self.has_id(value, resource)));
        }
        None
    }
}
