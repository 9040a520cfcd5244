//! The schema files: what is wrong with them, and their validators.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::config::{Document, Part, SchemaFiles, Unresolved};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::plan::report::Report;
use crate::validate::{SchemaError, SchemaErrorKind, SchemaSet, Validator};

const DRAFTS: &str = "known drafts: http://json-schema.org/draft-04/schema#, draft-06, draft-07, \
                      https://json-schema.org/draft/2019-09/schema and 2020-12";

/// Reports every file and reference that leads nowhere; false when there is one.
pub(super) fn readable(files: &SchemaFiles, report: &mut Report<'_>) -> bool {
    for (message, range) in &files.unmatched {
        let problem = report.at(Code::NoSchemaFile, range, message.clone());
        report.push(
            problem.help("`*` and `?` stand for a part of a name, `**` for any folders; paths start from this file"),
        );
    }
    for (path, problem) in &files.problems {
        let named = files.parts.iter().find(|part| part.path == *path).map(|part| report.place(&part.range));
        report.push(unreadable(problem, named));
    }
    for reference in &files.unresolved {
        report.push(unresolved(reference, files));
    }
    for (id, first, second) in &files.ambiguous {
        let places = [first, second].map(|path| files.documents.get(path).map(|document| find_text(document, id)));
        let [first, second] = places;
        let mut problem = Diagnostic::new(Code::AmbiguousId, format!("two schema files have the `$id` `{id}`"), second);
        problem = first.into_iter().fold(problem, |problem, first| problem.related(first, "the other one"));
        report.push(problem.help("an `$id` names one schema: a `$ref` to it could mean either"));
    }
    files.unmatched.is_empty() && files.problems.is_empty() && files.unresolved.is_empty() && files.ambiguous.is_empty()
}

/// A schema file that can't be read is the pipeline file's mistake; one that is no JSON is its own.
fn unreadable(problem: &Diagnostic, named_at: Option<Place>) -> Diagnostic {
    let mut problem = problem.clone();
    match (&problem.place, named_at) {
        (None, named_at) => problem.place = named_at,
        (Some(_), Some(named_at)) => problem = problem.related(named_at, "named here"),
        (Some(_), None) => {}
    }
    problem
}

/// A `$ref` that leads to no file, at the `$ref`.
fn unresolved(reference: &Unresolved, files: &SchemaFiles) -> Diagnostic {
    let place = files.documents.get(&reference.file).map(|document| find_reference(document, &reference.text));
    let searched: Vec<String> = files.searched.iter().map(|folder| format!("`{}`", shown(folder))).collect();
    let searched = searched.join(", ");
    let (message, help) = match &reference.problem {
        Some(problem) => (
            format!("`$ref` leads to no readable file: {problem}"),
            format!("a `$ref` is a path from the file it stands in, or the `$id` of a file in {searched} and below"),
        ),
        None => (
            format!("no local schema file has the `$id` `{}`", reference.uri),
            format!("looked in {searched} and below; nothing is fetched: add the file there, or name it with `refs`"),
        ),
    };
    Diagnostic::new(Code::Reference, message, place).help(help)
}

fn shown(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { ".".to_owned() } else { folder.display().to_string() }
}

/// Where a reference stands in a schema file, with its fragment or without it.
fn find_reference(document: &Document, text: &str) -> Place {
    let start = format!("\"{text}");
    match document.source.text.find(&start) {
        Some(at) => {
            let rest = &document.source.text[at + 1..];
            let end = rest.find('"').map_or(start.len(), |end| end + 2);
            Place::new(&document.source, at..at + end)
        }
        None => find_text(document, text),
    }
}

/// Where a string stands in a schema file: its first occurrence in quotes, or the file's start.
fn find_text(document: &Document, text: &str) -> Place {
    let quoted = Value::from(text).to_string();
    match document.source.text.find(&quoted) {
        Some(at) => Place::new(&document.source, at..at + quoted.len()),
        None => Place::new(&document.source, 0..0),
    }
}

/// Every document, by its own URI and by those that references have for it.
pub(super) fn documents(files: &SchemaFiles) -> impl Iterator<Item = (String, Value)> {
    let own = files.documents.values().map(|document| (document.uri.clone(), document.value.clone()));
    let aliases = files.aliases.iter().filter_map(|(uri, target)| {
        let document = files.documents.get(&target.path)?;
        Some((uri.clone(), document.value.pointer(&target.pointer)?.clone()))
    });
    own.chain(aliases)
}

/// A validator for each schema that the pipeline file names; one that is named twice is compiled once.
pub(super) fn validators(set: &SchemaSet, files: &SchemaFiles, report: &mut Report<'_>) -> Option<Vec<Validator>> {
    let mut compiled: HashMap<(&Path, &str), Option<Validator>> = HashMap::new();
    let mut validators = Vec::new();
    for part in &files.parts {
        let validator = compiled.entry((&part.path, &part.pointer)).or_insert_with(|| {
            let uri = &files.documents.get(&part.path)?.uri;
            let failed = |error: &SchemaError| schema_error(error, files, Some(part), report);
            set.compile(uri, &part.pointer).map_err(|error| failed(&error)).map_err(|problem| report.push(problem)).ok()
        });
        validators.extend(validator.clone());
    }
    (validators.len() == files.parts.len()).then_some(validators)
}

/// An error of a schema, in its file or where the pipeline file names it.
pub(super) fn schema_error(
    error: &SchemaError,
    files: &SchemaFiles,
    part: Option<&Part>,
    report: &Report<'_>,
) -> Diagnostic {
    let document = files.documents.values().find(|document| document.uri == error.document);
    let named = part.or(files.parts.first()).map(|part| report.place(&part.range));
    let inside = document.map(|document| place_of(document, &error.pointer));
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

/// Where the value at a JSON Pointer stands in a schema file.
fn place_of(document: &Document, pointer: &str) -> Place {
    let range = crate::config::json_place(&document.source, pointer).unwrap_or(0..0);
    Place::new(&document.source, range)
}
