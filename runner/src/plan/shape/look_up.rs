//! One field in one conjunction.

use serde_json::Value;

use super::negation::{Denied, of_field};
use super::{Conjunction, Located};

/// What one conjunction says.
pub(super) enum Found<'s> {
    /// It may be there, with a value that keeps to these.
    Listed {
        schemas: Conjunction<'s>,
        required: bool,
    },
    /// It is not there, or has to be and can't.
    Absent {
        required: bool,
    },
    Closed,
    NotListed,
    Open,
}

impl<'s> Found<'s> {
    pub(super) fn schemas(&self) -> Option<Conjunction<'s>> {
        match self {
            Self::Listed { schemas, .. } => Some(schemas.clone()),
            _ => None,
        }
    }
}

pub(super) fn look_up<'s>(conjunction: &Conjunction<'s>, name: &str) -> Found<'s> {
    let mut seen = Seen::default();
    conjunction.schemas.iter().for_each(|schema| seen.add(schema, name));
    let listed = !seen.schemas.is_empty();
    let mut required = conjunction.requires(name);
    let mut absent = conjunction.absent.contains(&name);
    let mut not = Vec::new();
    for denied in &conjunction.not {
        match of_field(denied.value, name) {
            Some(Denied::Absent) => absent = true,
            Some(Denied::Value { schema: value, required: there }) => {
                required |= there;
                not.push(Located { value, ..*denied });
            }
            None => {}
        }
    }
    let unknown = seen.any_pattern || conjunction.partial;
    let mut unevaluated = conjunction.keyword("unevaluatedProperties");
    let unevaluated = unevaluated.any(|unevaluated| *unevaluated == Value::Bool(false));
    let inside = Conjunction { schemas: seen.schemas, not, partial: conjunction.partial, ..Conjunction::default() };
    match () {
        () if absent => Found::Absent { required },
        () if seen.closed || (unevaluated && !listed && !unknown) => Found::Closed,
        () if listed || required => Found::Listed { schemas: inside, required },
        () if seen.lists_others && !unknown => Found::NotListed,
        () => Found::Open,
    }
}

/// What the schemas of a conjunction say.
#[derive(Default)]
struct Seen<'s> {
    schemas: Vec<Located<'s>>,
    lists_others: bool,
    any_pattern: bool,
    closed: bool,
}

impl<'s> Seen<'s> {
    fn add(&mut self, schema: &Located<'s>, name: &str) {
        let properties = schema.value.get("properties").and_then(Value::as_object);
        let patterns = schema.value.get("patternProperties").and_then(Value::as_object);
        let has_patterns = patterns.is_some_and(|patterns| !patterns.is_empty());
        self.lists_others |= properties.is_some_and(|properties| !properties.is_empty());
        self.any_pattern |= has_patterns;
        if let Some(value) = properties.and_then(|properties| properties.get(name)) {
            self.schemas.push(Located { value, ..*schema });
        } else if !has_patterns {
            match schema.value.get("additionalProperties") {
                Some(Value::Bool(false)) => self.closed = true,
                Some(value @ Value::Object(_)) => self.schemas.push(Located { value, ..*schema }),
                _ => {}
            }
        }
    }
}
