//! The documents that a schema is read from.

use std::path::{Path, PathBuf};

use pipeline::validate::Draft;
use serde_json::Value;

/// What a reference leads to, its fragment aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file.
    pub path: PathBuf,
    /// JSON Pointer to the schema in it that has the `$id`; empty for the file as a whole.
    pub pointer: String,
}

/// Schema documents by their paths. The code that reads the files implements this, so that reading a schema needs no disk.
pub trait SchemaDocuments: std::fmt::Debug {
    /// The document at a path, with the path as the documents own it.
    fn document(&self, path: &Path) -> Option<(&Path, &Value)>;

    /// The schema that a reference in a file leads to, its fragment aside; `None` for a reference inside its own document.
    fn target(&self, file: &Path, reference: &str) -> Option<&Target>;

    /// The schema of whole events that the part with this index stands for: its file, its document and the JSON Pointer.
    fn whole(&self, part: usize) -> Option<(&Path, &Value, &str)>;

    /// The draft of documents that do not name a known one.
    fn draft(&self) -> Option<Draft>;

    /// Whether a `format` promises nothing.
    fn formats_ignored(&self) -> bool;
}

/// `file.json#/pointer` in its two parts.
pub fn split_pointer(path: &str) -> (&str, Option<&str>) {
    match path.split_once('#') {
        Some((path, pointer)) => (path, Some(pointer).filter(|pointer| !pointer.is_empty())),
        None => (path, None),
    }
}
