//! From the schemas a pipeline file names to all that they refer to.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Disk, Document, Parts, SchemaFiles, Target, Unresolved, View, disk, local_path, references, split_pointer,
};
use crate::config::load::join;
use crate::config::percent::encoded;
use crate::diagnostic::{Diagnostic, SourceText};

/// Files one pipeline's schemas may refer to, themselves included.
const MAX_FILES: usize = 1_000;

/// Reads and parses one file.
type Read<'a> = &'a dyn Fn(&Path) -> Result<Arc<SourceText>, Diagnostic>;

/// Reads the schemas and everything that their references lead to: by `$id` among the files read so far, by path, and
/// only then by `$id` among all files in the folders of the schemas and below.
pub(crate) fn load(parts: Parts, disk: &dyn Disk, read: Read<'_>) -> SchemaFiles {
    let mut loader = Loader { read, files: SchemaFiles::default(), uris: HashMap::new(), open: Vec::new() };
    for part in &parts.named {
        if let Err(problem) = loader.take(&part.path) {
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
    loader.files.unresolved = std::mem::take(&mut loader.open);
    loader.view(&parts.at);
    loader.files
}

struct Loader<'a> {
    read: Read<'a>,
    files: SchemaFiles,
    /// Every known URI: of files, and of `$id`s in them.
    uris: HashMap<String, Target>,
    /// References that lead nowhere so far.
    open: Vec<Unresolved>,
}

impl Loader<'_> {
    /// Reads a file unless that was done before.
    fn take(&mut self, path: &Path) -> Result<(), Diagnostic> {
        if self.files.documents.contains_key(path) {
            return Ok(());
        }
        if let Some(problem) = self.files.problem(path) {
            return Err(problem.clone());
        }
        let document = (self.read)(path).and_then(Document::parse)?;
        if self.files.documents.len() < MAX_FILES {
            self.index(path, &document);
            self.files.documents.insert(path.to_owned(), document);
        }
        Ok(())
    }

    /// Notes a document's URIs and references.
    fn index(&mut self, path: &Path, document: &Document) {
        let whole = Target { path: path.to_owned(), pointer: String::new() };
        self.uris.insert(document.uri.clone(), whole);
        let found = references(&document.value, &document.uri);
        for (uri, pointer) in found.ids {
            let target = Target { path: path.to_owned(), pointer };
            let known = self.uris.entry(uri.clone()).or_insert_with(|| target.clone());
            if known.path != target.path {
                self.files.ambiguous.push((uri, known.path.clone(), target.path));
            }
        }
        let open = found.references.into_iter().map(|(text, uri)| Unresolved {
            file: path.to_owned(),
            text: split_pointer(text).0.to_owned(),
            uri,
            problem: None,
        });
        let mut seen = HashSet::new();
        self.open.extend(open.filter(|reference| seen.insert((reference.text.clone(), reference.uri.clone()))));
    }

    /// Resolves open references until no more can be; files read on the way bring new ones.
    fn follow(&mut self) {
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
    fn resolve(&mut self, mut reference: Unresolved) -> Option<Unresolved> {
        if is_standard(&reference.uri) {
            return None;
        }
        if let Some(target) = self.uris.get(&reference.uri) {
            let target = target.clone();
            self.link(&reference, target);
            return None;
        }
        let Some(relative) = local_path(&reference.text) else {
            return Some(reference);
        };
        let path = join(reference.file.parent().unwrap_or(Path::new("")), relative);
        match self.take(&path) {
            Ok(()) => {
                self.link(&reference, Target { path, pointer: String::new() });
                return None;
            }
            // A file that is there, but is no schema, is an error of its own.
            Err(problem) if problem.place.is_some() => self.wrong(path, problem),
            Err(problem) => reference.problem = Some(problem.message),
        }
        Some(reference)
    }

    fn wrong(&mut self, path: PathBuf, problem: Diagnostic) {
        if self.files.problem(&path).is_none() {
            self.files.problems.push((path, problem));
        }
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
            self.files.links.insert(path.clone(), HashMap::from([("part".to_owned(), target)]));
            self.files.views.push(View { path, value });
        }
    }

    fn link(&mut self, reference: &Unresolved, target: Target) {
        if !self.uris.contains_key(&reference.uri) {
            self.uris.insert(reference.uri.clone(), target.clone());
            self.files.aliases.insert(reference.uri.clone(), target.clone());
        }
        let links = self.files.links.entry(reference.file.clone()).or_default();
        links.insert(reference.text.clone(), target);
    }

    /// Looks for the open references' `$id`s among all files at hand.
    fn search(&mut self, refs: Vec<PathBuf>, disk: &dyn Disk) {
        let folders: BTreeSet<PathBuf> =
            self.files.parts.iter().filter_map(|part| part.path.parent()).map(Path::to_owned).collect();
        let inner = |folder: &&PathBuf| folders.iter().any(|outer| *folder != outer && folder.starts_with(outer));
        let outermost: Vec<PathBuf> = folders.iter().filter(|folder| !inner(folder)).cloned().collect();
        let candidates = refs.into_iter().chain(outermost.iter().flat_map(|folder| disk::below(disk, folder)));
        let ids = self.ids(candidates.take(MAX_FILES));
        self.files.searched = outermost;
        let mut known = usize::MAX;
        while known != self.uris.len() {
            known = self.uris.len();
            for reference in std::mem::take(&mut self.open) {
                let left = self.find(reference, &ids);
                self.open.extend(left);
            }
            self.follow();
        }
    }

    /// The `$id`s of files that are not read yet; those that are no schema have none.
    fn ids(&self, candidates: impl Iterator<Item = PathBuf>) -> Vec<(String, PathBuf)> {
        let unread = candidates.filter(|path| !self.files.documents.contains_key(path));
        let parsed = unread.filter_map(|path| Some((Document::parse((self.read)(&path).ok()?).ok()?, path)));
        let ids = parsed.flat_map(|(document, path)| {
            let found = references(&document.value, &document.uri);
            found.ids.into_iter().map(move |(id, _)| (id, path.clone())).collect::<Vec<_>>()
        });
        ids.collect()
    }

    /// Reads the file with the reference's `$id`: exactly, or but for the ending of its name.
    fn find(&mut self, reference: Unresolved, ids: &[(String, PathBuf)]) -> Option<Unresolved> {
        let exact = ids.iter().find(|(id, _)| *id == reference.uri);
        let found = exact.or_else(|| ids.iter().find(|(id, _)| stem(id) == stem(&reference.uri)));
        match found {
            Some((id, path)) if self.take(path).is_ok() => {
                let target = self.uris.get(id).cloned();
                self.link(&reference, target.unwrap_or(Target { path: path.clone(), pointer: String::new() }));
                None
            }
            _ => Some(reference),
        }
    }
}

/// `{ properties: { a: { properties: { b: { $ref } } } } }` for `.a.b`. A part that is not there is null to its schema,
/// which hardly ever takes null: the fields count as required.
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

/// A URI without the ending of its name.
fn stem(uri: &str) -> &str {
    let endings = [".schema.json", ".json", ".schema.yaml", ".yaml", ".yml"];
    endings.iter().find_map(|ending| uri.strip_suffix(ending)).unwrap_or(uri)
}

/// The drafts' own meta-schemas, which every validator has.
fn is_standard(uri: &str) -> bool {
    uri.starts_with("http://json-schema.org/") || uri.starts_with("https://json-schema.org/")
}
