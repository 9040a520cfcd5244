//! What the keywords of a conjunction of schemas require together.

use serde_json::Value;

use schema::Shape;

/// The greatest of a keyword's values.
pub(super) fn greatest(shape: &Shape<'_>, keyword: &str) -> Option<usize> {
    let values = shape.schemas().filter_map(|schema| schema.get(keyword)?.as_u64());
    values.max().and_then(|value| usize::try_from(value).ok())
}

/// The values every `const` and `enum` of a conjunction allows.
pub(super) fn constants<'s>(shape: &Shape<'s>) -> Vec<&'s Value> {
    let mut allowed: Option<Vec<&Value>> = None;
    for schema in shape.schemas() {
        let list: Vec<&Value> = match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
            (Some(value), _) => vec![value],
            (None, Some(values)) => values.iter().collect(),
            (None, None) => continue,
        };
        allowed = Some(match allowed {
            Some(allowed) => allowed.into_iter().filter(|value| list.contains(value)).collect(),
            None => list,
        });
    }
    allowed.unwrap_or_default()
}

/// Whether a schema has one of the keywords.
pub(super) fn has_any<'v>(mut schemas: impl Iterator<Item = &'v Value>, keywords: &[&str]) -> bool {
    schemas.any(|schema| keywords.iter().any(|keyword| schema.get(*keyword).is_some()))
}
