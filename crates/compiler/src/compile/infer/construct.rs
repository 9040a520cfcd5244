//! Strings and objects made of other values.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::Term;
use jaq_core::path::{Opt, Part, Path};

use super::{Finding, Form, Null, Walker, Yield, path, term};
use crate::diagnostic::Code;

impl<'t, 's> Walker<'t, 's> {
    /// A string; a null inside it becomes the word `null`.
    pub(super) fn string(
        &mut self,
        term: &Term<&'t str>,
        parts: &[StrPart<&'t str, Term<&'t str>>],
        input: &Yield<'s>,
    ) -> Yield<'s> {
        if let Some(literal) = term::literal(term) {
            return Yield::literal(literal);
        }
        let mut whole = Yield::of("string");
        for part in parts {
            if let StrPart::Term(term) = part {
                let value = self.term(term, input);
                if let Some(null) = value.null.clone() {
                    let help = "leave such values out with `if`, or give a default: `(.x // \"\")`";
                    self.null_text(&null, help);
                }
                whole = whole.or_nothing(value.nothing).or_many(value.many);
            }
        }
        whole
    }

    pub(super) fn null_text(&mut self, null: &Null, help: &str) {
        let message = format!("{}, and its text is then the word `null`", null.why);
        self.report(Finding::new(Code::NullText, null.span.clone(), message).help(help));
    }

    /// `{a: .x, b}`; a key that is computed leaves the fields unknown.
    pub(super) fn object(
        &mut self,
        entries: &[(Term<&'t str>, Option<Term<&'t str>>)],
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let mut fields = Vec::new();
        let mut whole = Yield::of("object");
        let mut computed = false;
        for (key, value) in entries {
            let name = path::field_name(key).map(|(name, _)| name);
            let value = match (value, key) {
                (Some(value), _) => self.term(value, input),
                (None, Term::Var(_)) => self.term(key, input),
                (None, _) => self.shorthand(key, input),
            };
            whole = whole.or_nothing(value.nothing.clone()).or_many(value.many.clone());
            let variable = matches!(key, Term::Var(_)).then(|| term::anchor(key).unwrap_or_default()[1..].to_owned());
            match name.or(variable) {
                Some(name) => fields.push((name, value)),
                None => computed = true,
            }
        }
        if !computed {
            whole.forms = Some(vec![Form::Object(fields)]);
        }
        whole
    }

    /// `{name}` is `{name: .name}`.
    fn shorthand(&mut self, key: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        let path = Path(vec![(Part::Index(key.clone()), Opt::Essential)]);
        self.path(&Term::Id, &path, input)
    }
}
