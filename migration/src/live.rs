//! A table as PostgreSQL's catalog describes it.

use crate::assignment::Assignment;
use crate::merge::same_set;

/// A live relation, which may be something other than a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveTable {
    pub(crate) kind: Kind,
    /// The owning role.
    pub(crate) owner: String,
    pub(crate) rights: Rights,
    /// Also true when this role may not read the table.
    pub(crate) has_rows: bool,
    pub(crate) columns: Vec<LiveColumn>,
    pub(crate) primary_key: Option<LiveKey>,
    pub(crate) indexes: Vec<LiveIndex>,
    /// `ON CONFLICT` can name the declared key.
    pub(crate) has_conflict_target: bool,
    /// A rule that rewrites inserts or updates.
    pub(crate) rule: Option<String>,
}

/// What the role of this connection may do with the table, or with all the columns that are declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Alter it as its owner may.
    pub(crate) own: bool,
    pub(crate) insert: bool,
    pub(crate) select: bool,
}

/// The kinds of relation that matter here, from `pg_class.relkind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Partitioned,
    /// A view that PostgreSQL itself makes insertable.
    View,
    Other(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveColumn {
    pub(crate) name: String,
    /// The type, as `format_type()` prints it.
    pub(crate) ty: String,
    pub(crate) assignment: Assignment,
    pub(crate) not_null: NotNull,
    /// A default, an identity, or a generated value.
    pub(crate) has_default: bool,
    /// PostgreSQL refuses values written to it.
    pub(crate) always_generated: bool,
}

/// What refuses NULL in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotNull {
    Nothing,
    /// The column itself.
    Column,
    /// Its type, which is a domain.
    Domain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveKey {
    pub(crate) constraint: String,
    pub(crate) columns: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveIndex {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) unique: Unique,
    pub(crate) valid: bool,
    /// Key columns in order.
    pub(crate) columns: Vec<String>,
    /// Whether a declaration could describe it: no expression, the default order and operator class.
    pub(crate) plain: bool,
    /// How many columns its key has; an expression is one that has no name.
    pub(crate) key_length: usize,
    /// The predicate, as `pg_get_expr()` prints it.
    pub(crate) predicate: Option<String>,
}

/// Whether an index keeps its values unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unique {
    No,
    /// Checked with each row.
    AtOnce,
    /// Its constraint is deferrable: it may be checked at the end of a transaction.
    Deferrable,
}

impl LiveIndex {
    /// Whether `ON CONFLICT` finds rows of one key by this index.
    pub(crate) fn is_conflict_target(&self, key: &[String]) -> bool {
        let is_of_every_row = self.unique == Unique::AtOnce && self.valid && self.predicate.is_none();
        is_of_every_row && self.key_length == key.len() && same_set(&self.columns, key)
    }
}

impl LiveTable {
    pub(crate) fn column(&self, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(crate) fn in_primary_key(&self, name: &str) -> bool {
        self.primary_key.iter().any(|key| key.columns.iter().any(|column| column == name))
    }
}
