//! Paths: one step after the other into the values.

use std::ops::Range;

use jaq_core::load::parse::Term;
use jaq_core::path::{Opt, Part, Path};

use super::fact::{Origin, Step, step};
use super::lookup::{Lookup, names};
use super::term::text;
use super::{Finding, HERE, Many, Null, Walker, Yield};
use crate::diagnostic::Code;
use crate::plan::shape::Type;

/// How a schema can list a field that no event may have.
const FORBIDDEN: &str = "its schema is `false`, or another part of the schema has `additionalProperties: false` and does \
                         not list it: let one `unevaluatedProperties: false` beside `allOf` close them all";

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn path(&mut self, base: &Term<&'t str>, path: &Path<Term<&'t str>>, input: &Yield<'s>) -> Yield<'s> {
        let mut value = self.term(base, input);
        let mut end = None;
        for (part, opt) in &path.0 {
            let quiet = matches!(opt, Opt::Optional);
            let findings = self.findings.len();
            value = self.part(&value, part, input, &mut end);
            if quiet {
                self.findings.truncate(findings);
            }
        }
        value
    }

    /// `end` is where the last field's name ends.
    fn part(
        &mut self,
        value: &Yield<'s>,
        part: &Part<Term<&'t str>>,
        input: &Yield<'s>,
        end: &mut Option<usize>,
    ) -> Yield<'s> {
        let next = match part {
            Part::Index(key) => match field_name(key) {
                Some((name, slice)) => {
                    let span = slice.map_or(0..self.text.len(), |slice| self.span(slice));
                    *end = Some(span.end);
                    self.field(value, &name, span)
                }
                None => self.index(value, key, input, *end),
            },
            Part::Range(None, None) => self.iterate(value, *end),
            Part::Range(from, to) => {
                let span = end.unwrap_or(0)..self.text.len();
                self.takes(value, "`[..:..]`", &[Type::String, Type::Array], true, &span);
                slice(value.clone(), from.as_ref(), to.as_ref())
            }
        };
        let origin = match part {
            Part::Index(key) => value.origin.as_ref().zip(step(key)).map(|(origin, step)| origin.step(step)),
            Part::Range(None, None) => Some(self.fresh()),
            Part::Range(..) => None,
        };
        let origin = origin.or(next.origin);
        let facts =
            if let Part::Index(key) = part { [next.facts, value.facts_below(step(key))].concat() } else { next.facts };
        let next = Yield { origin, facts, ..next }.or_nothing(value.nothing.clone()).or_many(value.many.clone());
        self.refined(next)
    }

    fn field(&mut self, of: &Yield<'s>, name: &str, span: Range<usize>) -> Yield<'s> {
        let place = of.origin.as_ref().map(|origin| origin.step(Step::Field(name.to_owned())));
        let Some(forms) = &of.forms else {
            return Yield::anything();
        };
        let mut found = Lookup { schema: self.schema, ..Lookup::default() };
        for form in forms {
            found.add(form, name);
        }
        let inside = Origin::root(HERE).step(Step::Field(name.to_owned()));
        let asked = of.facts.iter().any(|fact| fact.present(&inside)) || place.is_some_and(|at| self.is_present(&at));
        if asked {
            found.optional = None;
        }
        let Some(value) = found.value.take() else {
            return self.no_field(of, &found, asked, name, span);
        };
        self.not_only_objects(of, name, &span);
        // runner's own metadata has no schema file to change, nor has `{...}`.
        let listable = |why: &String| !["$sqs", "`{...}`"].iter().any(|made| why.ends_with(made));
        let field = found.optional.as_ref().filter(|why| listable(why)).map(|_| name.to_owned());
        let null = found.optional.map(|why| Null { field, ..Null::new(why, span.clone()) });
        let own = value.null.clone().map(|null| Null { span: span.clone(), ..null });
        Yield { null: of.null.clone().or(null).or(own), ..value }
    }

    /// No value of these has it.
    fn no_field(
        &mut self,
        of: &Yield<'s>,
        found: &Lookup<'_, 's>,
        asked: bool,
        name: &str,
        span: Range<usize>,
    ) -> Yield<'s> {
        let code = found.lacking.as_ref().map(|(code, _)| *code).filter(|_| !found.open);
        match code {
            // Whoever asked whether it is there was told already.
            Some(Code::FieldNotListed) if asked => {}
            Some(code) => self.lacks(of, code, &found.whose(), name, span.clone()),
            None if found.open => {}
            None => self.no_object(of, name, span.clone()),
        }
        if !self.one_case {
            return Yield::anything();
        }
        let absent = || Null::new(format!("`{name}` is not in {}", found.whose()), span);
        let null = found.optional.is_some().then(absent);
        let value = if code == Some(Code::NoSuchField) { Yield::never() } else { Yield::anything() };
        value.or_null(of.null.clone()).or_null(null)
    }

    fn lacks(&mut self, of: &Yield<'s>, code: Code, file: &str, name: &str, span: Range<usize>) {
        let (what, object) = match code {
            Code::FieldNotListed => ("field not listed in the schema", "open object"),
            _ => ("no such field", "closed object"),
        };
        let path = self.text.get(..span.end).map_or(name, path_before);
        let finding = Finding::new(code, span, format!("{what}: `{path}`"));
        let names = names(of);
        let forbidden = code == Code::NoSuchField && names.iter().any(|known| known == name);
        self.report(if forbidden {
            finding.label(format!("listed in {file}, but never allowed")).help(FORBIDDEN)
        } else {
            finding.label(format!("not in {file} ({object})")).instead_of(name, names)
        });
    }

    /// A field of what is never an object: an error of jq, or null when it is null.
    fn no_object(&mut self, of: &Yield<'s>, name: &str, span: Range<usize>) {
        let Some((ty, _)) = of.types().and_then(|types| types.first().copied()) else {
            return;
        };
        let message = format!("no field `{name}`: what stands before it is {}", ty.word());
        let finding = Finding::new(Code::NoSuchField, span, message).label(format!("{} has no fields", ty.word()));
        self.report(match ty {
            Type::Array => {
                finding.help(format!("`.[0].{name}` is that of the first item, `map(.{name})` that of each"))
            }
            _ => finding,
        });
    }

    /// A field of what is an object for some messages only.
    fn not_only_objects(&mut self, of: &Yield<'s>, name: &str, span: &Range<usize>) {
        let types = of.types().unwrap_or_default();
        if let Some((ty, _)) = types.iter().find(|(ty, _)| *ty != Type::Object) {
            let message = format!("`.{name}` fails where what stands before it is {}", ty.word());
            let finding =
                Finding::new(Code::MayFail, span.clone(), message).label(format!("{} has no fields", ty.word()));
            self.report(finding.help(format!("write `.{name}?` to have nothing instead")));
        }
    }

    fn index(&mut self, of: &Yield<'s>, key: &Term<&'t str>, input: &Yield<'s>, end: Option<usize>) -> Yield<'s> {
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
    fn iterate(&mut self, of: &Yield<'s>, end: Option<usize>) -> Yield<'s> {
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

/// `[0:10]` of a date-time is its date, `[0:8]` of a time what stands before the offset (RFC 3339, 5.6); any other part of a string has a form nobody knows.
fn slice<'s>(of: Yield<'s>, from: Option<&Term<&str>>, to: Option<&Term<&str>>) -> Yield<'s> {
    if !of.is_only(Type::String) {
        return Yield { null: of.null.clone(), ..of.rearranged() };
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

/// The name of `.name`, `."name"` and `["name"]`, and the slice of the expression it stands in.
pub(super) fn field_name<'t>(key: &Term<&'t str>) -> Option<(String, Option<&'t str>)> {
    let Term::Str(None, parts) = key else {
        return None;
    };
    let slice = match parts[..] {
        [jaq_core::load::lex::StrPart::Str(slice)] => Some(slice),
        _ => None,
    };
    Some((text(parts)?, slice))
}

/// The path that ends where the text ends: the last run without a space, `|` or bracket around it.
fn path_before(text: &str) -> &str {
    let start = text.rfind([' ', '|', '(', ',', ';', '{', ':']).map_or(0, |at| at + 1);
    &text[start..]
}
