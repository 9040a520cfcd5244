//! Reads live tables from PostgreSQL's catalog. Nothing here writes.

use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, DbErr, Value};

use crate::Error;
use crate::assignment::{Assignment, assignment};
use crate::ddl;
use crate::index_name::index_name;
use crate::live::{Kind, LiveColumn, LiveIndex, LiveKey, LiveTable, NotNull, Rights, Unique};
use crate::merge::{Declaration, Sourced, merge};
use crate::query::{all, one};
use crate::transaction::Transaction;
use crate::view::{plans_conflict_target, required_below_view};
use pipeline::{Column, Table, TableName};

pub(crate) const READING: &str = "reading the live tables";
const READ_ONLY: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '10s'";

/// Every declared table with its live counterpart, at one moment.
pub(crate) struct Survey {
    pub(crate) tables: Vec<Surveyed>,
    /// The name with its schema of each table that was given, in the order of the tables.
    pub(crate) homes: Vec<TableName>,
}

/// A declared table with its live counterpart.
pub(crate) struct Surveyed {
    pub(crate) declaration: Declaration,
    pub(crate) schema_exists: bool,
    pub(crate) live: Option<LiveTable>,
    /// Names of declared indexes that other relations use already.
    pub(crate) taken: Vec<String>,
}

/// Reads the live tables inside one read-only transaction, so that PostgreSQL itself prevents any change.
pub(crate) async fn survey(db: &DatabaseConnection, tables: &[Table]) -> Result<Survey, Error> {
    let transaction = read_only(db).await?;
    let survey = survey_in(&transaction, tables).await?;
    transaction.rollback().await.map_err(Error::during(READING))?;
    Ok(survey)
}

/// The same inside a transaction, for what is read beside it. A role may have one connection only.
pub(crate) async fn survey_in(transaction: &Transaction, tables: &[Table]) -> Result<Survey, Error> {
    let mut homes = Vec::with_capacity(tables.len());
    for table in tables {
        homes.push(home(transaction, &table.name).await?);
    }
    let mut surveyed = Vec::new();
    for declaration in merge(homes.iter().cloned().zip(tables).collect())? {
        surveyed.push(read_table(transaction, declaration).await.map_err(Error::during(READING))?);
    }
    Ok(Survey { tables: surveyed, homes })
}

/// Starts a transaction that reads one snapshot and can't write.
pub(crate) async fn read_only(db: &DatabaseConnection) -> Result<Transaction, Error> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Err(Error::NotPostgres);
    }
    Transaction::begin(db, READ_ONLY).await.map_err(Error::during(READING))
}

/// Completes a table's name with its schema: the one where an unqualified name is found, or would be created.
pub(crate) async fn home(db: &Transaction, name: &TableName) -> Result<TableName, Error> {
    if name.schema.is_some() {
        return Ok(name.clone());
    }
    let sql = "SELECT coalesce(
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relname = $1 AND pg_table_is_visible(c.oid)),
        current_schema())::text AS schema";
    let row = one(db, sql, [name.name.as_str().into()]).await.map_err(Error::during(READING))?;
    let schema: Option<String> = match row {
        Some(row) => row.try_get("", "schema").map_err(Error::during(READING))?,
        None => None,
    };
    let schema = Some(schema.ok_or(Error::NoSchema)?);
    Ok(TableName { schema, name: name.name.clone() })
}

async fn read_table(db: &Transaction, declaration: Declaration) -> Result<Surveyed, DbErr> {
    let schema = declaration.home.schema.as_deref().unwrap_or_default();
    let exists = one(db, "SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema.into()]).await?;
    Ok(Surveyed {
        schema_exists: exists.is_some(),
        live: live_table(db, &declaration).await?,
        taken: taken(db, &declaration).await?,
        declaration,
    })
}

const RELATION: &str =
    "SELECT c.oid::bigint AS oid, pg_relation_is_updatable(c.oid, false) & 8 = 8 AS takes_inserts, c.relkind::text AS kind, pg_get_userbyid(c.relowner)::text AS owner,
        pg_has_role(c.relowner, 'USAGE') AS owned,
        has_schema_privilege(n.oid, 'USAGE') AND declared.may_insert AS may_insert,
        has_schema_privilege(n.oid, 'USAGE') AND declared.may_select AS may_select,
        (SELECT r.rulename::text FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3') LIMIT 1) AS rule
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL (
        SELECT coalesce(bool_and(has_column_privilege(c.oid, a.attnum, 'INSERT')), true) AS may_insert,
            coalesce(bool_and(has_column_privilege(c.oid, a.attnum, 'SELECT')), true) AS may_select
        FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY($3)
    ) declared
    WHERE n.nspname = $1 AND c.relname = $2";

async fn live_table(db: &Transaction, declaration: &Declaration) -> Result<Option<LiveTable>, DbErr> {
    let home = &declaration.home;
    let schema: Value = home.schema.clone().unwrap_or_default().into();
    let declared: Vec<String> = declaration.columns.iter().map(|column| column.value.name.clone()).collect();
    let Some(row) = one(db, RELATION, [schema, home.name.as_str().into(), declared.into()]).await? else {
        return Ok(None);
    };
    let oid: i64 = row.try_get("", "oid")?;
    let kind = kind(&row.try_get::<String>("", "kind")?, row.try_get("", "takes_inserts")?);
    let rights = Rights {
        own: row.try_get("", "owned")?,
        insert: row.try_get("", "may_insert")?,
        select: row.try_get("", "may_select")?,
    };
    let readable = rights.select && !matches!(kind, Kind::Other(_));
    let (key, indexes) = (&declaration.primary_key, indexes(db, oid).await?);
    let has_conflict_target = match kind {
        Kind::View if rights.insert && rights.select => plans_conflict_target(db, home, key).await?,
        _ => indexes.iter().any(|index| index.is_conflict_target(key)),
    };
    let mut columns = columns(db, oid, &declaration.columns).await?;
    if kind == Kind::View {
        columns.extend(required_below_view(db, oid).await?);
    }
    Ok(Some(LiveTable {
        kind,
        owner: row.try_get("", "owner")?,
        rights,
        has_rows: !readable || has_rows(db, home, None).await?,
        columns,
        primary_key: primary_key(db, oid).await?,
        indexes,
        has_conflict_target,
        rule: row.try_get("", "rule")?,
    }))
}

/// Reads `pg_class.relkind`.
pub(crate) fn kind(relkind: &str, takes_inserts: bool) -> Kind {
    match relkind {
        "v" if takes_inserts => Kind::View,
        "r" => Kind::Table,
        "p" => Kind::Partitioned,
        "v" => Kind::Other("a view that takes no inserts by itself"),
        "m" => Kind::Other("a materialized view"),
        "f" => Kind::Other("a foreign table"),
        "S" => Kind::Other("a sequence"),
        "i" | "I" => Kind::Other("an index"),
        "c" => Kind::Other("a composite type"),
        _ => Kind::Other("not a table"),
    }
}

/// Whether the table has a row, or a row in which `column` is not null.
pub(crate) async fn has_rows(db: &Transaction, table: &TableName, column: Option<&str>) -> Result<bool, DbErr> {
    let row = one(db, &ddl::any_row(table, column), []).await?;
    Ok(row.is_some())
}

async fn columns(db: &Transaction, oid: i64, declared: &[Sourced<Column>]) -> Result<Vec<LiveColumn>, DbErr> {
    let sql = "SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS ty, a.attnotnull AS not_null,
            (t.typtype = 'd' AND t.typnotnull) AS domain_not_null,
            (a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL) AS has_default,
            (a.attgenerated <> '' OR a.attidentity = 'a' OR NOT pg_column_is_updatable(a.attrelid, a.attnum, false))
                AS always_generated
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    let mut columns = Vec::new();
    for row in all(db, sql, [oid.into()]).await? {
        let (name, ty): (String, String) = (row.try_get("", "name")?, row.try_get("", "ty")?);
        let assignment = match declared.iter().find(|column| column.value.name == name) {
            Some(column) if column.value.ty.to_string() != ty => assignment(db, oid, &name, column.value.ty).await?,
            _ => Assignment::Same,
        };
        columns.push(LiveColumn {
            name,
            ty,
            assignment,
            not_null: match (row.try_get("", "not_null")?, row.try_get("", "domain_not_null")?) {
                (true, _) => NotNull::Column,
                (false, true) => NotNull::Domain,
                (false, false) => NotNull::Nothing,
            },
            has_default: row.try_get("", "has_default")?,
            always_generated: row.try_get("", "always_generated")?,
        });
    }
    Ok(columns)
}

pub(crate) async fn primary_key(db: &Transaction, oid: i64) -> Result<Option<LiveKey>, DbErr> {
    let sql = "SELECT k.conname::text AS constraint_name, a.attname::text AS name
        FROM pg_constraint k CROSS JOIN unnest(k.conkey) WITH ORDINALITY AS p(attnum, position)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum
        WHERE k.conrelid = $1::bigint::oid AND k.contype = 'p' ORDER BY p.position";
    let mut key = None;
    for row in all(db, sql, [oid.into()]).await? {
        let constraint: String = row.try_get("", "constraint_name")?;
        key.get_or_insert(LiveKey { constraint, columns: Vec::new() }).columns.push(row.try_get("", "name")?);
    }
    Ok(key)
}

/// One row per key column. An expression has no column name, and an index with one is not plain.
const INDEXES: &str = "SELECT c.relname::text AS name, m.amname::text AS method, i.indisunique AS is_unique,
        (i.indisvalid AND i.indisready AND i.indislive) AS valid, pg_get_expr(i.indpred, i.indrelid) AS predicate,
        a.attname::text AS column_name, NOT i.indimmediate AS deferrable,
        (k.attnum <> 0 AND i.indoption[k.position] = 0 AND o.opcdefault) AS plain
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
    CROSS JOIN LATERAL (SELECT i.indkey[s] AS attnum, s AS position FROM generate_series(0, i.indnkeyatts - 1) s) k
    JOIN pg_opclass o ON o.oid = i.indclass[k.position]
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0
    WHERE i.indrelid = $1::bigint::oid ORDER BY c.relname, k.position";

pub(crate) async fn indexes(db: &Transaction, oid: i64) -> Result<Vec<LiveIndex>, DbErr> {
    let mut indexes: Vec<LiveIndex> = Vec::new();
    for row in all(db, INDEXES, [oid.into()]).await? {
        let name: String = row.try_get("", "name")?;
        if indexes.last().is_none_or(|last| last.name != name) {
            indexes.push(LiveIndex {
                name,
                method: row.try_get("", "method")?,
                unique: match (row.try_get("", "is_unique")?, row.try_get("", "deferrable")?) {
                    (false, _) => Unique::No,
                    (true, false) => Unique::AtOnce,
                    (true, true) => Unique::Deferrable,
                },
                valid: row.try_get("", "valid")?,
                predicate: row.try_get("", "predicate")?,
                columns: Vec::new(),
                plain: true,
                key_length: 0,
            });
        }
        if let Some(index) = indexes.last_mut() {
            index.plain &= row.try_get::<bool>("", "plain")?;
            index.key_length += 1;
            index.columns.extend(row.try_get::<Option<String>>("", "column_name")?);
        }
    }
    Ok(indexes)
}

/// Names of declared indexes that relations other than this table's indexes use already: indexes share one namespace
/// with the tables of their schema.
async fn taken(db: &Transaction, declaration: &Declaration) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
        WHERE n.nspname = $1 AND c.relname = $2 AND t.relname IS DISTINCT FROM $3";
    let TableName { schema, name: table } = &declaration.home;
    let mut taken = Vec::new();
    for index in &declaration.indexes {
        let name = index_name(table, &index.value);
        let values = [schema.clone().into(), name.as_str().into(), table.as_str().into()];
        if one(db, sql, values).await?.is_some() {
            taken.push(name);
        }
    }
    Ok(taken)
}
