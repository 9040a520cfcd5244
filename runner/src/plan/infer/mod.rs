//! What an expression can yield, told from the schema without a single message.
//!
//! Only what is certain is reported: a function or a form not known here yields "anything".

mod functions;

use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

use super::shape::{Field, Shape, Type};

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

impl<'s> Yield<'s> {
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
                inner.iter().for_each(|inner| drop(self.term(inner, input)));
                Yield::of("array")
            }
            Term::Obj(entries) => {
                entries.iter().filter_map(|(_, value)| value.as_ref()).for_each(|value| drop(self.term(value, input)));
                Yield::of("object")
            }
            Term::BinOp(left, operator, right) => self.operator(left, operator, right, input),
            Term::IfThenElse(branches, otherwise) => self.conditional(branches, otherwise.as_deref(), input),
            Term::TryCatch(inner, None) => self.attempt(inner, input),
            Term::Var("$body") => self.root.clone(),
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

    fn path(&mut self, base: &Term<&'t str>, path: &Path<Term<&'t str>>, input: &Yield<'s>) -> Yield<'s> {
        let mut value = self.term(base, input);
        let mut end = None;
        for (part, opt) in &path.0 {
            let quiet = matches!(opt, Opt::Optional);
            let findings = self.findings.len();
            value = match part {
                Part::Index(key) => match field_name(key) {
                    Some((name, slice)) => {
                        let span = slice.map_or(0..self.text.len(), |slice| self.span(slice));
                        end = Some(span.end);
                        self.field(&value, &name, span)
                    }
                    None => self.index(&value, key, input, end),
                },
                Part::Range(None, None) => self.iterate(&value),
                Part::Range(..) => value,
            };
            if quiet {
                self.findings.truncate(findings);
            }
        }
        value
    }

    fn field(&mut self, of: &Yield<'s>, name: &str, span: Range<usize>) -> Yield<'s> {
        let Some(shape) = &of.shape else {
            return Yield::anything();
        };
        let schema = shape.file_name().unwrap_or(self.schema);
        match shape.field(name) {
            Field::Known { shape: inner, optional } => {
                let why = if optional {
                    Some(format!("`{name}` is optional in {schema}"))
                } else if inner.may_be(Type::Null) && !inner.is_any() {
                    Some(format!("`{name}` may be null in {schema}"))
                } else {
                    None
                };
                let outer = shape.may_be(Type::Null) && !shape.is_any();
                let null = why.map(|why| Null { why, span: span.clone(), field: optional.then(|| name.to_owned()) });
                let outer =
                    outer.then(|| Null { why: "the object around it may be null".to_owned(), span, field: None });
                Yield { shape: Some(inner), null: of.null.clone().or(null).or(outer) }
            }
            Field::Open => Yield::anything(),
            Field::Closed => self.no_field(FindingKind::NoSuchField, shape, name, span),
            Field::NotListed => self.no_field(FindingKind::NotListed, shape, name, span),
            Field::NoObject => self.no_object(shape, name, span),
        }
    }

    fn no_field(&mut self, kind: FindingKind, shape: &Shape<'s>, name: &str, span: Range<usize>) -> Yield<'s> {
        let (what, object) = match kind {
            FindingKind::NotListed => ("field not listed in the schema", "open object"),
            _ => ("no such field", "closed object"),
        };
        let path = self.text.get(..span.end).map_or(name, |text| path_before(text));
        self.findings.push(Finding {
            kind,
            message: format!("{what}: `{path}`"),
            label: format!("not in {} ({object})", shape.file_name().unwrap_or(self.schema)),
            written: name.to_owned(),
            names: shape.field_names().into_iter().map(str::to_owned).collect(),
            span,
        });
        Yield::anything()
    }

    /// A field of what is never an object: an error of jq, or null when it is null.
    fn no_object(&mut self, shape: &Shape<'s>, name: &str, span: Range<usize>) -> Yield<'s> {
        let types = shape.types();
        let Some((ty, _)) = types.iter().find(|(ty, _)| *ty != Type::Null) else {
            return Yield::anything();
        };
        self.findings.push(Finding {
            kind: FindingKind::NoSuchField,
            message: format!("no field `{name}`: what stands before it is {}", ty.word()),
            label: format!("{} has no fields", ty.word()),
            written: name.to_owned(),
            names: Vec::new(),
            span,
        });
        Yield::anything()
    }

    fn index(&mut self, of: &Yield<'s>, key: &Term<&'t str>, input: &Yield<'s>, end: Option<usize>) -> Yield<'s> {
        let Term::Num(number) = key else {
            self.term(key, input);
            return Yield::anything();
        };
        let (Some(shape), Ok(index)) = (&of.shape, number.parse::<usize>()) else {
            return Yield::anything();
        };
        let span = self.span(number);
        if self.no_array(shape, &span) {
            return Yield::anything();
        }
        let short = shape.least_items() <= index as u64;
        let why = format!("the array may have no item {index}");
        let start = end.unwrap_or(span.start);
        let null = short.then(|| Null { why, span: start..span.end + 1, field: None });
        let items = shape.items(Some(index));
        Yield { shape: items, null: of.null.clone().or(null) }
    }

    /// Reports `[0]` of what is never an array; null and strings of bytes aside.
    fn no_array(&mut self, shape: &Shape<'s>, span: &Range<usize>) -> bool {
        let types = shape.types();
        let possible = types.iter().any(|(ty, _)| matches!(ty, Type::Array | Type::Null));
        let Some((ty, _)) = types.first().filter(|_| !possible) else {
            return false;
        };
        self.findings.push(Finding {
            kind: FindingKind::NoSuchField,
            message: format!("no item: what stands before `[` is {}", ty.word()),
            label: format!("{} has no items", ty.word()),
            written: String::new(),
            names: Vec::new(),
            span: span.clone(),
        });
        true
    }

    fn iterate(&mut self, of: &Yield<'s>) -> Yield<'s> {
        let items = of.shape.as_ref().and_then(|shape| shape.items(None));
        let why = "`[]` of an empty array yields nothing".to_owned();
        Yield { shape: items, null: Some(Null { why, span: 0..self.text.len(), field: None }) }
    }

    /// Where a slice of the expression stands in it.
    fn span(&self, slice: &str) -> Range<usize> {
        let start = slice.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if start > self.text.len() { 0..self.text.len() } else { start..start + slice.len() }
    }
}

/// The name of `.name`, `."name"` and `["name"]`, and the slice of the expression it stands in.
fn field_name<'t>(key: &Term<&'t str>) -> Option<(String, Option<&'t str>)> {
    let Term::Str(None, parts) = key else {
        return None;
    };
    let mut name = String::new();
    for part in parts {
        match part {
            StrPart::Str(text) => name.push_str(text),
            StrPart::Char(c) => name.push(*c),
            StrPart::Term(_) => return None,
        }
    }
    let slice = match parts[..] {
        [StrPart::Str(slice)] => Some(slice),
        _ => None,
    };
    Some((name, slice))
}

/// The path that ends where the text ends: the last run without a space, `|` or bracket around it.
fn path_before(text: &str) -> &str {
    let start = text.rfind([' ', '|', '(', ',', ';', '{', ':']).map_or(0, |at| at + 1);
    &text[start..]
}

/// `.detail-type`: what was written, and how the field is meant to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subtraction {
    pub(super) span: Range<usize>,
    pub(super) meant: String,
}

/// Finds a field minus a word with no space between them, which was meant to be one name.
pub(super) fn subtraction(text: &str) -> Option<Subtraction> {
    let term = parse(text)?;
    find_subtraction(&term, text)
}

fn find_subtraction(term: &Term<&str>, text: &str) -> Option<Subtraction> {
    let inside = |terms: &[&Term<&str>]| terms.iter().find_map(|term| find_subtraction(term, text));
    match term {
        Term::BinOp(left, BinaryOp::Math(Math::Sub), right) => {
            dashed_name(left, right, text).or_else(|| inside(&[left, right]))
        }
        Term::BinOp(left, _, right) => inside(&[left, right]),
        Term::Path(inner, _) | Term::Neg(inner) | Term::TryCatch(inner, _) | Term::Arr(Some(inner)) => inside(&[inner]),
        Term::Call(_, arguments) => inside(&arguments.iter().collect::<Vec<_>>()),
        _ => None,
    }
}

fn dashed_name(left: &Term<&str>, right: &Term<&str>, text: &str) -> Option<Subtraction> {
    let Term::Call(word, arguments) = right else {
        return None;
    };
    let at = word.as_ptr().addr() - text.as_ptr().addr();
    if !arguments.is_empty() || !text[..at].ends_with('-') || text[..at].ends_with(" -") {
        return None;
    }
    let ends_in_field = match left {
        Term::Path(_, Path(parts)) => matches!(parts.last(), Some((Part::Index(key), _)) if field_name(key).is_some()),
        Term::BinOp(_, BinaryOp::Math(Math::Sub), _) => true,
        _ => false,
    };
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let start = text[..at].rfind(|c| !in_name(c)).map_or(0, |at| at + 1);
    let end = text[at..].find(|c| !in_name(c)).map_or(text.len(), |end| at + end);
    let dotted = text[..start].ends_with('.');
    (ends_in_field && dotted).then(|| Subtraction { span: start..end, meant: text[start..end].to_owned() })
}

#[cfg(test)]
mod tests;
