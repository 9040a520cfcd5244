//! Keys that don't identify a row, and indexes that reject one.

use crate::compile::infer::{self, ELEMENT, Origin, Roots, SQS, Step};
use crate::compile::report::Report;
use crate::config::{self, OnConflict, Spanned};
use crate::diagnostic::Code;
use pipeline::{ColumnMapping, TableMapping};
use schema::Type;

/// What the queue says anew with each delivery.
const OF_THE_DELIVERY: [&str; 2] = ["received_at", "receive_count"];

/// Checks a table's keys.
pub(super) fn check(
    name: &Spanned<String>,
    written: &config::Table,
    table: &TableMapping,
    roots: &Roots<'_>,
    report: &mut Report<'_>,
) {
    if written.primary_key.is_empty() {
        return;
    }
    unstable(written, table, roots, report);
    one_key(written, table, roots, report);
    update(name, written, report);
    unique_indexes(written, report);
}

/// A column of the key, where the key names it.
fn key_columns<'t>(
    written: &'t config::Table,
    table: &'t TableMapping,
) -> impl Iterator<Item = (&'t Spanned<String>, &'t ColumnMapping)> {
    written.primary_key.iter().filter_map(|name| {
        let column = table.columns.iter().find(|column| column.name == name.value)?;
        Some((name, column))
    })
}

/// A redelivery has another key, and is stored again.
fn unstable(written: &config::Table, table: &TableMapping, roots: &Roots<'_>, report: &mut Report<'_>) {
    for (name, column) in key_columns(written, table) {
        let places = infer::reads(column.expr.text(), roots).unwrap_or_default();
        let Some(field) = places.iter().find_map(of_the_delivery) else {
            continue;
        };
        let message = format!("`{}` is in the primary key, but `$sqs.{field}` differs with each delivery", name.value);
        let problem = report.at(Code::UnstableKey, &name.range, message);
        report.push(problem.help("a redelivered message would be stored twice; `$sqs.message_id` stays the same"));
    }
}

fn of_the_delivery(place: &Origin) -> Option<&'static str> {
    let first = place.steps.first().filter(|_| place.root == SQS)?;
    OF_THE_DELIVERY.into_iter().find(|name| *first == Step::Field((*name).to_owned()))
}

/// Inside `for_each`, a key that looks at no element is the same for all of them.
fn one_key(written: &config::Table, table: &TableMapping, roots: &Roots<'_>, report: &mut Report<'_>) {
    let Some(for_each) = &written.for_each else {
        return;
    };
    // A condition may leave one element, and an expression may make an array of one.
    if written.when.is_some() || infer::origin(for_each, roots).is_none() {
        return;
    }
    let elements = infer::infer(for_each, roots, &[], "").0;
    let single = elements.most_items() == Some(1) || !elements.may_be(Type::Array);
    let inside = roots.each(infer::Yield::anything());
    let constant = |column: &ColumnMapping| {
        let places = infer::reads(column.expr.text(), &inside);
        places.is_some_and(|places| !places.iter().any(|place| place.root == ELEMENT))
    };
    let columns: Vec<_> = key_columns(written, table).collect();
    if !single && columns.len() == written.primary_key.len() && columns.iter().all(|(_, column)| constant(column)) {
        let message = "every row of a message has the same primary key: only one of them is kept";
        let problem = report.at(Code::OneKey, &written.primary_key[0].range, message);
        report.push(problem.help("add a column that distinguishes the elements, such as their number or their own id"));
    }
}

fn update(name: &Spanned<String>, written: &config::Table, report: &mut Report<'_>) {
    let Some(setting) = written.on_conflict.as_ref().filter(|setting| setting.value == OnConflict::Update) else {
        return;
    };
    let in_key = |column: &Spanned<String>| written.primary_key.iter().any(|name| name.value == column.value);
    if !written.columns.0.is_empty() && written.columns.0.iter().all(|(column, _)| in_key(column)) {
        let message = format!("table `{}` has nothing to update: every column is in the primary key", name.value);
        let problem = report.at(Code::NothingToUpdate, &setting.range, message);
        report.push(problem.help("write `on_conflict: ignore`, or leave it out"));
    } else if written.version.is_none() {
        let message = "an older event that arrives late, or once more, overwrites a newer one";
        let problem = report.at(Code::NoVersion, &setting.range, message);
        report.push(problem.help("add `version: COLUMN`, a column that grows with each change, such as a time"));
    }
}

/// `on_conflict` is about the primary key alone; any other unique index rejects the row.
fn unique_indexes(written: &config::Table, report: &mut Report<'_>) {
    if written.on_conflict.as_ref().is_some_and(|setting| setting.value == OnConflict::Error) {
        return;
    }
    let key: Vec<&str> = written.primary_key.iter().map(|name| name.as_str()).collect();
    let btree = |index: &&config::Index| index.using.as_ref().is_none_or(|using| using.value == config::Method::Btree);
    for index in written.indexes.iter().filter(|index| index.unique).filter(btree) {
        // An index that has the whole key never rejects a row that the key lets in.
        if key.iter().all(|name| index.columns.iter().any(|column| column.as_str() == *name)) {
            continue;
        }
        let names: Vec<&str> = index.columns.iter().map(|name| name.as_str()).collect();
        let message = format!("a row that repeats ({}) under another key is dead-lettered", names.join(", "));
        let problem = report.at(Code::UniqueIndex, &index.range, message);
        report.push(
            problem.help(
                "`on_conflict` applies only to the primary key: leave `unique` out, or make these columns the key",
            ),
        );
    }
}
