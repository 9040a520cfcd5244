//! Paths: one step after the other into the shape.

use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::Term;
use jaq_core::path::{Opt, Part, Path};

use super::{Finding, FindingKind, Null, Walker, Yield};
use crate::plan::shape::{Field, Shape, Type};

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn path(&mut self, base: &Term<&'t str>, path: &Path<Term<&'t str>>, input: &Yield<'s>) -> Yield<'s> {
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
                Part::Range(from, to) => slice(value, from.as_ref(), to.as_ref()),
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
                // runner's own metadata has no schema file to change.
                let listable = optional && schema != "$sqs";
                let null = why.map(|why| Null { why, span: span.clone(), field: listable.then(|| name.to_owned()) });
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
            help: None,
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
            help: None,
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
            help: None,
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
    pub(super) fn span(&self, slice: &str) -> Range<usize> {
        let start = slice.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if start > self.text.len() { 0..self.text.len() } else { start..start + slice.len() }
    }
}

/// `[0:10]` of a date-time is its date (RFC 3339, 5.6); any other part of a string has a form nobody knows.
fn slice<'s>(of: Yield<'s>, from: Option<&Term<&str>>, to: Option<&Term<&str>>) -> Yield<'s> {
    let types = of.shape.as_ref().map(Shape::types).unwrap_or_default();
    let mut values = types.iter().filter(|(ty, _)| *ty != Type::Null).peekable();
    if values.peek().is_none() || !values.all(|(ty, _)| *ty == Type::String) {
        return of;
    }
    let start = from.is_none_or(|from| matches!(from, Term::Num("0")));
    let date =
        start && matches!(to, Some(Term::Num("10"))) && types.iter().all(|(_, format)| *format == Some("date-time"));
    Yield::of(if date { "date" } else { "string" }).or_null(of.null)
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
