//! One schema file: its text, read as JSON or YAML.

use std::path::{Component, Path};
use std::sync::Arc;

use jsonschema::Draft;
use serde_json::Value;

use super::Document;
use super::references::{Found, references};
use crate::config::percent::encoded;
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};

impl Document {
    /// Parses a schema file, which is of this draft unless its `$schema` names another one that is known.
    pub(super) fn parse(source: Arc<SourceText>, draft: Draft) -> Result<Self, Diagnostic> {
        let is_yaml = source.path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        let value = if is_yaml { from_yaml(&source)? } else { from_json(&source)? };
        let uri = file_uri(&source.path);
        let written = value.get("$schema").and_then(Value::as_str).map(Draft::from_schema_uri);
        let draft = written.filter(|written| *written != Draft::Unknown).unwrap_or(draft);
        let Found { references, ids } = references(&value, &uri, draft);
        Ok(Self { source, value, uri, ids, references })
    }
}

fn from_json(source: &Arc<SourceText>) -> Result<Value, Diagnostic> {
    serde_json::from_str(&source.text).map_err(|error| {
        let place = Place::at_line(source, error.line(), error.column());
        Diagnostic::new(Code::Schema, format!("{} is not JSON: {error}", source.path.display()), place)
    })
}

/// A JSON Schema may be written in YAML; what it says is the same.
fn from_yaml(source: &Arc<SourceText>) -> Result<Value, Diagnostic> {
    serde_yaml::from_str(&source.text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let place = Place::at_line(source, line, column);
        Diagnostic::new(Code::Schema, format!("{} is not a schema in YAML: {error}", source.path.display()), place)
    })
}

/// The URI that relative references of a file start from.
fn file_uri(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let parts = absolute.components().filter_map(|part| match part {
        Component::Normal(part) => Some(encoded(&part.to_string_lossy())),
        _ => None,
    });
    format!("file:///{}", parts.collect::<Vec<_>>().join("/"))
}
