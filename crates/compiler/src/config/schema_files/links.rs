//! From the schemas a pipeline file names to all that they refer to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonschema::Draft;
use serde_json::{Value, json};

use super::document::file_uri;
use super::{
    Ambiguous, Disk, Document, Links, Parts, SchemaFiles, Target, Unresolved, View, local_path, split_pointer,
};
use crate::config::paths::join;
use crate::diagnostic::{Code, Diagnostic, SourceText};
use schema::percent::{decoded, encoded};

/// Files one pipeline's schemas may refer to, themselves included; and files searched for an `$id`.
pub(super) const MAX_FILES: usize = 10_000;

/// Reads one file.
type Read<'a> = &'a dyn Fn(&Path) -> Result<Arc<SourceText>, Diagnostic>;

/// Reads the schemas and everything that their references lead to: by `$id` among the files read so far, by path, and
/// only then by `$id` among all files in the folders of the schemas and below.
pub(crate) fn load(parts: Parts, disk: &dyn Disk, read: Read<'_>) -> SchemaFiles {
    let mut loader = Loader {
        read,
        draft: parts.draft.map_or_else(Draft::default, Draft::from),
        files: SchemaFiles::default(),
        uris: HashMap::new(),
        open: Vec::new(),
    };
    for part in &parts.named {
        if let Err(problem) = loader.add(&part.path) {
            loader.wrong(part.path.clone(), problem);
        }
    }
    loader.files.parts = parts.named;
    loader.files.draft = parts.draft;
    loader.files.unmatched = parts.problems;
    loader.files.formats_ignored = parts.formats_ignored;
    loader.follow();
    if !loader.open.is_empty() {
        loader.search(parts.refs, disk);
    }
    loader.open.retain(|open| open.reference.is_certain);
    loader.files.unresolved = std::mem::take(&mut loader.open);
    loader.view(&parts.at);
    loader.files
}

pub(super) struct Loader<'a> {
    read: Read<'a>,
    /// Of files that name none.
    draft: Draft,
    pub(super) files: SchemaFiles,
    /// Every known URI: of files, and of `$id`s in them.
    pub(super) uris: HashMap<String, Target>,
    /// References that lead nowhere so far.
    pub(super) open: Vec<Unresolved>,
}

impl Loader<'_> {
    /// Reads a file unless that was done before.
    pub(super) fn add(&mut self, path: &Path) -> Result<(), Diagnostic> {
        if self.files.documents.contains_key(path) {
            return Ok(());
        }
        if let Some(problem) = self.files.problem(path) {
            return Err(problem.clone());
        }
        if self.files.documents.len() >= MAX_FILES {
            return Err(too_many());
        }
        let document = self.read(path)?;
        self.index(path, &document);
        self.files.documents.insert(path.to_owned(), document);
        Ok(())
    }

    pub(super) fn read(&self, path: &Path) -> Result<Document, Diagnostic> {
        (self.read)(path).and_then(|source| Document::parse(source, self.draft))
    }

    /// Notes a document's URIs and references.
    fn index(&mut self, path: &Path, document: &Document) {
        let whole = Target { path: path.to_owned(), pointer: String::new() };
        self.uris.insert(document.uri.clone(), whole);
        for (uri, pointer) in &document.ids {
            let target = Target { path: path.to_owned(), pointer: pointer.clone() };
            let known = self.uris.entry(uri.clone()).or_insert_with(|| target.clone()).clone();
            self.distinct(uri, &known, target);
        }
        let elsewhere = document.references.iter().filter(|reference| !split_pointer(&reference.text).0.is_empty());
        self.open.extend(elsewhere.map(|reference| Unresolved {
            file: path.to_owned(),
            reference: reference.clone(),
            problem: None,
        }));
    }

    /// Notes that a URI may mean two schemas.
    pub(super) fn distinct(&mut self, id: &str, first: &Target, second: Target) {
        let ambiguous = Ambiguous { id: id.to_owned(), first: first.clone(), second };
        let second = &ambiguous.second;
        // One file may be named in two ways, which have one URI.
        let is_same = first.pointer == second.pointer && file_uri(&first.path) == file_uri(&second.path);
        if !is_same && !self.files.ambiguous.contains(&ambiguous) {
            self.files.ambiguous.push(ambiguous);
        }
    }

    /// Resolves open references until no more can be; files read on the way bring new ones.
    pub(super) fn follow(&mut self) {
        let mut known = usize::MAX;
        while known != self.uris.len() {
            known = self.uris.len();
            for reference in std::mem::take(&mut self.open) {
                let left = self.resolve(reference);
                self.open.extend(left);
            }
        }
    }

    /// Gives back what can't be resolved yet.
    fn resolve(&mut self, mut open: Unresolved) -> Option<Unresolved> {
        if let Some(target) = self.uris.get(&open.reference.uri) {
            let target = target.clone();
            self.link(&open, target);
            return None;
        }
        let Some(path) = path(&open) else {
            return Some(open).filter(|open| !is_standard(&open.reference.uri));
        };
        match self.add(&path) {
            Ok(()) => {
                self.link(&open, Target { path, pointer: String::new() });
                return None;
            }
            // A file that exists, but is not a schema, is an error of its own.
            Err(problem) if problem.place.is_some() && open.reference.is_certain => self.wrong(path, problem),
            Err(problem) => open.problem = Some(problem.message),
        }
        Some(open)
    }

    fn wrong(&mut self, path: PathBuf, problem: Diagnostic) {
        for (known, other) in &self.files.problems {
            if *known == path || other.message == problem.message {
                return;
            }
        }
        self.files.problems.push((path, problem));
    }

    /// With `at`, each schema is about a part of the event.
    fn view(&mut self, at: &[String]) {
        if at.is_empty() {
            return;
        }
        for (index, part) in self.files.parts.iter().enumerate() {
            // No file has this path; its last name is the one that messages show.
            let path = Path::new(&format!("\0{index}")).join(part.path.file_name().unwrap_or_default());
            let pointer: Vec<String> = part.pointer.split('/').map(encoded).collect();
            let value = leading_to(at, &format!("part#{}", pointer.join("/")));
            let target = Target { path: part.path.clone(), pointer: String::new() };
            let texts = HashMap::from([("part".to_owned(), target)]);
            self.files.links.insert(path.clone(), Links { texts, ..Links::default() });
            self.files.views.push(View { path, value });
        }
    }

    pub(super) fn link(&mut self, open: &Unresolved, target: Target) {
        let reference = &open.reference;
        self.uris.entry(reference.uri.clone()).or_insert_with(|| target.clone());
        let links = self.files.links.entry(open.file.clone()).or_default();
        links.texts.insert(split_pointer(&reference.text).0.to_owned(), target.clone());
        links.places.insert(reference.pointer.clone(), target);
    }
}

fn too_many() -> Diagnostic {
    Diagnostic::new(Code::TooLarge, format!("the schemas are more than {MAX_FILES} files"), None)
        .help("that is the most a pipeline may have: name fewer of them, or put several schemas into one file")
}

/// The file a reference is the path of, if it is one.
fn path(open: &Unresolved) -> Option<PathBuf> {
    match local_path(&open.reference.text) {
        Some(relative) => Some(join(open.file.parent().unwrap_or(Path::new("")), &decoded(relative))),
        None => open.reference.uri.strip_prefix("file://").map(|path| PathBuf::from(decoded(path))),
    }
}

/// `{ properties: { a: { properties: { b: { $ref } } } } }` for `.a.b`. A part that is not there is null to its schema,
/// which hardly ever accepts null: the fields count as required.
fn leading_to(fields: &[String], reference: &str) -> Value {
    match fields {
        [] => json!({ "$ref": reference }),
        [first, rest @ ..] => {
            // The pattern leaves the other fields open.
            let properties = json!({ first: leading_to(rest, reference) });
            json!({ "type": "object", "required": [first], "properties": properties, "patternProperties": { "": true } })
        }
    }
}

/// The drafts' own meta-schemas, which every validator has.
fn is_standard(uri: &str) -> bool {
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.starts_with("json-schema.org/draft"))
}
