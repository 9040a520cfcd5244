//! What is wrong with a schema, and where.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ReferencingError, ValidationError};
use serde_json::{Value, json};

use super::compile::MAX_PATTERN;

/// Why a schema can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaError {
    /// What sort of error it is.
    pub kind: SchemaErrorKind,
    /// What is wrong.
    pub message: String,
    /// The URI of the document it is in.
    pub document: String,
    /// JSON Pointer into that document; empty for the document as a whole.
    pub pointer: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

/// The sorts of [`SchemaError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaErrorKind {
    /// The pointer leads nowhere.
    NoSuchPointer,
    /// A `$ref` leads to no local file or to no place in one.
    UnresolvedRef,
    /// `$schema` names no known draft.
    UnknownDraft,
    /// The document is no JSON Schema of its draft.
    Invalid,
}

/// Documents by their URIs.
type Documents = [(String, Value)];

pub(super) fn no_such_pointer(uri: &str, pointer: &str) -> SchemaError {
    SchemaError {
        kind: SchemaErrorKind::NoSuchPointer,
        message: format!("the schema document has nothing at `{pointer}`"),
        document: uri.to_owned(),
        pointer: String::new(),
        help: None,
    }
}

pub(super) fn invalid(documents: &Documents, uri: &str, pointer: &str, error: &ValidationError<'_>) -> SchemaError {
    if let ValidationErrorKind::Referencing(source) = error.kind() {
        return referencing(documents, source);
    }
    let (message, help) = match too_large(error) {
        true => (
            format!("the pattern takes more than {} MiB when it is compiled", MAX_PATTERN >> 20),
            Some("a smaller repetition is smaller; `maxLength` bounds a text at no cost".to_owned()),
        ),
        false => (format!("no valid JSON Schema: {}", super::explain::describe(error)), None),
    };
    SchemaError {
        kind: SchemaErrorKind::Invalid,
        message,
        document: uri.to_owned(),
        pointer: format!("{pointer}{}", error.instance_path().as_str()),
        help,
    }
}

/// Whether a regular expression was refused that is one.
fn too_large(error: &ValidationError<'_>) -> bool {
    let is_regex = || jsonschema::options().should_validate_formats(true).build(&json!({ "format": "regex" }));
    let refused = matches!(error.kind(), ValidationErrorKind::Format { format } if format == "regex");
    refused && is_regex().is_ok_and(|validator| validator.is_valid(error.instance()))
}

pub(super) fn referencing(documents: &Documents, error: &ReferencingError) -> SchemaError {
    if let ReferencingError::UnknownSpecification { specification: uri } | ReferencingError::Unretrievable { uri, .. } =
        error
    {
        let declares = |document: &Value| document.get("$schema").and_then(Value::as_str) == Some(uri);
        if let Some((document, _)) = documents.iter().find(|(_, document)| declares(document)) {
            return unknown_draft(document, uri);
        }
    }
    let (message, place, help) = match error {
        ReferencingError::Unretrievable { uri, .. } => (
            format!("`{uri}` is not among the local schema files"),
            place(documents, |_, reference| names_file(uri, reference)),
            Some("schemas are never fetched: add the file that has this path or this `$id`".to_owned()),
        ),
        other => (format!("a `$ref` leads nowhere: {other}"), place(documents, dangles), None),
    };
    let (document, pointer) = place.unwrap_or_default();
    SchemaError { kind: SchemaErrorKind::UnresolvedRef, message, document, pointer, help }
}

fn unknown_draft(document: &str, uri: &str) -> SchemaError {
    SchemaError {
        kind: SchemaErrorKind::UnknownDraft,
        message: format!("`{uri}` is no draft of JSON Schema"),
        document: document.to_owned(),
        pointer: "/$schema".to_owned(),
        help: Some("name the draft it is written for: `schema: { file: ..., draft: 2020-12 }`".to_owned()),
    }
}

/// Whether a reference is to the file at the end of a URI.
fn names_file(uri: &str, reference: &str) -> bool {
    let file = reference.split('#').next().unwrap_or_default();
    let name = file.trim_start_matches("./").trim_start_matches("../");
    !name.is_empty() && uri.ends_with(name)
}

/// Whether a reference is to a place in its own document that is not there.
fn dangles(document: &Value, reference: &str) -> bool {
    reference.strip_prefix('#').is_some_and(|pointer| pointer.starts_with('/') && document.pointer(pointer).is_none())
}

/// The document and the place of the first `$ref` of a kind.
fn place(documents: &Documents, wanted: impl Fn(&Value, &str) -> bool) -> Option<(String, String)> {
    documents.iter().find_map(|(uri, document)| {
        let pointer = find(document, "", &|reference| wanted(document, reference))?;
        Some((uri.clone(), pointer))
    })
}

fn find(value: &Value, at: &str, wanted: &dyn Fn(&str) -> bool) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            match value.as_str() {
                Some(text) if name == "$ref" && wanted(text) => Some(at),
                _ => find(value, &at, wanted),
            }
        }),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, value)| find(value, &format!("{at}/{index}"), wanted))
        }
        _ => None,
    }
}
