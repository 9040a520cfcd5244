//! A column's expression against the column's type.

use std::ops::Range;

use pipeline::ColumnType;

use super::fit::{Judged, Refused};
use super::site::{Site, several};
use super::{Seen, condition};
use crate::compile::infer::{self, Null, Yield};
use crate::compile::report::Report;
use crate::config::{ColumnText, Spanned};
use crate::diagnostic::{Code, Diagnostic, Place};
use pipeline::ColumnMapping;
use schema::Type;

/// A column with the places of its parts.
pub(super) struct Line<'a> {
    text: &'a Spanned<ColumnText>,
    column: &'a ColumnMapping,
    site: Site<'a>,
    /// Where the type stands in the line.
    ty: Range<usize>,
}

impl<'a> Line<'a> {
    pub(super) fn new(key: &'a Spanned<String>, text: &'a Spanned<ColumnText>, column: &'a ColumnMapping) -> Self {
        let parsed = text.parse().ok();
        let ty = parsed.as_ref().map_or(0..0, |line| line.ty_range.clone());
        let start = parsed.and_then(|line| line.expr).map(|(_, range)| range.start);
        // A default expression stands in the column's name.
        let site = match start {
            Some(_) => Site::inside(&text.value.0, &text.range, start),
            None => Site::inside(&key.value, &key.range, None),
        };
        Self { text, column, site, ty }
    }

    pub(super) fn check(&self, seen: &Seen<'_, '_>, report: &mut Report<'_>) {
        let (result, findings) = seen.infer(self.column.expr.text());
        let clean = !findings.iter().any(|finding| finding.code != Code::NullText);
        for finding in findings {
            let problem = self.site.finding(&finding, report);
            report.push(problem);
        }
        if !clean {
            return;
        }
        if let Some(null) = result.absent().filter(|_| !self.column.when_null.accepts_null()) {
            let problem = self.not_null(null, report);
            report.push(problem);
        } else if let Some(many) = &result.many {
            let problem = several(&self.site, many, "a column", report);
            report.push(problem);
        }
        self.types(&result, report);
    }

    fn not_null(&self, null: &Null, report: &Report<'_>) -> Diagnostic {
        let name = &self.column.name;
        let message = format!("column `{name}` is NOT NULL, but {}", null.why);
        let problem = self.site.problem(Code::NotNull, &null.span, message, report);
        let expr = self.column.expr.text();
        let written = self.site.at.map_or_else(String::new, |_| format!(" = {expr}"));
        let line = format!("`{name}: {} null{written}`", self.column.ty.as_written());
        let required = match &null.field {
            Some(field) => format!(", or list `{field}` as required in the schema"),
            None => String::new(),
        };
        problem.help(format!("write {line}, or give a default: `{expr} // ...`{required}"))
    }

    /// Each value the expression may have against the column's type.
    fn types(&self, value: &Yield<'_>, report: &mut Report<'_>) {
        if value.types().is_none() {
            return;
        }
        let judged = Judged::new(self.column.ty, value);
        if let Some(problem) = self.refused(&judged, report) {
            report.push(problem);
        } else if let Some(problem) = self.doubtful(&judged, value, report) {
            report.push(problem);
        } else {
            self.items(value, report);
        }
    }

    /// The items of an array column.
    fn items(&self, value: &Yield<'_>, report: &mut Report<'_>) {
        let ColumnType::Array(element) = self.column.ty else {
            return;
        };
        let Some(items) = value.items(None).filter(|items| items.types().is_some()) else {
            return;
        };
        let judged = Judged::new(ColumnType::Scalar(element), &items);
        if let Some(problem) = self.refused(&judged, report) {
            report.push(problem.label("an item of the array"));
        } else if let Some(problem) = self.doubtful(&judged, &items, report) {
            report.push(problem.label("an item of the array"));
        }
    }

    /// Which values may be rejected all the same; the schema promises nothing about what an expression makes.
    fn doubtful(&self, judged: &Judged, value: &Yield<'_>, report: &Report<'_>) -> Option<Diagnostic> {
        let why = judged.doubtful.as_ref()?;
        let (which, help) = why.split_once(": ").unwrap_or((why, ""));
        let message = format!("column `{}` may reject {which}", self.column.name);
        let problem = Diagnostic::new(Code::MayNotFit, message, self.expr_place(report));
        let computed = help.ends_with("to the schema") && value.origin.is_none();
        Some(if help.is_empty() || computed { problem } else { problem.help(help) })
    }

    /// The first value that does not fit: an error when none does, or when fractions meet a column of integers.
    fn refused(&self, judged: &Judged, report: &Report<'_>) -> Option<Diagnostic> {
        let first = judged.refused.first()?;
        let fraction = |refused: &Refused| refused.ty == Type::Number && refused.value.is_none();
        let fractions = judged.refused.iter().all(fraction);
        let code = if judged.fits && !fractions { Code::MayNotFit } else { Code::TypeMismatch };
        let (name, column) = (&self.column.name, self.column.ty.as_written());
        let verb = if code == Code::MayNotFit { "does not always fit" } else { "does not fit" };
        let message = format!("{} {verb} column `{name}` of {column}", first.ty.word());
        let label = match &first.value {
            Some(value) => format!("it may be {value}"),
            None => format!("it may be {}", first.ty.word()),
        };
        let problem = Diagnostic::new(code, message, self.expr_place(report)).label(label);
        Some(match &*first.help {
            _ if infer::assigns(self.column.expr.text()) => problem.help(condition::COMPARE),
            "" => problem,
            help => problem.help(help),
        })
    }

    /// The whole expression; the type, when the expression is the default.
    fn expr_place(&self, report: &Report<'_>) -> Place {
        match self.site.at {
            Some(_) => self.site.place(&(0..self.column.expr.text().len()), report),
            None => report.inside(&self.text.range, &self.text.value.0, self.ty.clone()),
        }
    }
}
