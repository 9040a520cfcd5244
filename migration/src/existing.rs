//! Describes a table that others made, so that a pipeline file can be written for it. Reads only.

use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr};

use crate::Error;
use crate::catalog::{READING, home, indexes, kind, primary_key, read_only};
use crate::declared_type::{Declarable, declarable};
use crate::error::Cause;
use crate::live::{Kind, LiveIndex};
use crate::query::{all, one};
use crate::transaction::Transaction;
use crate::view::{plans_conflict_target, required_below_view, tables_below_view};
use pipeline::{ColumnDefault, ExistingColumn, ExistingTable, TableName};

/// Describes the table of that name. Whether a pipeline can fill it is asked by [`fit`](crate::fit).
pub async fn describe(db: &DatabaseConnection, name: &TableName) -> Result<ExistingTable, Error> {
    let transaction = read_only(db).await?;
    let home = home(&transaction, name).await?;
    let found = relation(&transaction, &home).await.map_err(Error::during(READING))?;
    let Some((oid, kind)) = found else {
        let others = others(&transaction).await.map_err(Error::during(READING))?;
        return Err(Error::NoSuchTable { table: name.clone(), others });
    };
    let table = read(&transaction, name, &home, (oid, kind)).await.map_err(Error::during(READING))?;
    transaction.rollback().await.map_err(Error::during(READING))?;
    Ok(table)
}

async fn relation(db: &Transaction, home: &TableName) -> Result<Option<(i64, Kind)>, DbErr> {
    let sql = "SELECT c.oid::bigint AS oid, c.relkind::text AS kind,
            pg_relation_is_updatable(c.oid, false) & 8 = 8 AS takes_inserts
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";
    let Some(row) = one(db, sql, [home.schema.clone().into(), home.name.as_str().into()]).await? else {
        return Ok(None);
    };
    let kind = kind(&row.try_get::<String>("", "kind")?, row.try_get("", "takes_inserts")?);
    Ok(Some((row.try_get("", "oid")?, kind)))
}

/// The tables and views of the database, as one would write them, for the report that one is missing.
async fn others(db: &Transaction) -> Result<Vec<TableName>, DbErr> {
    let sql = "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN NULL ELSE n.nspname::text END AS schema, c.relname::text AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY pg_table_is_visible(c.oid) DESC, n.nspname, c.relname";
    let mut names = Vec::new();
    for row in all(db, sql, []).await? {
        names.push(TableName { schema: row.try_get("", "schema")?, name: row.try_get("", "name")? });
    }
    Ok(names)
}

async fn read(
    db: &Transaction,
    name: &TableName,
    home: &TableName,
    (oid, kind): (i64, Kind),
) -> Result<ExistingTable, DbErr> {
    let mut columns = columns(db, oid).await?;
    let (primary_key, unique_keys) = match kind {
        Kind::View => (None, through_view(db, home, oid, &mut columns).await?),
        _ => keys(db, oid).await?,
    };
    Ok(ExistingTable { name: name.clone(), columns, primary_key, unique_keys })
}

/// The primary key of a table, and its other keys.
async fn keys(db: &Transaction, oid: i64) -> Result<(Option<Vec<String>>, Vec<Vec<String>>), DbErr> {
    let primary_key = primary_key(db, oid).await?;
    let mut others = Vec::new();
    for index in indexes(db, oid).await? {
        let is_primary = primary_key.as_ref().is_some_and(|key| key.constraint == index.name);
        if !is_primary && is_key(&index) {
            others.push(index.columns);
        }
    }
    Ok((primary_key.map(|key| key.columns), others))
}

/// Completes the columns of a view by what the table below it requires, and gives the keys of required columns that the
/// server finds there. A key with a default, such as an identity, is left to the table.
async fn through_view(
    db: &Transaction,
    view: &TableName,
    oid: i64,
    columns: &mut [ExistingColumn],
) -> Result<Vec<Vec<String>>, DbErr> {
    let required: Vec<String> = required_below_view(db, oid).await?.into_iter().map(|column| column.name).collect();
    for column in &mut *columns {
        column.nullable = !required.contains(&column.name);
        // The view does not show which columns of the table below have a default. Left out, each takes its own.
        if column.nullable && column.default == ColumnDefault::None {
            column.default = ColumnDefault::Value;
        }
    }
    let mut found = Vec::new();
    for below in tables_below_view(db, oid).await? {
        let (primary_key, others) = keys(db, below).await?;
        for key in primary_key.into_iter().chain(others) {
            let is_required = |name: &String| columns.iter().any(|column| column.name == *name && !column.nullable);
            if key.iter().all(is_required) && finds(db, view, &key).await? {
                found.push(key);
            }
        }
    }
    Ok(found)
}

/// Whether the server finds this key below a view; not for a role that may not insert, which is reported by itself.
async fn finds(db: &Transaction, view: &TableName, key: &[String]) -> Result<bool, DbErr> {
    match plans_conflict_target(db, view, key).await {
        Err(error) if Cause::of(&error).sqlstate() == Some("42501") => Ok(false),
        found => found,
    }
}

fn is_key(index: &LiveIndex) -> bool {
    index.is_conflict_target(&index.columns)
}

/// A default that reads a sequence depends on it in the catalog. `typdefault` is that of a domain.
const COLUMNS: &str =
    "SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS live_type, 
        (a.attnotnull OR t.typtype = 'd' AND t.typnotnull) AS not_null,
        CASE WHEN a.attgenerated <> '' THEN 'computed' WHEN a.attidentity <> '' THEN 'identity'
            WHEN NOT pg_column_is_updatable(a.attrelid, a.attnum, false) THEN 'computed'
            WHEN EXISTS (SELECT FROM pg_attrdef d JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
                AND p.refclassid = 'pg_class'::regclass JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S'
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) THEN 'sequence'
            WHEN a.atthasdef OR t.typdefault IS NOT NULL THEN 'value' ELSE 'none' END AS filled
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

async fn columns(db: &Transaction, oid: i64) -> Result<Vec<ExistingColumn>, DbErr> {
    let mut columns = Vec::new();
    for row in all(db, COLUMNS, [oid.into()]).await? {
        let name: String = row.try_get("", "name")?;
        let Declarable { ty, max_length, labels } = declarable(db, oid, &name).await?;
        columns.push(ExistingColumn {
            live_type: row.try_get("", "live_type")?,
            nullable: !row.try_get::<bool>("", "not_null")?,
            default: default(&row.try_get::<String>("", "filled")?),
            name,
            ty,
            max_length,
            labels,
        });
    }
    Ok(columns)
}

fn default(filled: &str) -> ColumnDefault {
    match filled {
        "computed" => ColumnDefault::Computed,
        "identity" => ColumnDefault::Identity,
        "sequence" => ColumnDefault::Sequence,
        "value" => ColumnDefault::Value,
        _ => ColumnDefault::None,
    }
}
