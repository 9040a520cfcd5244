//! One field in one conjunction.

use serde_json::{Map, Value};

use super::conjunction::{Conjunction, Located};
use super::negation::{Denied, of_field};
use super::pattern;

/// What one conjunction means for a field.
pub(crate) enum Found<'s> {
    /// It may be there, with a value that keeps to these.
    Listed {
        schemas: Conjunction<'s>,
        required: bool,
    },
    /// It may be there, and only a pattern matches it, which need not mean this field.
    Matched(Conjunction<'s>),
    /// It is not there.
    Absent,
    Closed,
    NotListed,
    Open,
}

impl<'s> Found<'s> {
    pub(crate) fn listed(&self) -> Option<Conjunction<'s>> {
        match self {
            Self::Listed { schemas, .. } => Some(schemas.clone()),
            _ => None,
        }
    }

    pub(crate) fn matched(&self) -> Option<Conjunction<'s>> {
        match self {
            Self::Matched(schemas) => Some(schemas.clone()),
            _ => None,
        }
    }
}

pub(crate) fn look_up<'s>(conjunction: &Conjunction<'s>, name: &str) -> Found<'s> {
    let presence = match conjunction.requires(name) {
        _ if conjunction.absent.contains(&name) => Presence::Never,
        true => Presence::Always,
        false => Presence::Maybe,
    };
    let inside = Conjunction { partial: conjunction.partial, ..Conjunction::default() };
    let mut seen = Seen { inside, presence, ..Seen::default() };
    conjunction.schemas.iter().for_each(|schema| seen.add(schema, name));
    conjunction.not.iter().for_each(|schema| seen.deny(schema, name));
    seen.found(conjunction)
}

#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Presence {
    #[default]
    Maybe,
    Always,
    Never,
}

/// What the schemas of a conjunction mean for a field, so far.
#[derive(Default)]
struct Seen<'s> {
    /// What holds for the field's value.
    inside: Conjunction<'s>,
    presence: Presence,
    /// Schemas of patterns that match it.
    matched: Vec<Located<'s>>,
    /// Some pattern matches it, and allows every value.
    open: bool,
    /// Some schema allows every other field, so that none is left for `unevaluatedProperties`.
    evaluated: bool,
    closed: bool,
}

impl<'s> Seen<'s> {
    fn add(&mut self, schema: &Located<'s>, name: &str) {
        let matching = schema.value.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
        let matching = matching.filter(|(pattern, _)| pattern::matches(pattern, name)).map(|(_, value)| value);
        let listed = schema.value.get("properties").and_then(|properties| properties.get(name));
        let (any, restricted): (Vec<_>, Vec<_>) = matching.partition(|value| allows_anything(value));
        if listed.is_none() && restricted.is_empty() && any.is_empty() {
            self.additional(schema);
        }
        self.open |= !any.is_empty();
        self.inside.schemas.extend(listed.map(|value| Located { value, ..*schema }));
        self.matched.extend(restricted.into_iter().map(|value| Located { value, ..*schema }));
    }

    /// What follows from a schema that does not hold.
    fn deny(&mut self, denied: &Located<'s>, name: &str) {
        let presence = match of_field(denied.value, name) {
            None => return,
            Some(Denied::Absent) => Presence::Never,
            Some(Denied::Value { schema: value, required }) => {
                self.inside.not.push(Located { value, ..*denied });
                if required { Presence::Always } else { Presence::Maybe }
            }
        };
        self.presence = self.presence.max(presence);
    }

    fn found(mut self, all: &Conjunction<'_>) -> Found<'s> {
        let required = self.presence == Presence::Always;
        let listed = !self.inside.schemas.is_empty();
        let matched = !self.matched.is_empty();
        self.inside.schemas.extend(self.matched);
        let open = self.open || all.partial;
        let unevaluated = all.keyword("unevaluatedProperties").any(|others| *others == Value::Bool(false));
        let others =
            all.keyword("properties").any(|properties| properties.as_object().is_some_and(|all| !all.is_empty()));
        match () {
            () if self.presence == Presence::Never => Found::Absent,
            () if self.closed || (unevaluated && !listed && !matched && !self.evaluated && !open) => Found::Closed,
            () if listed || required => Found::Listed { schemas: self.inside, required },
            () if matched => Found::Matched(self.inside),
            () if others && !open => Found::NotListed,
            () => Found::Open,
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

fn allows_anything(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}
