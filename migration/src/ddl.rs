//! The SQL text of every step. Every identifier is quoted by sea-query, types and access methods come from closed sets,
//! and an index predicate is the only part that is the user's own SQL.

use sea_orm_migration::sea_orm::sea_query::{
    Alias, ColumnDef, ConditionalStatement, Expr, Index as SqlIndex, IndexCreateStatement, IndexType, IntoIden,
    IntoTableRef, OnConflict, PostgresQueryBuilder, Query, QuotedBuilder, Table as SqlTable, TableRef,
};

use pipeline::{Column, Index, TableName, TypeName};

/// A quoted identifier.
pub(crate) fn ident(name: &str) -> String {
    let mut quoted = String::new();
    PostgresQueryBuilder.prepare_iden(&Alias::new(name).into_iden(), &mut quoted);
    quoted
}

/// A quoted, qualified table name.
pub(crate) fn table(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", ident(schema), ident(&name.name)),
        None => ident(&name.name),
    }
}

/// A quoted type. Without a length: quoted, `bpchar` is not `character`, which means `character(1)`.
pub(crate) fn type_name(name: &TypeName) -> String {
    format!("{}.{}", ident(&name.schema), ident(&name.name))
}

fn table_ref(name: &TableName) -> TableRef {
    match &name.schema {
        Some(schema) => (Alias::new(schema), Alias::new(&name.name)).into_table_ref(),
        None => Alias::new(&name.name).into_table_ref(),
    }
}

/// Doubles the quotes in the name of an index, which sea-query does not do.
fn escaped(index_name: &str) -> String {
    index_name.replace('"', "\"\"")
}

fn column_def(column: &Column) -> ColumnDef {
    let mut def = ColumnDef::new(Alias::new(&column.name));
    def.custom(Alias::new(column.ty.to_string()));
    if !column.when_null.accepts_null() {
        def.not_null();
    }
    def
}

pub(crate) fn create_schema(schema: &str) -> String {
    format!("CREATE SCHEMA {}", ident(schema))
}

pub(crate) fn drop_schema(schema: &str) -> String {
    format!("DROP SCHEMA IF EXISTS {}", ident(schema))
}

pub(crate) fn create_table<'a>(
    name: &TableName,
    columns: impl Iterator<Item = &'a Column>,
    primary_key: &[String],
) -> String {
    let mut create = SqlTable::create();
    create.table(table_ref(name));
    for column in columns {
        create.col(column_def(column));
    }
    if !primary_key.is_empty() {
        create
            .primary_key(primary_key.iter().fold(SqlIndex::create().primary(), |key, name| key.col(Alias::new(name))));
    }
    create.to_string(PostgresQueryBuilder)
}

pub(crate) fn drop_table(name: &TableName) -> String {
    SqlTable::drop().table(table_ref(name)).if_exists().to_string(PostgresQueryBuilder)
}

pub(crate) fn add_column(name: &TableName, column: &Column) -> String {
    SqlTable::alter().table(table_ref(name)).add_column(column_def(column)).to_string(PostgresQueryBuilder)
}

/// Written by hand, since sea-query's ALTER TABLE has no IF EXISTS: undoing must succeed when the table is gone.
pub(crate) fn drop_column(name: &TableName, column: &str) -> String {
    format!("ALTER TABLE IF EXISTS {} DROP COLUMN IF EXISTS {}", table(name), ident(column))
}

pub(crate) fn set_not_null(name: &TableName, column: &str) -> String {
    format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", table(name), ident(column))
}

pub(crate) fn drop_not_null(name: &TableName, column: &str) -> String {
    format!("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", table(name), ident(column))
}

pub(crate) fn set_type(name: &TableName, column: &Column) -> String {
    let (target, ty) = (ident(&column.name), column.ty);
    format!("ALTER TABLE {} ALTER COLUMN {target} TYPE {ty} USING {target}::{ty}", table(name))
}

/// Fills the existing rows, so that NOT NULL can follow. A person has to write the value.
pub(crate) fn backfill(name: &TableName, column: &str) -> String {
    let column = ident(column);
    format!("UPDATE {} SET {column} = /* a value */ WHERE {column} IS NULL", table(name))
}

pub(crate) fn add_primary_key(name: &TableName, constraint: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| ident(column)).collect();
    let (table, constraint) = (table(name), ident(constraint));
    format!("ALTER TABLE {table} ADD CONSTRAINT {constraint} PRIMARY KEY ({})", columns.join(", "))
}

pub(crate) fn drop_constraint(name: &TableName, constraint: &str) -> String {
    let (table, constraint) = (table(name), ident(constraint));
    format!("ALTER TABLE IF EXISTS {table} DROP CONSTRAINT IF EXISTS {constraint}")
}

pub(crate) fn create_index(name: &TableName, index_name: &str, index: &Index, concurrently: bool) -> String {
    let mut create: IndexCreateStatement = SqlIndex::create();
    create
        .name(escaped(index_name))
        .table(table_ref(name))
        .index_type(IndexType::Custom(Alias::new(index.using.keyword()).into_iden()));
    for column in &index.columns {
        create.col(Alias::new(column));
    }
    if index.unique {
        create.unique();
    }
    if concurrently {
        create.concurrently();
    }
    if let Some(predicate) = &index.predicate {
        create.and_where(Expr::cust(predicate.clone()));
    }
    create.to_string(PostgresQueryBuilder)
}

/// An index is in the schema of its table.
pub(crate) fn drop_index(name: &TableName, index_name: &str, concurrently: bool) -> String {
    let mut drop = SqlIndex::drop();
    drop.name(escaped(index_name)).table(table_ref(name)).if_exists();
    if concurrently {
        drop.concurrently();
    }
    drop.to_string(PostgresQueryBuilder)
}

/// Selects one row if there is any, or any with a value in `column`.
pub(crate) fn any_row(name: &TableName, column: Option<&str>) -> String {
    let condition = column.map_or(String::new(), |column| format!(" WHERE {} IS NOT NULL", ident(column)));
    format!("SELECT 1 FROM {}{condition} LIMIT 1", table(name))
}

/// Plans, without running it, an insert that meets rows of the same key.
pub(crate) fn explain_insert(name: &TableName, key: &[String]) -> String {
    let columns = || key.iter().map(Alias::new);
    let conflict = OnConflict::columns(columns()).do_nothing().to_owned();
    let mut insert = Query::insert();
    insert.into_table(table_ref(name)).columns(columns()).on_conflict(conflict);
    insert.values_panic(key.iter().map(|_| Expr::cust("NULL")));
    format!("EXPLAIN {}", insert.to_string(PostgresQueryBuilder))
}

pub(crate) fn lock_table(name: &TableName) -> String {
    format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::{IndexMethod, WhenNull};

    fn name() -> TableName {
        TableName { schema: Some("Odd Schema".into()), name: "or\"der".into() }
    }

    #[test]
    fn every_identifier_is_quoted() {
        let index = Index {
            columns: vec!["se\"lect".into()],
            using: IndexMethod::Gin,
            unique: false,
            predicate: Some("a ? 'x' AND b <> $$y$$".into()),
        };
        assert_eq!(
            create_index(&name(), "i\"x", &index, true),
            r#"CREATE INDEX CONCURRENTLY "i""x" ON "Odd Schema"."or""der" USING gin ("se""lect") WHERE a ? 'x' AND b <> $$y$$"#
        );
        assert_eq!(drop_index(&name(), "i\"x", false), r#"DROP INDEX IF EXISTS "Odd Schema"."i""x""#);
        assert_eq!(
            drop_column(&name(), "a\"; DROP TABLE t; --"),
            r#"ALTER TABLE IF EXISTS "Odd Schema"."or""der" DROP COLUMN IF EXISTS "a""; DROP TABLE t; --""#
        );
    }

    #[test]
    fn a_table_is_one_statement_with_its_key() {
        let column = |name: &str, ty: &str, when_null| Column { name: name.into(), ty: ty.parse().unwrap(), when_null };
        let columns = [column("id", "uuid", WhenNull::Reject), column("total", "numeric(12,2)[]", WhenNull::Store)];
        assert_eq!(
            create_table(&name(), columns.iter(), &["id".into()]),
            r#"CREATE TABLE "Odd Schema"."or""der" ( "id" uuid NOT NULL, "total" numeric(12,2)[], PRIMARY KEY ("id") )"#
        );
    }
}
