//! The ledger: a table that records every applied step, when, from which file, and how to undo it.

use std::path::PathBuf;

use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr, QueryResult};
use serde::Serialize;

use crate::query::{all, one};
use crate::reserved::{LEDGER, LEDGER_VERSION};
use crate::transaction::Transaction;
use crate::{Error, Loss, Step, ddl, install};
use pipeline::TableName;

const READING: &str = "reading the migration ledger";
const INSTALLING: &str = "creating the migration ledger";

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

/// Where the ledger is.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    /// Quoted, with its schema: the `search_path` of a connection has no say in where the ledger is.
    table: String,
}

impl Ledger {
    /// The ledger of the database, in whatever schema it is.
    pub(crate) async fn find(db: &Transaction) -> Result<Option<Self>, Error> {
        match Homes::find(db).await?.ledger {
            Some(schema) => Ok(Some(Self::in_schema(schema))),
            None => Ok(None),
        }
    }

    /// The same, where this role may read it.
    pub(crate) async fn find_readable(db: &Transaction) -> Result<Option<Self>, Error> {
        let Some(ledger) = Self::find(db).await? else { return Ok(None) };
        let sql = "SELECT 1 WHERE has_table_privilege(to_regclass($1), 'SELECT')";
        let readable = one(db, sql, [ledger.table.as_str().into()]).await.map_err(Error::during(READING))?;
        Ok(readable.map(|_| ledger))
    }

    /// The ledger of the database. Creates it, or updates an older one.
    pub(crate) async fn install(db: &DatabaseConnection) -> Result<Self, Error> {
        let transaction = Transaction::begin(db, "BEGIN").await.map_err(Error::during(INSTALLING))?;
        let homes = Homes::find(&transaction).await?;
        let schema = homes.schema(&transaction).await.map_err(Error::during(INSTALLING))?;
        let is_complete = homes.are_complete(&transaction).await.map_err(Error::during(INSTALLING))?;
        transaction.rollback().await.map_err(Error::during(INSTALLING))?;
        if !is_complete {
            let versions = homes.versions.as_ref().unwrap_or(&schema);
            install::up(db, [versions, &schema]).await.map_err(Error::during(INSTALLING))?;
        }
        Ok(Self::in_schema(schema))
    }

    fn in_schema(schema: String) -> Self {
        Self { table: ddl::table(&TableName { schema: Some(schema), name: LEDGER.to_owned() }) }
    }

    /// Records a step as started. [`finish`](Self::finish) follows in the same transaction, or afterwards for a step that
    /// can't run in one. What a crash leaves in between is settled by [`settle_interrupted`](Self::settle_interrupted).
    pub(crate) async fn start(&self, db: &Transaction, step: &Step) -> Result<i64, DbErr> {
        let sql = format!(
            "INSERT INTO {} (action, schema_name, table_name, object, summary, sql, undo_sql, loses, declared_in, \
             runner_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
            self.table
        );
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
        let row = one(db, &sql, values).await?;
        row.ok_or_else(|| DbErr::RecordNotFound(LEDGER.to_owned()))?.try_get("", "id")
    }

    /// Records a step as applied.
    pub(crate) async fn finish(&self, db: &Transaction, id: i64) -> Result<(), DbErr> {
        let sql = format!("UPDATE {} SET applied_at = clock_timestamp() WHERE id = $1", self.table);
        all(db, &sql, [id.into()]).await.map(drop)
    }

    /// Removes the record of a step that failed.
    pub(crate) async fn forget(&self, db: &Transaction, id: i64) -> Result<(), DbErr> {
        all(db, &format!("DELETE FROM {} WHERE id = $1", self.table), [id.into()]).await.map(drop)
    }

    /// Records a step as undone.
    pub(crate) async fn mark_undone(&self, db: &Transaction, id: i64) -> Result<(), DbErr> {
        let sql = format!("UPDATE {} SET undone_at = clock_timestamp() WHERE id = $1", self.table);
        all(db, &sql, [id.into()]).await.map(drop)
    }

    /// Settles the steps that a crash interrupted: records them as applied, or removes their record. Only index builds run
    /// outside a transaction, so an interrupted step was applied exactly if its index is valid.
    pub(crate) async fn settle_interrupted(&self, db: &Transaction) -> Result<(), DbErr> {
        let table = &self.table;
        if one(db, &format!("SELECT 1 FROM {table} WHERE applied_at IS NULL LIMIT 1"), []).await?.is_none() {
            return Ok(());
        }
        let finished = format!(
            "UPDATE {table} l SET applied_at = clock_timestamp() WHERE applied_at IS NULL AND EXISTS (
                SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE i.indisvalid AND c.relname = l.object AND n.nspname = l.schema_name)"
        );
        all(db, &finished, []).await?;
        all(db, &format!("DELETE FROM {table} WHERE applied_at IS NULL"), []).await.map(drop)
    }

    /// The steps that are applied and not undone, oldest first.
    pub(crate) async fn entries(&self, db: &Transaction) -> Result<Vec<Entry>, DbErr> {
        let sql = format!(
            "SELECT id, action, schema_name, table_name, object, summary, sql, undo_sql, loses, declared_in,
                to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS applied_at, runner_version
            FROM {} WHERE applied_at IS NOT NULL AND undone_at IS NULL ORDER BY id",
            self.table
        );
        all(db, &sql, []).await?.iter().map(entry).collect()
    }
}

/// The schemas in which the ledger and its version are.
#[derive(Debug)]
pub(crate) struct Homes {
    pub(crate) ledger: Option<String>,
    pub(crate) versions: Option<String>,
}

impl Homes {
    pub(crate) async fn find(db: &Transaction) -> Result<Self, Error> {
        Ok(Self { ledger: home_of(db, LEDGER).await?, versions: home_of(db, LEDGER_VERSION).await? })
    }

    /// Where the ledger is, or will be: in the first schema of the `search_path` that exists, else in `public`.
    pub(crate) async fn schema(&self, db: &Transaction) -> Result<String, DbErr> {
        if let Some(schema) = self.ledger.as_ref().or(self.versions.as_ref()) {
            return Ok(schema.clone());
        }
        let row = one(db, "SELECT coalesce(current_schema(), 'public')::text AS schema", []).await?;
        row.ok_or_else(|| DbErr::RecordNotFound(LEDGER.to_owned()))?.try_get("", "schema")
    }

    /// Whether the ledger is there and has its newest version.
    async fn are_complete(&self, db: &Transaction) -> Result<bool, DbErr> {
        let (Some(_), Some(versions)) = (&self.ledger, &self.versions) else { return Ok(false) };
        let table = ddl::table(&TableName { schema: Some(versions.clone()), name: LEDGER_VERSION.to_owned() });
        let sql = format!("SELECT 1 FROM {table} WHERE version = $1");
        Ok(one(db, &sql, [install::newest().into()]).await?.is_some())
    }
}

/// The schema that has a table of this name. One database has one ledger.
async fn home_of(db: &Transaction, name: &'static str) -> Result<Option<String>, Error> {
    let sql = "SELECT n.nspname::text AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' ORDER BY 1";
    let mut schemas = Vec::new();
    for row in all(db, sql, [name.into()]).await.map_err(Error::during(READING))? {
        schemas.push(row.try_get::<String>("", "schema").map_err(Error::during(READING))?);
    }
    if schemas.len() > 1 {
        return Err(Error::SeveralLedgers { table: name, schemas });
    }
    Ok(schemas.pop())
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
