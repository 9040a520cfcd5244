//! A table that others made, for `runner new --from-table`: read from the database, and checked as at the start of a run.

use std::path::Path;
use std::slice;
use std::sync::Arc;

use sea_orm::DatabaseConnection;

use crate::connection;
use crate::exit::Failure;
use crate::table_error::TableError;
use engine::sink::Server;
use pipeline::{ExistingTable, TableName};

/// Reads the table; `file` is where the pipeline file will be.
pub(crate) fn read(server: &Arc<Server>, name: &str, file: &Path) -> Result<ExistingTable, Failure> {
    crate::runtime::start()?.block_on(async {
        let db = connection::open(server, 1).await?;
        checked(&db.orm(), name, file).await
    })
}

/// The table, if `migrate` has nothing to change in it, and `run` could write to it.
async fn checked(db: &DatabaseConnection, name: &str, file: &Path) -> Result<ExistingTable, Failure> {
    let table = migration::describe(db, &TableName::from(name)).await?;
    let target = table.target(file.to_owned());
    let refusals = migration::plan(db, slice::from_ref(&target.table)).await?.refusals;
    if !refusals.is_empty() {
        return Err(TableError::Refused(refusals).into());
    }
    if target.table.columns.is_empty() {
        return Err(TableError::NoColumns(table.name).into());
    }
    let fit = migration::fit(db, &[target]).await?;
    if !fit.misfits.is_empty() {
        return Err(Failure::Misfits(fit.misfits));
    }
    for lossy in fit.lossy {
        tracing::warn!("{lossy}");
    }
    Ok(table)
}
