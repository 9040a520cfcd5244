//! A compiled schema, and the check of a document against it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::compile::{Options, Place, SchemaSet};
use super::counted::{self, Counted, CountedNode};
use super::explain;
use super::refuse::SchemaError;
use crate::message::{Code, Rejection};

/// A schema, compiled once and shared by every worker. Cheap to clone.
#[derive(Clone)]
pub struct Validator(Arc<Inner>);

struct Inner {
    compiled: jsonschema::Validator,
    /// The same schema for documents whose reading is counted: for explanations, so compiled with the first of them.
    explaining: OnceLock<Option<jsonschema::Validator<Counted>>>,
    place: Place,
}

/// The reason without alternatives.
const TOO_COSTLY: &str = "the document breaks the schema; its alternatives nest too deep to show which part of it does";

impl Validator {
    /// Compiles one document that refers to no other.
    pub fn of(document: &Value, options: Options) -> Result<Self, SchemaError> {
        const ALONE: &str = "file:///schema.json";
        SchemaSet::new([(ALONE.to_owned(), document.clone())], options)?.compile(ALONE, "")
    }

    /// Checks a document; the rejection names instance path, keyword and schema path.
    pub fn check(&self, document: &Value) -> Result<(), Rejection> {
        if self.is_valid(document) {
            return Ok(());
        }
        let explained = self.explain(document, |errors| explain::rejection(errors));
        let rejection = explained.unwrap_or_else(|| Rejection {
            instance_path: Some(String::new()),
            ..Rejection::new(Code::Schema, TOO_COSTLY)
        });
        Err(Rejection { schema_path: rejection.schema_path.map(|path| self.in_document(path)), ..rejection })
    }

    /// The first errors of a document, in words; none for one that keeps to the schema.
    pub fn errors(&self, document: &Value, limit: usize) -> Vec<String> {
        let sentences = self.explain(document, |errors| explain::sentences(errors.take(limit)));
        sentences.unwrap_or_else(|| vec![TOO_COSTLY.to_owned()])
    }

    /// Gathers the errors within a budget; `None` when they would cost too much, as those of a schema do whose
    /// alternatives nest: every level multiplies them.
    fn explain<T>(
        &self,
        document: &Value,
        read: impl FnOnce(&mut dyn Iterator<Item = jsonschema::ValidationError<'_>>) -> T,
    ) -> Option<T> {
        let Place { set, uri, pointer } = &self.0.place;
        let explaining = self.0.explaining.get_or_init(|| set.build(uri, pointer).ok()).as_ref()?;
        counted::within_budget(document, || read(&mut explaining.iter_errors(CountedNode::new(document))))
    }

    /// Whether a document keeps to the schema.
    pub fn is_valid(&self, document: &Value) -> bool {
        self.0.compiled.is_valid(document)
    }

    /// A path inside the compiled schema, as one inside the document.
    fn in_document(&self, path: String) -> String {
        let pointer = &self.0.place.pointer;
        match path.strip_prefix("/$ref") {
            Some(inside) if !pointer.is_empty() => format!("{pointer}{inside}"),
            _ => path,
        }
    }
}

impl SchemaSet {
    /// Compiles a document, or the part of it that `pointer` names (a JSON Pointer, RFC 6901).
    pub fn compile(&self, uri: &str, pointer: &str) -> Result<Validator, SchemaError> {
        let compiled = self.build(uri, pointer)?;
        let place = Place { set: self.clone(), uri: uri.to_owned(), pointer: pointer.to_owned() };
        Ok(Validator(Arc::new(Inner { compiled, explaining: OnceLock::new(), place })))
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").field("draft", &self.0.compiled.draft()).finish_non_exhaustive()
    }
}
