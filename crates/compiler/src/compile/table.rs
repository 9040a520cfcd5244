//! `tables:` compiled: names PostgreSQL can hold, columns with their types and expressions, keys and indexes.

use pipeline::{Column, ColumnType, Table, TableName};

use super::expression::{self, Written};
use super::keys;
use super::report::Report;
use crate::config::{self, ColumnLine, ColumnText, PipelineFile, Spanned};
use crate::diagnostic::{Code, Diagnostic};
use jq::Expr;
use pipeline::{ColumnMapping, TableMapping};
use pipeline::{OnConflict, Target};

/// Bytes of an identifier (PostgreSQL, NAMEDATALEN - 1); PostgreSQL cuts longer ones silently.
const MAX_IDENTIFIER: usize = 63;
/// Columns of a table (PostgreSQL, "Limits").
const MAX_COLUMNS: usize = 1_600;

/// Names no column can have (PostgreSQL, "System Columns").
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Every table of the file with its mapping; a column that is wrong is reported and left out.
pub(super) fn compile(file: &PipelineFile, report: &mut Report<'_>) -> Vec<(TableMapping, Target)> {
    if file.tables.0.is_empty() && !report.has_errors() {
        report.push(report.at(Code::MissingKey, &file.tables.range, "a pipeline needs a table"));
    }
    let tables = file.tables.0.iter();
    tables.map(|(name, table)| one(name, table, report)).collect()
}

fn one(name: &Spanned<String>, table: &config::Table, report: &mut Report<'_>) -> (TableMapping, Target) {
    let table_name = table_name(name, report);
    let columns: Vec<ColumnMapping> =
        table.columns.0.iter().filter_map(|(name, text)| column(name, text, report)).collect();
    column_count(name, table, report);
    keys::primary_key(name, table, &columns, report);
    let declared = Table {
        primary_key: table.primary_key.iter().map(|name| name.value.clone()).collect(),
        indexes: keys::indexes(table, &columns, report),
        columns: columns.iter().map(declared).collect(),
        declared_in: report.text.source.path.clone(),
        name: table_name,
    };
    let target = Target {
        on_conflict: on_conflict(table, report),
        version: keys::version(table, &columns, report),
        table: declared,
    };
    let mapping = TableMapping {
        name: target.table.name.to_string(),
        for_each: expression::optional(table.for_each.as_ref(), report),
        when: expression::condition(table.when.as_ref(), report),
        columns,
    };
    (mapping, target)
}

fn declared(column: &ColumnMapping) -> Column {
    Column { name: column.name.clone(), ty: column.ty, when_null: column.when_null }
}

fn table_name(name: &Spanned<String>, report: &mut Report<'_>) -> TableName {
    let table = TableName::from(name.as_str());
    for part in table.schema.iter().chain([&table.name]) {
        identifier(part, name, report);
    }
    table
}

/// Reports what PostgreSQL does not accept as an identifier even in quotes.
fn identifier(part: &str, written: &Spanned<String>, report: &mut Report<'_>) {
    if !report.no_variable(part, &written.range) {
        return;
    }
    let problem = if part.is_empty() {
        "the name is empty".to_owned()
    } else if part.len() > MAX_IDENTIFIER {
        format!("`{part}` is longer than PostgreSQL's {MAX_IDENTIFIER} bytes")
    } else if part.contains(['\0', '.']) || part.chars().any(char::is_control) {
        format!("`{}` is not a valid name: it has a dot too many or a control character", part.escape_debug())
    } else {
        return;
    };
    report.push(report.at(Code::Identifier, &written.range, problem));
}

fn column_count(name: &Spanned<String>, table: &config::Table, report: &mut Report<'_>) {
    let count = table.columns.0.len();
    if count > MAX_COLUMNS {
        let message = format!("{count} columns; a PostgreSQL table has at most {MAX_COLUMNS}");
        report.push(report.at(Code::Identifier, &name.range, message));
    } else if count == 0 && !report.has_errors() {
        report.push(report.at(Code::MissingKey, &name.range, format!("table `{}` has no columns", name.value)));
    }
}

fn on_conflict(table: &config::Table, report: &mut Report<'_>) -> OnConflict {
    let Some(setting) = &table.on_conflict else {
        return OnConflict::default();
    };
    if table.primary_key.is_empty() && report.is_whole() && setting.value != config::OnConflict::Error {
        let problem = report.at(Code::BadValue, &setting.range, "`on_conflict` has no effect without a primary key");
        report.push(problem.help("name the columns that identify a row: `primary_key: [...]`"));
    }
    match setting.value {
        config::OnConflict::Ignore => OnConflict::Ignore,
        config::OnConflict::Update => OnConflict::Update,
        config::OnConflict::Error => OnConflict::Error,
    }
}

fn column(name: &Spanned<String>, text: &Spanned<ColumnText>, report: &mut Report<'_>) -> Option<ColumnMapping> {
    identifier(name, name, report);
    if SYSTEM_COLUMNS.contains(&name.as_str()) {
        let message = format!("`{}` is the name of a system column of PostgreSQL", name.value);
        report.push(report.at(Code::Identifier, &name.range, message).help("give it another name"));
    }
    let line = match text.parse() {
        Ok(line) => line,
        Err(error) => {
            report.push(report.at(Code::ColumnLine, &text.range, error.to_string()));
            return None;
        }
    };
    let ty = column_type(&line, text, report);
    let expr = match &line.expr {
        None => Some(Expr::field(name)),
        Some((expr, range)) => {
            let written = Written { text: expr, scalar: &text.0, at: range.start, range: &text.range };
            written.compile(report)
        }
    };
    Some(ColumnMapping { name: name.value.clone(), ty: ty?, when_null: line.when_null, expr: expr? })
}

fn column_type(line: &ColumnLine<'_>, text: &Spanned<ColumnText>, report: &mut Report<'_>) -> Option<ColumnType> {
    let error = match line.ty.parse::<ColumnType>() {
        Ok(ty) => return Some(ty),
        Err(error) => error,
    };
    let place = report.inside(&text.range, &text.0, line.ty_range.clone());
    let mut problem = Diagnostic::new(Code::ColumnLine, error.to_string(), place);
    if let Some(name) = ColumnType::name_for_alias(line.ty) {
        problem = problem.help(format!("write `{name}`"));
    } else if line.ty.contains(['.', '|', '"']) {
        problem = problem.help("an expression stands after `=`: `TYPE [null | optional] [= EXPR]`");
    } else {
        problem = problem.suggest(line.ty, ColumnType::names());
    }
    let names: Vec<&str> = ColumnType::names().collect();
    report.push(problem.help(format!("types: {}, and arrays `T[]`", names.join(", "))));
    None
}
