//! One schema file: its text, read as JSON or YAML.

use std::path::{Component, Path};
use std::sync::Arc;

use serde_json::Value;

use super::Document;
use crate::config::percent::encoded;
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};

impl Document {
    /// Parses a schema file.
    pub(super) fn parse(source: Arc<SourceText>) -> Result<Self, Diagnostic> {
        let is_yaml = source.path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        let value = if is_yaml { from_yaml(&source)? } else { from_json(&source)? };
        let uri = file_uri(&source.path);
        Ok(Self { source, value, uri })
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
