//! A table that is in a database already, and how a pipeline file declares it. Pure: it is read elsewhere.

use std::path::PathBuf;

use crate::column_type::{ColumnType, Equality};
use crate::pipeline::{OnConflict, Target};
use crate::table::{Column, Table, TableName, WhenNull};

/// A table as it is, with what decides how a pipeline fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingTable {
    /// Its name, as the pipeline file will write it.
    pub name: TableName,
    /// In the table's order.
    pub columns: Vec<ExistingColumn>,
    /// The primary key.
    pub primary_key: Option<Vec<String>>,
    /// Other unique keys that `ON CONFLICT` can name.
    pub unique_keys: Vec<Vec<String>>,
}

/// A column of such a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingColumn {
    /// Its name.
    pub name: String,
    /// Its type, as PostgreSQL prints it.
    pub live_type: String,
    /// The type to declare; `None` where the column keeps the values of none.
    pub ty: Option<ColumnType>,
    /// NULL is allowed.
    pub nullable: bool,
    /// The value of a row that brings none.
    pub default: ColumnDefault,
    /// Characters of a text, at most.
    pub max_length: Option<i32>,
    /// The values of an enum, in its order.
    pub labels: Vec<String>,
}

/// Where the value of a column comes from, if a row brings none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnDefault {
    /// It is NULL.
    None,
    /// The column's DEFAULT, or that of its type.
    Value,
    /// A DEFAULT that reads a sequence, as that of a `serial` does.
    Sequence,
    /// The table counts: `GENERATED AS IDENTITY`.
    Identity,
    /// PostgreSQL computes it and accepts no other.
    Computed,
}

impl ExistingColumn {
    /// The type to declare; `None` for a column that is left to the table.
    pub fn declared_type(&self) -> Option<ColumnType> {
        self.ty.filter(|_| matches!(self.default, ColumnDefault::None | ColumnDefault::Value))
    }

    /// Whether the column can be in a key of the pipeline file.
    fn can_be_key(&self) -> bool {
        let is_found = |ty: ColumnType| ty.scalar().definition().indexes.equality == Equality::Values;
        !self.nullable && self.declared_type().is_some_and(is_found)
    }
}

impl ExistingTable {
    /// The columns that identify a row: a key whose values all come from the event, else one that has defaults. The
    /// primary key comes before others.
    pub fn key(&self) -> Option<&[String]> {
        let mut with_default = None;
        for key in self.primary_key.iter().chain(&self.unique_keys) {
            let columns: Vec<&ExistingColumn> = self.columns.iter().filter(|it| key.contains(&it.name)).collect();
            if columns.iter().any(|column| !column.can_be_key()) {
                continue;
            }
            if columns.iter().all(|column| column.default == ColumnDefault::None) {
                return Some(key);
            }
            with_default.get_or_insert(key.as_slice());
        }
        with_default
    }

    /// What becomes of an event that has no value for a column. A key always has one.
    pub fn when_null(&self, column: &ExistingColumn) -> WhenNull {
        match (column.default, column.nullable) {
            _ if self.key().is_some_and(|key| key.contains(&column.name)) => WhenNull::Reject,
            (ColumnDefault::Value, _) => WhenNull::LeaveOut,
            (_, true) => WhenNull::Store,
            (_, false) => WhenNull::Reject,
        }
    }

    /// The table as the pipeline file declares it.
    pub fn target(&self, declared_in: PathBuf) -> Target {
        let mut columns = Vec::new();
        for column in &self.columns {
            if let Some(ty) = column.declared_type() {
                columns.push(Column { name: column.name.clone(), ty, when_null: self.when_null(column) });
            }
        }
        let primary_key = self.key().map(<[String]>::to_vec).unwrap_or_default();
        let table = Table { name: self.name.clone(), columns, primary_key, indexes: Vec::new(), declared_in };
        Target { table, on_conflict: OnConflict::default(), version: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, ty: &str, nullable: bool, default: ColumnDefault) -> ExistingColumn {
        ExistingColumn {
            name: name.to_owned(),
            live_type: ty.to_owned(),
            ty: ty.parse().ok(),
            nullable,
            default,
            max_length: None,
            labels: Vec::new(),
        }
    }

    fn table(primary_key: &[&str], unique_keys: &[&[&str]]) -> ExistingTable {
        let names = |key: &[&str]| key.iter().map(ToString::to_string).collect::<Vec<_>>();
        ExistingTable {
            name: "t".into(),
            columns: vec![
                column("id", "bigint", false, ColumnDefault::Identity),
                column("ref", "uuid", false, ColumnDefault::Value),
                column("number", "text", false, ColumnDefault::None),
                column("maybe", "text", true, ColumnDefault::None),
                column("document", "jsonb", false, ColumnDefault::None),
            ],
            primary_key: Some(names(primary_key)).filter(|key| !key.is_empty()),
            unique_keys: unique_keys.iter().map(|key| names(key)).collect(),
        }
    }

    #[test]
    fn the_key_is_one_that_every_event_has() {
        for (primary_key, unique_keys, expected) in [
            (&["number"][..], &[&["ref"][..]][..], Some(&["number"][..])),
            (&["id"], &[&["maybe"], &["document"], &["number"]], Some(&["number"])),
            (&["ref"], &[&["number"]], Some(&["number"])),
            (&["ref"], &[&["maybe"]], Some(&["ref"])),
            (&["id"], &[&["maybe"]], None),
            (&["number", "id"], &[], None),
            (&[], &[&["number", "ref"]], Some(&["number", "ref"])),
        ] {
            let key = table(primary_key, unique_keys);
            let key: Option<Vec<&str>> = key.key().map(|key| key.iter().map(String::as_str).collect());
            assert_eq!(key.as_deref(), expected, "{primary_key:?} {unique_keys:?}");
        }
    }

    #[test]
    fn a_column_with_a_default_is_optional_unless_it_is_the_key() {
        let words = |table: &ExistingTable| {
            let columns = table.target("t.yaml".into()).table.columns;
            columns.iter().map(|column| format!("{} {}", column.name, column.when_null.word())).collect::<Vec<_>>()
        };
        let with_number = words(&table(&["number"], &[]));
        assert_eq!(with_number, ["ref optional", "number ", "maybe null", "document "]);
        assert_eq!(words(&table(&["ref"], &[])), ["ref ", "number ", "maybe null", "document "]);
    }
}
