//! References that lead to a file, but to nothing inside it.

use std::path::Path;

use serde_json::Value;

use crate::config::{Document, Reference, SchemaFiles, all_inside};
use crate::diagnostic::{Code, Diagnostic};
use schema::{SchemaDocuments, percent, split_pointer};

/// Every reference that leads nowhere, at the reference. One that no document needs is not an error, so this is called
/// only after a reference that is needed was not resolved.
pub(super) fn dangling(files: &SchemaFiles) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (path, document) in &files.documents {
        for reference in &document.references {
            problems.extend(problem(files, path, document, reference));
        }
    }
    problems
}

fn problem(files: &SchemaFiles, path: &Path, document: &Document, reference: &Reference) -> Option<Diagnostic> {
    let (file, fragment) = split_pointer(&reference.text);
    let fragment = percent::decoded(fragment.unwrap_or_default());
    let (target, start) = match (file, files.target(path, file)) {
        ("", _) => (document, document.base(&reference.pointer)),
        (_, Some(target)) => (files.documents.get(&target.path)?, target.pointer.as_str()),
        (_, None) if reference.is_certain => return None,
        (_, None) => return Some(report(document, reference, "no local schema file")),
    };
    let schema = target.value.pointer(start)?;
    if leads(schema, &fragment) {
        return None;
    }
    let problem = report(document, reference, &format!("nothing in {}", target.source.path.display()));
    let pointer = format!("/{fragment}");
    Some(if leads(schema, &pointer) {
        problem.help(format!("a pointer starts with `/`: `{file}#{pointer}`"))
    } else {
        problem
    })
}

fn report(document: &Document, reference: &Reference, destination: &str) -> Diagnostic {
    let message = format!("`{}` leads to {destination}", reference.text);
    Diagnostic::new(Code::Reference, message, document.place(&reference.pointer))
}

/// Whether a schema has a place of this name: a JSON Pointer, or an anchor.
fn leads(schema: &Value, fragment: &str) -> bool {
    match fragment {
        "" => true,
        pointer if pointer.starts_with('/') => schema.pointer(pointer).is_some(),
        anchor => has_anchor(schema, anchor),
    }
}

fn has_anchor(schema: &Value, anchor: &str) -> bool {
    // Up to draft 7, an anchor is an `$id` that is a fragment.
    let fragment = format!("#{anchor}");
    let keywords = [("$anchor", anchor), ("$dynamicAnchor", anchor), ("$id", &fragment), ("id", &fragment)];
    all_inside(schema)
        .iter()
        .any(|inner| keywords.iter().any(|(key, text)| inner.value.get(*key).and_then(Value::as_str) == Some(*text)))
}
