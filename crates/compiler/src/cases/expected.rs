//! What a case expects, with its tables and columns found.

use pipeline::ColumnType;
use serde_json::Value;

use super::cell::value;
use super::report::CaseReport;
use crate::config;
use crate::config::{Columns, ExpectedRows, Json, Keyed, Spanned};
use crate::diagnostic::{Code, Diagnostic};
use pipeline::TableMapping;
use pipeline::cast::cast;
use pipeline::message;
use pipeline::row::Row;

/// What a message has to become.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// These rows, for each table of the mapping.
    Rows(Vec<Vec<ExpectedRow>>),
    /// A dead letter.
    Rejected(Reason),
    /// No row and no dead letter.
    Skipped,
}

impl Expected {
    /// The rows that came for a table, by its index, as the case would list them: with every column that one of the
    /// table's rows lists, or with all of them where none does.
    pub(super) fn listed(&self, index: usize, table: &TableMapping, rows: &[Row]) -> Vec<ExpectedRow> {
        let wanted = match self {
            Self::Rows(tables) => &tables[index][..],
            Self::Rejected(_) | Self::Skipped => &[],
        };
        let all = wanted.iter().flatten().all(Option::is_none);
        let columns = table.columns.iter().enumerate();
        let columns: Vec<_> =
            columns.map(|(at, column)| (column.ty, all || wanted.iter().any(|row| row[at].is_some()))).collect();
        let mut all_listed = Vec::new();
        for row in rows {
            let cells = row.iter().zip(&columns);
            all_listed.push(cells.map(|(cell, (ty, is_listed))| is_listed.then(|| value(cell, *ty))).collect());
        }
        all_listed
    }
}

/// A value for each column of the mapping; `None` where it is left open.
pub type ExpectedRow = Vec<Option<Value>>;

/// The reason of a dead letter, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `runner.code`
    pub code: message::Code,
    /// JSON Pointer into the document.
    pub path: Option<String>,
    /// `table.column`
    pub column: Option<String>,
    /// The failing JSON Schema keyword.
    pub keyword: Option<String>,
    /// JSON Pointer into the schema.
    pub schema_path: Option<String>,
    /// A part of the message.
    pub message: Option<String>,
}

/// What a case expects; exactly one thing.
pub(super) fn expected(case: &Spanned<config::Case>, report: &mut CaseReport<'_>) -> Option<Expected> {
    let whole = &case.name.range;
    match (&case.rows, &case.rejected, &case.skipped) {
        (Some(rows), None, None) => Some(Expected::Rows(tables(rows, case.columns.unwrap_or_default(), report))),
        (None, Some(rejected), None) => reason(rejected, report).map(Expected::Rejected),
        (None, None, Some(Spanned { value: true, .. })) => Some(Expected::Skipped),
        (None, None, Some(skipped)) => {
            let problem = report.at(Code::CaseForm, &skipped.range, "`skipped` can only be `true`");
            report.push(problem.help("use `rows` or `rejected` to describe the result instead"));
            None
        }
        (None, None, None) => {
            let problem = report.at(Code::CaseForm, whole, "the case expects nothing");
            report.push(problem.help("write one of `rows`, `rejected` and `skipped: true`"));
            None
        }
        _ => {
            let problem = report.at(Code::CaseForm, whole, "the case expects more than one thing");
            report.push(problem.help("keep one of `rows`, `rejected` and `skipped`"));
            None
        }
    }
}

fn tables(rows: &ExpectedRows, columns: Columns, report: &mut CaseReport<'_>) -> Vec<Vec<ExpectedRow>> {
    let mapping = &report.pipeline.decider().mapping;
    let mut tables = vec![Vec::new(); mapping.tables.len()];
    for (name, rows) in &rows.0 {
        if let Some(at) = mapping.tables.iter().position(|table| table.name == name.value) {
            let rows = rows.iter().map(|written| row(written, &mapping.tables[at], columns, report));
            tables[at] = rows.collect();
        } else {
            let message = format!("the pipeline has no table `{}`", name.value);
            let names = mapping.tables.iter().map(|table| table.name.as_str());
            report.push(with_names(report.at(Code::CaseColumn, &name.range, message), name, names));
        }
    }
    tables
}

fn row(
    written: &Spanned<Keyed<Spanned<Json>>>,
    table: &TableMapping,
    columns: Columns,
    report: &mut CaseReport<'_>,
) -> ExpectedRow {
    let entries = &written.value.0;
    for (name, _) in entries.iter().filter(|(name, _)| !table.columns.iter().any(|column| column.name == name.value)) {
        let message = format!("table `{}` has no column `{}`", table.name, name.value);
        let names = table.columns.iter().map(|column| column.name.as_str());
        report.push(with_names(report.at(Code::CaseColumn, &name.range, message), name, names));
    }
    let (mut cells, mut missing) = (Vec::new(), Vec::new());
    for column in &table.columns {
        if let Some((_, json)) = entries.iter().find(|(name, _)| name.value == column.name) {
            cells.push(cell(json, column.ty, report));
        } else {
            cells.push(None);
            missing.push(format!("`{}`", column.name));
        }
    }
    if columns == Columns::All && !missing.is_empty() {
        let message = format!("the row leaves out {}", missing.join(", "));
        let place = entries.first().map_or(&written.range, |(name, _)| &name.range);
        let problem = report.at(Code::CaseColumn, place, message);
        report.push(
            problem.help("list every column, or write `columns: listed` in the case to compare only those it lists"),
        );
    }
    cells
}

/// An expected value as the column would show it; it has to be one that the column accepts.
fn cell(json: &Spanned<Json>, ty: ColumnType, report: &mut CaseReport<'_>) -> Option<Value> {
    match cast(&json.value.0, ty) {
        Ok(cell) => Some(value(&cell, ty)),
        Err(error) => {
            let problem = report.at(Code::CaseValue, &json.range, error.to_string());
            let quoted = json.value.0.is_number() && ty.to_string() == "text";
            report.push(if quoted { problem.help("put it into quotes") } else { problem });
            None
        }
    }
}

fn reason(written: &config::Rejected, report: &mut CaseReport<'_>) -> Option<Reason> {
    let words = message::Code::ALL.map(message::Code::as_str);
    let Some(code) = message::Code::ALL.into_iter().find(|code| code.as_str() == written.code.value) else {
        let message = format!("`{}` is not a rejection code", written.code.value);
        let problem = report.at(Code::BadValue, &written.code.range, message);
        report.push(with_names(problem, &written.code, words));
        return None;
    };
    Some(Reason {
        code,
        path: written.path.clone().map(|text| text.value),
        column: written.column.clone().map(|text| text.value),
        keyword: written.keyword.clone().map(|text| text.value),
        schema_path: written.schema_path.clone().map(|text| text.value),
        message: written.message.clone().map(|text| text.value),
    })
}

/// Adds the name that was most likely meant, or else all names there are.
fn with_names<'a>(problem: Diagnostic, written: &str, names: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let names: Vec<&str> = names.into_iter().collect();
    let suggested = problem.suggest(written, names.iter().copied());
    if !suggested.help.is_empty() {
        return suggested;
    }
    let list: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
    suggested.help(format!("there is {}", list.join(", ")))
}
