//! The one statement that writes a batch into a table.

use super::batch::Batch;
use super::quoted::{quoted, quoted_list, table_name};
use pipeline::{OnConflict, Target};

/// A table's INSERT, made once: the batch size changes the arrays, never the text, so the server plans it once.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: String,
}

/// The order in which the rows of one write are inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// By their keys: writers that have the same keys in a different order would wait for each other. Of one key the first
    /// received goes first.
    Key,
    /// As they were received, which a FIFO queue promises within each group.
    Arrival,
}

impl Statement {
    /// `INSERT INTO t (a, ...) SELECT c0, ... FROM UNNEST($1::uuid[], ...) ... ON CONFLICT ...`
    pub(crate) fn new(target: &Target, batch: &Batch, order: RowOrder) -> Self {
        let source = match (target.on_conflict, target.table.primary_key.is_empty()) {
            (OnConflict::Update, false) => one_of_each_key(target, batch),
            _ => format!("SELECT {} FROM {}{}", batch.values(), batch.unnest(), row_order(target, batch, order)),
        };
        let (table, columns) = (table_name(target), batch.names());
        Self { sql: format!("INSERT INTO {table} AS stored ({columns}) {source}{}", on_conflict(target)) }
    }

    /// Writes rows; those whose keys are there change nothing. Even then PostgreSQL checks types, NOT NULL, CHECK and
    /// partitions, and fires `BEFORE` triggers.
    pub(crate) fn again(target: &Target, batch: &Batch) -> Self {
        let (table, columns) = (table_name(target), batch.names());
        let source = format!("SELECT {} FROM {}", batch.values(), batch.unnest());
        Self { sql: format!("INSERT INTO {table} ({columns}) {source} ON CONFLICT DO NOTHING") }
    }
}

fn row_order(target: &Target, batch: &Batch, order: RowOrder) -> String {
    if order == RowOrder::Arrival || target.table.primary_key.is_empty() {
        return String::new();
    }
    format!(" ORDER BY {}, position", key(target, batch))
}

fn key(target: &Target, batch: &Batch) -> String {
    let named = target.table.primary_key.iter().filter_map(|name| batch.value_of(name));
    named.collect::<Vec<_>>().join(", ")
}

/// An upsert may not touch a row twice (SQLSTATE 21000): of several rows with one key, the one with the greatest version
/// goes, and of those the last received. The server compares keys and versions, by the rules of their types.
fn one_of_each_key(target: &Target, batch: &Batch) -> String {
    let key = key(target, batch);
    let version = target.version.as_ref().and_then(|version| batch.value_of(version));
    let newest = version.map(|version| format!("{version} DESC, "));
    let newest = newest.unwrap_or_default();
    format!(
        "SELECT DISTINCT ON ({key}) {} FROM {} ORDER BY {key}, {newest}position DESC",
        batch.values(),
        batch.unnest()
    )
}

/// The key is always named: a bare DO NOTHING would swallow the violation of any other unique index.
fn on_conflict(target: &Target) -> String {
    let table = &target.table;
    if table.primary_key.is_empty() || target.on_conflict == OnConflict::Error {
        return String::new();
    }
    let key = quoted_list(table.primary_key.iter().map(String::as_str));
    let others = table.columns.iter().filter(|column| !table.primary_key.contains(&column.name));
    let set = others.map(|column| format!("{0} = EXCLUDED.{0}", quoted(&column.name))).collect::<Vec<_>>().join(", ");
    match target.on_conflict {
        OnConflict::Update if !set.is_empty() => {
            format!(" ON CONFLICT ({key}) DO UPDATE SET {set}{}", only_newer(target))
        }
        _ => format!(" ON CONFLICT ({key}) DO NOTHING"),
    }
}

/// Asked by the server about the row as it is then, whoever wrote it meanwhile.
fn only_newer(target: &Target) -> String {
    let version = target.version.as_deref().map(quoted);
    version.map(|version| format!(" WHERE EXCLUDED.{version} > stored.{version}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::{Column, LiveTypes, Table, TableName, TypeName, WhenNull};

    fn target(on_conflict: OnConflict) -> Target {
        let column =
            |name: &str, ty: &str| Column { name: name.into(), ty: ty.parse().unwrap(), when_null: WhenNull::Reject };
        Target {
            table: Table {
                name: TableName { schema: Some("s\"x".into()), name: "events".into() },
                columns: vec![column("id", "uuid"), column("pay\"load", "jsonb")],
                primary_key: vec!["id".into()],
                indexes: vec![],
                declared_in: "p.yaml".into(),
            },
            on_conflict,
            version: None,
        }
    }

    fn sql(target: &Target) -> String {
        Statement::new(target, &Batch::new(&target.table, &LiveTypes::new()), RowOrder::Key).sql
    }

    #[test]
    fn quotes_every_identifier_and_casts_what_travels_as_text() {
        assert_eq!(
            sql(&target(OnConflict::Ignore)),
            "INSERT INTO \"s\"\"x\".\"events\" AS stored (\"id\", \"pay\"\"load\") SELECT c0, c1::jsonb \
             FROM UNNEST($1::uuid[], $2::text[]) WITH ORDINALITY AS batch(c0, c1, position) ORDER BY c0, position \
             ON CONFLICT (\"id\") DO NOTHING"
        );
    }

    #[test]
    fn a_value_is_cast_to_the_live_type_by_its_quoted_name() {
        let target = target(OnConflict::Ignore);
        let live = TypeName { schema: "s\"x".into(), name: "Mood".into() };
        let batch = Batch::new(&target.table, &LiveTypes::from([("pay\"load".into(), live)]));
        let sql = Statement::new(&target, &batch, RowOrder::Key).sql;
        assert!(sql.contains("SELECT c0, c1::jsonb::\"s\"\"x\".\"Mood\" FROM"), "{sql}");
    }

    #[test]
    fn an_upsert_sends_each_key_once() {
        let sql = sql(&target(OnConflict::Update));
        assert!(sql.contains("SELECT DISTINCT ON (c0) c0, c1::jsonb"), "{sql}");
        assert!(sql.ends_with("DO UPDATE SET \"pay\"\"load\" = EXCLUDED.\"pay\"\"load\""), "{sql}");
    }

    #[test]
    fn a_version_chooses_within_the_batch_and_guards_what_is_stored() {
        let target = Target { version: Some("pay\"load".into()), ..target(OnConflict::Update) };
        let sql = sql(&target);
        assert!(sql.contains("ORDER BY c0, c1::jsonb DESC, position DESC"), "{sql}");
        assert!(sql.ends_with(" WHERE EXCLUDED.\"pay\"\"load\" > stored.\"pay\"\"load\""), "{sql}");
    }

    #[test]
    fn error_lets_the_key_speak() {
        assert!(!sql(&target(OnConflict::Error)).contains("ON CONFLICT"));
    }
}
