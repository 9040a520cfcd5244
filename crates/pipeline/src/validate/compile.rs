//! From schema documents to a validator.

use std::fmt::Write as _;

use jsonschema::{Draft, PatternOptions, Registry, ValidationError};
use serde_json::{Value, json};

use super::counted::Counted;
use super::draft::{check_part, declared_draft, uri};
use super::formats::in_every_draft;
use super::refuse::{self, MAX_PATTERN, SchemaError};
use super::validator::Validator;

/// How a schema is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Overrides `$schema`, which may be unknown or missing. A missing `$schema` means 2020-12.
    pub draft: Option<Draft>,
    /// `format` is a check, not a remark.
    pub assert_formats: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { draft: None, assert_formats: true }
    }
}

/// Schema documents that refer to each other, read once; any part of them can be compiled.
pub struct SchemaSet {
    registry: Registry<'static>,
    documents: Vec<(String, Value)>,
    /// Whether one of them has a pattern that may step back.
    steps_back: bool,
    options: Options,
}

/// Steps back that a pattern with look-around or back references may take at one text. Patterns without them never step
/// back.
const MOST_BACKTRACKING: usize = 100_000;
/// The same in a document with a long text: each step may read all of it once more.
const MOST_BACKTRACKING_OF_LONG_TEXTS: usize = 2_000;

impl SchemaSet {
    /// Reads documents, each under its URI; one document may have several. A `$ref` is resolved among them: against the
    /// `$id` of the schema it stands in, or the document's URI. Nothing is ever fetched or read from here.
    pub fn new(documents: impl IntoIterator<Item = (String, Value)>, options: Options) -> Result<Self, SchemaError> {
        let documents = documents.into_iter();
        let documents: Vec<_> = documents.map(|(uri, document)| (uri, with_draft(document, options.draft))).collect();
        let registry = Registry::new()
            .retriever(LocalOnly)
            .extend(documents.iter().map(|(uri, document)| (uri, document.clone())))
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| refuse::referencing(&documents, &error))?;
        let steps_back = documents.iter().any(|(_, document)| may_step_back(document));
        Ok(Self { registry, documents, steps_back, options })
    }

    /// Compiles a document, or the part of it that `pointer` names (a JSON Pointer, RFC 6901).
    pub fn compile(&self, uri: &str, pointer: &str) -> Result<Validator, SchemaError> {
        let compiled = self.compile_with(uri, pointer, MOST_BACKTRACKING)?;
        let mut for_long_texts = None;
        if self.steps_back {
            for_long_texts = Some(self.compile_with(uri, pointer, MOST_BACKTRACKING_OF_LONG_TEXTS)?);
        }
        let part = (!pointer.is_empty()).then(|| pointer.to_owned());
        Ok(Validator::new(compiled, for_long_texts, part))
    }

    fn compile_with(
        &self,
        uri: &str,
        pointer: &str,
        most_backtracking: usize,
    ) -> Result<jsonschema::Validator<Counted>, SchemaError> {
        let no_such = || refuse::no_such_pointer(uri, pointer);
        let (_, document) = self.documents.iter().find(|(known, _)| known == uri).ok_or_else(no_such)?;
        let part = document.pointer(pointer).ok_or_else(no_such)?;
        let failed = |error: ValidationError<'_>| refuse::invalid(&self.documents, uri, &error);
        let patterns = PatternOptions::fancy_regex().size_limit(MAX_PATTERN).backtrack_limit(most_backtracking);
        let options = jsonschema::options_for::<Counted>().offline().with_registry(&self.registry);
        let options = options.with_pattern_options(patterns);
        let options = in_every_draft(options.should_validate_formats(self.options.assert_formats));
        if pointer.is_empty() {
            return options.with_base_uri(uri).build(document).map_err(failed);
        }
        check_part(document, part).map_err(|error| refuse::part(uri, pointer, &error))?;
        options.build(&selection(document, uri, pointer)).map_err(failed)
    }
}

impl Validator {
    /// Compiles one document that refers to no other.
    pub fn of(document: &Value, options: Options) -> Result<Self, SchemaError> {
        const ALONE: &str = "file:///schema.json";
        SchemaSet::new([(ALONE.to_owned(), document.clone())], options)?.compile(ALONE, "")
    }
}

/// Whether a text of the schema looks like a pattern with look-around or a reference to a group.
fn may_step_back(schema: &Value) -> bool {
    match schema {
        Value::String(text) => steps_back(text),
        Value::Array(items) => items.iter().any(may_step_back),
        Value::Object(fields) => fields.iter().any(|(name, value)| steps_back(name) || may_step_back(value)),
        _ => false,
    }
}

fn steps_back(pattern: &str) -> bool {
    let look_around = ["(?=", "(?!", "(?<=", "(?<!", "\\k"].iter().any(|start| pattern.contains(start));
    look_around || pattern.as_bytes().windows(2).any(|pair| pair[0] == b'\\' && (b'1'..=b'9').contains(&pair[1]))
}

/// The document with the named draft as its `$schema`, unless it names one that is known.
fn with_draft(mut document: Value, draft: Option<Draft>) -> Value {
    let known = declared_draft(&document).is_some();
    if let (Some(draft), Some(fields)) = (draft.filter(|_| !known), document.as_object_mut()) {
        fields.insert("$schema".to_owned(), Value::from(uri(draft)));
    }
    document
}

/// A schema that is the part of the document the pointer names.
fn selection(document: &Value, uri: &str, pointer: &str) -> Value {
    let mut schema = json!({ "$ref": format!("{uri}#{}", fragment(pointer)) });
    if let Some(draft) = document.get("$schema") {
        schema["$schema"] = draft.clone();
    }
    schema
}

/// A JSON Pointer as a URI fragment (RFC 6901, section 6).
fn fragment(pointer: &str) -> String {
    let mut fragment = String::new();
    for byte in pointer.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) {
            fragment.push(char::from(byte));
        } else {
            write!(fragment, "%{byte:02X}").expect("writing to a String can't fail");
        }
    }
    fragment
}

/// Refuses whatever document the resolver asks for: it has all there are.
struct LocalOnly;

impl jsonschema::Retrieve for LocalOnly {
    fn retrieve(&self, _uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("it is not among the local schema files".into())
    }
}

#[cfg(test)]
mod tests;
