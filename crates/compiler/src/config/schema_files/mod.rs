//! The schema files of a pipeline, and every local file their `$ref`s lead to. Nothing is ever fetched.

mod disk;
mod document;
mod links;
mod parts;
mod references;
mod search;
mod walk;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipeline::validate::Draft;
use schema::{SchemaDocuments, Target, split_pointer};
use serde_json::Value;

use crate::config::DraftName;
use crate::diagnostic::{Diagnostic, SourceText};

pub use disk::{Disk, Entry, Real};
pub(super) use links::load;
pub use parts::Part;
pub(super) use parts::{Parts, parts};
pub use references::Reference;
pub(crate) use walk::{Inner, all_inside};

/// The schemas of a pipeline and everything they refer to.
#[derive(Debug, Default)]
pub struct SchemaFiles {
    /// What the pipeline file names, in its order; the files of a pattern in theirs.
    pub parts: Vec<Part>,
    /// Why a pattern names no file, and where it stands in the pipeline file.
    pub unmatched: Vec<(String, Range<usize>)>,
    /// Whether `formats: ignore` is written: a `format` promises nothing.
    pub formats_ignored: bool,
    /// The draft of files that name no supported one.
    pub draft: Option<DraftName>,
    /// Every file by its path.
    pub documents: BTreeMap<PathBuf, Document>,
    /// What is wrong with files, by their path.
    pub problems: Vec<(PathBuf, Diagnostic)>,
    /// References that lead to no local file.
    pub unresolved: Vec<Unresolved>,
    /// Two schemas with one `$id`.
    pub ambiguous: Vec<Ambiguous>,
    /// Where files were searched for by their `$id`.
    pub searched: Vec<PathBuf>,
    /// Whether there are more files than were searched.
    pub search_ended: bool,
    links: HashMap<PathBuf, Links>,
    views: Vec<View>,
}

/// What the references of a file to other documents lead to.
#[derive(Debug, Default)]
struct Links {
    /// By their texts, without fragments.
    texts: HashMap<String, Target>,
    /// By the JSON Pointers to them.
    places: HashMap<String, Target>,
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
    /// The draft that its `$schema` names, else the pipeline file's, else the newest.
    pub draft: Draft,
    /// Its `file:` URI.
    pub uri: String,
    /// The absolute `$id`s in it, with the JSON Pointers of their schemas.
    pub ids: Vec<(String, String)>,
    /// The references in it.
    pub references: Vec<Reference>,
}

/// A reference that leads to no local file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The file it stands in.
    pub file: PathBuf,
    /// Itself.
    pub reference: Reference,
    /// Why the file of that path can't be read, when it is a path.
    pub problem: Option<String>,
}

/// Two schemas that one `$id` may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// The `$id`.
    pub id: String,
    /// The schema that was read first.
    pub first: Target,
    /// The other one.
    pub second: Target,
}

impl SchemaFiles {
    /// Every document by its URI. Its references to other documents are absolute and lead to what [`Self::target`] returns,
    /// whatever the validator would make of the base they stand under.
    pub fn absolute(&self) -> impl Iterator<Item = (String, Value)> {
        self.documents.iter().map(|(path, document)| {
            let mut value = document.value.clone();
            for (pointer, target) in self.links.get(path).into_iter().flat_map(|links| &links.places) {
                if let Some(Value::String(text)) = value.pointer_mut(pointer) {
                    let fragment = text.find('#').map_or("", |at| &text[at..]);
                    *text = self.uri(target) + fragment;
                }
            }
            (document.uri.clone(), value)
        })
    }

    /// The `$id` of a schema, or else the URI of its file.
    fn uri(&self, target: &Target) -> String {
        let document = &self.documents[&target.path];
        let own = document.ids.iter().find(|(_, pointer)| *pointer == target.pointer);
        own.map_or(&document.uri, |(id, _)| id).clone()
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

impl SchemaDocuments for SchemaFiles {
    fn document(&self, path: &Path) -> Option<(&Path, &Value)> {
        self.documents.get_key_value(path).map(|(path, document)| (path.as_path(), &document.value))
    }

    fn target(&self, file: &Path, reference: &str) -> Option<&Target> {
        self.links.get(file)?.texts.get(split_pointer(reference).0)
    }

    /// The part itself, or with `at` a schema that leads to it.
    fn whole(&self, part: usize) -> Option<(&Path, &Value, &str)> {
        if let Some(view) = self.views.get(part) {
            return Some((&view.path, &view.value, ""));
        }
        let named = self.parts.get(part)?;
        let (path, document) = self.documents.get_key_value(&named.path)?;
        Some((path, &document.value, &named.pointer))
    }

    fn draft(&self) -> Option<Draft> {
        self.draft.map(Draft::from)
    }

    fn formats_ignored(&self) -> bool {
        self.formats_ignored
    }
}

/// The path of a relative reference; `None` for one inside the same document and for one with a scheme.
fn local_path(reference: &str) -> Option<&str> {
    let (path, _) = split_pointer(reference);
    (!path.is_empty() && !path.contains("://") && !path.starts_with("urn:")).then_some(path)
}

#[cfg(test)]
mod tests;
