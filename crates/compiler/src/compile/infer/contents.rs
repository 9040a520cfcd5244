//! How much there is in an array or a string, and what.

use serde_json::Value;

use super::{Form, Null, Yield};
use schema::{Known, Shape, Type};

/// Formats that no empty string has.
const FILLED: [&str; 9] = ["date-time", "date", "time", "duration", "email", "uuid", "ipv4", "ipv6", "uri"];

impl Yield<'_> {
    /// Whether it is a string that has a character.
    pub(super) fn is_never_empty(&self) -> bool {
        self.forms.iter().flatten().all(|form| match form {
            Form::Shape(shape) => shape.possible().iter().all(|possible| match possible.known {
                Known::Value(value) => value != "",
                Known::Open(keywords) => {
                    keywords.is_filled() || keywords.format.is_some_and(|name| FILLED.contains(&name))
                }
            }),
            Form::Literal(value) => value != "",
            Form::Object(_) | Form::Array(_) => false,
        })
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
    pub(crate) fn most_items(&self) -> Option<u64> {
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
    pub(crate) fn items(&self, index: Option<usize>) -> Option<Self> {
        let items = self.forms.as_ref()?.iter().filter_map(|form| match form {
            Form::Shape(shape) if shape.may_be(Type::Object) && index.is_none() => Some(None),
            Form::Shape(shape) if !shape.may_be(Type::Array) => None,
            Form::Shape(shape) => Some(shape.items(index).map(item)),
            Form::Array(items) => Some(Some(items.one())),
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
