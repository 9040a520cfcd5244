//! `schema:` compiled to a validator.

use serde_json::Value;

use super::report::Report;
use super::{formats, resources};
use crate::config::{Document, Schema, SchemaFiles, Setting, split_pointer};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::validate::{Options, SchemaError, SchemaErrorKind, Validator};

const DRAFTS: &str = "known drafts: http://json-schema.org/draft-04/schema#, draft-06, draft-07, \
                      https://json-schema.org/draft/2019-09/schema and 2020-12";

/// A schema, ready to check documents with and to look fields up in.
pub(super) struct Compiled<'a> {
    pub(super) files: &'a SchemaFiles,
    /// JSON Pointer into the document; empty for all of it.
    pub(super) pointer: String,
    pub(super) validator: Validator,
}

/// Compiles the schema the pipeline file names; what is wrong with it is reported.
pub(super) fn compile<'a>(setting: &Setting<Schema>, report: &mut Report<'a>) -> Option<Compiled<'a>> {
    let files = report.text.schema.as_ref()?;
    let Schema::Path(path) = &setting.value else { return None };
    let (_, pointer) = split_pointer(path);
    if let Some(problem) = files.unreadable.get(&files.root) {
        report.push(unreadable(problem, report.place(&setting.range)));
        return None;
    }
    let root = files.documents.get(&files.root)?;
    if missing_references(files, report) {
        return None;
    }
    match Validator::compile(&root.value, &root.uri, pointer, resources::all(files), Options::default()) {
        Ok(validator) => {
            formats::check(files, report);
            Some(Compiled { files, pointer: pointer.unwrap_or_default().to_owned(), validator })
        }
        Err(error) => {
            report.push(schema_error(&error, setting, root, report));
            None
        }
    }
}

/// A schema file that can't be read is the pipeline file's mistake; one that is no JSON is its own.
fn unreadable(problem: &Diagnostic, named_at: Place) -> Diagnostic {
    let mut problem = problem.clone();
    match &problem.place {
        None => problem.place = Some(named_at),
        Some(_) => problem = problem.related(named_at, "named here"),
    }
    problem
}

/// Reports every `$ref` to a file that can't be read, at the `$ref`.
fn missing_references(files: &SchemaFiles, report: &mut Report<'_>) -> bool {
    for (path, problem) in &files.unreadable {
        let Some((document, reference)) = files.documents.iter().find_map(|(from, document)| {
            resources::references(&document.value)
                .find(|text| resources::target(from, text).as_deref() == Some(path))
                .map(|text| (document, text))
        }) else {
            continue;
        };
        let place = find_text(document, reference);
        let message = format!("`$ref` leads to no readable file: {}", problem.message);
        let problem = Diagnostic::new(Code::Reference, message, place);
        report.push(problem.help("a `$ref` is a path from the file it stands in; nothing is fetched"));
    }
    !files.unreadable.is_empty()
}

/// Where a string stands in a schema file: its first occurrence in quotes, or the file's start.
fn find_text(document: &Document, text: &str) -> Place {
    let quoted = Value::from(text).to_string();
    match document.source.text.find(&quoted) {
        Some(at) => Place::new(&document.source, at..at + quoted.len()),
        None => Place::new(&document.source, 0..0),
    }
}

fn schema_error(error: &SchemaError, setting: &Setting<Schema>, root: &Document, report: &Report<'_>) -> Diagnostic {
    let named = report.place(&setting.range);
    let (code, place) = match error.kind {
        SchemaErrorKind::NoSuchPointer => (Code::Schema, named.clone()),
        SchemaErrorKind::UnresolvedRef => (Code::Reference, place_of(root, &error.pointer)),
        SchemaErrorKind::UnknownDraft => (Code::Draft, place_of(root, "/$schema")),
        SchemaErrorKind::Invalid => (Code::Schema, place_of(root, &error.pointer)),
    };
    let mut problem = Diagnostic::new(code, error.message.clone(), place);
    if error.kind != SchemaErrorKind::NoSuchPointer {
        problem = problem.related(named, "named here");
    }
    match error.kind {
        SchemaErrorKind::UnknownDraft => problem.help(DRAFTS),
        _ => error.help.iter().fold(problem, Diagnostic::help),
    }
}

/// Where the value at a JSON Pointer stands in a schema file.
fn place_of(document: &Document, pointer: &str) -> Place {
    let range = crate::config::json_place(&document.source, pointer).unwrap_or(0..0);
    Place::new(&document.source, range)
}
