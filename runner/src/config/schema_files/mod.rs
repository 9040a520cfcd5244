//! The schema files of a pipeline, and every local file their `$ref`s lead to. Nothing is ever fetched.

mod disk;
mod document;
mod links;
mod parts;
mod references;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::config::DraftName;
use crate::diagnostic::{Diagnostic, SourceText};

pub(super) use disk::matches;
pub use disk::{Disk, Entry, Real};
pub(super) use links::load;
pub use parts::Part;
pub(super) use parts::{Parts, parts};
pub(crate) use references::references;

/// The schemas of a pipeline and everything they refer to.
#[derive(Debug, Default)]
pub struct SchemaFiles {
    /// What the pipeline file names, in its order; the files of a pattern in theirs.
    pub parts: Vec<Part>,
    /// Why a pattern names no file, and where it stands in the pipeline file.
    pub unmatched: Vec<(String, Range<usize>)>,
    /// Whether `formats: ignore` is written: a `format` promises nothing.
    pub formats_ignored: bool,
    /// The draft of files that name none that is known.
    pub draft: Option<DraftName>,
    /// Every file by its path.
    pub documents: BTreeMap<PathBuf, Document>,
    /// What is wrong with files, by their path.
    pub problems: Vec<(PathBuf, Diagnostic)>,
    /// References that lead to no local file.
    pub unresolved: Vec<Unresolved>,
    /// Two files with one `$id`.
    pub ambiguous: Vec<(String, PathBuf, PathBuf)>,
    /// Where files were searched for by their `$id`.
    pub searched: Vec<PathBuf>,
    /// URIs by which documents are referred to beside their own.
    pub aliases: BTreeMap<String, Target>,
    links: HashMap<PathBuf, HashMap<String, Target>>,
    views: Vec<View>,
}

/// A schema of whole events made from one of a part of them, under a path of its own.
#[derive(Debug)]
struct View {
    path: PathBuf,
    value: Value,
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

/// What a reference leads to, its fragment aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file.
    pub path: PathBuf,
    /// JSON Pointer to the schema in it that has the `$id`; empty for the file as a whole.
    pub pointer: String,
}

/// A reference that leads to no local file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The file it stands in.
    pub file: PathBuf,
    /// As written.
    pub text: String,
    /// What it means there.
    pub uri: String,
    /// Why the file of that path can't be read, when it is a path.
    pub problem: Option<String>,
}

impl SchemaFiles {
    /// The file and the schema a reference in a file leads to, its fragment aside; a reference inside its own document
    /// is not among them.
    pub fn target(&self, file: &Path, reference: &str) -> Option<&Target> {
        self.links.get(file)?.get(split_pointer(reference).0)
    }

    /// The schema of whole events that a part stands for: the file it is in, the document and the JSON Pointer to it.
    /// It is the part itself, or with `at` one that leads to it.
    pub fn whole(&self, part: usize) -> Option<(&Path, &Value, &str)> {
        if let Some(view) = self.views.get(part) {
            return Some((&view.path, &view.value, ""));
        }
        let named = self.parts.get(part)?;
        let (path, document) = self.documents.get_key_value(&named.path)?;
        Some((path, &document.value, &named.pointer))
    }

    /// Whether `at` leads to the parts by a plain path.
    pub fn has_views(&self) -> bool {
        !self.views.is_empty()
    }

    /// What is wrong with a file.
    pub fn problem(&self, path: &Path) -> Option<&Diagnostic> {
        self.problems.iter().find(|(known, _)| known == path).map(|(_, problem)| problem)
    }
}

/// `file.json#/pointer` in its two parts.
pub fn split_pointer(path: &str) -> (&str, Option<&str>) {
    match path.split_once('#') {
        Some((path, pointer)) => (path, Some(pointer).filter(|pointer| !pointer.is_empty())),
        None => (path, None),
    }
}

/// The path of a relative reference; `None` for one inside the same document and for one with a scheme.
fn local_path(reference: &str) -> Option<&str> {
    let (path, _) = split_pointer(reference);
    (!path.is_empty() && !path.contains("://") && !path.starts_with("urn:")).then_some(path)
}

#[cfg(test)]
mod tests;
