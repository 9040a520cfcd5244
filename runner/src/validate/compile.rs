//! From schema documents to a validator.

use std::fmt::Write;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ReferencingError, Registry, ValidationError};
use serde_json::{Value, json};

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

/// The drafts of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the draft of that name")]
pub enum Draft {
    Draft4,
    Draft6,
    Draft7,
    Draft201909,
    Draft202012,
}

/// Why a schema can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaError {
    /// What sort of error it is.
    pub kind: SchemaErrorKind,
    /// What is wrong.
    pub message: String,
    /// JSON Pointer into the schema document; empty for the document as a whole.
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

pub(super) fn compile(
    document: &Value,
    base: &str,
    pointer: Option<&str>,
    resources: impl IntoIterator<Item = (String, Value)>,
    options: Options,
) -> Result<jsonschema::Validator, SchemaError> {
    let pointer = pointer.unwrap_or_default();
    if document.pointer(pointer).is_none() {
        return Err(no_such_pointer(pointer));
    }
    let document = &with_draft(document.clone(), document.get("$schema"), options.draft);
    let failed = |error: ReferencingError| refuse(document, &error);
    let resources = resources
        .into_iter()
        .filter(|(uri, _)| uri != base)
        .map(|(uri, resource)| (uri, with_draft(resource, document.get("$schema"), options.draft)));
    let registry = Registry::new()
        .retriever(LocalOnly)
        .draft(options.draft.map_or_else(jsonschema::Draft::default, Into::into))
        .add(base, document.clone())
        .map_err(failed)?
        .extend(resources)
        .map_err(failed)?
        .prepare()
        .map_err(failed)?;
    let builder =
        jsonschema::options().offline().with_registry(&registry).should_validate_formats(options.assert_formats);
    let compiled = if pointer.is_empty() {
        builder.with_base_uri(base).build(document)
    } else {
        builder.build(&selection(document, base, pointer))
    };
    compiled.map_err(|error| invalid(document, pointer, &error))
}

/// The document with the named draft as its `$schema`, if one is named and its own `$schema` is `replaced`.
fn with_draft(mut document: Value, replaced: Option<&Value>, draft: Option<Draft>) -> Value {
    let same = document.get("$schema") == replaced;
    if let (Some(draft), Some(fields)) = (draft.filter(|_| same), document.as_object_mut()) {
        fields.insert("$schema".to_owned(), Value::from(draft.uri()));
    }
    document
}

/// A schema that is the part of the document the pointer names.
fn selection(document: &Value, base: &str, pointer: &str) -> Value {
    let mut schema = json!({ "$ref": format!("{base}#{}", fragment(pointer)) });
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

/// Answers the resolver's question for a document it does not have.
struct LocalOnly;

impl jsonschema::Retrieve for LocalOnly {
    fn retrieve(&self, _uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("it is not among the local schema files".into())
    }
}

fn no_such_pointer(pointer: &str) -> SchemaError {
    SchemaError {
        kind: SchemaErrorKind::NoSuchPointer,
        message: format!("the schema document has nothing at `{pointer}`"),
        pointer: String::new(),
        help: None,
    }
}

fn invalid(document: &Value, pointer: &str, error: &ValidationError<'_>) -> SchemaError {
    if let ValidationErrorKind::Referencing(source) = error.kind() {
        return refuse(document, source);
    }
    SchemaError {
        kind: SchemaErrorKind::Invalid,
        message: format!("no valid JSON Schema: {}", super::explain::describe(error)),
        pointer: format!("{pointer}{}", error.instance_path().as_str()),
        help: None,
    }
}

fn refuse(document: &Value, error: &ReferencingError) -> SchemaError {
    let declared = document.get("$schema").and_then(Value::as_str);
    match error {
        ReferencingError::UnknownSpecification { specification: uri } | ReferencingError::Unretrievable { uri, .. }
            if declared == Some(uri) =>
        {
            SchemaError {
                kind: SchemaErrorKind::UnknownDraft,
                message: format!("`{uri}` is no draft of JSON Schema"),
                pointer: "/$schema".to_owned(),
                help: Some("name the draft it is written for: `draft: 2020-12`".to_owned()),
            }
        }
        ReferencingError::Unretrievable { uri, .. } => SchemaError {
            kind: SchemaErrorKind::UnresolvedRef,
            message: format!("`{uri}` is not among the local schema files"),
            pointer: find_ref(document, uri).unwrap_or_default(),
            help: Some("schemas are never fetched: add the file that has this path or this `$id`".to_owned()),
        },
        other => SchemaError {
            kind: SchemaErrorKind::UnresolvedRef,
            message: format!("a `$ref` leads nowhere: {other}"),
            pointer: dangling_ref(document).unwrap_or_default(),
            help: None,
        },
    }
}

/// Where the document refers to `uri`: the `$ref` whose file name ends it.
fn find_ref(document: &Value, uri: &str) -> Option<String> {
    find(document, "", &|reference| {
        let file = reference.split('#').next().unwrap_or_default();
        let name = file.trim_start_matches("./").trim_start_matches("../");
        !name.is_empty() && uri.ends_with(name)
    })
}

/// Where the document refers to a place in itself that is not there.
fn dangling_ref(document: &Value) -> Option<String> {
    find(document, "", &|reference| {
        reference.strip_prefix("#/").is_some_and(|rest| document.pointer(&format!("/{rest}")).is_none())
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

impl Draft {
    /// The URI of its meta-schema.
    fn uri(self) -> &'static str {
        match self {
            Self::Draft4 => "http://json-schema.org/draft-04/schema#",
            Self::Draft6 => "http://json-schema.org/draft-06/schema#",
            Self::Draft7 => "http://json-schema.org/draft-07/schema#",
            Self::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
            Self::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }
}

impl From<Draft> for jsonschema::Draft {
    fn from(draft: Draft) -> Self {
        match draft {
            Draft::Draft4 => Self::Draft4,
            Draft::Draft6 => Self::Draft6,
            Draft::Draft7 => Self::Draft7,
            Draft::Draft201909 => Self::Draft201909,
            Draft::Draft202012 => Self::Draft202012,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Validator;
    use super::*;

    const BASE: &str = "file:///schemas/order.schema.json";

    fn build(document: &Value, pointer: Option<&str>, resources: &[(&str, Value)]) -> Result<Validator, SchemaError> {
        let resources = resources.iter().map(|(uri, value)| ((*uri).to_owned(), value.clone()));
        Validator::compile(document, BASE, pointer, resources, Options::default())
    }

    #[test]
    fn a_pointer_chooses_a_part_and_its_refs_still_resolve() {
        let document = json!({
            "definitions": {
                "id": { "type": "integer" },
                "an order/1": { "type": "object", "required": ["id"], "properties": { "id": { "$ref": "#/definitions/id" } } },
            }
        });
        let validator = build(&document, Some("/definitions/an order~11"), &[]).unwrap();
        assert!(validator.is_valid(&json!({"id": 1})));
        let rejection = validator.check(&json!({"id": "x"})).unwrap_err();
        assert_eq!(rejection.instance_path.as_deref(), Some("/id"));
        let error = build(&document, Some("/definitions/none"), &[]).unwrap_err();
        assert_eq!(error.kind, SchemaErrorKind::NoSuchPointer);
    }

    #[test]
    fn refs_resolve_by_path_and_by_id() {
        let document = json!({ "properties": {
            "a": { "$ref": "common/money.json#/$defs/amount" },
            "b": { "$ref": "https://example.com/currency" },
        } });
        let resources = [
            ("file:///schemas/common/money.json", json!({ "$defs": { "amount": { "type": "number" } } })),
            ("file:///elsewhere/currency.json", json!({ "$id": "https://example.com/currency", "type": "string" })),
        ];
        let validator = build(&document, None, &resources).unwrap();
        assert!(validator.is_valid(&json!({"a": 1, "b": "EUR"})));
        assert!(!validator.is_valid(&json!({"a": "1"})));
        assert!(!validator.is_valid(&json!({"b": 1})));
    }

    #[test]
    fn what_is_not_local_is_named_and_never_fetched() {
        let document = json!({ "properties": { "a": { "$ref": "https://example.com/x.json" } } });
        let error = build(&document, None, &[]).unwrap_err();
        assert_eq!(error.kind, SchemaErrorKind::UnresolvedRef);
        assert_eq!(error.pointer, "/properties/a/$ref");
        assert!(error.message.contains("https://example.com/x.json"), "{error}");
        let missing = build(&json!({ "$ref": "other.json" }), None, &[]).unwrap_err();
        assert!(missing.message.contains("file:///schemas/other.json"), "{missing}");
        let dangling = build(&json!({ "items": { "$ref": "#/definitions/x" } }), None, &[]).unwrap_err();
        assert_eq!(dangling.pointer, "/items/$ref");
    }

    #[test]
    fn a_broken_schema_is_an_error_with_its_place() {
        let error = build(&json!({ "properties": { "a": { "type": "strin" } } }), None, &[]).unwrap_err();
        assert_eq!((error.kind, error.pointer.as_str()), (SchemaErrorKind::Invalid, "/properties/a/type"));
        let unknown = build(&json!({ "$schema": "https://example.com/mine" }), None, &[]).unwrap_err();
        assert_eq!(unknown.kind, SchemaErrorKind::UnknownDraft);
        let pattern = build(&json!({ "pattern": "(" }), None, &[]).unwrap_err();
        assert_eq!(pattern.pointer, "/pattern");
    }

    #[test]
    fn an_unknown_draft_can_be_named() {
        let document = json!({ "$schema": "https://example.com/mine", "type": "integer" });
        let options = Options { draft: Some(Draft::Draft7), ..Options::default() };
        let validator = Validator::compile(&document, BASE, None, [], options).unwrap();
        assert!(!validator.is_valid(&json!("x")));
    }

    #[test]
    fn formats_are_asserted_in_every_draft_unless_told() {
        for draft in [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012] {
            let document = json!({ "format": "email" });
            for assert_formats in [true, false] {
                let options = Options { draft: Some(draft), assert_formats };
                let validator = Validator::compile(&document, BASE, None, [], options).unwrap();
                assert_eq!(validator.is_valid(&json!("no address")), !assert_formats, "{draft:?}");
            }
        }
    }
}
