//! Primary keys and indexes: their columns exist, and PostgreSQL can index them.

use pipeline::column_type::Equality;
use pipeline::{Index, IndexMethod};

use super::report::Report;
use crate::config::{self, Method, Spanned};
use crate::diagnostic::{Code, Diagnostic};
use pipeline::ColumnMapping;

/// Columns of an index, so of a primary key too (PostgreSQL, "Limits").
const MAX_INDEX_COLUMNS: usize = 32;

/// Checks `primary_key`.
pub(super) fn primary_key(
    name: &Spanned<String>,
    table: &config::Table,
    columns: &[ColumnMapping],
    report: &mut Report<'_>,
) {
    if table.primary_key.is_empty() && report.is_whole() {
        let message = format!("table `{}` has no primary key: a redelivered message is stored twice", name.value);
        let problem = report.at(Code::NoPrimaryKey, &name.range, message);
        report.push(problem.help("name the columns that identify an event: `primary_key: [event_id]`"));
    }
    if let Some(beyond) = table.primary_key.get(MAX_INDEX_COLUMNS) {
        let message = format!("a primary key has at most {MAX_INDEX_COLUMNS} columns");
        report.push(report.at(Code::PrimaryKey, &beyond.range, message));
    }
    report.no_repeats(&table.primary_key);
    for (at, name) in table.primary_key.iter().enumerate() {
        if table.primary_key[..at].iter().any(|first| first.value == name.value) {
            continue;
        }
        if let Some(column) = find(name, table, columns, Code::PrimaryKey, report) {
            key_column(name, column, report);
        }
    }
}

fn key_column(name: &Spanned<String>, column: &ColumnMapping, report: &mut Report<'_>) {
    if column.when_null.accepts_null() {
        let problem = report.at(
            Code::PrimaryKey,
            &name.range,
            format!("`{}` is in the primary key, but may be null", name.value),
        );
        let word = column.when_null.word();
        report.push(problem.help(format!("a key is never null: leave `{word}` out of the column's line")));
    }
    if column.ty.scalar().definition().indexes.equality == Equality::WholeDocuments {
        let problem = report.at(
            Code::PrimaryKey,
            &name.range,
            format!("`{}` is in the primary key, but is {}", name.value, column.ty.scalar()),
        );
        report.push(problem.help("use a scalar column; `= EXPR | tojson | sha256` makes one of a whole value"));
    }
}

/// Checks `version`: a column that is never null, of a type with an order.
pub(super) fn version(table: &config::Table, columns: &[ColumnMapping], report: &mut Report<'_>) -> Option<String> {
    let name = table.version.as_ref()?;
    if table.on_conflict.as_ref().is_none_or(|setting| setting.value != config::OnConflict::Update) {
        let problem = report.at(Code::BadValue, &name.range, "`version` has an effect only with `on_conflict: update`");
        report.push(problem.help("it keeps an older row from overwriting a newer one"));
    }
    let column = find(name, table, columns, Code::BadValue, report)?;
    let ordered = column.ty.scalar().definition().indexes.ordered;
    if column.when_null.accepts_null() {
        let word = column.when_null.word();
        let problem =
            report.at(Code::BadValue, &name.range, format!("`{}` is the version, but may be null", name.value));
        report
            .push(problem.help(format!(
                "null is neither older nor newer than a value: leave `{word}` out of the column's line"
            )));
    } else if table.primary_key.iter().any(|key| key.value == name.value) {
        let message = format!("`{}` is the version, and part of the primary key", name.value);
        let problem = report.at(Code::BadValue, &name.range, message);
        report.push(
            problem.help("two rows with one key would always have one version: remove the column from one of the two"),
        );
    } else if !ordered {
        let message = format!("`{}` is {}, which does not distinguish newer from older", name.value, column.ty);
        report.push(report.at(Code::BadValue, &name.range, message).help("use a column that is a number or a time"));
    }
    Some(name.value.clone())
}

/// The column of a name; when there is none, that is reported.
fn find<'c>(
    name: &Spanned<String>,
    table: &config::Table,
    columns: &'c [ColumnMapping],
    code: Code,
    report: &mut Report<'_>,
) -> Option<&'c ColumnMapping> {
    let names: Vec<&str> = table.columns.0.iter().map(|(name, _)| name.as_str()).collect();
    if !names.contains(&name.as_str()) && report.no_variable(name, &name.range) {
        let problem = report.at(code, &name.range, format!("the table has no column `{}`", name.value));
        report.push(problem.suggest(name, names));
    }
    columns.iter().find(|column| column.name == name.value)
}

/// Compiles `indexes`.
pub(super) fn indexes(table: &config::Table, columns: &[ColumnMapping], report: &mut Report<'_>) -> Vec<Index> {
    let compiled: Vec<Index> = table.indexes.iter().map(|index| one(index, table, columns, report)).collect();
    for (at, index) in compiled.iter().enumerate() {
        if compiled[..at].contains(index) {
            let problem = report.at(Code::DuplicateKey, &table.indexes[at].range, "the same index is listed twice");
            report.push(problem);
        }
    }
    compiled
}

fn one(index: &config::Index, table: &config::Table, columns: &[ColumnMapping], report: &mut Report<'_>) -> Index {
    let using = index.using.as_ref().map_or(IndexMethod::Btree, |using| method(using.value));
    if index.columns.is_empty() || index.columns.len() > MAX_INDEX_COLUMNS {
        let message = format!("an index has 1 to {MAX_INDEX_COLUMNS} columns");
        report.push(report.at(Code::Index, &index.range, message));
    }
    report.no_repeats(&index.columns);
    for name in &index.columns {
        if let Some(column) = find(name, table, columns, Code::Index, report) {
            indexable(name, column, using, report);
        }
    }
    options(index, table, using, report);
    Index {
        columns: index.columns.iter().map(|name| name.value.clone()).collect(),
        using,
        unique: index.unique,
        predicate: index.predicate.as_ref().map(|predicate| predicate.value.clone()),
    }
}

fn method(method: Method) -> IndexMethod {
    match method {
        Method::Btree => IndexMethod::Btree,
        Method::Hash => IndexMethod::Hash,
        Method::Gin => IndexMethod::Gin,
        Method::Gist => IndexMethod::Gist,
        Method::Brin => IndexMethod::Brin,
    }
}

/// Options that PostgreSQL rejects, or that this primary key makes useless.
fn options(index: &config::Index, table: &config::Table, using: IndexMethod, report: &mut Report<'_>) {
    if index.unique && using != IndexMethod::Btree {
        report.push(report.at(Code::Index, &index.range, "only a btree index can be unique"));
    }
    if using == IndexMethod::Hash && index.columns.len() > 1 {
        report.push(report.at(Code::Index, &index.range, "a hash index has one column"));
    }
    if let Some(predicate) = index.predicate.as_ref().filter(|predicate| predicate.trim().is_empty()) {
        report.push(report.at(Code::Index, &predicate.range, "the predicate is empty"));
    }
    if let Some(predicate) = &index.predicate {
        report.no_variable(predicate, &predicate.range);
    }
    let columns = index.columns.iter().map(|name| &name.value);
    let same = columns.eq(table.primary_key.iter().map(|name| &name.value)) && !index.columns.is_empty();
    if same && using == IndexMethod::Btree && index.predicate.is_none() {
        let problem = report.at(Code::UselessIndex, &index.range, "the primary key has this very index already");
        report.push(problem.help("leave it out"));
    }
}

/// Whether PostgreSQL has a default operator class for the type and the method.
fn indexable(name: &Spanned<String>, column: &ColumnMapping, using: IndexMethod, report: &mut Report<'_>) {
    let is_array = matches!(column.ty, pipeline::ColumnType::Array(_));
    let indexes = column.ty.scalar().definition().indexes;
    let help = match using {
        IndexMethod::Btree | IndexMethod::Hash => {
            if indexes.equality == Equality::WholeDocuments && !is_array {
                whole_documents_only(name, column, using, report);
            }
            return;
        }
        IndexMethod::Gin if is_array || indexes.gin => return,
        IndexMethod::Gin => "gin is for jsonb and arrays; leave `using` out",
        IndexMethod::Gist if is_array => "gist has no operator class for this type; leave `using` out",
        IndexMethod::Gist => indexes.instead_of_gist,
        IndexMethod::Brin if !indexes.brin => "brin has no operator class for this type",
        IndexMethod::Brin if is_array => "brin has no operator class for arrays; use gin",
        IndexMethod::Brin => return,
    };
    let message = format!("PostgreSQL has no {} index for `{}`, a column of {}", word(using), name.value, column.ty);
    let problem: Diagnostic = report.at(Code::Index, &name.range, message);
    report.push(problem.help(help));
}

fn whole_documents_only(name: &Spanned<String>, column: &ColumnMapping, using: IndexMethod, report: &mut Report<'_>) {
    let message =
        format!("a {} index on `{}`, a column of {}, finds only whole documents", word(using), name.value, column.ty);
    let problem = report.at(Code::UselessIndex, &name.range, message);
    report.push(problem.help(format!("`{{ columns: {}, using: gin }}` finds keys and values inside", name.value)));
}

fn word(method: IndexMethod) -> &'static str {
    match method {
        IndexMethod::Btree => "btree",
        IndexMethod::Hash => "hash",
        IndexMethod::Gin => "gin",
        IndexMethod::Gist => "gist",
        IndexMethod::Brin => "brin",
    }
}
