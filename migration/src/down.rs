//! Undoes the last step.

use std::time::Duration;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::catalog::{has_rows, home};
use crate::ledger::Ledger;
use crate::query::one;
use crate::session::Session;
use crate::transaction::Transaction;
use crate::{Entry, Error, Loss, ddl};
use pipeline::{Table, TableName};

const READING: &str = "reading the migration ledger";

/// Undoes the last step that the ledger records, or the last one on `only` these tables, and gives its entry; `None` when
/// nothing is left to undo. Refuses to lose rows or values unless `allow_data_loss` is true.
pub async fn down(
    db: &DatabaseConnection,
    only: Option<&[Table]>,
    allow_data_loss: bool,
    patience: Duration,
) -> Result<Option<Entry>, Error> {
    let session = Session::locked(db, patience).await?;
    let undone = under_lock(&session, only, allow_data_loss).await;
    session.close().await;
    undone
}

async fn under_lock(session: &Session, only: Option<&[Table]>, allow_data_loss: bool) -> Result<Option<Entry>, Error> {
    let transaction = session.begin().await?;
    let Some(ledger) = Ledger::find(&transaction).await? else { return Ok(None) };
    ledger.settle_interrupted(&transaction).await.map_err(Error::during(READING))?;
    let entries = ledger.entries(&transaction).await.map_err(Error::during(READING))?;
    let last = last(&transaction, entries, only).await?;
    transaction.commit().await.map_err(Error::during(READING))?;
    if let Some(entry) = &last {
        undo(session, &ledger, entry, allow_data_loss).await?;
    }
    Ok(last)
}

async fn last(db: &Transaction, mut entries: Vec<Entry>, only: Option<&[Table]>) -> Result<Option<Entry>, Error> {
    let Some(tables) = only else {
        return Ok(entries.pop());
    };
    let mut homes = Vec::new();
    for table in tables {
        homes.push(home(db, &table.name).await?);
    }
    Ok(entries.into_iter().rfind(|entry| homes.contains(&entry.table)))
}

/// Undoes a step. The check for rows, the undoing and its record are one transaction, under a lock that keeps new rows out.
async fn undo(session: &Session, ledger: &Ledger, entry: &Entry, allow_data_loss: bool) -> Result<(), Error> {
    let doing = format!("undoing `{}`", entry.summary);
    let transaction = session.begin().await?;
    if !allow_data_loss && loses_data(&transaction, entry).await.map_err(Error::during(&doing))? {
        return Err(Error::DataLoss { step: entry.summary.clone(), loses: lost(entry) });
    }
    let both = async {
        let sql = Statement::from_string(DbBackend::Postgres, &entry.undo_sql);
        transaction.execute_raw(sql).await?;
        ledger.mark_undone(&transaction, entry.id).await
    };
    both.await.map_err(Error::during(&doing))?;
    transaction.commit().await.map_err(Error::during(&doing))
}

fn lost(entry: &Entry) -> String {
    match (&entry.object, entry.loses) {
        (Some(column), Loss::Values) => {
            format!("the values of column {column} of table {}", entry.table)
        }
        _ => format!("the rows of table {}", entry.table),
    }
}

/// Whether undoing the step would lose data. Row-level security is turned off, so that PostgreSQL fails instead of hiding
/// the rows that would be lost.
async fn loses_data(db: &Transaction, entry: &Entry) -> Result<bool, DbErr> {
    let column = match entry.loses {
        Loss::Nothing => return Ok(false),
        Loss::Rows => None,
        Loss::Values => entry.object.as_deref(),
    };
    if !still_exists(db, &entry.table, column).await? {
        return Ok(false);
    }
    db.execute_unprepared("SET LOCAL row_security = off").await?;
    db.execute_raw(Statement::from_string(DbBackend::Postgres, ddl::lock_table(&entry.table))).await?;
    has_rows(db, &entry.table, column).await
}

/// Whether the table, or the column, still exists. It may have been dropped by hand.
async fn still_exists(db: &Transaction, table: &TableName, column: Option<&str>) -> Result<bool, DbErr> {
    let sql = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') AND ($3::text IS NULL OR EXISTS (
            SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = $3 AND NOT a.attisdropped))";
    let values = [table.schema.clone().into(), table.name.as_str().into(), column.map(str::to_owned).into()];
    Ok(one(db, sql, values).await?.is_some())
}
