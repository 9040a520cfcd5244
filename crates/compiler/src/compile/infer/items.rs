//! Functions of arrays: those that yield an item, a sum, a count, or the array again.

use std::ops::Range;

use jaq_core::load::parse::Term;

use super::{Form, Null, Walker, Yield};
use schema::Type;

impl<'t, 's> Walker<'t, 's> {
    /// Functions of an array that yield it again, or one of its items.
    pub(super) fn of_items(
        &mut self,
        name: &'t str,
        arguments: &[Term<&'t str>],
        input: &Yield<'s>,
        span: &Range<usize>,
    ) -> Option<Yield<'s>> {
        Some(match (name, arguments) {
            ("first" | "last", []) => self.end(name, input, span),
            ("min" | "max", []) => {
                self.takes(input, &format!("`{name}`"), &[Type::Array], false, span);
                let null = (self.least_items(input) == 0)
                    .then(|| Null::new(format!("`{name}` of an empty array is null"), span.clone()));
                let mut item = input.items(None).unwrap_or_default();
                // Null is smaller than all others.
                item.null = item.null.filter(|_| name == "min" || !has_solid_items(input));
                item.or_null(null)
            }
            ("add", []) => {
                let each = self.each(input, "`add`", span);
                Self::sum(&each)
            }
            ("length", []) => self.length(input, span),
            ("to_entries", []) => self.entries(input, "`to_entries`", span),
            ("reverse" | "sort" | "unique", []) => {
                self.takes(input, &format!("`{name}`"), &[Type::Array], false, span);
                let least = self.least_items(input);
                input.chosen_items(if name == "unique" { least.min(1) } else { least })
            }
            _ => return None,
        })
    }

    /// An array of `{key, value}`.
    pub(super) fn entries(&mut self, input: &Yield<'s>, what: &str, span: &Range<usize>) -> Yield<'s> {
        let each = self.each(input, what, span);
        let key = if input.is_only(Type::Object) { Yield::of("string") } else { Yield::anything() };
        let value = each.one();
        let entry = Yield::form(Form::Object(vec![("key".to_owned(), key), ("value".to_owned(), value)]));
        Yield::form(Form::Array(Box::new(entry.or_nothing(each.nothing).or_many(each.many))))
    }

    /// `first` is `.[0]`, `last` is `.[-1]`: null of null.
    fn end(&mut self, name: &str, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        self.takes(input, &format!("`{name}`"), &[Type::Array], true, span);
        let empty = || Null::new(format!("`{name}` of an empty array is null"), span.clone());
        let null = input.null.clone().or_else(|| (self.least_items(input) == 0).then(empty));
        input.items((name == "first").then_some(0)).unwrap_or_default().or_null(null)
    }

    /// `add`: null of nothing; numbers make a number, strings a string.
    pub(super) fn sum(each: &Yield<'s>) -> Yield<'s> {
        let null = each.nothing.clone().map(|nothing| Null::new("`add` of nothing is null", nothing.span));
        let result = match each.types().as_deref() {
            Some([(Type::Integer, _)]) => Yield::of("integer"),
            Some([(Type::Integer, _), (Type::Number, _)] | [(Type::Number, _)]) => Yield::of("number"),
            Some([(Type::String, _)]) => Yield::of("string"),
            _ => Yield::anything(),
        };
        result.or_null(null)
    }

    /// A count of characters, items or fields; of a number it is the number without its sign.
    fn length(&mut self, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        let counted = [Type::Integer, Type::Number, Type::String, Type::Array, Type::Object];
        self.takes(input, "`length`", &counted, true, span);
        let fraction = input.types().is_some_and(|types| types.iter().any(|(ty, _)| *ty == Type::Number));
        Yield::of(if fraction { "number" } else { "integer" })
    }
}

/// Whether an item of each array that it may be is not null.
fn has_solid_items(arrays: &Yield<'_>) -> bool {
    arrays.forms.iter().flatten().all(|form| matches!(form, Form::Array(items) if items.is_solid()))
}
