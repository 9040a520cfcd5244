//! The steps of a migration, and the changes that it refuses.

use std::path::PathBuf;

use serde::Serialize;

use pipeline::TableName;

/// The kinds of step. All are additive: none loses a row or rewrites a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Creates the schema of a qualified table name.
    CreateSchema,
    /// Creates a table with its columns and primary key.
    CreateTable,
    /// Adds a column that may be null, or any column to an empty table.
    AddColumn,
    /// Lets a column be null from now on.
    DropNotNull,
    /// Makes a column of an empty table NOT NULL.
    SetNotNull,
    /// Adds a primary key to an empty table.
    AddPrimaryKey,
    /// Creates a secondary index.
    CreateIndex,
    /// Rebuilds an index that a failed `CREATE INDEX CONCURRENTLY` left invalid.
    RebuildIndex,
}

impl Action {
    /// The word that the ledger stores.
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
    /// The kind of step.
    pub action: Action,
    /// The table as declared.
    pub table: TableName,
    /// The table with its schema.
    #[serde(skip)]
    pub(crate) home: TableName,
    /// The column, index, constraint or schema that it creates or changes; `None` when that is the table itself.
    pub object: Option<String>,
    /// What it does, in one line.
    pub summary: String,
    /// The statements, each run separately.
    pub sql: Vec<String>,
    /// False for `CREATE INDEX CONCURRENTLY`, which PostgreSQL forbids inside a transaction.
    pub in_transaction: bool,
    /// How it is undone.
    pub undo: Undo,
    /// The pipeline file that declares it.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}

/// How a step is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undo {
    /// One statement.
    pub sql: String,
    /// The data that it loses.
    pub loses: Loss,
}

/// The data that undoing a step loses.
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
    /// The word that the ledger stores.
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
            // A word of a newer version: assume the worst.
            _ => Self::Rows,
        }
    }
}

/// A change that a migration does not make by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The table.
    pub table: TableName,
    /// Why, in one line.
    pub reason: String,
    /// SQL to run by hand; empty where SQL can't help.
    pub by_hand: Vec<String>,
    /// The pipeline file that declares it.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}
