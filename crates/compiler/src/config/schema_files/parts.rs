//! Which schemas a pipeline file names.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Disk;
use super::disk::matches;
use crate::config::paths::join;
use crate::config::{DraftName, Formats, Schema, Selection, Setting};
use schema::{percent, split_pointer};

/// A schema the pipeline file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The file.
    pub path: PathBuf,
    /// JSON Pointer to the schema in it; empty for all of it.
    pub pointer: String,
    /// The discriminator's value it is for, when the pipeline file names one.
    pub key: Option<String>,
    /// Where the pipeline file names it.
    pub range: Range<usize>,
}

/// The schemas a pipeline file names, and what its patterns did not find.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// In the order of the file.
    pub named: Vec<Part>,
    /// Files named by `refs` alone.
    pub refs: Vec<PathBuf>,
    /// The draft of files that name none.
    pub draft: Option<DraftName>,
    /// The fields that lead to the part of an event that is checked, where `at` is a plain path.
    pub at: Vec<String>,
    /// Whether `formats: ignore` is written.
    pub formats_ignored: bool,
    /// Why a pattern names no file, and where it stands.
    pub problems: Vec<(String, Range<usize>)>,
}

/// Every schema that `schema:` names; patterns are looked up.
pub(crate) fn parts(schema: &Setting<Schema>, folder: &Path, disk: &dyn Disk) -> Parts {
    let mut found = Parts::default();
    match &schema.value {
        Schema::Path(path) => found.named.push(part(path, None, &schema.range, folder)),
        Schema::Selection(selection) => found.choose(selection, folder, disk),
    }
    found
}

impl Parts {
    fn choose(&mut self, selection: &Selection, folder: &Path, disk: &dyn Disk) {
        self.formats_ignored = selection.formats.as_ref().is_some_and(|formats| formats.value == Formats::Ignore);
        self.at = selection.at.as_ref().and_then(|at| fields(at)).unwrap_or_default();
        self.draft = selection.draft.as_ref().map(|draft| draft.value);
        if let Some(file) = &selection.file {
            self.named.push(part(file, None, &file.range, folder));
        }
        for (key, path) in selection.mapping.iter().flat_map(|mapping| &mapping.0) {
            self.named.push(part(path, Some(&key.value), &path.range, folder));
        }
        if let Some(pattern) = &selection.files {
            let found = self.matching(pattern, folder, disk);
            for path in found {
                self.named.push(Part { path, pointer: String::new(), key: None, range: pattern.range.clone() });
            }
        }
        if let Some(pattern) = &selection.refs {
            self.refs = self.matching(pattern, folder, disk);
        }
    }

    fn matching(&mut self, pattern: &Setting<String>, folder: &Path, disk: &dyn Disk) -> Vec<PathBuf> {
        let problem = match matches(disk, folder, &pattern.value) {
            Ok(found) if !found.is_empty() => return found,
            Ok(_) => format!("no schema file matches `{}`", pattern.value),
            Err(problem) => problem,
        };
        self.problems.push((problem, pattern.range.clone()));
        Vec::new()
    }
}

fn part(path: &str, key: Option<&str>, range: &Range<usize>, folder: &Path) -> Part {
    let (path, pointer) = split_pointer(path);
    Part {
        path: join(folder, path),
        pointer: percent::decoded(pointer.unwrap_or_default()),
        key: key.map(str::to_owned),
        range: range.clone(),
    }
}

/// The names in `.a.b`; `None` for any other expression.
fn fields(expr: &str) -> Option<Vec<String>> {
    let names = expr.trim().strip_prefix('.')?.split('.');
    names.map(|name| is_name(name).then(|| name.to_owned())).collect()
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
