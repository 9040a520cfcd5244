//! Expressions of the pipeline file, compiled where they stand.

use std::ops::Range;

use super::infer;
use super::report::Report;
use crate::config::Spanned;
use crate::diagnostic::{Code, Diagnostic};
use crate::map::{Condition, Expr};

/// An expression inside a scalar of the file.
pub(super) struct Written<'a> {
    pub(super) text: &'a str,
    /// The scalar it is part of.
    pub(super) scalar: &'a str,
    /// Where it starts in the scalar, in bytes.
    pub(super) at: usize,
    /// Where the scalar stands in the file.
    pub(super) range: &'a Range<usize>,
}

impl<'a> Written<'a> {
    /// A scalar that is nothing but an expression.
    pub(super) fn whole(scalar: &'a Spanned<String>) -> Self {
        Self { text: &scalar.value, scalar: &scalar.value, at: 0, range: &scalar.range }
    }

    /// Compiles it; what is wrong is reported at its place.
    pub(super) fn compile(&self, report: &mut Report<'_>) -> Option<Expr> {
        if let Some(found) = infer::subtraction(self.text) {
            let message = format!("`.{}` is a subtraction", found.meant);
            let problem = self.problem(Code::Subtraction, &found.span, message, report);
            report.push(problem.help(format!("a field with a dash in its name is written `.\"{}\"`", found.meant)));
            return None;
        }
        match Expr::compile(self.text) {
            Ok(expr) => Some(expr),
            Err(error) => {
                let mut problem = self.problem(Code::Expression, &error.span, error.message, report);
                problem.help.extend(error.help);
                if report.cut_by_comment(self.range) {
                    problem = problem.help("` #` starts a comment in YAML: put the whole line into quotes");
                }
                report.push(problem);
                None
            }
        }
    }

    /// A diagnostic at a part of the expression.
    fn problem(&self, code: Code, span: &Range<usize>, message: String, report: &Report<'_>) -> Diagnostic {
        let part = self.at + span.start..self.at + span.end;
        Diagnostic::new(code, message, report.inside(self.range, self.scalar, part))
    }
}

/// The expression of a key that may be left out.
pub(super) fn optional(written: Option<&Spanned<String>>, report: &mut Report<'_>) -> Option<Expr> {
    Written::whole(written?).compile(report)
}

/// The condition of a key that may be left out.
pub(super) fn condition(written: Option<&Spanned<String>>, report: &mut Report<'_>) -> Option<Condition> {
    optional(written, report).map(Condition::from)
}
