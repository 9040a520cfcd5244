//! What an expression can yield, told from the schema without a single message.
//!
//! Only what is certain is an error, what is possible a warning: a function or a form not known here yields "anything".

mod call;
mod cases;
mod certain;
mod compare;
mod construct;
mod contents;
mod control;
mod epoch;
mod fact;
mod field;
mod finding;
mod functions;
mod index;
mod items;
mod lookup;
mod math;
mod narrow;
mod path;
mod predicate;
mod reads;
mod result;
mod subtraction;
mod term;
mod value;

use jaq_core::load::parse::{BinaryOp, Term};
use serde_json::Value;

use schema::Type;

pub(super) use fact::{Fact, Origin, Step};
pub(super) use finding::Finding;
pub(super) use subtraction::subtraction;
pub(super) use term::{assigns, parse};
pub(super) use value::{Form, Many, Null, Yield};

/// What `.` and the variables stand for.
#[derive(Debug, Clone)]
pub(super) struct Roots<'s> {
    pub(super) input: Yield<'s>,
    pub(super) document: Yield<'s>,
    pub(super) body: Yield<'s>,
    pub(super) sqs: Yield<'s>,
}

/// The roots of places: the document, an element of `for_each`, the body around the document, `$sqs`.
pub(super) const DOCUMENT: usize = 0;
pub(super) const ELEMENT: usize = 1;
const BODY: usize = 2;
pub(super) const SQS: usize = 3;
/// Facts that a value carries along are about places in the value itself, wherever that stands.
const HERE: usize = 4;
/// Values that a part of an expression goes through have places of their own, from here on.
const FRESH: usize = 5;

impl<'s> Roots<'s> {
    /// `body` is `None` where the body is the document; only a FIFO queue gives each message a group.
    pub(super) fn new(document: Yield<'s>, body: Option<Yield<'s>>, fifo: bool) -> Self {
        let at = |root, value: Yield<'s>| Yield { origin: Some(Origin::root(root)), ..value };
        let document = at(DOCUMENT, document);
        let body = body.map_or_else(|| document.clone(), |body| at(BODY, body));
        let sqs = at(SQS, Yield::of(if fifo { "$sqs of a FIFO queue" } else { "$sqs" }));
        Self { input: document.clone(), document, body, sqs }
    }

    /// Documents that are only like this; `.` too, where it is the document.
    pub(super) fn narrow(&mut self, document: &Yield<'s>) {
        for value in [&mut self.input, &mut self.document, &mut self.body] {
            if value.origin == Some(Origin::root(DOCUMENT)) {
                value.forms.clone_from(&document.forms);
            }
        }
    }

    /// Only this alternative, where it is one of a root: so that no look-up goes through all of them again.
    fn choose(&mut self, choice: &narrow::Choice<'s>) {
        for value in [&mut self.input, &mut self.document, &mut self.body] {
            if value.origin.as_ref() == Some(&choice.place) {
                value.forms = Some(vec![Form::Shape(choice.shape.clone())]);
            }
        }
    }

    /// Inside `for_each`, where `.` is an element.
    pub(super) fn each(&self, element: Yield<'s>) -> Self {
        let input = Yield { origin: Some(Origin::root(ELEMENT)), ..element };
        Self { input, ..self.clone() }
    }

    /// Calls `next` with the expression and where its parts come from; `None` when it can't be looked into.
    fn scoped<T>(&self, text: &str, next: impl FnOnce(&Term<&str>, fact::Scope<'_>) -> T) -> Option<T> {
        let variables = |name: &str| self.variable(name).and_then(|value| value.origin.clone());
        let scope = fact::Scope { input: self.input.origin.as_ref(), variables: &variables };
        Some(next(&parse(text)?, scope))
    }

    fn variable(&self, name: &str) -> Option<&Yield<'s>> {
        match name {
            "$doc" => Some(&self.document),
            "$body" => Some(&self.body),
            "$sqs" => Some(&self.sqs),
            _ => None,
        }
    }
}

/// Infers what an expression yields where these facts hold; `schema` is the name to use in messages.
pub(super) fn infer<'s>(text: &str, roots: &Roots<'s>, facts: &[Fact], schema: &str) -> (Yield<'s>, Vec<Finding>) {
    let Some(term) = parse(text) else {
        return (Yield::anything(), Vec::new());
    };
    let (mut result, findings) = cases::Cases { text, term: &term, roots, schema }.infer(facts);
    if let Some(many) = &mut result.many {
        many.always = many.always && result::is_certain(&term);
    }
    (result, findings)
}

/// What is certain where a condition is true, or, with `truth` false, where it is not. A condition without a result is
/// not true either, and says nothing of its parts.
pub(super) fn facts(text: &str, roots: &Roots<'_>, truth: bool) -> Vec<Fact> {
    let found = roots.scoped(text, |term, scope| {
        if truth || result::is_certain(term) { certain::facts(term, scope, truth) } else { Vec::new() }
    });
    let has_result = truth || infer(text, roots, &[], "").0.nothing.is_none();
    found.filter(|_| has_result).unwrap_or_default()
}

/// The place an expression is a copy of.
pub(super) fn origin(text: &str, roots: &Roots<'_>) -> Option<Origin> {
    roots.scoped(text, fact::origin)?
}

/// Every place an expression looks at; `None` when that can't be told.
pub(super) fn reads(text: &str, roots: &Roots<'_>) -> Option<Vec<Origin>> {
    let mut found = Vec::new();
    roots.scoped(text, |term, scope| reads::reads(term, scope, &mut found)).filter(|told| *told)?;
    Some(found)
}

struct Walker<'t, 's> {
    text: &'t str,
    schema: &'t str,
    roots: &'t Roots<'s>,
    /// What holds here.
    facts: Vec<Fact>,
    /// The variables bound here.
    variables: Vec<(&'t str, Yield<'s>)>,
    findings: Vec<Finding>,
    /// The next fresh root.
    next: usize,
    /// One case is looked at, not all of them together: what it lacks is absent, and no error.
    one_case: bool,
    /// The alternatives it is made of.
    choices: Vec<narrow::Choice<'s>>,
    /// The options of the first choice that is still to be made.
    open: Option<Vec<narrow::Choice<'s>>>,
    /// A value so far may be null although it does not say so.
    missed_null: bool,
    /// Alternatives that were looked at, as a measure of the work.
    looks: usize,
}

impl<'t, 's> Walker<'t, 's> {
    fn term(&mut self, term: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        match term {
            Term::Id => self.refined(input.clone()),
            Term::Path(base, path) => self.path(base, path, input),
            Term::Num(_) => term::literal(term).map_or_else(|| Yield::of("number"), Yield::literal),
            Term::Neg(inner) => self.negation(term, inner, input),
            Term::Str(_, parts) => self.string(term, parts, input),
            Term::Arr(None) => Yield::literal(Value::Array(Vec::new())),
            Term::Arr(Some(inner)) => Yield::form(Form::Array(Box::new(self.term(inner, input)))),
            Term::Obj(entries) => self.object(entries, input),
            Term::BinOp(left, operator, right) => self.operator(left, operator, right, input),
            Term::IfThenElse(branches, otherwise) => self.conditional(branches, otherwise.as_deref(), input),
            Term::TryCatch(inner, catch) => self.attempt(inner, catch.as_deref(), input),
            Term::Fold(_, source, _, _) => {
                self.term(source, input);
                Yield::anything()
            }
            Term::Var(name) => self.variable(name),
            Term::Call(name, arguments) => self.call(name, arguments, input),
            Term::Recurse | Term::Label(..) | Term::Break(_) | Term::Def(..) => Yield::anything(),
        }
    }

    fn variable(&mut self, name: &str) -> Yield<'s> {
        let bound = self.variables.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value);
        let value = bound.or_else(|| self.roots.variable(name)).cloned();
        value.map_or_else(Yield::anything, |value| self.refined(value))
    }

    /// A place of its own for a value that is no copy of a known place.
    fn fresh(&mut self) -> Origin {
        self.next += 1;
        Origin::root(self.next)
    }

    fn operator(
        &mut self,
        left: &Term<&'t str>,
        operator: &BinaryOp<&'t str>,
        right: &Term<&'t str>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        match operator {
            BinaryOp::Pipe(None) => self.pipe(left, right, input),
            BinaryOp::Pipe(Some(pattern)) => self.bind(left, pattern, right, input),
            BinaryOp::Alt => self.alternative(left, right, input),
            BinaryOp::Comma => self.comma(left, right, input),
            BinaryOp::And => self.logic(left, right, true, input),
            BinaryOp::Or => self.logic(left, right, false, input),
            BinaryOp::Cmp(cmp) => self.comparison(left, *cmp, right, input),
            BinaryOp::Math(math) => self.math(left, *math, right, input),
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                Self::changed(left, input)
            }
        }
    }

    /// An assignment to a part of its input yields the input, with something else in it. Other paths may be `.` itself.
    fn changed(path: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        let is_part = matches!(path, Term::Path(root, steps) if matches!(**root, Term::Id) && !steps.0.is_empty());
        if is_part && input.is_only(Type::Object) { Yield::of("object") } else { Yield::anything() }
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
