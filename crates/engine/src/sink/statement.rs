//! The one statement that writes a batch into a table.

use std::fmt::Write as _;

use sea_orm::sea_query::{Alias, IntoIden, PostgresQueryBuilder, QuotedBuilder};

use super::column::Wire;
use pipeline::{OnConflict, Target};

/// A table's INSERT, made once: the batch size changes the arrays, never the text, so the server plans it once.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) wires: Vec<Wire>,
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
    pub(crate) fn new(target: &Target, order: RowOrder) -> Self {
        let table = &target.table;
        let wires: Vec<_> = table.columns.iter().map(|column| Wire::of(column.ty)).collect();
        let columns = quoted_list(table.columns.iter().map(|column| column.name.as_str()));
        let source = match (target.on_conflict, table.primary_key.is_empty()) {
            (OnConflict::Update, false) => one_of_each_key(target, &wires),
            _ => {
                format!("SELECT {} FROM {}{}", values(target, &wires), unnest(&wires), row_order(target, &wires, order))
            }
        };
        let sql = format!("INSERT INTO {} AS stored ({columns}) {source}{}", table_name(target), on_conflict(target));
        Self { sql, wires }
    }
}

/// The batch's column of that index, cast to its type if it travels as text.
pub(crate) fn value(target: &Target, wires: &[Wire], index: usize) -> String {
    let cast = wires[index].cast.then(|| format!("::{}", target.table.columns[index].ty));
    format!("c{index}{}", cast.unwrap_or_default())
}

pub(crate) fn values(target: &Target, wires: &[Wire]) -> String {
    (0..wires.len()).map(|index| value(target, wires, index)).collect::<Vec<_>>().join(", ")
}

pub(crate) fn unnest(wires: &[Wire]) -> String {
    let arrays = wires.iter().enumerate().map(|(index, wire)| format!("${}::{}", index + 1, wire.sql));
    let names = (0..wires.len()).map(|index| format!("c{index}"));
    format!(
        "UNNEST({}) WITH ORDINALITY AS batch({}, position)",
        arrays.collect::<Vec<_>>().join(", "),
        names.collect::<Vec<_>>().join(", "),
    )
}

fn row_order(target: &Target, wires: &[Wire], order: RowOrder) -> String {
    if order == RowOrder::Arrival || target.table.primary_key.is_empty() {
        return String::new();
    }
    format!(" ORDER BY {}, position", key(target, wires))
}

fn key(target: &Target, wires: &[Wire]) -> String {
    let named = target.table.primary_key.iter().filter_map(|name| value_of(target, wires, name));
    named.collect::<Vec<_>>().join(", ")
}

fn value_of(target: &Target, wires: &[Wire], name: &str) -> Option<String> {
    let index = target.table.columns.iter().position(|column| column.name == name);
    index.map(|index| value(target, wires, index))
}

/// An upsert may not touch a row twice (SQLSTATE 21000): of several rows with one key, the one with the greatest version
/// goes, and of those the last received. The server compares keys and versions, by the rules of their types.
fn one_of_each_key(target: &Target, wires: &[Wire]) -> String {
    let key = key(target, wires);
    let version = target.version.as_ref().and_then(|version| value_of(target, wires, version));
    let newest = version.map(|version| format!("{version} DESC, "));
    let newest = newest.unwrap_or_default();
    format!(
        "SELECT DISTINCT ON ({key}) {} FROM {} ORDER BY {key}, {newest}position DESC",
        values(target, wires),
        unnest(wires)
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

pub(crate) fn table_name(target: &Target) -> String {
    let name = &target.table.name;
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&name.name)),
        None => quoted(&name.name),
    }
}

pub(crate) fn quoted_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for (index, name) in names.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(list, "{comma}{}", quoted(name)).expect("a String takes every text");
    }
    list
}

pub(crate) fn quoted(name: &str) -> String {
    let mut out = String::new();
    PostgresQueryBuilder.prepare_iden(&Alias::new(name).into_iden(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::{Column, Table, TableName};

    fn target(on_conflict: OnConflict) -> Target {
        let column = |name: &str, ty: &str| Column { name: name.into(), ty: ty.parse().unwrap(), nullable: false };
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

    #[test]
    fn quotes_every_identifier_and_casts_what_travels_as_text() {
        assert_eq!(
            Statement::new(&target(OnConflict::Ignore), RowOrder::Key).sql,
            "INSERT INTO \"s\"\"x\".\"events\" AS stored (\"id\", \"pay\"\"load\") SELECT c0, c1::jsonb \
             FROM UNNEST($1::uuid[], $2::text[]) WITH ORDINALITY AS batch(c0, c1, position) ORDER BY c0, position \
             ON CONFLICT (\"id\") DO NOTHING"
        );
    }

    #[test]
    fn an_upsert_sends_each_key_once() {
        let sql = Statement::new(&target(OnConflict::Update), RowOrder::Key).sql;
        assert!(sql.contains("SELECT DISTINCT ON (c0) c0, c1::jsonb"), "{sql}");
        assert!(sql.ends_with("DO UPDATE SET \"pay\"\"load\" = EXCLUDED.\"pay\"\"load\""), "{sql}");
    }

    #[test]
    fn a_version_chooses_within_the_batch_and_guards_what_is_stored() {
        let target = Target { version: Some("pay\"load".into()), ..target(OnConflict::Update) };
        let sql = Statement::new(&target, RowOrder::Key).sql;
        assert!(sql.contains("ORDER BY c0, c1::jsonb DESC, position DESC"), "{sql}");
        assert!(sql.ends_with(" WHERE EXCLUDED.\"pay\"\"load\" > stored.\"pay\"\"load\""), "{sql}");
    }

    #[test]
    fn error_lets_the_key_speak() {
        assert!(!Statement::new(&target(OnConflict::Error), RowOrder::Key).sql.contains("ON CONFLICT"));
    }
}
