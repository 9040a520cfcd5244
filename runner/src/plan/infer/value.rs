//! What an expression yields: a union of forms, and why it may be null, nothing, or several values.

use std::ops::Range;

use serde_json::Value;

use super::fact::Origin;
use crate::plan::shape::{Shape, Type, type_of};

/// What an expression yields.
#[derive(Debug, Clone, Default)]
pub(in crate::plan) struct Yield<'s> {
    /// Its values are of one of these; `None` when nothing is known.
    pub(in crate::plan) forms: Option<Vec<Form<'s>>>,
    /// Why it may be null.
    pub(in crate::plan) null: Option<Null>,
    /// Why it may yield nothing at all.
    pub(in crate::plan) nothing: Option<Null>,
    /// The part that may yield several values.
    pub(in crate::plan) many: Option<Many>,
    /// The place in the message it is a copy of.
    pub(in crate::plan) origin: Option<Origin>,
}

/// One sort of values.
#[derive(Debug, Clone)]
pub(in crate::plan) enum Form<'s> {
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
pub(in crate::plan) struct Null {
    pub(in crate::plan) why: String,
    pub(in crate::plan) span: Range<usize>,
    /// A field the schema could make required.
    pub(in crate::plan) field: Option<String>,
    /// It is written there, not merely allowed by a schema.
    pub(in crate::plan) literal: bool,
}

/// Several results where a column takes one.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Many {
    pub(in crate::plan) span: Range<usize>,
    /// There always are several.
    pub(in crate::plan) always: bool,
}

impl Null {
    pub(super) fn new(why: impl Into<String>, span: Range<usize>) -> Self {
        Self { why: why.into(), span, field: None, literal: false }
    }
}

impl<'s> Yield<'s> {
    pub(in crate::plan) fn anything() -> Self {
        Self::default()
    }

    /// The values of a built-in schema.
    pub(super) fn of(name: &'static str) -> Self {
        Self::shape(Shape::named(name))
    }

    pub(in crate::plan) fn shape(shape: Shape<'s>) -> Self {
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
            many: self.many.or(other.many),
            origin: None,
        }
    }

    /// Why there may be no value, one way or the other.
    pub(in crate::plan) fn absent(&self) -> Option<&Null> {
        self.null.as_ref().or(self.nothing.as_ref())
    }

    /// The types its values may have, null left out, with their formats; `None` when nothing is known.
    pub(in crate::plan) fn types(&self) -> Option<Vec<(Type, Option<&'s str>)>> {
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
    pub(in crate::plan) fn is_only(&self, wanted: Type) -> bool {
        self.types().is_some_and(|types| !types.is_empty() && types.iter().all(|(ty, _)| *ty == wanted))
    }

    /// Whether a value may be of this type.
    pub(in crate::plan) fn may_be(&self, wanted: Type) -> bool {
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

    /// The `minItems` that holds for each of its values.
    pub(super) fn least_items(&self) -> u64 {
        let least = |form: &Form<'_>| match form {
            Form::Shape(shape) => shape.least_items(),
            Form::Literal(Value::Array(items)) => items.len() as u64,
            Form::Array(items) if items.nothing.is_none() => 1,
            _ => 0,
        };
        self.forms.iter().flatten().map(least).min().unwrap_or(0)
    }

    /// The `maxItems` that holds for each of its values.
    pub(in crate::plan) fn most_items(&self) -> Option<u64> {
        let most = |form: &Form<'_>| match form {
            Form::Shape(shape) => shape.most_items(),
            Form::Array(items) if items.many.is_none() => Some(1),
            _ => None,
        };
        self.forms.as_ref()?.iter().map(most).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Whether no value can have an item there.
    pub(super) fn has_no_item(&self, index: usize) -> bool {
        let impossible = |form: &Form<'_>| matches!(form, Form::Shape(shape) if shape.alternatives().next().is_none());
        let item = self.items(Some(index)).and_then(|item| item.forms);
        self.most_items().is_some_and(|most| most <= index as u64)
            || item.is_some_and(|forms| !forms.is_empty() && forms.iter().all(impossible))
    }

    /// What `.[]` yields, or `.[index]`: items of arrays, and without an index the values of objects.
    pub(in crate::plan) fn items(&self, index: Option<usize>) -> Option<Self> {
        let items = self.forms.as_ref()?.iter().filter_map(|form| match form {
            Form::Shape(shape) if shape.may_be(Type::Object) && index.is_none() => Some(None),
            Form::Shape(shape) if !shape.may_be(Type::Array) => None,
            Form::Shape(shape) => Some(shape.items(index).map(item)),
            Form::Array(items) => Some(Some(Self { nothing: None, many: None, ..(**items).clone() })),
            Form::Object(fields) if index.is_none() => {
                Some(fields.iter().map(|(_, value)| value.clone()).reduce(Self::or))
            }
            Form::Object(_) => None,
            Form::Literal(_) => Some(None),
        });
        items.collect::<Option<Vec<_>>>()?.into_iter().reduce(Self::or)
    }
}

/// An item is null only where its schema says so.
fn item(shape: Shape<'_>) -> Yield<'_> {
    let null = shape.allows(Type::Null) && !shape.is_any();
    let why = || Null::new("an item of the array may be null", 0..0);
    Yield { null: null.then(why), ..Yield::shape(shape) }
}
