//! What an expression yields: a union of forms, and why it may be null, nothing, or several values.

use std::ops::Range;

use serde_json::Value;

use super::HERE;
use super::fact::{Fact, Holds, Origin, Step};
use schema::{Shape, Type, type_of};

/// What an expression yields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Yield<'s> {
    /// Its values are of one of these; `None` when nothing is known.
    pub(crate) forms: Option<Vec<Form<'s>>>,
    /// Why it may be null.
    pub(crate) null: Option<Null>,
    /// Why it may yield nothing at all.
    pub(crate) nothing: Option<Null>,
    /// The part that may yield several values.
    pub(crate) many: Option<Many>,
    /// The place in the message it is a copy of.
    pub(crate) origin: Option<Origin>,
    /// What is certain of it wherever it goes; the root of these places is the value itself.
    pub(crate) facts: Vec<Fact>,
}

/// One sort of values.
#[derive(Debug, Clone)]
pub(crate) enum Form<'s> {
    /// As a schema describes them.
    Shape(Shape<'s>),
    /// This very value, written in the expression.
    Literal(Value),
    /// An object made by `{...}`, with exactly these fields.
    Object(Vec<(String, Yield<'s>)>),
    /// An array made of what an expression yields.
    Array(Box<Yield<'s>>),
}

/// A reason for null, and the part of the expression it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Null {
    pub(crate) why: String,
    pub(crate) span: Range<usize>,
    /// A field the schema could make required.
    pub(crate) field: Option<String>,
    /// It is written there, not merely allowed by a schema.
    pub(crate) literal: bool,
}

/// Several results where a column takes one.
#[derive(Debug, Clone)]
pub(crate) struct Many {
    pub(crate) span: Range<usize>,
    /// There always are several.
    pub(crate) always: bool,
    /// One of them at least is there, and not null.
    pub(crate) solid: bool,
}

impl Many {
    /// Of either of two values: there always are several only where both always have several.
    fn either(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let always = [&one, &other].into_iter().all(|many| many.as_ref().is_some_and(|many| many.always));
        one.or(other).map(|many| Self { always, ..many })
    }
}

impl Null {
    pub(super) fn new(why: impl Into<String>, span: Range<usize>) -> Self {
        Self { why: why.into(), span, field: None, literal: false }
    }
}

impl<'s> Yield<'s> {
    pub(crate) fn anything() -> Self {
        Self::default()
    }

    /// The values of a built-in schema.
    pub(super) fn of(name: &'static str) -> Self {
        Self::shape(Shape::named(name))
    }

    pub(crate) fn shape(shape: Shape<'s>) -> Self {
        Self::form(Form::Shape(shape))
    }

    pub(super) fn form(form: Form<'s>) -> Self {
        Self { forms: Some(vec![form]), ..Self::default() }
    }

    pub(super) fn literal(value: Value) -> Self {
        Self::form(Form::Literal(value))
    }

    /// No value: it fails, or yields nothing.
    pub(super) fn never() -> Self {
        Self { forms: Some(Vec::new()), ..Self::default() }
    }

    #[must_use]
    pub(super) fn or_null(mut self, null: Option<Null>) -> Self {
        self.null = self.null.or(null);
        self
    }

    #[must_use]
    pub(super) fn or_nothing(mut self, nothing: Option<Null>) -> Self {
        self.nothing = self.nothing.or(nothing);
        self
    }

    #[must_use]
    pub(super) fn or_many(mut self, many: Option<Many>) -> Self {
        self.many = self.many.or(many);
        self
    }

    /// One of its values.
    #[must_use]
    pub(crate) fn one(&self) -> Self {
        Self { nothing: None, many: None, ..self.clone() }
    }

    /// The same items in another order, or only some of them.
    #[must_use]
    pub(super) fn rearranged(&self) -> Self {
        Self { null: None, origin: None, facts: Vec::new(), ..self.clone() }
    }

    /// An array of its items, in any order, so many of them at least; of other values those themselves.
    #[must_use]
    pub(super) fn chosen_items(&self, least: u64) -> Self {
        let Some(items) = self.items(None).filter(|_| self.is_only(Type::Array)) else {
            return self.rearranged();
        };
        let nothing = (least == 0).then(|| Null::new("the array may be empty", 0..0));
        let many = Many { span: 0..0, always: least > 1, solid: false };
        let item = items.one().or_nothing(nothing).or_many(Some(many));
        let facts = vec![Fact::At(Origin::root(HERE), Holds::Least(least))];
        Self { facts, ..Self::form(Form::Array(Box::new(Self { origin: None, ..item }))) }
    }

    /// Either of two.
    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        let both = |mut left: Vec<_>, right| {
            left.extend(right);
            left
        };
        Self {
            forms: self.forms.zip(other.forms).map(|(left, right)| both(left, right)),
            null: self.null.or(other.null),
            nothing: self.nothing.or(other.nothing),
            many: Many::either(self.many, other.many),
            origin: None,
            facts: self.facts.into_iter().filter(|fact| other.facts.contains(fact)).collect(),
        }
    }

    /// What its facts say about the value one step inside.
    pub(super) fn facts_below(&self, step: Option<Step>) -> Vec<Fact> {
        let here = Origin::root(HERE);
        let inside = step.map(|step| here.step(step));
        inside.iter().flat_map(|inside| self.facts.iter().filter_map(|fact| fact.moved(inside, &here))).collect()
    }

    /// Why there may be no value, one way or the other.
    pub(crate) fn absent(&self) -> Option<&Null> {
        self.null.as_ref().or(self.nothing.as_ref())
    }

    /// Whether one of its values at least is there, and not null.
    pub(super) fn is_solid(&self) -> bool {
        self.absent().is_none() || self.many.as_ref().is_some_and(|many| many.solid)
    }

    /// The types its values may have, null left out, with their formats; `None` when nothing is known.
    pub(crate) fn types(&self) -> Option<Vec<(Type, Option<&'s str>)>> {
        let mut found = Vec::new();
        for form in self.forms.as_ref()? {
            match form {
                Form::Shape(shape) if shape.is_any() => return None,
                Form::Shape(shape) => found.extend(shape.types()),
                Form::Literal(value) => found.push((type_of(value), None)),
                Form::Object(_) => found.push((Type::Object, None)),
                Form::Array(_) => found.push((Type::Array, None)),
            }
        }
        found.retain(|(ty, _)| *ty != Type::Null);
        Some(found)
    }

    /// Whether the type is known, and only one.
    pub(crate) fn is_only(&self, wanted: Type) -> bool {
        self.types().is_some_and(|types| !types.is_empty() && types.iter().all(|(ty, _)| *ty == wanted))
    }

    /// Whether a value may be of this type.
    pub(crate) fn may_be(&self, wanted: Type) -> bool {
        self.types().is_none_or(|types| types.iter().any(|(ty, _)| *ty == wanted))
    }

    /// Those of its values that a built-in schema allows.
    #[must_use]
    pub(super) fn only(mut self, name: &'static str) -> Self {
        let wanted = Shape::named(name);
        let may_be = |ty| wanted.may_be(ty);
        let Some(forms) = self.forms.take() else {
            return Self { forms: Some(vec![Form::Shape(wanted)]), ..self };
        };
        let kept = forms.into_iter().filter_map(|form| match form {
            Form::Shape(shape) => Some(Form::Shape(shape.and(&wanted))),
            Form::Literal(value) => may_be(type_of(&value)).then_some(Form::Literal(value)),
            Form::Object(fields) => may_be(Type::Object).then_some(Form::Object(fields)),
            Form::Array(items) => may_be(Type::Array).then_some(Form::Array(items)),
        });
        self.forms = Some(kept.collect());
        if !may_be(Type::Null) {
            self.null = None;
        }
        self
    }
}
