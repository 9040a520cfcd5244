//! One table: what `for_each` and `when` leave of the documents, and its columns on that.

use super::cases::{self, Case};
use super::column::Line;
use super::logic::{Logic, Truth};
use super::site::Site;
use super::{Seen, condition};
use crate::compile::infer::{self, Fact, Form, Yield};
use crate::compile::report::Report;
use crate::config::{self, Spanned};
use crate::diagnostic::{Code, Diagnostic, Level};
use pipeline::TableMapping;
use schema::{Shape, Type};

/// A table with what is known of its rows.
pub(super) struct Checked<'c, 'f, 's> {
    pipeline: &'c super::Checked<'f, 's>,
    cases: &'c [Case<'s>],
    facts: &'c [Fact],
    written: &'c config::Table,
    table: &'c TableMapping,
}

impl<'c, 'f, 's> Checked<'c, 'f, 's> {
    pub(super) fn new(
        pipeline: &'c super::Checked<'f, 's>,
        cases: &'c [Case<'s>],
        facts: &'c [Fact],
        written: &'c config::Table,
        table: &'c TableMapping,
    ) -> Self {
        Self { pipeline, cases, facts, written, table }
    }

    /// Checks it, and tells which kinds it takes.
    pub(super) fn check(&self, report: &mut Report<'_>) -> Vec<Option<String>> {
        let mut seen = self.pipeline.seen(self.cases, self.facts);
        if let Some(for_each) = &self.written.for_each {
            let element = Self::for_each(for_each, &seen, report);
            seen.facts.extend(infer::origin(for_each, &seen.roots).map(Fact::not_null_at));
            seen.roots = seen.roots.each(element);
        }
        let taken = self.when(&mut seen, report);
        let known = self.written.when.is_some() == self.table.when.is_some();
        report.under(known, |report| self.columns(&seen, report));
        taken
    }

    fn columns(&self, seen: &Seen<'_, 's>, report: &mut Report<'_>) {
        for (key, text) in &self.written.columns.0 {
            if let Some(column) = self.table.columns.iter().find(|column| column.name == key.value) {
                Line::new(key, text, column).check(seen, report);
            }
        }
    }

    /// Checks `for_each`, and gives what an element is like.
    fn for_each(written: &Spanned<String>, seen: &Seen<'_, 's>, report: &mut Report<'_>) -> Yield<'s> {
        let (result, findings) = seen.infer(written);
        let site = Site::whole(written);
        let clean = findings.iter().all(|finding| finding.code.level() == Level::Warning);
        for finding in findings {
            let problem = site.finding(&finding, report);
            report.push(problem);
        }
        if clean && let Some(problem) = no_array(written, &result, &site, report) {
            report.push(problem);
        }
        let element = result.items(None).filter(|_| result.is_only(Type::Array));
        element.map_or_else(Yield::anything, |element| Yield { origin: None, ..element.one() })
    }

    /// Checks `when`, narrows what the columns see, and tells which kinds are left.
    fn when(&self, seen: &mut Seen<'_, 's>, report: &mut Report<'_>) -> Vec<Option<String>> {
        let kinds = |cases: &[Case<'_>]| cases.iter().map(|case| case.value.clone()).collect();
        let Some(when) = &self.written.when else {
            return kinds(self.cases);
        };
        let clean = condition::when(when, seen, report);
        let logic = Logic::of(when, &seen.roots);
        let element = self.written.for_each.as_ref().and_then(|_| only_shape(&seen.roots.input));
        let discriminator = self.pipeline.discriminator.as_ref();
        let (cases, element, truth) = cases::narrowed(self.cases, element, &logic, discriminator);
        if truth != Truth::Open && clean {
            condition::constant("when", truth, when, report);
        }
        if truth == Truth::Never {
            return Vec::new();
        }
        if let Some(document) = cases::union(&cases) {
            seen.roots.narrow(&Yield::shape(document));
        }
        if let Some(element) = element {
            seen.roots = seen.roots.each(Yield { forms: Some(vec![Form::Shape(element)]), ..seen.roots.input.clone() });
        }
        seen.facts.extend(infer::facts(when, &seen.roots, true));
        kinds(&cases)
    }
}

fn only_shape<'y, 's>(value: &'y Yield<'s>) -> Option<&'y Shape<'s>> {
    match value.forms.as_deref()? {
        [Form::Shape(shape)] => Some(shape),
        _ => None,
    }
}

/// What `for_each` yields that is no array: always, or for some events.
fn no_array(written: &Spanned<String>, result: &Yield<'_>, site: &Site<'_>, report: &Report<'_>) -> Option<Diagnostic> {
    let whole = 0..written.len();
    let path = written.trim();
    if let Some(many) = &result.many {
        let inner = path.strip_suffix("[]");
        let code = if inner.is_some() && !result.may_be(Type::Array) { Code::ForEach } else { Code::MayFail };
        let problem = site.problem(code, &many.span, "`for_each` needs one array, not its items".to_owned(), report);
        return Some(match inner {
            Some(inner) => problem.help(format!("leave `[]` out: `{inner}`")),
            None => problem.help(format!("make an array of them: `[{path}]`")),
        });
    }
    let types = result.types()?;
    let (ty, _) = types.iter().find(|(ty, _)| *ty != Type::Array)?;
    let never = !types.iter().any(|(ty, _)| *ty == Type::Array);
    let (code, verb) = if never { (Code::ForEach, "is") } else { (Code::MayFail, "may be") };
    let problem = site.problem(code, &whole, format!("`for_each` {verb} {}, not an array", ty.word()), report);
    Some(match ty {
        Type::Object => {
            problem.help(format!("`{path} | to_entries` makes a row of each field, with `.key` and `.value`"))
        }
        _ => problem.help(format!("`[{path}]` makes one row of it")),
    })
}
