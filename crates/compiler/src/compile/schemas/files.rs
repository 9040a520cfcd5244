//! The schema files: what is wrong with them, and their validators.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::dangling::dangling;
use crate::compile::report::Report;
use crate::config::{Ambiguous, Part, SchemaFiles, Unresolved, json_place};
use crate::diagnostic::{Code, Diagnostic, Place};
use pipeline::validate::{SchemaError, SchemaErrorKind, SchemaSet, Validator};
use schema::Target;

const DRAFTS: &str = "known drafts: http://json-schema.org/draft-04/schema#, draft-06, draft-07, \
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
    let mut told = HashSet::new();
    for open in files.unresolved.iter().filter(|open| told.insert((&open.file, &open.reference.text))) {
        report.push(unresolved(open, files));
    }
    for ambiguous in &files.ambiguous {
        report.push(two_meanings(ambiguous, files));
    }
    files.unmatched.is_empty() && files.problems.is_empty() && files.unresolved.is_empty() && files.ambiguous.is_empty()
}

/// A schema file that can't be read is the pipeline file's mistake; one that is no JSON is its own.
fn unreadable(problem: &Diagnostic, named_at: Option<Place>) -> Diagnostic {
    let mut problem = problem.clone();
    if named_at.as_ref().is_some_and(|named| named.text().contains("://")) {
        problem = problem.help("schemas are never fetched: name a local file");
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
    let place = |target: &Target| {
        let document = files.documents.get(&target.path)?;
        let place = |keyword: &str| json_place(&document.source, &format!("{}/{keyword}", target.pointer));
        let found = place("$id").or_else(|| place("id"));
        Some(Place::new(&document.source, found.unwrap_or(0..0)))
    };
    let problem = Diagnostic::new(Code::AmbiguousId, format!("two schemas have the `$id` `{id}`"), place(second));
    let problem = place(first).into_iter().fold(problem, |problem, first| problem.related(first, "the other one"));
    problem.help("an `$id` names one schema, whatever the ending of its name: a `$ref` to it could mean either")
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
            format!("looked in {searched} and below; nothing is fetched: add the file there, or name it with `refs`"),
        ),
    };
    let problem = Diagnostic::new(Code::Reference, message, place).help(help);
    if files.search_ended {
        problem.help("there are more files than were looked at: name it with `refs`")
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
        let validator = compiled.entry((&part.path, &part.pointer)).or_insert_with(|| {
            let compiled = set.compile(&files.documents.get(&part.path)?.uri, &part.pointer);
            let failed = |error: SchemaError| {
                let problem = schema_error(&error, files, Some(part), report);
                match error.kind {
                    SchemaErrorKind::UnresolvedRef => unresolved.push(problem),
                    _ => report.push(problem),
                }
            };
            compiled.map_err(failed).ok()
        });
        validators.extend(validator.clone());
    }
    if !unresolved.is_empty() {
        leads_nowhere(unresolved, files, report);
    }
    (validators.len() == files.parts.len()).then_some(validators)
}

/// Reports what keeps the documents from being read together.
pub(super) fn refused(error: &SchemaError, files: &SchemaFiles, report: &mut Report<'_>) {
    let problem = schema_error(error, files, None, report);
    match error.kind {
        SchemaErrorKind::UnresolvedRef => leads_nowhere(vec![problem], files, report),
        _ => report.push(problem),
    }
}

/// Reports the references that lead nowhere; what the validator says of them when none can be told.
fn leads_nowhere(unresolved: Vec<Diagnostic>, files: &SchemaFiles, report: &mut Report<'_>) {
    let found = dangling(files);
    let told = if found.is_empty() { unresolved } else { found };
    for problem in told {
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
    let problem = error.help.iter().fold(problem, Diagnostic::help);
    if error.kind == SchemaErrorKind::UnknownDraft { problem.help(DRAFTS) } else { problem }
}
