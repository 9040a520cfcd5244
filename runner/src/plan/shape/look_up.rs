//! One field in one conjunction.

use serde_json::Value;

use super::negation::{Denied, of_field};
use super::{Conjunction, Located, pattern};

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
    let (required, absent) = (conjunction.requires(name), conjunction.absent.contains(&name));
    let inside = Conjunction { partial: conjunction.partial, ..Conjunction::default() };
    let mut seen = Seen { inside, required, absent, ..Seen::default() };
    conjunction.schemas.iter().for_each(|schema| seen.add(schema, name));
    conjunction.not.iter().for_each(|schema| seen.deny(schema, name));
    let mut unevaluated = conjunction.keyword("unevaluatedProperties");
    seen.found(unevaluated.any(|unevaluated| *unevaluated == Value::Bool(false)))
}

/// What the schemas of a conjunction say.
#[derive(Default)]
struct Seen<'s> {
    /// What holds for the field's value.
    inside: Conjunction<'s>,
    required: bool,
    absent: bool,
    lists_others: bool,
    /// Some schema allows every other field, so that none is left for `unevaluatedProperties`.
    evaluated: bool,
    closed: bool,
}

impl<'s> Seen<'s> {
    fn add(&mut self, schema: &Located<'s>, name: &str) {
        let fields = |keyword: &str| schema.value.get(keyword).and_then(Value::as_object);
        let properties = fields("properties");
        let matching = fields("patternProperties").into_iter().flatten();
        let matching = matching.filter(|(pattern, _)| pattern::matches(pattern, name)).map(|(_, value)| value);
        let known = self.inside.schemas.len();
        let values = properties.and_then(|properties| properties.get(name)).into_iter().chain(matching);
        self.inside.schemas.extend(values.map(|value| Located { value, ..*schema }));
        self.lists_others |= properties.is_some_and(|properties| !properties.is_empty());
        if self.inside.schemas.len() == known {
            self.additional(schema);
        }
    }

    /// What follows from a schema that does not hold.
    fn deny(&mut self, denied: &Located<'s>, name: &str) {
        match of_field(denied.value, name) {
            Some(Denied::Absent) => self.absent = true,
            Some(Denied::Value { schema: value, required }) => {
                self.required |= required;
                self.inside.not.push(Located { value, ..*denied });
            }
            None => {}
        }
    }

    fn found(self, unevaluated: bool) -> Found<'s> {
        let listed = !self.inside.schemas.is_empty();
        let partial = self.inside.partial;
        match self {
            Self { absent: true, required, .. } => Found::Absent { required },
            Self { closed: true, .. } => Found::Closed,
            Self { evaluated: false, .. } if unevaluated && !listed && !partial => Found::Closed,
            Self { inside: schemas, required, .. } if listed || required => Found::Listed { schemas, required },
            Self { lists_others: true, .. } if !partial => Found::NotListed,
            _ => Found::Open,
        }
    }

    /// Of a field that a schema does not list.
    fn additional(&mut self, schema: &Located<'s>) {
        match schema.value.get("additionalProperties") {
            Some(Value::Bool(false)) => self.closed = true,
            Some(Value::Bool(true)) => self.evaluated = true,
            Some(value @ Value::Object(_)) => self.inside.schemas.push(Located { value, ..*schema }),
            _ => {}
        }
    }
}
