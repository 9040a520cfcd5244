//! The mapping against the schema: fields that are not there, nulls where none may be, types that never fit.

use std::ops::Range;

use migration::ColumnType;

use super::infer::{self, Finding, FindingKind, Null};
use super::report::Report;
use super::schema::Compiled;
use super::shape::{Shape, Type};
use crate::config::{ColumnText, PipelineFile, Spanned};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::map::cast::{Verdict, accepts};
use crate::map::{ColumnMapping, TableMapping};

/// Checks every column of every table.
pub(super) fn check(file: &PipelineFile, schema: &Compiled<'_>, tables: &[TableMapping], report: &mut Report<'_>) {
    let Some(document) = Shape::of_document(schema.files, &schema.pointer) else {
        return;
    };
    let name = schema.files.root.file_name().unwrap_or_default().to_string_lossy();
    for ((_, written), table) in file.tables.0.iter().zip(tables) {
        for (key, text) in &written.columns.0 {
            if let Some(column) = table.columns.iter().find(|column| column.name == key.value) {
                let line = Line::new(key, text, column);
                line.check(&document, &name, report);
            }
        }
    }
}

/// A column with the places of its parts.
struct Line<'a> {
    key: &'a Spanned<String>,
    text: &'a Spanned<ColumnText>,
    column: &'a ColumnMapping,
    /// Where the expression starts in the line; `None` when it is the default.
    expr_start: Option<usize>,
    /// Where the type stands in the line.
    ty: Range<usize>,
}

impl<'a> Line<'a> {
    fn new(key: &'a Spanned<String>, text: &'a Spanned<ColumnText>, column: &'a ColumnMapping) -> Self {
        let parsed = text.parse().ok();
        let ty = parsed.as_ref().map_or(0..0, |line| line.ty_range.clone());
        let expr_start = parsed.and_then(|line| line.expr).map(|(_, range)| range.start);
        Self { key, text, column, expr_start, ty }
    }

    /// The place of a part of the expression; a default expression stands in the column's name.
    fn place(&self, span: &Range<usize>, report: &Report<'_>) -> Place {
        match self.expr_start {
            Some(start) => report.inside(&self.text.range, &self.text.value.0, start + span.start..start + span.end),
            None => report.place(&self.key.range),
        }
    }

    fn check(&self, document: &Shape<'_>, schema: &str, report: &mut Report<'_>) {
        let expr = self.column.expr.text();
        let (result, findings) = infer::infer(expr, document, schema);
        let clean = findings.is_empty();
        for finding in findings {
            let problem = self.finding(&finding, report);
            report.push(problem);
        }
        if let Some(null) = result.null.filter(|_| !self.column.nullable && clean) {
            let problem = self.not_null(&null, report);
            report.push(problem);
        }
        if let Some(shape) = result.shape.filter(|shape| clean && !shape.is_any()) {
            self.types(&shape, report);
        }
    }

    fn finding(&self, finding: &Finding, report: &Report<'_>) -> Diagnostic {
        let code = match finding.kind {
            FindingKind::NoSuchField => Code::NoSuchField,
            FindingKind::NotListed => Code::FieldNotListed,
            FindingKind::Mismatch => Code::TypeMismatch,
        };
        let place = self.place(&finding.span, report);
        let problem = Diagnostic::new(code, finding.message.clone(), place).label(finding.label.clone());
        let names = finding.names.iter().map(String::as_str);
        let helped = problem.suggest(&finding.written, names);
        if !helped.help.is_empty() || finding.names.is_empty() {
            return helped;
        }
        let known: Vec<String> = finding.names.iter().take(12).map(|name| format!("`{name}`")).collect();
        let more = if finding.names.len() > known.len() { ", ..." } else { "" };
        helped.help(format!("it has {}{more}", known.join(", ")))
    }

    fn not_null(&self, null: &Null, report: &Report<'_>) -> Diagnostic {
        let name = &self.column.name;
        let message = format!("column `{name}` is NOT NULL, but {}", null.why);
        let problem = Diagnostic::new(Code::NotNull, message, self.place(&null.span, report));
        let line = format!("`{name}: {} null`", written(self.column.ty));
        let required = match &null.field {
            Some(field) => format!(", or list `{field}` as required in the schema"),
            None => String::new(),
        };
        let help = format!("write {line}, or give a default: `{} // ...`{required}", self.column.expr.text());
        problem.help(help)
    }

    /// Each type the expression may have against the column's.
    fn types(&self, shape: &Shape<'_>, report: &mut Report<'_>) {
        let mut fits = false;
        let mut refused: Vec<(Type, &str)> = Vec::new();
        let mut doubtful: Option<&str> = None;
        for (ty, format) in shape.types().into_iter().filter(|(ty, _)| *ty != Type::Null) {
            match verdict(self.column.ty, ty, format, shape.has_pattern()) {
                Verdict::Yes => fits = true,
                Verdict::Maybe(why) => {
                    fits = true;
                    doubtful = doubtful.or(Some(why));
                }
                Verdict::No(hint) => refused.push((ty, hint)),
            }
        }
        let integral = refused.iter().all(|(ty, _)| *ty == Type::Number) && fits;
        if let Some((ty, hint)) = refused.first() {
            let code = if fits && !integral { Code::MayNotFit } else { Code::TypeMismatch };
            let problem = self.mismatch(code, *ty, hint, report);
            report.push(problem);
        } else if let Some(why) = doubtful {
            let message = format!("column `{}` may reject {}", self.column.name, first_part(why));
            let problem = Diagnostic::new(Code::MayNotFit, message, self.expr_place(report));
            report.push(match why.split_once(": ") {
                Some((_, help)) => problem.help(help),
                None => problem,
            });
        } else {
            self.items(shape, report);
        }
    }

    /// The items of an array column.
    fn items(&self, shape: &Shape<'_>, report: &mut Report<'_>) {
        let ColumnType::Array(element) = self.column.ty else {
            return;
        };
        let Some(items) = shape.items(None).filter(|items| !items.is_any()) else {
            return;
        };
        let element = ColumnType::Scalar(element);
        for (ty, format) in items.types().into_iter().filter(|(ty, _)| *ty != Type::Null) {
            if let Verdict::No(hint) = verdict(element, ty, format, true) {
                let problem = self.mismatch(Code::TypeMismatch, ty, hint, report);
                report.push(problem.label("an item of the array"));
                return;
            }
        }
    }

    fn mismatch(&self, code: Code, ty: Type, hint: &str, report: &Report<'_>) -> Diagnostic {
        let (name, column) = (&self.column.name, written(self.column.ty));
        let message = match code {
            Code::MayNotFit => format!("{} does not always fit column `{name}` of {column}", ty.word()),
            _ => format!("{} does not fit column `{name}` of {column}", ty.word()),
        };
        let place = self.expr_place(report);
        let problem = Diagnostic::new(code, message, place).label(format!("it may be {}", ty.word()));
        if hint.is_empty() { problem } else { problem.help(hint) }
    }

    /// The whole expression; the type, when the expression is the default.
    fn expr_place(&self, report: &Report<'_>) -> Place {
        match self.expr_start {
            Some(_) => self.place(&(0..self.column.expr.text().len()), report),
            None => report.inside(&self.text.range, &self.text.value.0, self.ty.clone()),
        }
    }
}

/// The cast's verdict, with doubt left out where the schema narrows more than is judged here, and a number with a
/// fraction refused where only integers fit.
fn verdict(column: ColumnType, ty: Type, format: Option<&str>, narrowed: bool) -> Verdict {
    let integral = matches!(
        column.scalar(),
        migration::ScalarType::SmallInt | migration::ScalarType::Integer | migration::ScalarType::BigInt
    );
    match accepts(column, ty, format) {
        Verdict::Maybe(_) if ty == Type::Number && integral => {
            Verdict::No("take numeric or double precision, or make it whole: `| round`")
        }
        Verdict::Maybe(_) if narrowed || ty != Type::String => Verdict::Yes,
        verdict => verdict,
    }
}

/// `a string that is no UUID: add ...` without the hint.
fn first_part(why: &str) -> &str {
    why.split(": ").next().unwrap_or(why)
}

/// A type as a pipeline file writes it.
fn written(ty: ColumnType) -> String {
    let scalar = match ty.scalar() {
        numeric @ migration::ScalarType::Numeric(_) => numeric.to_string(),
        other => other.keyword().to_owned(),
    };
    match ty {
        ColumnType::Scalar(_) => scalar,
        ColumnType::Array(_) => format!("{scalar}[]"),
    }
}
