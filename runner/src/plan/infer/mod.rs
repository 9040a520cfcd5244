//! What an expression can yield, told from the schema without a single message.
//!
//! Only what is certain is reported: a function or a form not known here yields "anything".

mod functions;
mod path;
mod subtraction;

use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};

use super::shape::{Shape, Type};

pub(super) use subtraction::subtraction;

/// What an expression yields.
#[derive(Debug, Clone)]
pub(super) struct Yield<'s> {
    /// Its values; `None` when nothing is known.
    pub(super) shape: Option<Shape<'s>>,
    /// Why it may be null, or yield nothing.
    pub(super) null: Option<Null>,
}

/// A reason for null, and the part of the expression it comes from.
#[derive(Debug, Clone)]
pub(super) struct Null {
    pub(super) why: String,
    pub(super) span: Range<usize>,
    /// A field the schema could make required.
    pub(super) field: Option<String>,
}

/// Something wrong inside an expression.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) kind: FindingKind,
    /// Byte offsets into the expression.
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) label: String,
    /// What was written, and what could have been.
    pub(super) written: String,
    pub(super) names: Vec<String>,
    /// What to write instead, where that is known.
    pub(super) help: Option<String>,
}

/// The sorts of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FindingKind {
    /// The schema has no such field and allows none.
    NoSuchField,
    /// The schema has no such field, but allows others.
    NotListed,
    /// A function gets what it can't take.
    Mismatch,
}

impl Yield<'_> {
    fn anything() -> Self {
        Self { shape: None, null: None }
    }

    fn of(name: &'static str) -> Self {
        Self { shape: Some(Shape::named(name)), null: None }
    }

    /// Null, or nothing at all, for this reason.
    fn nothing(why: &str, span: Range<usize>) -> Self {
        let null = Null { why: why.to_owned(), span, field: None };
        Self { shape: Some(Shape::named("nothing")), null: Some(null) }
    }

    fn or_null(mut self, null: Option<Null>) -> Self {
        self.null = self.null.or(null);
        self
    }

    fn or(self, other: Self) -> Self {
        let shape = self.shape.zip(other.shape).map(|(left, right)| left.or(right));
        Self { shape, null: self.null.or(other.null) }
    }
}

/// Infers what an expression yields for documents of this shape; `schema` is the name to use in messages.
pub(super) fn infer<'s>(text: &str, document: &Shape<'s>, schema: &str) -> (Yield<'s>, Vec<Finding>) {
    let root = Yield { shape: Some(document.clone()), null: None };
    let mut walker = Walker { text, schema, root: root.clone(), findings: Vec::new() };
    let result = match parse(text) {
        Some(term) => walker.term(&term, &root),
        None => Yield::anything(),
    };
    (result, walker.findings)
}

/// Operators and brackets up to which an expression is looked into; the parser and the walk recurse over them.
const MAX_OPERATORS: usize = 400;

fn parse(text: &str) -> Option<Term<&str>> {
    let operators = text.matches(|c: char| c.is_ascii_punctuation() && !"._\"'".contains(c)).count();
    let words = text.split_whitespace().count();
    (operators + words <= MAX_OPERATORS).then(|| jaq_core::load::parse(text, |parser| parser.term()))?
}

struct Walker<'t, 's> {
    text: &'t str,
    schema: &'t str,
    root: Yield<'s>,
    findings: Vec<Finding>,
}

impl<'t, 's> Walker<'t, 's> {
    fn term(&mut self, term: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        match term {
            Term::Id => input.clone(),
            Term::Path(base, path) => self.path(base, path, input),
            Term::Num(text) => Yield::of(if text.contains(['.', 'e', 'E']) { "number" } else { "integer" }),
            Term::Neg(inner) => {
                self.term(inner, input);
                Yield::of("number")
            }
            Term::Str(_, parts) => {
                for part in parts {
                    if let StrPart::Term(term) = part {
                        self.term(term, input);
                    }
                }
                Yield::of("string")
            }
            Term::Arr(inner) => {
                if let Some(inner) = inner {
                    self.term(inner, input);
                }
                Yield::of("array")
            }
            Term::Obj(entries) => {
                for value in entries.iter().filter_map(|(_, value)| value.as_ref()) {
                    self.term(value, input);
                }
                Yield::of("object")
            }
            Term::BinOp(left, operator, right) => self.operator(left, operator, right, input),
            Term::IfThenElse(branches, otherwise) => self.conditional(branches, otherwise.as_deref(), input),
            Term::TryCatch(inner, None) => self.attempt(inner, input),
            Term::Var("$body" | "$doc") => self.root.clone(),
            Term::Var("$sqs") => Yield::of("$sqs"),
            Term::Call(name, arguments) => self.call(name, arguments, input),
            _ => Yield::anything(),
        }
    }

    fn operator(
        &mut self,
        left: &Term<&'t str>,
        operator: &BinaryOp<&'t str>,
        right: &Term<&'t str>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let first = self.term(left, input);
        match operator {
            BinaryOp::Pipe(None) => self.term(right, &first),
            BinaryOp::Alt => self.alternative(first, right, input),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Cmp(_) => {
                self.term(right, input);
                Yield::of("boolean")
            }
            BinaryOp::Math(_) => {
                self.term(right, input);
                Yield::anything()
            }
            _ => Yield::anything(),
        }
    }

    /// `left // right`: right where left is null, false or nothing.
    fn alternative(&mut self, left: Yield<'s>, right: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        let right = self.term(right, input);
        let always = |shape: &Shape<'_>| ![Type::Null, Type::Boolean].iter().any(|ty| shape.may_be(*ty));
        if left.null.is_none() && left.shape.as_ref().is_some_and(always) {
            return left;
        }
        let shape = left.shape.zip(right.shape).map(|(left, right)| left.or(right));
        let null = left.null.and(right.null);
        Yield { shape, null }
    }

    fn conditional(
        &mut self,
        branches: &[(Term<&'t str>, Term<&'t str>)],
        otherwise: Option<&Term<&'t str>>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let mut result = otherwise.map_or_else(|| input.clone(), |term| self.term(term, input));
        for (condition, term) in branches {
            self.term(condition, input);
            result = result.or(self.term(term, input));
        }
        // A condition may have ruled null out; which one does is not followed.
        result.null = None;
        result
    }

    fn attempt(&mut self, inner: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        let findings = self.findings.len();
        let result = self.term(inner, input);
        self.findings.truncate(findings);
        let why = "`?` yields nothing where the expression fails".to_owned();
        result.or_null(Some(Null { why, span: 0..self.text.len(), field: None }))
    }
}

#[cfg(test)]
mod tests;
