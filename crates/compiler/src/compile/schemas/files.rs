//! The schema files: what is wrong with them, and their validators.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::dangling::dangling;
use crate::compile::report::Report;
use crate::config::{Ambiguous, Document, Part, SchemaFiles, Unresolved};
use crate::diagnostic::{Code, Diagnostic, Place};
use pipeline::validate::{SchemaError, SchemaErrorKind, SchemaSet, Validator};
use schema::{Target, percent};

const DRAFTS: &str = "supported drafts: http://json-schema.org/draft-04/schema#, draft-06, draft-07, \
                      https://json-schema.org/draft/2019-09/schema and 2020-12";

/// Reports every file and reference that leads nowhere; false when there is one.
pub(super) fn readable(files: &SchemaFiles, report: &mut Report<'_>) -> bool {
    for (message, range) in &files.unmatched {
        let problem = report.at(Code::NoSchemaFile, range, message.clone());
        report.push(
            problem
                .help("`*` and `?` stand for a part of a name, `**` for any folders; paths start from this file")
                .help("a schema file ends in `.json`, `.yaml` or `.yml`"),
        );
    }
    for (path, problem) in &files.problems {
        let named = files.parts.iter().find(|part| part.path == *path).map(|part| report.place(&part.range));
        report.push(unreadable(problem, named));
    }
    let mut reported = HashSet::new();
    for open in &files.unresolved {
        if reported.insert((&open.file, &open.reference.text)) {
            report.push(unresolved(open, files));
        }
    }
    for ambiguous in &files.ambiguous {
        report.push(two_meanings(ambiguous, files));
    }
    files.unmatched.is_empty() && files.problems.is_empty() && files.unresolved.is_empty() && files.ambiguous.is_empty()
}

/// A schema file that can't be read is reported in the pipeline file that names it; one that is not JSON in itself.
fn unreadable(problem: &Diagnostic, named_at: Option<Place>) -> Diagnostic {
    let mut problem = problem.clone();
    if named_at.as_ref().is_some_and(|named| named.text().contains("://")) {
        problem = problem.help("schemas are never fetched from the network: name a local file");
    }
    match (&problem.place, named_at) {
        (None, named_at) => problem.place = named_at,
        (Some(_), Some(named_at)) => problem = problem.related(named_at, "named here"),
        (Some(_), None) => {}
    }
    problem
}

/// An `$id` that two schemas have.
fn two_meanings(Ambiguous { id, first, second }: &Ambiguous, files: &SchemaFiles) -> Diagnostic {
    let message = format!("two schemas have the `$id` `{id}`");
    let mut problem = Diagnostic::new(Code::AmbiguousId, message, place_of_id(second, files));
    if let Some(first) = place_of_id(first, files) {
        problem = problem.related(first, "the other one");
    }
    problem.help("a `$ref` to this `$id` could mean either of them: give one schema another `$id` (endings such as `.json` do not distinguish them)")
}

/// Where the `$id` of a schema stands.
fn place_of_id(target: &Target, files: &SchemaFiles) -> Option<Place> {
    let document = files.documents.get(&target.path)?;
    let keyword = ["$id", "id"].into_iter().find(|key| {
        let pointer = format!("{}/{key}", target.pointer);
        document.value.pointer(&pointer).is_some()
    });
    Some(document.place(&format!("{}/{}", target.pointer, keyword?)))
}

/// A `$ref` that leads to no file, at the `$ref`.
fn unresolved(open: &Unresolved, files: &SchemaFiles) -> Diagnostic {
    let place = files.documents.get(&open.file).map(|document| document.place(&open.reference.pointer));
    let searched: Vec<String> = files.searched.iter().map(|folder| format!("`{}`", shown(folder))).collect();
    let searched = searched.join(", ");
    let (message, help) = match &open.problem {
        Some(problem) => (
            format!("`$ref` leads to no readable file: {problem}"),
            format!("a `$ref` is a path from the file it stands in, or the `$id` of a file in {searched} and below"),
        ),
        None => (
            format!("no local schema file has the `$id` `{}`", open.reference.uri),
            format!(
                "runner searched {searched} and all folders below, and fetches nothing from the network: add the file there, or name it with `refs`"
            ),
        ),
    };
    let problem = Diagnostic::new(Code::Reference, message, place).help(help);
    if files.search_ended {
        problem.help("the folders have more files than are searched: name the file with `refs`")
    } else {
        problem
    }
}

fn shown(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { ".".to_owned() } else { folder.display().to_string() }
}

/// A validator for each schema that the pipeline file names; one that is named twice is compiled once.
pub(super) fn validators(set: &SchemaSet, files: &SchemaFiles, report: &mut Report<'_>) -> Option<Vec<Validator>> {
    let mut compiled: HashMap<(&Path, &str), Option<Validator>> = HashMap::new();
    let mut validators = Vec::new();
    let mut unresolved = Vec::new();
    for part in &files.parts {
        let Some(document) = files.documents.get(&part.path) else {
            continue;
        };
        let validator = match compiled.entry((&part.path, &part.pointer)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let validator = match set.compile(&document.uri, &part.pointer) {
                    Ok(validator) => Some(validator),
                    Err(error) => {
                        let problem = schema_error(&error, files, Some(part), report);
                        match error.kind {
                            SchemaErrorKind::UnresolvedRef => unresolved.push(problem),
                            _ => report.push(problem),
                        }
                        None
                    }
                };
                new.insert(validator).clone()
            }
        };
        validators.extend(validator);
    }
    if !unresolved.is_empty() {
        leads_nowhere(unresolved, files, report);
    }
    (validators.len() == files.parts.len()).then_some(validators)
}

/// Reports what keeps the documents from being read together.
pub(super) fn report_rejected(error: &SchemaError, files: &SchemaFiles, report: &mut Report<'_>) {
    let problem = schema_error(error, files, None, report);
    match error.kind {
        SchemaErrorKind::UnresolvedRef => leads_nowhere(vec![problem], files, report),
        _ => report.push(problem),
    }
}

/// Reports the references that lead nowhere; the errors of the validator when no such reference is found.
fn leads_nowhere(unresolved: Vec<Diagnostic>, files: &SchemaFiles, report: &mut Report<'_>) {
    let dangling = dangling(files);
    for problem in if dangling.is_empty() { unresolved } else { dangling } {
        report.push(problem);
    }
}

/// An error of a schema, in its file or where the pipeline file names it.
fn schema_error(error: &SchemaError, files: &SchemaFiles, part: Option<&Part>, report: &Report<'_>) -> Diagnostic {
    let document = files.documents.values().find(|document| document.uri == error.document);
    let named = part.or(files.parts.first()).map(|part| report.place(&part.range));
    let inside = document.map(|document| document.place(&error.pointer));
    let (code, place) = match error.kind {
        SchemaErrorKind::NoSuchPointer => (Code::Schema, named.clone()),
        SchemaErrorKind::UnresolvedRef => (Code::Reference, inside.or_else(|| named.clone())),
        SchemaErrorKind::UnknownDraft => (Code::Draft, inside),
        SchemaErrorKind::Invalid => (Code::Schema, inside),
    };
    let mut problem = Diagnostic::new(code, error.message.clone(), place);
    if let Some(named) = named.filter(|_| error.kind != SchemaErrorKind::NoSuchPointer) {
        problem = problem.related(named, "named here");
    }
    let mut problem = error.help.iter().fold(problem, Diagnostic::help);
    if let Some(escaped) = document.and_then(|document| escaped_reference(document, &error.pointer)) {
        problem = problem.help(format!("a reference is a URI, where such characters are escaped: `{escaped}`"));
    }
    if error.kind == SchemaErrorKind::UnknownDraft { problem.help(DRAFTS) } else { problem }
}

/// The reference at a place, with every character escaped that no URI has (RFC 3986); `None` where none has to be.
fn escaped_reference(document: &Document, pointer: &str) -> Option<String> {
    let written = document.value.pointer(pointer).filter(|_| pointer.ends_with("/$ref"))?.as_str()?;
    let escaped = percent::lenient(written).replace('[', "%5B").replace(']', "%5D");
    (escaped != written).then_some(escaped)
}
