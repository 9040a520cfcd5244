//! Pipelines that write to one table have to declare it in the same way.

use std::collections::BTreeMap;

use pipeline::{Pipeline, Table, TableName};

use crate::config::PipelineText;
use crate::diagnostic::{Code, Diagnostic, Place};

/// Reports every table that a later file declares differently than the first one.
pub(super) fn check(texts: &[PipelineText], pipelines: &[Pipeline]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&TableName, &Table> = BTreeMap::new();
    let mut problems = Vec::new();
    for target in pipelines.iter().flat_map(Pipeline::targets) {
        let table = &target.table;
        let declared = *first.entry(&table.name).or_insert(table);
        if let Some(difference) = difference(declared, table) {
            problems.push(report(texts, declared, table, &difference));
        }
    }
    problems
}

/// What a person would look at first.
fn difference(a: &Table, b: &Table) -> Option<String> {
    if a.primary_key != b.primary_key {
        return Some("the primary keys differ".to_owned());
    }
    for column in &b.columns {
        match a.columns.iter().find(|known| known.name == column.name) {
            None => return Some(format!("only one has column `{}`", column.name)),
            Some(known) if known != column => {
                return Some(format!("column `{}` differs in type or null", column.name));
            }
            Some(_) => {}
        }
    }
    let missing = a.columns.iter().find(|known| !b.columns.iter().any(|column| column.name == known.name));
    missing.map(|column| format!("only one has column `{}`", column.name))
}

fn report(texts: &[PipelineText], first: &Table, second: &Table, difference: &str) -> Diagnostic {
    let name = &second.name;
    let message = format!("table `{name}` is declared differently in {}: {difference}", first.declared_in.display());
    let mut problem = Diagnostic::new(Code::TableConflict, message, place(texts, second)).label("here");
    if let Some(place) = place(texts, first) {
        problem = problem.related(place, "and here");
    }
    problem.help("declare the same columns, types and primary key in both pipelines")
}

/// Where a file declares a table.
fn place(texts: &[PipelineText], table: &Table) -> Option<Place> {
    let text = texts.iter().find(|text| text.source.path == table.declared_in)?;
    let name = table.name.to_string();
    let file = text.file.as_ref()?;
    let (key, _) = file.tables.0.iter().find(|(key, _)| key.value == name)?;
    Some(Place::new(&text.source, key.range.clone()))
}
