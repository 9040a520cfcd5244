//! Where an expression stands, and its findings as diagnostics at their places.

use std::ops::Range;

use crate::compile::infer::{Finding, Many};
use crate::compile::report::Report;
use crate::config::Spanned;
use crate::diagnostic::{Code, Diagnostic, Place};

/// Names listed in a help, at most.
const MOST_NAMES: usize = 12;

/// An expression's place in the pipeline file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    /// The scalar it is part of.
    scalar: &'a str,
    range: &'a Range<usize>,
    /// Where it starts in the scalar, in bytes; `None` when it is not written, and the scalar only implies it.
    pub(super) at: Option<usize>,
}

impl<'a> Site<'a> {
    /// A scalar that is nothing but an expression.
    pub(super) fn whole(scalar: &'a Spanned<String>) -> Self {
        Self { scalar: &scalar.value, range: &scalar.range, at: Some(0) }
    }

    pub(super) fn inside(scalar: &'a str, range: &'a Range<usize>, at: Option<usize>) -> Self {
        Self { scalar, range, at }
    }

    /// The place of a part of the expression.
    pub(super) fn place(&self, span: &Range<usize>, report: &Report<'_>) -> Place {
        match self.at {
            Some(start) => report.inside(self.range, self.scalar, start + span.start..start + span.end),
            None => report.place(self.range),
        }
    }

    pub(super) fn problem(&self, code: Code, span: &Range<usize>, message: String, report: &Report<'_>) -> Diagnostic {
        Diagnostic::new(code, message, self.place(span, report))
    }

    pub(super) fn finding(&self, finding: &Finding, report: &Report<'_>) -> Diagnostic {
        let problem = self.problem(finding.code, &finding.span, finding.message.clone(), report);
        let names = finding.names.iter().map(String::as_str);
        let helped = problem.label(finding.label.clone()).suggest(&finding.written, names);
        let helped = finding.help.iter().fold(helped, Diagnostic::help);
        if !helped.help.is_empty() || finding.names.is_empty() {
            return helped;
        }
        helped.help(listed(&finding.names))
    }
}

/// `it has `a`, `b`, ...`
fn listed(names: &[String]) -> String {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_unstable();
    names.dedup();
    let known: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > known.len() { ", ..." } else { "" };
    format!("there is {}{more}", known.join(", "))
}

/// Reports several results where one is needed.
pub(super) fn several(site: &Site<'_>, many: &Many, what: &str, report: &Report<'_>) -> Diagnostic {
    let verb = if many.always { "yields" } else { "may yield" };
    let message = format!("the expression {verb} several results, and {what} needs one");
    let code = if many.always { Code::TypeMismatch } else { Code::MayFail };
    let problem = site.problem(code, &many.span, message, report);
    problem.help("select one with `first(...)` or `[0]`, or all as an array: `[...]`")
}
