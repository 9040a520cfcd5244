//! One schema file: its text, read as JSON or YAML.

use std::path::{Component, Path};
use std::sync::Arc;

use jsonschema::Draft;
use serde_json::Value;

use super::Document;
use super::references::{Found, references};
use crate::config::json::{self, NotJson};
use crate::config::json_place;
use crate::config::yaml::{self, Node};
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};
use jq::strict;
use pipeline::validate::declared_draft;
use schema::percent::encoded;

impl Document {
    /// Parses a schema file, which is of this draft unless its `$schema` names another supported one.
    pub(super) fn parse(source: Arc<SourceText>, draft: Draft) -> Result<Self, Diagnostic> {
        let is_yaml = source.path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        let value = if is_yaml { from_yaml(&source)? } else { from_json(&source)? };
        let uri = file_uri(&source.path);
        let draft = declared_draft(&value).unwrap_or(draft);
        let Found { references, ids } = references(&value, &uri, draft);
        Ok(Self { source, value, draft, uri, ids, references })
    }

    /// Where the value at a JSON Pointer stands in the file; its start when the pointer leads nowhere.
    pub fn place(&self, pointer: &str) -> Place {
        Place::new(&self.source, json_place(&self.source, pointer).unwrap_or(0..0))
    }

    /// JSON Pointer to the schema that sets the base URI of a place with its `$id`; empty for the document as a whole.
    pub fn base(&self, pointer: &str) -> &str {
        let mut nearest = "";
        for (_, id) in &self.ids {
            let is_around = pointer.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with('/'));
            if is_around && id.len() >= nearest.len() {
                nearest = id;
            }
        }
        nearest
    }
}

fn from_json(source: &Arc<SourceText>) -> Result<Value, Diagnostic> {
    strict(&source.text).map_err(|error| {
        let place = Place::at_line(source, error.line(), error.column());
        Diagnostic::new(Code::Schema, format!("{} is not JSON: {error}", source.path.display()), place)
    })
}

/// A JSON Schema may be written in YAML, with the same meaning.
fn from_yaml(source: &Arc<SourceText>) -> Result<Value, Diagnostic> {
    let (root, problems) = yaml::parse(source, yaml::SCHEMA);
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let root = root.unwrap_or_else(|| Node::null(0..0));
    json::value(&root).map_err(|NotJson { text, range }| {
        let problem =
            Diagnostic::new(Code::Schema, format!("`{text}` is not a number in JSON"), Place::new(source, range));
        problem.help("write the number as JSON does, or put quotes around a text")
    })
}

/// The URI that relative references of a file start from.
pub(super) fn file_uri(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let parts = absolute.components().filter_map(|part| match part {
        Component::Normal(part) => Some(encoded(&part.to_string_lossy())),
        _ => None,
    });
    format!("file:///{}", parts.collect::<Vec<_>>().join("/"))
}
