//! Where a `$ref` leads, and what of its schema counts in which draft.

use serde_json::Value;

use super::Located;
use crate::config::{SchemaFiles, percent, split_pointer};
use crate::validate::{Draft, declared_draft};

/// The schema files, where there are any.
#[derive(Clone, Copy)]
pub(super) struct Files<'s>(pub(super) Option<&'s SchemaFiles>);

impl<'s> Files<'s> {
    /// The schema a reference leads to; `None` when it can't be told without running the schema.
    pub(super) fn resolve(self, reference: &str, from: Located<'s>) -> Option<Located<'s>> {
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
        let (path, document) = files.documents.get_key_value(&target.path)?;
        self.at(Located::document(&document.value, path), &target.pointer)
    }

    /// Down a JSON Pointer (RFC 6901).
    pub(super) fn at(self, start: Located<'s>, pointer: &str) -> Option<Located<'s>> {
        let mut steps = pointer.split('/').skip(1);
        let start = self.entered(start);
        steps.try_fold(start, |outer, step| {
            let value = outer.value.pointer(&format!("/{step}"))?;
            Some(self.entered(Located { value, ..outer }))
        })
    }

    /// From here on, `#` is a schema that has an `$id` of its own (Core, 8.2.1).
    pub(super) fn entered(self, schema: Located<'s>) -> Located<'s> {
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
    pub(super) fn ignores_siblings(self, schema: Located<'_>) -> bool {
        matches!(self.draft(schema), Some(Draft::Draft4 | Draft::Draft6 | Draft::Draft7))
    }

    fn draft(self, schema: Located<'_>) -> Option<Draft> {
        let files = self.0?;
        let document = files.documents.get(schema.file?);
        document.and_then(|document| declared_draft(&document.value)).or(files.draft.map(Draft::from))
    }

    /// The schema of that name, in its own resource only.
    fn anchor(self, resource: Located<'s>, name: &str) -> Option<&'s Value> {
        let legacy = format!("#{name}");
        let mut waiting = vec![resource.value];
        while let Some(value) = waiting.pop() {
            let named = |key: &str, text: &str| value.get(key).and_then(Value::as_str) == Some(text);
            if named("$anchor", name) || named("$dynamicAnchor", name) || named("$id", &legacy) || named("id", &legacy)
            {
                return Some(value);
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use crate::config::load::load_text;
    use crate::config::{Environment, PipelineText};
    use crate::diagnostic::SourceText;
    use crate::plan::shape::{Field, Shape, Type};

    /// The types of field `k`, of which the schema is chosen so.
    fn types(schema: &str, files: &[(&str, &str)]) -> Vec<Type> {
        let text = format!("source: {{ queue: q, dlq: d }}\nschema: {schema}\ntables: {{}}\n");
        let read = |path: &Path, _: u64| {
            let found = files.iter().find(|(known, _)| Path::new(known) == path);
            found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
        };
        let source = SourceText::new("p.yaml", &text);
        let PipelineText { schema, problems, .. } = load_text(source, &Environment::new(), &read);
        assert!(problems.is_empty(), "{problems:?}");
        let files = schema.unwrap();
        match Shape::of_part(&files, 0).unwrap().field("k") {
            Field::Known { shape, .. } => shape.types().into_iter().map(|(ty, _)| ty).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_pointer_starts_at_the_embedded_schema_it_stands_in() {
        let bundle = r##"{"$id": "https://x.test/m.json", "properties": {"k": {"$ref": "inner.json#/$defs/q"}},
            "$defs": {"r": {"type": "string"},
                "i": {"$id": "inner.json", "$defs": {"q": {"$ref": "#/$defs/r"}, "r": {"type": "integer"}},
                    "properties": {"k": {"$ref": "#r"}}},
                "named": {"$anchor": "r", "type": "null"}}}"##;
        let bundle = bundle.replace(r#""r": {"type": "integer"}"#, r#""r": {"$anchor": "r", "type": "integer"}"#);
        assert_eq!(types("s.json", &[("s.json", &bundle)]), [Type::Integer]);
        assert_eq!(types("s.json#/$defs/i", &[("s.json", &bundle)]), [Type::Integer]);
        let through = bundle.replace("inner.json#/$defs/q", "#/$defs/i/$defs/q");
        assert_eq!(types("s.json", &[("s.json", &through)]), [Type::Integer]);
        let outer = bundle.replace("inner.json#/$defs/q", "#r");
        assert_eq!(types("s.json", &[("s.json", &outer)]), [Type::Null]);
    }

    #[test]
    fn the_draft_decides_what_counts_beside_a_reference() {
        let schema = r##"{"$ref": "#/definitions/x", "properties": {"k": {"type": "null"}},
            "definitions": {"x": {"type": "object"}}}"##;
        let old = schema.replacen('{', r#"{"$schema": "http://json-schema.org/draft-07/schema#", "#, 1);
        assert_eq!(types("s.json", &[("s.json", schema)]), [Type::Null]);
        assert_eq!(types("{ file: s.json, draft: '7' }", &[("s.json", schema)]), []);
        assert_eq!(types("s.json", &[("s.json", &old)]), []);
        assert_eq!(types("{ file: s.json, draft: 2020-12 }", &[("s.json", &old)]), []);
    }

    #[test]
    fn an_id_beside_a_reference_is_none_in_draft_7() {
        let schema = r##"{"$schema": "http://json-schema.org/draft-07/schema#",
            "properties": {"k": {"$id": "other.json", "$ref": "#/definitions/x"}},
            "definitions": {"x": {"type": "string"}}}"##;
        assert_eq!(types("s.json", &[("s.json", schema)]), [Type::String]);
    }
}
