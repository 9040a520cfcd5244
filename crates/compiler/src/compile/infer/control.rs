//! What joins expressions: pipes, variables, defaults, conditions, `try`.

use jaq_core::load::parse::{Pattern, Term};

use super::fact::Scope;
use super::{Fact, Finding, Many, Null, Walker, Yield, certain, result, term};
use crate::diagnostic::Code;
use schema::Type;

impl<'t, 's> Walker<'t, 's> {
    /// What the right side knows besides: what the left one let through.
    pub(super) fn pipe(&mut self, left: &Term<&'t str>, right: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        let first = self.term(left, input);
        let passed = self.scoped(input, |scope| certain::passed(left, scope));
        // Even where it is not used: the roots are the same then for each case.
        let fresh = self.fresh();
        let origin = first.origin.clone().or(Some(fresh));
        let second = self.knowing(passed, |walker| walker.term(right, &Yield { origin, ..first.one() }));
        second.or_nothing(first.nothing).or_many(first.many)
    }

    /// `left as $x | right`.
    pub(super) fn bind(
        &mut self,
        left: &Term<&'t str>,
        pattern: &Pattern<&'t str>,
        right: &Term<&'t str>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let first = self.term(left, input);
        let known = self.variables.len();
        let (nothing, many) = (first.nothing.clone(), first.many.clone());
        match pattern {
            Pattern::Var(name) => self.variables.push((name, first.one())),
            destructured => names(destructured, &mut |name| self.variables.push((name, Yield::anything()))),
        }
        let result = self.term(right, input);
        self.variables.truncate(known);
        result.or_nothing(nothing).or_many(many)
    }

    pub(super) fn comma(&mut self, left: &Term<&'t str>, right: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        let (first, second) = (self.term(left, input), self.term(right, input));
        let always = first.nothing.is_none() && second.nothing.is_none();
        let nothing = first.nothing.clone().and(second.nothing.clone());
        let solid = first.is_solid() || second.is_solid();
        let many = Many { span: self.around(left, right), always, solid };
        Yield { nothing, many: Some(many), ..first.or(second) }
    }

    /// `left // right`: right where left is null, false or nothing.
    pub(super) fn alternative(&mut self, left: &Term<&'t str>, right: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        let certain = result::is_certain(left);
        let left = self.term(left, input);
        let right = self.term(right, input);
        let known = left.types().is_some_and(|types| !types.iter().any(|(ty, _)| *ty == Type::Boolean));
        if certain && known && left.absent().is_none() && !self.missed_null {
            return left;
        }
        let no_value = |value: &Yield<'_>| value.absent().is_some();
        let null = right.null.clone().filter(|_| no_value(&left) || left.types().is_none());
        let nothing = right.nothing.clone();
        // Nothing is known of the left side: whether the right one is ever used, neither.
        let (null, nothing) = if no_value(&left) { (null, nothing) } else { (None, None) };
        Yield { null, nothing, ..left.or(right) }
    }

    pub(super) fn conditional(
        &mut self,
        branches: &[(Term<&'t str>, Term<&'t str>)],
        otherwise: Option<&Term<&'t str>>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let known = self.facts.len();
        let mut result: Option<Yield<'s>> = None;
        for (condition, term) in branches {
            self.term(condition, input);
            let holds = self.certain(condition, input, true);
            let branch = self.knowing(holds, |walker| walker.term(term, input));
            result = Some(result.map_or_else(|| branch.clone(), |result| result.or(branch.clone())));
            let fails = self.certain(condition, input, false);
            self.facts.extend(fails);
        }
        let last = self.term(otherwise.unwrap_or(&Term::Id), input);
        self.facts.truncate(known);
        let result = result.map_or_else(|| last.clone(), |result| result.or(last.clone()));
        // A condition may rule null out in a way that is not followed; what is written there is certain.
        let (absent, null) = (result.absent().is_some(), result.null.filter(|null| null.literal));
        self.missed_null |= absent && null.is_none();
        Yield { null, nothing: None, ..result }
    }

    pub(super) fn attempt(
        &mut self,
        inner: &Term<&'t str>,
        catch: Option<&Term<&'t str>>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let result = self.quietly(|walker| walker.term(inner, input));
        if catch.is_some() {
            return Yield { null: None, nothing: None, ..Yield::anything() };
        }
        let why = "`?` yields nothing where the expression fails";
        result.or_nothing(Some(Null::new(why, 0..self.text.len())))
    }

    /// `and`, with `both`, else `or`: the right side is looked at only where the left one leaves it open.
    pub(super) fn logic(
        &mut self,
        left: &Term<&'t str>,
        right: &Term<&'t str>,
        both: bool,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let first = self.term(left, input);
        let certain = self.certain(left, input, both);
        let second = self.knowing(certain, |walker| walker.term(right, input));
        // Where the left side decides, the right one is not looked at.
        let second_many = second.many.map(|many| Many { always: false, ..many });
        let result = Yield::of("boolean").or_nothing(first.nothing).or_nothing(second.nothing);
        result.or_many(first.many).or_many(second_many)
    }

    /// What is certain where the condition is true, or is not.
    pub(super) fn certain(&self, condition: &Term<&'t str>, input: &Yield<'s>, truth: bool) -> Vec<Fact> {
        self.scoped(input, |scope| certain::facts(condition, scope, truth))
    }

    fn scoped<T>(&self, input: &Yield<'s>, next: impl FnOnce(Scope<'_>) -> T) -> T {
        let bound = |name: &str| self.variables.iter().rev().find(|(known, _)| *known == name);
        let variables = |name: &str| match bound(name) {
            Some((_, value)) => value.origin.clone(),
            None => self.roots.variable(name)?.origin.clone(),
        };
        next(Scope { input: input.origin.as_ref(), variables: &variables })
    }

    /// Goes on where these facts hold besides.
    pub(super) fn knowing<T>(&mut self, facts: Vec<Fact>, next: impl FnOnce(&mut Self) -> T) -> T {
        let known = self.facts.len();
        self.facts.extend(facts);
        let result = next(self);
        self.facts.truncate(known);
        result
    }

    /// From the first word of one term to the last of another that is easily told.
    pub(super) fn around(&self, left: &Term<&'t str>, right: &Term<&'t str>) -> std::ops::Range<usize> {
        let span = |term| term::anchor(term).map(|slice| self.span(slice));
        match (span(left), span(right)) {
            (Some(left), Some(right)) if left.start <= right.end => left.start..right.end,
            _ => 0..self.text.len(),
        }
    }

    pub(super) fn mismatch(&mut self, span: std::ops::Range<usize>, message: String, certain: bool) -> &mut Finding {
        let code = if certain { Code::TypeMismatch } else { Code::MayFail };
        self.report(Finding::new(code, span, message));
        self.findings.last_mut().expect("one was just reported, now or before")
    }
}

/// The variables of a pattern.
fn names<'t>(pattern: &Pattern<&'t str>, found: &mut dyn FnMut(&'t str)) {
    match pattern {
        Pattern::Var(name) => found(name),
        Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| names(pattern, found)),
        Pattern::Obj(fields) => fields.iter().for_each(|(key, pattern)| {
            if let Term::Var(name) = key {
                found(name);
            }
            names(pattern, found);
        }),
    }
}
