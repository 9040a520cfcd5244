//! A table as PostgreSQL's catalog describes it.

use crate::assignment::Assignment;

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
}

/// What the role of this connection may do with the table.
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
    Other(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveColumn {
    pub(crate) name: String,
    /// The type, as `format_type()` prints it.
    pub(crate) ty: String,
    pub(crate) not_null: bool,
    /// A default, an identity, or a generated value.
    pub(crate) has_default: bool,
    pub(crate) assignment: Assignment,
    /// PostgreSQL refuses values written to it.
    pub(crate) always_generated: bool,
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
    pub(crate) unique: bool,
    pub(crate) valid: bool,
    /// Key columns in order.
    pub(crate) columns: Vec<String>,
    /// Whether a declaration could describe it: no expression, the default order and operator class.
    pub(crate) plain: bool,
    /// The predicate, as `pg_get_expr()` prints it.
    pub(crate) predicate: Option<String>,
}

impl LiveTable {
    pub(crate) fn column(&self, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(crate) fn in_primary_key(&self, name: &str) -> bool {
        self.primary_key.iter().any(|key| key.columns.iter().any(|column| column == name))
    }
}
