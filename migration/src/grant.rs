//! The privileges that a command needs in the database. Pure: which of them a role has is asked by
//! [`rights`](crate::rights).

use std::fmt;

use pipeline::{OnConflict, Table, TableName, Target};

use crate::ddl;

/// A privilege on one object, as a GRANT statement gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What it is given for.
    pub object: Object,
    /// What it allows.
    pub privilege: Privilege,
    /// The columns of a table that it is about; empty for the whole object.
    pub columns: Vec<String>,
}

/// What a privilege is given for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A database, by its name.
    Database(String),
    /// A schema, by its name.
    Schema(String),
    /// A table or a view.
    Table(TableName),
    /// A sequence, which the default of a column reads.
    Sequence(TableName),
}

/// The privileges that are needed anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the privilege of that name")]
pub enum Privilege {
    Usage,
    Create,
    Insert,
    Select,
    Update,
    Delete,
}

impl Privilege {
    /// As SQL spells it.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Usage => "USAGE",
            Self::Create => "CREATE",
            Self::Insert => "INSERT",
            Self::Select => "SELECT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

impl Grant {
    /// A privilege on a whole object.
    pub(crate) fn on(object: Object, privilege: Privilege) -> Self {
        Self { object, privilege, columns: Vec::new() }
    }

    fn on_columns(table: &TableName, privilege: Privilege, columns: Vec<String>) -> Self {
        Self { object: Object::Table(table.clone()), privilege, columns }
    }

    /// The statement that gives it to a role.
    pub fn statement(&self, role: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| ddl::ident(column)).collect();
        let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
        let object = match &self.object {
            Object::Database(name) => format!("DATABASE {}", ddl::ident(name)),
            Object::Schema(name) => format!("SCHEMA {}", ddl::ident(name)),
            Object::Table(name) => ddl::table(name),
            Object::Sequence(name) => format!("SEQUENCE {}", ddl::table(name)),
        };
        format!("GRANT {}{columns} ON {object} TO {}", self.privilege.keyword(), ddl::ident(role))
    }
}

/// `UPDATE (a, b) on table s.t`
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.privilege.keyword())?;
        if !self.columns.is_empty() {
            write!(f, " ({})", self.columns.join(", "))?;
        }
        match &self.object {
            Object::Database(name) => write!(f, " on database {name}"),
            Object::Schema(name) => write!(f, " on schema {name}"),
            Object::Table(name) => write!(f, " on table {name}"),
            Object::Sequence(name) => write!(f, " on sequence {name}"),
        }
    }
}

/// The privileges that a run needs on one table. SELECT is for more than `ON CONFLICT`: before a message is rejected, stored
/// rows show that the table still accepts others, and whether the message is stored already.
pub fn to_write(target: &Target) -> Vec<Grant> {
    let Table { name, columns, primary_key, .. } = &target.table;
    let all: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut grants = Vec::new();
    grants.extend(name.schema.clone().map(|schema| Grant::on(Object::Schema(schema), Privilege::Usage)));
    grants.push(Grant::on_columns(name, Privilege::Insert, all.clone()));
    grants.push(Grant::on_columns(name, Privilege::Select, all.clone()));
    let others: Vec<String> = all.into_iter().filter(|column| !primary_key.contains(column)).collect();
    if target.on_conflict == OnConflict::Update && !primary_key.is_empty() && !others.is_empty() {
        grants.push(Grant::on_columns(name, Privilege::Update, others));
    }
    grants
}

/// The privileges that creating these tables needs in a database that has none of them, but their schemas. The ledger is
/// created in the default schema.
pub fn to_create<'a>(tables: impl IntoIterator<Item = &'a Table>, default_schema: &str) -> Vec<Grant> {
    let mut schemas = vec![default_schema.to_owned()];
    for table in tables {
        schemas.push(table.name.schema.clone().unwrap_or_else(|| default_schema.to_owned()));
    }
    schemas.sort();
    schemas.dedup();
    schemas.into_iter().flat_map(|schema| in_schema(&schema)).collect()
}

/// What creating something in a schema needs.
pub(crate) fn in_schema(schema: &str) -> [Grant; 2] {
    [Privilege::Usage, Privilege::Create].map(|privilege| Grant::on(Object::Schema(schema.to_owned()), privilege))
}

/// What the role of this connection does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Each with those of its columns that it is missing for.
    pub grants: Vec<Grant>,
    /// The role.
    pub role: String,
}

impl Missing {
    /// The statements that give it what it needs.
    pub fn statements(&self) -> String {
        let statements: Vec<String> = self.grants.iter().map(|grant| grant.statement(&self.role)).collect();
        statements.join("; ")
    }

    /// The privileges, in one line.
    pub fn names(&self) -> String {
        self.grants.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::{Column, WhenNull};

    #[test]
    fn every_identifier_is_quoted() {
        let column =
            |name: &str| Column { name: name.into(), ty: "text".parse().unwrap(), when_null: WhenNull::Reject };
        let table = Table {
            name: TableName { schema: Some("s\"x".into()), name: "T".into() },
            columns: vec![column("id"), column("pay\"load")],
            primary_key: vec!["id".into()],
            indexes: vec![],
            declared_in: "p.yaml".into(),
        };
        let target = Target { table, on_conflict: OnConflict::Update, version: None };
        let statements: Vec<String> = to_write(&target).iter().map(|grant| grant.statement("r\"r")).collect();
        assert_eq!(
            statements,
            [
                r#"GRANT USAGE ON SCHEMA "s""x" TO "r""r""#,
                r#"GRANT INSERT ("id", "pay""load") ON "s""x"."T" TO "r""r""#,
                r#"GRANT SELECT ("id", "pay""load") ON "s""x"."T" TO "r""r""#,
                r#"GRANT UPDATE ("pay""load") ON "s""x"."T" TO "r""r""#,
            ]
        );
    }
}
