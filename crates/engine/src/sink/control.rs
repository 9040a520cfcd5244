//! The statements that show whether a table still accepts what it accepted before.

use pipeline::{Column, OnConflict, Target};

use super::column::Wire;
use super::statement::{quoted, quoted_list, table_name, unnest, value, values};

/// Statements of one table, beside the one that writes it.
#[derive(Debug, Clone)]
pub(crate) struct ControlStatements {
    /// The table's name, quoted.
    pub(crate) table: String,
    /// Writes rows; those whose keys are there change nothing. Even then PostgreSQL checks types, NOT NULL, CHECK and
    /// partitions, and fires `BEFORE` triggers.
    pub(crate) write_again: String,
    /// 1, when the table has a row.
    pub(crate) any_row: String,
    /// Writes a few of the table's rows into it again.
    pub(crate) rewrite_stored: String,
    /// How many of the given rows are stored with the same values; `None` for a table without a key.
    pub(crate) count_stored: Option<String>,
    /// How many of the given rows would update one that is stored; `None` for a table whose rows are never updated.
    pub(crate) count_updates: Option<String>,
}

impl ControlStatements {
    pub(crate) fn new(target: &Target) -> Self {
        let table = table_name(target);
        let wires: Vec<Wire> = target.table.columns.iter().map(|column| Wire::of(column.ty)).collect();
        let columns = quoted_list(target.table.columns.iter().map(|column| column.name.as_str()));
        let insert = format!("INSERT INTO {table} ({columns})");
        let values = values(target, &wires);
        Self {
            write_again: format!("{insert} SELECT {values} FROM {} ON CONFLICT DO NOTHING", unnest(&wires)),
            any_row: format!("SELECT 1 FROM {table} LIMIT 1"),
            rewrite_stored: format!("{insert} SELECT {columns} FROM {table} LIMIT 4 ON CONFLICT DO NOTHING"),
            count_stored: count_where(target, &wires, &target.table.columns),
            count_updates: count_updates(target, &wires),
            table,
        }
    }
}

fn count_updates(target: &Target, wires: &[Wire]) -> Option<String> {
    if target.on_conflict != OnConflict::Update {
        return None;
    }
    let mut key = Vec::new();
    for column in &target.table.columns {
        if target.table.primary_key.contains(&column.name) {
            key.push(column);
        }
    }
    count_where(target, wires, key)
}

/// Counts the rows of which one with the same values in these columns is stored; `None` for a table without a key.
fn count_where<'a>(target: &Target, wires: &[Wire], columns: impl IntoIterator<Item = &'a Column>) -> Option<String> {
    if target.table.primary_key.is_empty() {
        return None;
    }
    let mut conditions = Vec::new();
    for column in columns {
        let index = target.table.columns.iter().position(|one| one.name == column.name)?;
        let same = if target.table.primary_key.contains(&column.name) { "=" } else { "IS NOT DISTINCT FROM" };
        conditions.push(format!("stored.{} {same} {}", quoted(&column.name), value(target, wires, index)));
    }
    let (table, batch) = (table_name(target), unnest(wires));
    Some(format!("SELECT count(*) FROM {batch} JOIN {table} AS stored ON {}", conditions.join(" AND ")))
}
