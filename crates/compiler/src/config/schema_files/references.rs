//! The `$ref`s and `$id`s of a schema, each with the URI it means where it stands (JSON Schema Core, 8.2 and 9.1).

use std::rc::Rc;

use fluent_uri::{Uri, UriRef};
use jsonschema::Draft;
use serde_json::{Map, Value};

use super::walk::inner;
use crate::config::child_pointer;
use schema::percent;

/// Keywords that refer.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// A reference in a schema document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// JSON Pointer to it.
    pub pointer: String,
    /// As written.
    pub text: String,
    /// The URI it resolves to there, without its fragment.
    pub uri: String,
    /// Whether it is one for certain: what an unknown keyword holds may be anything.
    pub is_certain: bool,
}

/// What [`references`] finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) references: Vec<Reference>,
    /// Each absolute `$id`, with the JSON Pointer of its schema.
    pub(super) ids: Vec<(String, String)>,
}

/// Where a schema stands.
struct Place {
    base: Rc<str>,
    draft: Draft,
    is_schema: bool,
}

/// Every reference and `$id` of a schema document of this draft.
pub(super) fn references(document: &Value, uri: &str, draft: Draft) -> Found {
    let mut found = Found::default();
    schema(document, "", &Place { base: Rc::from(uri), draft, is_schema: true }, &mut found);
    found
}

fn schema(value: &Value, pointer: &str, place: &Place, found: &mut Found) {
    let own = value.as_object().and_then(|fields| id(fields, place));
    if let Some(own) = own.as_ref().filter(|_| place.is_schema) {
        found.ids.push((own.clone(), pointer.to_owned()));
    }
    let base = own.map_or_else(|| Rc::clone(&place.base), Rc::from);
    for (keyword, text) in REFERENCES.iter().filter_map(|keyword| Some((keyword, value.get(keyword)?.as_str()?))) {
        found.references.push(Reference {
            pointer: child_pointer(pointer, keyword),
            text: text.to_owned(),
            uri: resolve(&base, text).unwrap_or_else(|| super::split_pointer(text).0.to_owned()),
            is_certain: place.is_schema,
        });
    }
    for part in inner(value, pointer) {
        let place = Place { base: Rc::clone(&base), draft: place.draft, is_schema: place.is_schema && part.is_schema };
        schema(part.value, &part.pointer, &place, found);
    }
}

/// The `$id` of a schema as an absolute URI. Up to draft 7 one that starts with `#` is an anchor, and beside a `$ref`
/// there is none.
fn id(fields: &Map<String, Value>, place: &Place) -> Option<String> {
    let id = fields.get(place.draft.id_keyword())?.as_str()?;
    let ignored = place.draft <= Draft::Draft7 && fields.contains_key("$ref");
    if id.starts_with('#') || ignored { None } else { resolve(&place.base, id) }
}

/// A reference against its base (RFC 3986, 5.2), without its fragment; `None` when one of them is not a URI.
fn resolve(base: &str, reference: &str) -> Option<String> {
    let base = Uri::parse(base).ok()?;
    let reference = percent::lenient(super::split_pointer(reference).0);
    let reference = UriRef::parse(reference.as_str()).ok()?;
    let resolved = reference.resolve_against(&base.strip_fragment()).ok()?;
    Some(resolved.normalize().into_string())
}
