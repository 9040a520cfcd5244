//! Why a schema can't be compiled, and where the mistake is.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ReferencingError, ValidationError};
use serde_json::{Value, json};

use super::draft::check_part;
use super::explain;

/// Bytes of one compiled pattern: six times what the library would allow, which is too little for 500 letters.
pub(super) const MAX_PATTERN: usize = 64 << 20;

/// Why a schema can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaError {
    /// The sort of the error.
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
    /// `$schema` does not name a known draft.
    UnknownDraft,
    /// The document is not a JSON Schema of its draft.
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
        help: Some("a pointer names each step, as in `#/$defs/order`; anchors are for `$ref` alone".to_owned())
            .filter(|_| !pointer.starts_with('/')),
    }
}

/// The error of a part of a document that is at `pointer`, found by the meta-schema, which saw the part alone.
pub(super) fn part(uri: &str, pointer: &str, error: &ValidationError<'_>) -> SchemaError {
    SchemaError {
        kind: SchemaErrorKind::Invalid,
        message: format!("not a valid JSON Schema: {}", explain::sentence(error)),
        document: uri.to_owned(),
        pointer: format!("{pointer}{}", error.instance_path().as_str()),
        help: None,
    }
}

/// The error of a document, or of one that it refers to.
pub(super) fn invalid(documents: &Documents, uri: &str, error: &ValidationError<'_>) -> SchemaError {
    if let ValidationErrorKind::Referencing(source) = error.kind() {
        return referencing(documents, source);
    }
    let pointer = error.instance_path().as_str();
    let here = |document: &Value| document.pointer(pointer) == Some(&**error.instance());
    let own = documents.iter().filter(|(known, _)| known == uri);
    let (uri, document) = match own.chain(documents).find(|(_, document)| here(document)) {
        Some((uri, document)) => (uri.as_str(), document),
        None => (uri, &Value::Null),
    };
    if too_large(error) {
        let message = format!("the pattern takes more than {} MiB when it is compiled", MAX_PATTERN >> 20);
        let help = "a smaller repetition is smaller; `maxLength` bounds a text at no cost".to_owned();
        return SchemaError { message, help: Some(help), ..part(uri, "", error) };
    }
    // The compiler stops at what it can't read; the meta-schema shows why.
    let outer = pointer.rfind('/').map_or("", |end| &pointer[..end]);
    match document.pointer(outer).map(|schema| check_part(document, schema)) {
        Some(Err(better)) if matches!(error.kind(), ValidationErrorKind::Custom { .. }) => part(uri, outer, &better),
        _ => part(uri, "", error),
    }
}

/// Whether a pattern was refused that is a regular expression.
fn too_large(error: &ValidationError<'_>) -> bool {
    if !matches!(error.kind(), ValidationErrorKind::Format { format } if format == "regex") {
        return false;
    }
    let is_regex = jsonschema::options().should_validate_formats(true).build(&json!({ "format": "regex" }));
    is_regex.is_ok_and(|validator| validator.is_valid(error.instance()))
}

pub(super) fn referencing(documents: &Documents, error: &ReferencingError) -> SchemaError {
    if let ReferencingError::UnknownSpecification { specification: uri } | ReferencingError::Unretrievable { uri, .. } =
        error
    {
        let uri = uri.trim_end_matches('#');
        for (name, document) in documents {
            let declared = document.get("$schema").and_then(Value::as_str);
            if declared.is_some_and(|declared| declared.trim_end_matches('#') == uri) {
                return unknown_draft(name, uri);
            }
        }
    }
    let (message, help) = match error {
        ReferencingError::Unretrievable { uri, .. } => (
            format!("`{uri}` is not among the local schema files"),
            Some("schemas are never fetched: add the file that has this path or this `$id`".to_owned()),
        ),
        other => (format!("a `$ref` leads nowhere: {other}"), None),
    };
    let (document, pointer) = (String::new(), String::new());
    SchemaError { kind: SchemaErrorKind::UnresolvedRef, message, document, pointer, help }
}

fn unknown_draft(document: &str, uri: &str) -> SchemaError {
    SchemaError {
        kind: SchemaErrorKind::UnknownDraft,
        message: format!("`{uri}` is not a known draft of JSON Schema"),
        document: document.to_owned(),
        pointer: "/$schema".to_owned(),
        help: Some("name the draft it is written for: `schema: { file: ..., draft: 2020-12 }`".to_owned()),
    }
}
