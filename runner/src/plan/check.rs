//! The mapping against the schema: fields that are not there, nulls where none may be, types that never fit.

use std::ops::Range;

use migration::ColumnType;
use serde_json::Value;

use super::infer::{self, Finding, FindingKind, Null};
use super::report::Report;
use super::schema::Compiled;
use super::shape::{Known, Possible, Shape, Type};
use crate::config::{ColumnText, PipelineFile, Spanned};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::map::cast::{Verdict, accepts, cast};
use crate::map::{ColumnMapping, TableMapping};

/// Characters of a schema's value inside a label, at most.
const LONGEST_VALUE: usize = 40;

/// Checks every column of every table.
pub(super) fn check(file: &PipelineFile, schema: &Compiled<'_>, tables: &[TableMapping], report: &mut Report<'_>) {
    let Some(document) = schema.shape() else {
        return;
    };
    let name = schema.name();
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
        let helped = finding.help.iter().fold(helped, Diagnostic::help);
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

    /// Each value the expression may have against the column's type.
    fn types(&self, shape: &Shape<'_>, report: &mut Report<'_>) {
        let judged = Judged::new(self.column.ty, shape);
        if let Some(problem) = self.refused(&judged, report) {
            report.push(problem);
        } else if let Some(why) = judged.doubtful {
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
        let judged = Judged::new(ColumnType::Scalar(element), &items);
        if let Some(problem) = self.refused(&judged, report) {
            report.push(problem.label("an item of the array"));
        }
    }

    /// The first value that does not fit: an error when none does, or when fractions meet a column of integers.
    fn refused(&self, judged: &Judged<'_>, report: &Report<'_>) -> Option<Diagnostic> {
        let (first, hint) = judged.refused.first()?;
        let fraction =
            |possible: &Possible<'_>| possible.ty == Type::Number && matches!(possible.known, Known::Format(_));
        let fractions = judged.refused.iter().all(|(possible, _)| fraction(possible));
        let code = if judged.fits && !fractions { Code::MayNotFit } else { Code::TypeMismatch };
        let (name, column) = (&self.column.name, written(self.column.ty));
        let verb = if code == Code::MayNotFit { "does not always fit" } else { "does not fit" };
        let message = format!("{} {verb} column `{name}` of {column}", first.ty.word());
        let label = match first.known {
            Known::Value(value) => format!("it may be {}", excerpt(value)),
            Known::Format(_) => format!("it may be {}", first.ty.word()),
        };
        let problem = Diagnostic::new(code, message, self.expr_place(report)).label(label);
        Some(if hint.is_empty() { problem } else { problem.help(*hint) })
    }

    /// The whole expression; the type, when the expression is the default.
    fn expr_place(&self, report: &Report<'_>) -> Place {
        match self.expr_start {
            Some(_) => self.place(&(0..self.column.expr.text().len()), report),
            None => report.inside(&self.text.range, &self.text.value.0, self.ty.clone()),
        }
    }
}

/// A shape against a column's type.
struct Judged<'s> {
    /// Some values fit.
    fits: bool,
    /// Those that don't, each with a hint.
    refused: Vec<(Possible<'s>, &'static str)>,
    /// Which of those that fit may be rejected all the same.
    doubtful: Option<&'static str>,
}

impl<'s> Judged<'s> {
    fn new(column: ColumnType, shape: &Shape<'s>) -> Self {
        let mut judged = Self { fits: false, refused: Vec::new(), doubtful: None };
        for possible in shape.possible() {
            match verdict(column, &possible) {
                Verdict::Yes => judged.fits = true,
                Verdict::Maybe(why) => {
                    judged.fits = true;
                    judged.doubtful = judged.doubtful.or(Some(why));
                }
                Verdict::No(hint) => judged.refused.push((possible, hint)),
            }
        }
        judged
    }
}

/// The cast's verdict; a known value is cast. A number that may have a fraction is refused where only integers fit.
fn verdict(column: ColumnType, possible: &Possible<'_>) -> Verdict {
    use migration::ScalarType::{BigInt, Integer, SmallInt};
    let integral = matches!(column.scalar(), SmallInt | Integer | BigInt);
    let format = match possible.known {
        Known::Format(format) => format,
        Known::Value(value) if cast(value, column).is_ok() => return Verdict::Yes,
        Known::Value(_) => {
            return match accepts(column, possible.ty, None) {
                Verdict::No(hint) => Verdict::No(hint),
                Verdict::Yes | Verdict::Maybe(_) => Verdict::No(""),
            };
        }
    };
    match accepts(column, possible.ty, format) {
        Verdict::Maybe(_) if possible.ty == Type::Number && integral => {
            Verdict::No("take numeric or double precision, or make it whole: `| round`")
        }
        Verdict::Maybe(_) if possible.ty != Type::String => Verdict::Yes,
        verdict => verdict,
    }
}

/// A value of the schema, cut short.
fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
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
