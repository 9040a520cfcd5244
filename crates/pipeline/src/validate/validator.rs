//! A compiled schema, and the check of a document against it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::counted::{self, Counted, CountedNode};
use super::explain;
use crate::message::{Code, Rejection};

/// A schema, compiled once and shared by every worker. Cheap to clone.
#[derive(Clone)]
pub struct Validator(Arc<Inner>);

struct Inner {
    compiled: jsonschema::Validator<Counted>,
    /// With a smaller limit for patterns, where the schema has some that step back.
    for_long_texts: Option<jsonschema::Validator<Counted>>,
    /// JSON Pointer to the schema in its document, when it is a part of one.
    pointer: Option<String>,
}

/// Looks at a document that a check may take: less than a second.
const LOOKS_OF_A_CHECK: usize = 100_000_000;
/// Looks at any document that an explanation may take. Each may make an error, and in nested alternatives every level
/// multiplies them.
const LOOKS_TO_EXPLAIN: usize = 50_000;
/// Looks beyond that for each value in the document.
const LOOKS_FOR_A_VALUE: usize = 50;
/// Bytes from which on a text is long.
const LONG_TEXT: usize = 16 << 10;
/// The reason without alternatives.
const TOO_COSTLY: &str = "the document breaks the schema; its alternatives nest too deep to show which part of it does";

fn looks_to_explain(document: &Value) -> usize {
    LOOKS_TO_EXPLAIN.saturating_add(LOOKS_FOR_A_VALUE.saturating_mul(counted::values(document)))
}

impl Validator {
    pub(super) fn new(
        compiled: jsonschema::Validator<Counted>,
        for_long_texts: Option<jsonschema::Validator<Counted>>,
        pointer: Option<String>,
    ) -> Self {
        Self(Arc::new(Inner { compiled, for_long_texts, pointer }))
    }

    fn compiled_for(&self, document: &Value) -> &jsonschema::Validator<Counted> {
        match &self.0.for_long_texts {
            Some(limited) if counted::longest_text(document) > LONG_TEXT => limited,
            _ => &self.0.compiled,
        }
    }

    /// Checks a document; the rejection names instance path, keyword and schema path.
    pub fn check(&self, document: &Value) -> Result<(), Rejection> {
        let (node, compiled) = (CountedNode::new(document), self.compiled_for(document));
        match counted::within(LOOKS_OF_A_CHECK, || compiled.is_valid(node)) {
            Some(true) => return Ok(()),
            Some(false) => {}
            None => {
                return Err(Rejection::new(Code::Budget, "checking the document against the schema takes too long"));
            }
        }
        let explained = counted::within(looks_to_explain(document), || explain::rejection(compiled.iter_errors(node)));
        let rejection = explained.unwrap_or_else(|| Rejection::new(Code::Schema, TOO_COSTLY));
        Err(Rejection { schema_path: rejection.schema_path.map(|path| self.in_document(path)), ..rejection })
    }

    /// The first errors of a document, in words; none for one that keeps to the schema.
    pub fn errors(&self, document: &Value, limit: usize) -> Vec<String> {
        let sentences = counted::within(looks_to_explain(document), || {
            explain::sentences(self.compiled_for(document).iter_errors(CountedNode::new(document)).take(limit))
        });
        sentences.unwrap_or_else(|| vec![TOO_COSTLY.to_owned()])
    }

    /// Whether a document keeps to the schema.
    pub fn is_valid(&self, document: &Value) -> bool {
        let (node, compiled) = (CountedNode::new(document), self.compiled_for(document));
        counted::within(LOOKS_OF_A_CHECK, || compiled.is_valid(node)).unwrap_or(false)
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
