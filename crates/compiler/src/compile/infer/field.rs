//! A field of the values before it, or what there is instead.

use std::ops::Range;

use super::fact::{Origin, Step};
use super::lookup::{Absent, Lookup, names};
use super::{Finding, HERE, Null, Walker, Yield};
use crate::diagnostic::Code;
use jq::step;
use schema::Type;

/// How a schema can list a field that no event may have.
const FORBIDDEN: &str = "its schema is `false`, or another part of the schema has `additionalProperties: false` and does \
                         not list it: let one `unevaluatedProperties: false` beside `allOf` close them all";

/// A field that is asked for.
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    /// The steps before it, as jq writes them.
    pub(super) before: &'a str,
    /// Where its name stands in the expression.
    pub(super) span: Range<usize>,
}

impl<'s> Walker<'_, 's> {
    pub(super) fn field(&mut self, of: &Yield<'s>, field: &Asked<'_>) -> Yield<'s> {
        let Asked { name, ref span, .. } = *field;
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
            return self.no_field(of, &found, asked, field);
        };
        self.not_only_objects(of, name, span);
        let null = found.optional.map(|Absent { why, listable }| {
            let field = listable.then(|| name.to_owned());
            Null { field, ..Null::new(why, span.clone()) }
        });
        let own = value.null.clone().map(|null| Null { span: span.clone(), ..null });
        Yield { null: of.null.clone().or(null).or(own), ..value }
    }

    /// No value of these has it.
    fn no_field(&mut self, of: &Yield<'s>, found: &Lookup<'_, 's>, asked: bool, field: &Asked<'_>) -> Yield<'s> {
        let Asked { name, ref span, .. } = *field;
        let code = found.lacking.as_ref().map(|(code, _)| *code).filter(|_| !found.open);
        match code {
            // Whoever asked whether it is there was told already.
            Some(Code::FieldNotListed) if asked => {}
            Some(code) => self.lacks(of, code, &found.whose(), field),
            None if found.open => {}
            None => self.no_object(of, name, span.clone()),
        }
        if !self.one_case {
            return Yield::anything();
        }
        let absent = || Null::new(format!("`{name}` is not in {}", found.whose()), span.clone());
        let null = found.optional.is_some().then(absent);
        let value = if code == Some(Code::NoSuchField) { Yield::never() } else { Yield::anything() };
        value.or_null(of.null.clone()).or_null(null)
    }

    fn lacks(&mut self, of: &Yield<'s>, code: Code, file: &str, field: &Asked<'_>) {
        let (what, object) = match code {
            Code::FieldNotListed => ("field not listed in the schema", "open object"),
            _ => ("no such field", "closed object"),
        };
        let Asked { name, before, ref span } = *field;
        let finding = Finding::new(code, span.clone(), format!("{what}: `{before}{}`", step(name)));
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
                finding.help(format!("`.[0]{0}` is that of the first item, `map({0})` that of each", step(name)))
            }
            _ => finding,
        });
    }

    /// A field of what is an object for some messages only.
    fn not_only_objects(&mut self, of: &Yield<'s>, name: &str, span: &Range<usize>) {
        let types = of.types().unwrap_or_default();
        if let Some((ty, _)) = types.iter().find(|(ty, _)| *ty != Type::Object) {
            let path = step(name);
            let message = format!("`{path}` fails where what stands before it is {}", ty.word());
            let finding =
                Finding::new(Code::MayFail, span.clone(), message).label(format!("{} has no fields", ty.word()));
            self.report(finding.help(format!("write `{path}?` to have nothing instead")));
        }
    }
}
