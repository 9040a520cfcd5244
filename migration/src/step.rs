//! What a migration does, and what it refuses to do.

use std::path::PathBuf;

use serde::Serialize;

use pipeline::TableName;

/// The kinds of step. All are additive: none loses a row or rewrites a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A schema a qualified table name speaks of.
    CreateSchema,
    /// A table with its columns and primary key.
    CreateTable,
    /// A column that may be null, or any column of an empty table.
    AddColumn,
    /// Widening: a column may be null from now on.
    DropNotNull,
    /// On an empty table alone.
    SetNotNull,
    /// On an empty table alone.
    AddPrimaryKey,
    /// A secondary index.
    CreateIndex,
    /// An index that a broken `CREATE INDEX CONCURRENTLY` left invalid.
    RebuildIndex,
}

impl Action {
    /// The word the ledger stores.
    pub fn word(self) -> &'static str {
        match self {
            Self::CreateSchema => "create_schema",
            Self::CreateTable => "create_table",
            Self::AddColumn => "add_column",
            Self::DropNotNull => "drop_not_null",
            Self::SetNotNull => "set_not_null",
            Self::AddPrimaryKey => "add_primary_key",
            Self::CreateIndex => "create_index",
            Self::RebuildIndex => "rebuild_index",
        }
    }
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its kind.
    pub action: Action,
    /// The table it serves.
    pub table: TableName,
    /// The same with its schema.
    #[serde(skip)]
    pub(crate) home: TableName,
    /// The column, index, constraint or schema it makes; `None` when that is the table itself.
    pub object: Option<String>,
    /// What it does, in words.
    pub summary: String,
    /// The statements, each run by itself.
    pub sql: Vec<String>,
    /// False for `CREATE INDEX CONCURRENTLY`, which PostgreSQL forbids inside a transaction.
    pub in_transaction: bool,
    /// How it is taken back.
    pub undo: Undo,
    /// The pipeline file that asks for it.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}

/// How a step is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undo {
    /// One statement.
    pub sql: String,
    /// What it takes with it.
    pub loses: Loss,
}

/// What undoing a step takes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// No data.
    Nothing,
    /// Every row of the table.
    Rows,
    /// Every value of the column.
    Values,
}

impl Loss {
    /// The word the ledger stores.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Rows => "rows",
            Self::Values => "values",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "nothing" => Self::Nothing,
            "values" => Self::Values,
            // A word of a newer version: suppose the worst.
            _ => Self::Rows,
        }
    }
}

/// A change that a migration won't make by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The table.
    pub table: TableName,
    /// Why, in words.
    pub reason: String,
    /// SQL to run by hand; empty where SQL is no help.
    pub by_hand: Vec<String>,
    /// The pipeline file that asks for it.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}
