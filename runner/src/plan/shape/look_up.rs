//! One field in one conjunction.

use serde_json::Value;

use super::{Conjunction, Located};

/// What one conjunction says.
pub(super) enum Found<'s> {
    Listed { schemas: Conjunction<'s>, required: bool },
    Closed,
    NotListed,
    Open,
}

impl<'s> Found<'s> {
    pub(super) fn schemas(self) -> Option<Conjunction<'s>> {
        match self {
            Self::Listed { schemas, .. } => Some(schemas),
            _ => None,
        }
    }
}

pub(super) fn look_up<'s>(conjunction: &Conjunction<'s>, name: &str) -> Found<'s> {
    let mut schemas = Vec::new();
    let mut lists_others = false;
    let mut any_pattern = false;
    let mut closed = false;
    for schema in &conjunction.schemas {
        let properties = schema.value.get("properties").and_then(Value::as_object);
        let patterns = schema.value.get("patternProperties").and_then(Value::as_object);
        let has_patterns = patterns.is_some_and(|patterns| !patterns.is_empty());
        lists_others |= properties.is_some_and(|properties| !properties.is_empty());
        any_pattern |= has_patterns;
        if let Some(value) = properties.and_then(|properties| properties.get(name)) {
            schemas.push(Located { value, ..*schema });
        } else if !has_patterns {
            match schema.value.get("additionalProperties") {
                Some(Value::Bool(false)) => closed = true,
                Some(value @ Value::Object(_)) => schemas.push(Located { value, ..*schema }),
                _ => {}
            }
        }
    }
    let mut unevaluated = conjunction.keyword("unevaluatedProperties");
    let unevaluated = unevaluated.any(|unevaluated| *unevaluated == Value::Bool(false));
    let required = conjunction.schemas.iter().any(|schema| is_required(schema.value, name));
    let unknown = any_pattern || conjunction.partial;
    if closed || (unevaluated && schemas.is_empty() && !unknown) {
        Found::Closed
    } else if !schemas.is_empty() || required {
        Found::Listed { schemas: Conjunction { schemas, partial: conjunction.partial }, required }
    } else if lists_others && !unknown {
        Found::NotListed
    } else {
        Found::Open
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|known| known == name))
}
