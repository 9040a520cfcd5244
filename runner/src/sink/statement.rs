//! The one statement that writes a batch into a table.

use std::fmt::Write as _;

use sea_orm::sea_query::{Alias, IntoIden, PostgresQueryBuilder, QuotedBuilder};

use super::column::Wire;
use crate::plan::{OnConflict, Target};

/// A table's INSERT, made once: the batch size changes the arrays, never the text, so the server plans it once.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) wires: Vec<Wire>,
}

impl Statement {
    /// `INSERT INTO t (a, ...) SELECT c0, ... FROM UNNEST($1::uuid[], ...) ... ON CONFLICT ...`
    pub(super) fn new(target: &Target) -> Self {
        let table = &target.table;
        let wires: Vec<_> = table.columns.iter().map(|column| Wire::of(column.ty)).collect();
        let columns = quoted_list(table.columns.iter().map(|column| column.name.as_str()));
        let source = match (target.on_conflict, table.primary_key.is_empty()) {
            (OnConflict::Update, false) => last_of_each_key(target, &wires),
            _ => format!("SELECT {} FROM {}", values(target, &wires), unnest(&wires)),
        };
        let sql = format!("INSERT INTO {} ({columns}) {source}{}", table_name(target), on_conflict(target));
        Self { sql, wires }
    }
}

/// The batch's column of that index, cast to its type if it travels as text.
fn value(target: &Target, wires: &[Wire], index: usize) -> String {
    let cast = wires[index].cast.then(|| format!("::{}", target.table.columns[index].ty));
    format!("c{index}{}", cast.unwrap_or_default())
}

fn values(target: &Target, wires: &[Wire]) -> String {
    (0..wires.len()).map(|index| value(target, wires, index)).collect::<Vec<_>>().join(", ")
}

fn unnest(wires: &[Wire]) -> String {
    let arrays = wires.iter().enumerate().map(|(index, wire)| format!("${}::{}", index + 1, wire.sql));
    let names = (0..wires.len()).map(|index| format!("c{index}"));
    format!(
        "UNNEST({}) WITH ORDINALITY AS batch({}, position)",
        arrays.collect::<Vec<_>>().join(", "),
        names.collect::<Vec<_>>().join(", "),
    )
}

/// An upsert may not touch a row twice (SQLSTATE 21000): of several rows with one key, the last received wins.
/// The server compares the keys, by the rules of their types.
fn last_of_each_key(target: &Target, wires: &[Wire]) -> String {
    let table = &target.table;
    let key = table.primary_key.iter().filter_map(|name| table.columns.iter().position(|column| &column.name == name));
    let key = key.map(|index| value(target, wires, index));
    let key = key.collect::<Vec<_>>().join(", ");
    format!("SELECT DISTINCT ON ({key}) {} FROM {} ORDER BY {key}, position DESC", values(target, wires), unnest(wires))
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
        OnConflict::Update if !set.is_empty() => format!(" ON CONFLICT ({key}) DO UPDATE SET {set}"),
        _ => format!(" ON CONFLICT ({key}) DO NOTHING"),
    }
}

fn table_name(target: &Target) -> String {
    let name = &target.table.name;
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&name.name)),
        None => quoted(&name.name),
    }
}

fn quoted_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for (index, name) in names.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(list, "{comma}{}", quoted(name)).expect("a String takes every text");
    }
    list
}

fn quoted(name: &str) -> String {
    let mut out = String::new();
    PostgresQueryBuilder.prepare_iden(&Alias::new(name).into_iden(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use migration::{Column, Table, TableName};

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
            Statement::new(&target(OnConflict::Ignore)).sql,
            "INSERT INTO \"s\"\"x\".\"events\" (\"id\", \"pay\"\"load\") SELECT c0, c1::jsonb \
             FROM UNNEST($1::uuid[], $2::text[]) WITH ORDINALITY AS batch(c0, c1, position) \
             ON CONFLICT (\"id\") DO NOTHING"
        );
    }

    #[test]
    fn an_upsert_sends_each_key_once() {
        let sql = Statement::new(&target(OnConflict::Update)).sql;
        assert!(sql.contains("SELECT DISTINCT ON (c0) c0, c1::jsonb"), "{sql}");
        assert!(sql.ends_with("DO UPDATE SET \"pay\"\"load\" = EXCLUDED.\"pay\"\"load\""), "{sql}");
    }

    #[test]
    fn error_lets_the_key_speak() {
        assert!(!Statement::new(&target(OnConflict::Error)).sql.contains("ON CONFLICT"));
    }
}
