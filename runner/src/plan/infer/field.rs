//! A field of the values before it, or what there is instead.

use std::ops::Range;

use super::fact::{Origin, Step};
use super::lookup::{Lookup, names};
use super::{Finding, HERE, Null, Walker, Yield};
use crate::diagnostic::Code;
use crate::plan::shape::Type;

/// How a schema can list a field that no event may have.
const FORBIDDEN: &str = "its schema is `false`, or another part of the schema has `additionalProperties: false` and does \
                         not list it: let one `unevaluatedProperties: false` beside `allOf` close them all";

impl<'s> Walker<'_, 's> {
    pub(super) fn field(&mut self, of: &Yield<'s>, name: &str, span: Range<usize>) -> Yield<'s> {
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
}

/// The path that ends where the text ends: the last run without a space, `|` or bracket around it.
fn path_before(text: &str) -> &str {
    let start = text.rfind([' ', '|', '(', ',', ';', '{', ':']).map_or(0, |at| at + 1);
    &text[start..]
}
