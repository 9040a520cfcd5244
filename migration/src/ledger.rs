//! The ledger: a table that records every applied step, when, from which file, and how to undo it.

use std::path::PathBuf;

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr, QueryResult};
use sea_orm_migration::sea_query::{Alias, ColumnDef, DynIden, Expr, IntoIden, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};
use serde::Serialize;

use crate::query::{all, one};
use crate::reserved::{LEDGER, LEDGER_VERSION};
use crate::{Loss, Step};
use pipeline::TableName;

/// One applied step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Ascending in the order of application.
    pub id: i64,
    /// The kind of step, see [`Action::word`](crate::Action::word).
    pub action: String,
    /// The table with its schema.
    pub table: TableName,
    /// The column, index, constraint or schema that was made.
    pub object: Option<String>,
    /// What it did, in one line.
    pub summary: String,
    /// The SQL that was run; several statements are separated by `;` and a line end.
    pub sql: String,
    /// The SQL that undoes it.
    pub undo_sql: String,
    /// The data that undoing it loses.
    pub loses: Loss,
    /// The pipeline file that asked for it.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
    /// When it was applied: RFC 3339, UTC.
    pub applied_at: String,
    /// The version of runner that applied it.
    pub runner_version: String,
}

/// Creates the ledger, or updates an older one.
pub(crate) async fn install(db: &sea_orm_migration::sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(db, None).await
}

/// Whether this connection finds a ledger that it may read.
pub(crate) async fn readable(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let sql = "SELECT 1 WHERE to_regclass($1) IS NOT NULL AND has_table_privilege(to_regclass($1), 'SELECT')";
    Ok(one(db, sql, [LEDGER.into()]).await?.is_some())
}

/// Whether there is a ledger at all.
pub(crate) async fn exists(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let row = one(db, "SELECT 1 WHERE to_regclass($1) IS NOT NULL", [LEDGER.into()]).await?;
    Ok(row.is_some())
}

/// Records a step as started. [`finish`] follows in the same transaction, or afterwards for a step that can't run in one.
/// What a crash leaves in between is settled by [`settle_interrupted`].
pub(crate) async fn start(db: &impl ConnectionTrait, step: &Step) -> Result<i64, DbErr> {
    let sql = "INSERT INTO runner_ledger (action, schema_name, table_name, object, summary, sql, undo_sql, loses,
            declared_in, runner_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id";
    let values = [
        step.action.word().into(),
        step.home.schema.clone().into(),
        step.home.name.as_str().into(),
        step.object.clone().into(),
        step.summary.as_str().into(),
        step.sql.join(";\n").into(),
        step.undo.sql.as_str().into(),
        step.undo.loses.word().into(),
        step.declared_in.display().to_string().into(),
        env!("CARGO_PKG_VERSION").into(),
    ];
    let row = one(db, sql, values).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(LEDGER.to_owned()))?.try_get("", "id")
}

/// Records a step as applied.
pub(crate) async fn finish(db: &impl ConnectionTrait, id: i64) -> Result<(), DbErr> {
    let sql = "UPDATE runner_ledger SET applied_at = clock_timestamp() WHERE id = $1";
    all(db, sql, [id.into()]).await.map(drop)
}

/// Removes the record of a step that failed.
pub(crate) async fn forget(db: &impl ConnectionTrait, id: i64) -> Result<(), DbErr> {
    all(db, "DELETE FROM runner_ledger WHERE id = $1", [id.into()]).await.map(drop)
}

/// Records a step as undone.
pub(crate) async fn mark_undone(db: &impl ConnectionTrait, id: i64) -> Result<(), DbErr> {
    let sql = "UPDATE runner_ledger SET undone_at = clock_timestamp() WHERE id = $1";
    all(db, sql, [id.into()]).await.map(drop)
}

/// Settles the steps that a crash interrupted: records them as applied, or removes their record. Only index builds run
/// outside a transaction, so an interrupted step was applied exactly if its index is valid.
pub(crate) async fn settle_interrupted(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if one(db, "SELECT 1 FROM runner_ledger WHERE applied_at IS NULL LIMIT 1", []).await?.is_none() {
        return Ok(());
    }
    let finished = "UPDATE runner_ledger l SET applied_at = clock_timestamp() WHERE applied_at IS NULL AND EXISTS (
        SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.indisvalid AND c.relname = l.object AND n.nspname = l.schema_name)";
    all(db, finished, []).await?;
    all(db, "DELETE FROM runner_ledger WHERE applied_at IS NULL", []).await.map(drop)
}

const ENTRIES: &str = "SELECT id, action, schema_name, table_name, object, summary, sql, undo_sql, loses, declared_in,
        to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS applied_at, runner_version
    FROM runner_ledger WHERE applied_at IS NOT NULL AND undone_at IS NULL ORDER BY id";

/// The steps that are applied and not undone, oldest first.
pub(crate) async fn entries(db: &impl ConnectionTrait) -> Result<Vec<Entry>, DbErr> {
    all(db, ENTRIES, []).await?.iter().map(entry).collect()
}

fn entry(row: &QueryResult) -> Result<Entry, DbErr> {
    Ok(Entry {
        id: row.try_get("", "id")?,
        action: row.try_get("", "action")?,
        table: TableName { schema: row.try_get("", "schema_name")?, name: row.try_get("", "table_name")? },
        object: row.try_get("", "object")?,
        summary: row.try_get("", "summary")?,
        sql: row.try_get("", "sql")?,
        undo_sql: row.try_get("", "undo_sql")?,
        loses: Loss::from_word(&row.try_get::<String>("", "loses")?),
        declared_in: PathBuf::from(row.try_get::<String>("", "declared_in")?),
        applied_at: row.try_get("", "applied_at")?,
        runner_version: row.try_get("", "runner_version")?,
    })
}

/// The versions of the ledger itself. A new version is appended; released versions are never edited.
struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateLedger)]
    }

    fn migration_table_name() -> DynIden {
        Alias::new(LEDGER_VERSION).into_iden()
    }
}

struct CreateLedger;

impl MigrationName for CreateLedger {
    fn name(&self) -> &'static str {
        "m0001_create_ledger"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateLedger {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut create = Table::create();
        create
            .table(Alias::new(LEDGER))
            .col(column("id").big_integer().not_null().primary_key().extra("GENERATED ALWAYS AS IDENTITY"));
        for required in [
            "action",
            "schema_name",
            "table_name",
            "summary",
            "sql",
            "undo_sql",
            "loses",
            "declared_in",
            "runner_version",
        ] {
            create.col(column(required).text().not_null());
        }
        create
            .col(column("object").text())
            .col(column("started_at").timestamp_with_time_zone().not_null().default(Expr::current_timestamp()))
            .col(column("applied_at").timestamp_with_time_zone())
            .col(column("undone_at").timestamp_with_time_zone());
        manager.create_table(create).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new(LEDGER)).to_owned()).await
    }
}

fn column(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
}
