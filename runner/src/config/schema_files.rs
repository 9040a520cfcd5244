//! A schema file and every local file its `$ref`s lead to. Nothing is ever fetched.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::load::join;
use super::percent::encoded;
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};

/// Files one schema may refer to, itself included.
const MAX_FILES: usize = 1_000;

/// A schema and what it refers to.
#[derive(Debug)]
pub struct SchemaFiles {
    /// The schema file's path.
    pub root: PathBuf,
    /// Every file by its path, the schema itself included.
    pub documents: BTreeMap<PathBuf, Document>,
    /// Why files can't be read, with the path they were looked for at.
    pub unreadable: BTreeMap<PathBuf, Diagnostic>,
}

/// A schema file.
#[derive(Debug)]
pub struct Document {
    /// Its text.
    pub source: Arc<SourceText>,
    /// The same, parsed.
    pub value: Value,
    /// Its `file:` URI.
    pub uri: String,
}

/// `file.json#/pointer` in its two parts.
pub fn split_pointer(path: &str) -> (&str, Option<&str>) {
    match path.split_once('#') {
        Some((path, pointer)) => (path, Some(pointer).filter(|pointer| !pointer.is_empty())),
        None => (path, None),
    }
}

/// Reads a schema file and all that its relative `$ref`s name.
pub(super) fn load(root: &Path, read: &dyn Fn(&Path) -> Result<Arc<SourceText>, Diagnostic>) -> SchemaFiles {
    let mut files = SchemaFiles { root: root.to_owned(), documents: BTreeMap::new(), unreadable: BTreeMap::new() };
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let known = files.documents.contains_key(&path) || files.unreadable.contains_key(&path);
        if known || files.documents.len() == MAX_FILES {
            continue;
        }
        match read(&path).and_then(document) {
            Ok(document) => {
                waiting.extend(referred(&document.value, &path));
                files.documents.insert(path, document);
            }
            Err(problem) => {
                files.unreadable.insert(path, problem);
            }
        }
    }
    files
}

fn document(source: Arc<SourceText>) -> Result<Document, Diagnostic> {
    let is_yaml = source.path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let value = if is_yaml { from_yaml(&source)? } else { from_json(&source)? };
    let uri = file_uri(&source.path);
    Ok(Document { source, value, uri })
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

/// The files a schema's `$ref`s name, by path.
fn referred(value: &Value, path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                let reference = object.get("$ref").and_then(Value::as_str);
                found.extend(reference.and_then(local_path).map(|path| join(folder, path)));
                waiting.extend(object.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found
}

/// The path of a relative reference; `None` for one inside the same document and for one with a scheme.
pub fn local_path(reference: &str) -> Option<&str> {
    let (path, _) = split_pointer(reference);
    (!path.is_empty() && !path.contains("://") && !path.starts_with("urn:")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_followed_once_even_in_a_circle() {
        let read = |path: &Path| {
            let text = match path.to_str() {
                Some("s/a.json") => r##"{"$ref": "sub/b.json#/x", "items": {"$ref": "#/y"}}"##,
                Some("s/sub/b.json") => r#"{"x": {"$ref": "../a.json"}, "y": {"$ref": "c.json"}}"#,
                _ => return Err(Diagnostic::new(Code::Unreadable, "no such file", None)),
            };
            Ok(SourceText::new(path, text))
        };
        let files = load(Path::new("s/a.json"), &read);
        assert_eq!(files.documents.len(), 2);
        assert!(files.unreadable.contains_key(Path::new("s/sub/c.json")));
    }
}
