//! Tables as the pipeline files declare them: the input of every migration.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::column_type::ColumnType;

/// A table, optionally inside a schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The PostgreSQL schema; `None` leaves it to the connection's `search_path`.
    pub schema: Option<String>,
    /// The table's own name.
    pub name: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Reads a name with an optional schema, as a pipeline file writes it.
impl From<&str> for TableName {
    fn from(written: &str) -> Self {
        match written.split_once('.') {
            Some((schema, name)) => Self { schema: Some(schema.to_owned()), name: name.to_owned() },
            None => Self { schema: None, name: written.to_owned() },
        }
    }
}

/// As it is written in a pipeline file.
impl Serialize for TableName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A path as messages show it; serde's own way fails on a path that is not UTF-8.
pub fn path_as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// A declared table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// In the order they are written.
    pub columns: Vec<Column>,
    /// Column names; empty when the table has no key.
    pub primary_key: Vec<String>,
    /// Secondary indexes.
    pub indexes: Vec<Index>,
    /// The pipeline file that declares it, for the ledger and for messages.
    pub declared_in: PathBuf,
}

/// A declared column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
    /// What becomes of a row that has no value for it.
    pub when_null: WhenNull,
}

/// What becomes of a row that has no value for a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenNull {
    /// Its message is rejected: the column is NOT NULL.
    Reject,
    /// `null`: NULL is stored.
    Store,
    /// `optional`: the write leaves the column out. A new row takes the table's DEFAULT, a stored row keeps its value.
    LeaveOut,
}

impl WhenNull {
    /// Whether a row may be without a value.
    pub fn accepts_null(self) -> bool {
        self != Self::Reject
    }

    /// The word in the column's line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reject => "",
            Self::Store => "null",
            Self::LeaveOut => "optional",
        }
    }
}

/// A type of the database by its schema and its own name; `_x` is the array of `x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// Its schema.
    pub schema: String,
    /// Its name in that schema.
    pub name: String,
}

/// The types of a live table's columns, by name, where they are others than declared. They are what is below domains, and
/// have no length or precision.
pub type LiveTypes = BTreeMap<String, TypeName>;

/// A declared index. Its name is derived, never written, so that the same declaration always means the same index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Column names, in index order.
    pub columns: Vec<String>,
    /// Access method.
    pub using: IndexMethod,
    /// A unique index.
    pub unique: bool,
    /// A partial index's predicate: SQL, as the user wrote it.
    pub predicate: Option<String>,
}

/// PostgreSQL's index access methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each variant is the access method of that name")]
pub enum IndexMethod {
    #[default]
    Btree,
    Hash,
    Gin,
    Gist,
    Brin,
}

impl IndexMethod {
    /// As SQL and `pg_am.amname` spell it.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Btree => "btree",
            Self::Hash => "hash",
            Self::Gin => "gin",
            Self::Gist => "gist",
            Self::Brin => "brin",
        }
    }
}
