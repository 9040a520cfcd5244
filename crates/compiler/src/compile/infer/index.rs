//! Items of the values before them: one, each, or a part.

use std::ops::Range;

use jaq_core::load::parse::Term;

use super::{Finding, Many, Null, Walker, Yield};
use crate::diagnostic::Code;
use schema::Type;

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn index(
        &mut self,
        of: &Yield<'s>,
        key: &Term<&'t str>,
        input: &Yield<'s>,
        end: Option<usize>,
    ) -> Yield<'s> {
        let (number, index) = match key {
            Term::Num(digits) => (*digits, digits.parse::<usize>().ok()),
            Term::Neg(inner) => match &**inner {
                Term::Num(digits) => (*digits, None),
                _ => return Yield::anything(),
            },
            _ => {
                self.term(key, input);
                return Yield::anything();
            }
        };
        let span = self.span(number);
        if of.forms.is_none() || self.no_array(of, &span) {
            return Yield::anything();
        }
        let least = index.map_or(1, |index| index as u64 + 1);
        let why = match index {
            Some(index) => format!("the array may have no item {index}"),
            None => "the array may be empty".to_owned(),
        };
        if index.is_some_and(|index| of.has_no_item(index)) {
            let message = format!("no item {number}: the array never has so many");
            self.report(Finding::new(Code::NoSuchField, span, message).label("null for every event"));
            return Yield::anything();
        }
        let start = end.unwrap_or(span.start);
        let null = (self.least_items(of) < least).then(|| Null::new(why, start..span.end + 1));
        let null = of.null.clone().or(null);
        of.items(index).unwrap_or_default().or_null(null)
    }

    /// Reports `[0]` of what is never an array; null is none either, but has null at every index.
    fn no_array(&mut self, of: &Yield<'s>, span: &Range<usize>) -> bool {
        let types = of.types().unwrap_or_default();
        let Some((ty, _)) = types.iter().find(|(ty, _)| *ty != Type::Array) else {
            return false;
        };
        let never = !types.iter().any(|(ty, _)| *ty == Type::Array);
        let finding = if never {
            Finding::new(Code::NoSuchField, span.clone(), format!("no item: what stands before `[` is {}", ty.word()))
        } else {
            let message = format!("`[..]` fails where what stands before it is {}", ty.word());
            Finding::new(Code::MayFail, span.clone(), message)
        };
        self.report(finding.label(format!("{} has no items", ty.word())));
        never
    }

    /// `.[]`, as a path or as a function's own first step.
    pub(super) fn iterate(&mut self, of: &Yield<'s>, end: Option<usize>) -> Yield<'s> {
        let end = end.unwrap_or(0);
        let brackets = self.text.get(end..).and_then(|rest| rest.find("[]")).map_or(end, |at| end + at);
        let span = brackets..(brackets + 2).min(self.text.len());
        self.each(of, "`[]`", &span)
    }

    /// The items of an array or the values of an object, by `what`.
    pub(super) fn each(&mut self, of: &Yield<'s>, what: &str, span: &Range<usize>) -> Yield<'s> {
        self.takes(of, what, &[Type::Array, Type::Object], false, span);
        let items = of.items(None).unwrap_or_default();
        let why = format!("{what} of an empty array yields nothing");
        let nothing = (self.least_items(of) == 0).then(|| Null::new(why, span.clone()));
        let one = of.most_items() == Some(1);
        let many = (!one).then(|| Many { span: span.clone(), always: self.least_items(of) > 1, solid: false });
        items.or_nothing(nothing).or_many(many)
    }
}

/// How many items a slice has at least, of an array with so many.
fn least_of_slice(least: u64, from: Option<&Term<&str>>, to: Option<&Term<&str>>) -> u64 {
    let number = |term: Option<&Term<&str>>, absent: u64| match term {
        None => Some(absent),
        Some(Term::Num(digits)) => digits.parse().ok(),
        Some(_) => None,
    };
    let ends = number(from, 0).zip(number(to, u64::MAX));
    ends.map_or(0, |(from, to)| least.min(to).saturating_sub(from))
}

/// `[0:10]` of a date-time is its date, `[0:8]` of a time what stands before the offset (RFC 3339, 5.6); any other part of a string has a form nobody knows.
pub(super) fn slice<'s>(of: Yield<'s>, from: Option<&Term<&str>>, to: Option<&Term<&str>>) -> Yield<'s> {
    if !of.is_only(Type::String) {
        let sliced = of.chosen_items(least_of_slice(of.least_items(), from, to));
        return Yield { null: of.null.clone(), ..sliced };
    }
    let types = of.types().unwrap_or_default();
    let all = |wanted| types.iter().all(|(_, format)| *format == Some(wanted));
    let end = to.filter(|_| from.is_none_or(|from| matches!(from, Term::Num("0"))));
    let part = match end {
        Some(Term::Num("10")) if all("date-time") => "date",
        Some(Term::Num("8")) if all("time") => "time of day",
        _ => "string",
    };
    Yield::of(part).or_null(of.null)
}
