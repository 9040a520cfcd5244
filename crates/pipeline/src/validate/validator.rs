//! A compiled schema, and the check of a document against it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::explain;
use crate::message::Rejection;

/// A schema, compiled once and shared by every worker. Cheap to clone.
#[derive(Clone)]
pub struct Validator(Arc<Inner>);

struct Inner {
    compiled: jsonschema::Validator,
    /// JSON Pointer to the schema in its document, when it is a part of one.
    pointer: Option<String>,
}

impl Validator {
    pub(super) fn new(compiled: jsonschema::Validator, pointer: Option<String>) -> Self {
        Self(Arc::new(Inner { compiled, pointer }))
    }

    /// Checks a document; the rejection names instance path, keyword and schema path.
    pub fn check(&self, document: &Value) -> Result<(), Rejection> {
        if self.is_valid(document) {
            return Ok(());
        }
        let rejection = explain::rejection(self.0.compiled.iter_errors(document));
        Err(Rejection { schema_path: rejection.schema_path.map(|path| self.in_document(path)), ..rejection })
    }

    /// The first errors of a document, in words; none for one that keeps to the schema.
    pub fn errors(&self, document: &Value, limit: usize) -> Vec<String> {
        explain::sentences(self.0.compiled.iter_errors(document).take(limit))
    }

    /// Whether a document keeps to the schema.
    pub fn is_valid(&self, document: &Value) -> bool {
        self.0.compiled.is_valid(document)
    }

    /// A path inside the compiled schema, as one inside the document.
    fn in_document(&self, path: String) -> String {
        match (&self.0.pointer, path.strip_prefix("/$ref")) {
            (Some(pointer), Some(inside)) => format!("{pointer}{inside}"),
            _ => path,
        }
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").field("draft", &self.0.compiled.draft()).finish_non_exhaustive()
    }
}
