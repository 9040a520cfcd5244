//! The drafts of JSON Schema: how a document names one, and what a schema of one looks like.

use jsonschema::{Draft, ValidationError};
use serde_json::Value;

/// The draft a document's `$schema` names, if it is a known one.
pub fn declared_draft(document: &Value) -> Option<Draft> {
    let named = Draft::from_schema_uri(document.get("$schema")?.as_str()?);
    (named != Draft::Unknown).then_some(named)
}

/// Checks a part against the meta-schema of its document's draft.
pub(super) fn check_part<'p>(document: &Value, part: &'p Value) -> Result<(), ValidationError<'p>> {
    match declared_draft(document) {
        Some(Draft::Draft4) => jsonschema::draft4::meta::validate(part),
        Some(Draft::Draft6) => jsonschema::draft6::meta::validate(part),
        Some(Draft::Draft7) => jsonschema::draft7::meta::validate(part),
        Some(Draft::Draft201909) => jsonschema::draft201909::meta::validate(part),
        _ => jsonschema::draft202012::meta::validate(part),
    }
}

/// The URI of a draft's meta-schema.
pub(super) fn uri(draft: Draft) -> &'static str {
    match draft {
        Draft::Draft4 => "http://json-schema.org/draft-04/schema#",
        Draft::Draft6 => "http://json-schema.org/draft-06/schema#",
        Draft::Draft7 => "http://json-schema.org/draft-07/schema#",
        Draft::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
        _ => "https://json-schema.org/draft/2020-12/schema",
    }
}
