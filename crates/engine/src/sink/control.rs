//! The statements that show whether a table still accepts what it accepted before.

use pipeline::{OnConflict, Target};

use super::batch::Batch;
use super::quoted::{quoted, table_name};

/// Statements of one table, beside the one that writes it.
#[derive(Debug, Clone)]
pub(crate) struct ControlStatements {
    /// The table's name, quoted.
    pub(crate) table: String,
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
    pub(crate) fn new(target: &Target, batch: &Batch) -> Self {
        let (table, columns) = (table_name(target), batch.names());
        let insert = format!("INSERT INTO {table} ({columns})");
        Self {
            any_row: format!("SELECT 1 FROM {table} LIMIT 1"),
            rewrite_stored: format!("{insert} SELECT {columns} FROM {table} LIMIT 4 ON CONFLICT DO NOTHING"),
            count_stored: count_where(target, batch, true),
            count_updates: count_where(target, batch, false).filter(|_| target.on_conflict == OnConflict::Update),
            table,
        }
    }
}

/// Counts the rows of which one with the same key is stored, or one `with_the_same_values` in all columns; `None` for a
/// table without a key.
fn count_where(target: &Target, batch: &Batch, with_the_same_values: bool) -> Option<String> {
    let key = &target.table.primary_key;
    if key.is_empty() {
        return None;
    }
    let mut conditions = Vec::new();
    for name in key {
        conditions.push(format!("stored.{} = {}", quoted(name), batch.value_of(name)?));
    }
    if with_the_same_values {
        for column in target.table.columns.iter().filter(|column| !key.contains(&column.name)) {
            conditions.push(batch.is_stored(&column.name)?);
        }
    }
    let table = table_name(target);
    Some(format!("SELECT count(*) FROM {} JOIN {table} AS stored ON {}", batch.unnest(), conditions.join(" AND ")))
}
