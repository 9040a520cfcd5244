//! Compiled JSON Schema.

mod compile;
mod explain;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::message::Rejection;

pub use compile::{Draft, Options, SchemaError, SchemaErrorKind};

/// A schema, compiled once and shared by every worker. Cheap to clone.
#[derive(Clone)]
pub struct Validator(Arc<jsonschema::Validator>);

impl Validator {
    /// Compiles a schema document, or the part of it `pointer` names (a JSON Pointer, RFC 6901).
    ///
    /// `base` is the document's own URI, `file:///absolute/path`. A `$ref` is resolved among the document and
    /// `resources`, each given by its file URI: relative to the file (or to the `$id` of the schema the `$ref` stands
    /// in), or by the `$id` a resource carries. Nothing is ever fetched or read from here.
    pub fn compile(
        document: &Value,
        base: &str,
        pointer: Option<&str>,
        resources: impl IntoIterator<Item = (String, Value)>,
        options: Options,
    ) -> Result<Self, SchemaError> {
        compile::compile(document, base, pointer, resources, options).map(|compiled| Self(Arc::new(compiled)))
    }

    /// Checks a document; the rejection names instance path, keyword and schema path.
    pub fn check(&self, document: &Value) -> Result<(), Rejection> {
        if self.is_valid(document) {
            return Ok(());
        }
        Err(explain::rejection(self.0.iter_errors(document)))
    }

    /// Whether a document keeps to the schema.
    pub fn is_valid(&self, document: &Value) -> bool {
        self.0.is_valid(document)
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").field("draft", &self.0.draft()).finish_non_exhaustive()
    }
}
