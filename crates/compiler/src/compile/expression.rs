//! Expressions of the pipeline file, compiled where they stand.

use std::ops::Range;

use super::infer;
use super::report::Report;
use crate::config::Spanned;
use crate::diagnostic::{Code, Diagnostic};
use jq::{Condition, Expr, Root};

/// The variable that exists only in `unwrap`.
const BODY_TEXT: Unavailable = Unavailable {
    root: Root::Raw,
    message: "`$raw` exists only in `unwrap`",
    help: "the parsed body is `$body`; open an envelope that is not JSON with `unwrap: $raw | ...`",
};
/// The variable that `unwrap` does not have.
const DOCUMENT: Unavailable = Unavailable {
    root: Root::Doc,
    message: "`$doc` does not exist in `unwrap`: it is what `unwrap` yields",
    help: "`.` is the body here, and `$raw` its text",
};

/// A variable that does not exist in some expressions.
struct Unavailable {
    root: Root,
    message: &'static str,
    help: &'static str,
}

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

    /// Compiles an expression of the event; what is wrong is reported at its place.
    pub(super) fn compile(&self, report: &mut Report<'_>) -> Option<Expr> {
        self.compile_without(&BODY_TEXT, report)
    }

    /// Compiles the expression that yields the event.
    pub(super) fn envelope(&self, report: &mut Report<'_>) -> Option<Expr> {
        self.compile_without(&DOCUMENT, report)
    }

    fn compile_without(&self, unavailable: &Unavailable, report: &mut Report<'_>) -> Option<Expr> {
        let expr = self.any(report)?;
        if !expr.uses(unavailable.root) {
            return Some(expr);
        }
        let span = self.variable(unavailable.root.variable().unwrap_or_default());
        let problem = self.problem(Code::Variable, &span, unavailable.message.to_owned(), report);
        report.push(problem.help(unavailable.help));
        None
    }

    /// Runs an expression that reads nothing of the event once: if it fails now, it fails for every event.
    fn with_an_end(&self, expr: Expr, report: &mut Report<'_>) -> Option<Expr> {
        let Some(error) = expr.dead_end() else {
            return Some(expr);
        };
        let problem = self.problem(
            Code::DeadEnd,
            &(0..self.text.len()),
            format!("the expression has no value for any event: {error}"),
            report,
        );
        report.push(problem.help("the expression reads nothing of the event, so it fails every time"));
        None
    }

    /// Where a variable stands first; the whole expression when it can't be found.
    fn variable(&self, name: &str) -> Range<usize> {
        for (at, _) in self.text.match_indices(name) {
            let end = at + name.len();
            // The name of a longer variable may start in the same way.
            if !self.text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
                return at..end;
            }
        }
        0..self.text.len()
    }

    fn any(&self, report: &mut Report<'_>) -> Option<Expr> {
        if let Some(found) = infer::subtraction(self.text) {
            let message = format!("`.{}` is a subtraction", found.meant);
            let problem = self.problem(Code::Subtraction, &found.span, message, report);
            report.push(problem.help(format!("a field with a dash in its name is written `.\"{}\"`", found.meant)));
            return None;
        }
        match Expr::compile(self.text) {
            Ok(expr) => self.with_an_end(expr, report),
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
