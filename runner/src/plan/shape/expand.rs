//! From one schema to its alternatives: `$ref`, `allOf`, `anyOf`, `oneOf` and `if` resolved.

use std::cell::Cell;
use std::path::Path;

use serde_json::{Map, Value};

use super::conjunction::product;
use super::{Conjunction, Located};
use crate::config::{SchemaFiles, percent, split_pointer};

/// Schemas within schemas at one place, `$ref`s included.
const MAX_DEPTH: usize = 32;
/// Schemas looked at for one place, however they refer to each other.
const MAX_SCHEMAS: usize = 2_000;

pub(super) fn alternatives<'s>(files: Option<&'s SchemaFiles>, schema: Located<'s>) -> Vec<Conjunction<'s>> {
    Expander { files, left: Cell::new(MAX_SCHEMAS) }.expand(schema, &mut Vec::new())
}

struct Expander<'s> {
    files: Option<&'s SchemaFiles>,
    left: Cell<usize>,
}

impl<'s> Expander<'s> {
    /// `around` has the schemas this one is inside of: a circle says nothing new.
    fn expand(&self, schema: Located<'s>, around: &mut Vec<&'s Value>) -> Vec<Conjunction<'s>> {
        let circle = around.iter().any(|outer| std::ptr::eq(*outer, schema.value));
        let object = match schema.value {
            Value::Bool(false) => return Vec::new(),
            Value::Object(_) if around.len() >= MAX_DEPTH || self.left.get() == 0 => {
                return vec![Conjunction::unknown()];
            }
            Value::Object(object) if !circle => object,
            _ => return vec![Conjunction::default()],
        };
        self.left.set(self.left.get() - 1);
        around.push(schema.value);
        let found = self.combine(schema, object, around);
        around.pop();
        found
    }

    fn combine(
        &self,
        schema: Located<'s>,
        object: &'s Map<String, Value>,
        around: &mut Vec<&'s Value>,
    ) -> Vec<Conjunction<'s>> {
        let mut found = vec![Conjunction::of(schema)];
        for name in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = object.get(name).and_then(Value::as_str) {
                let target = self.resolve(reference, schema.file);
                let expanded =
                    target.map_or_else(|| vec![Conjunction::unknown()], |target| self.expand(target, around));
                if self.ignores_siblings(schema.file) {
                    return expanded;
                }
                found = product(&found, &expanded);
            }
        }
        let mut inner = |value| self.expand(Located { value, ..schema }, around);
        for part in list(object.get("allOf")) {
            found = product(&found, &inner(part));
        }
        for name in ["anyOf", "oneOf"] {
            if object.contains_key(name) {
                let union: Vec<_> = list(object.get(name)).flat_map(&mut inner).collect();
                found = product(&found, &union);
            }
        }
        if object.contains_key("if") {
            let mut branch = |name| object.get(name).map_or_else(|| vec![Conjunction::default()], &mut inner);
            let branches: Vec<_> = branch("then").into_iter().chain(branch("else")).collect();
            found = product(&found, &branches);
        }
        found
    }

    /// Up to draft 7, nothing beside a `$ref` counts.
    fn ignores_siblings(&self, file: Option<&Path>) -> bool {
        let document = self.files.zip(file).and_then(|(files, path)| files.documents.get(path));
        let draft = document.and_then(|document| document.value.get("$schema")?.as_str());
        draft.is_some_and(|draft| draft.contains("/draft-0"))
    }

    /// The schema a reference leads to; `None` when it can't be told without running the schema.
    fn resolve(&self, reference: &str, file: Option<&'s Path>) -> Option<Located<'s>> {
        let files = self.files?;
        let from = file?;
        let (target, fragment) = split_pointer(reference);
        let (path, start) = match target {
            "" => (from, ""),
            _ => files.target(from, target).map(|target| (target.path.as_path(), target.pointer.as_str()))?,
        };
        let (path, document) = files.documents.get_key_value(path)?;
        let file = Some(path.as_path());
        let document = document.value.pointer(start)?;
        let fragment = percent::decoded(fragment.unwrap_or_default());
        let value = if fragment.is_empty() || fragment.starts_with('/') {
            document.pointer(&fragment)?
        } else {
            anchor(document, &fragment)?
        };
        Some(Located { value, file })
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn anchor<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        let named = |key: &str, text: &str| value.get(key).and_then(Value::as_str) == Some(text);
        if named("$anchor", name) || named("$dynamicAnchor", name) || named("$id", &format!("#{name}")) {
            return Some(value);
        }
        match value {
            Value::Object(object) => waiting.extend(object.values()),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    None
}
