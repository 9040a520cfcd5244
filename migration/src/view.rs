//! What the catalog does not list for a view: the key and the required columns of the table below it.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use crate::assignment::Assignment;
use crate::ddl;
use crate::error::Cause;
use crate::live::{LiveColumn, NotNull};
use crate::query::all;
use crate::transaction::Transaction;
use pipeline::TableName;

/// Whether the server plans an insert into a view with this key: the view has no index, and only the server finds that of
/// the table below.
pub(crate) async fn plans_conflict_target(db: &Transaction, view: &TableName, key: &[String]) -> Result<bool, DbErr> {
    if key.is_empty() {
        return Ok(false);
    }
    match db.aside(db.execute_unprepared(&ddl::explain_insert(view, key))).await? {
        Ok(_) => Ok(true),
        Err(error) if Cause::of(&error).sqlstate() == Some("42P10") => Ok(false),
        Err(error) => Err(error),
    }
}

/// The columns that need a value of the one table below a view: those that the view leaves out, and those that it has under
/// their own name.
pub(crate) async fn required_below_view(db: &Transaction, oid: i64) -> Result<Vec<LiveColumn>, DbErr> {
    let sql = "WITH below AS (
            SELECT d.refobjid AS oid, array_agg(d.refobjsubid) AS columns
            FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
            WHERE r.ev_class = $1::bigint::oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
            GROUP BY d.refobjid)
        SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS ty
        FROM below JOIN pg_attribute a ON a.attrelid = below.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_type t ON t.oid = a.atttypid
        WHERE (SELECT count(*) FROM below) = 1
            AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL
            AND (a.attnum <> ALL (below.columns)
                OR EXISTS (SELECT FROM pg_attribute v WHERE v.attrelid = $1::bigint::oid AND v.attname = a.attname))";
    let mut columns = Vec::new();
    for row in all(db, sql, [oid.into()]).await? {
        columns.push(LiveColumn {
            name: row.try_get("", "name")?,
            ty: row.try_get("", "ty")?,
            assignment: Assignment::Same,
            not_null: NotNull::Column,
            has_default: false,
            always_generated: false,
        });
    }
    Ok(columns)
}

/// The tables that a view reads.
pub(crate) async fn tables_below_view(db: &Transaction, oid: i64) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT DISTINCT d.refobjid::bigint AS oid
        FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        WHERE r.ev_class = $1::bigint::oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class";
    let mut tables = Vec::new();
    for row in all(db, sql, [oid.into()]).await? {
        tables.push(row.try_get("", "oid")?);
    }
    Ok(tables)
}
