//! Writing a batch, and trying suspects beside it.

use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{PostgresSink, TableWritten, Tried, Written};
use crate::fault::{Class, Fault};
use pipeline::row::Rows;

/// A constraint or trigger that is deferred would refuse a suspect only when all are committed.
const CHECK_AT_ONCE: &str = "SET CONSTRAINTS ALL IMMEDIATE";

impl PostgresSink {
    /// Writes the batch, tries each suspect after a savepoint of its own, and commits what was accepted.
    pub(super) async fn write_beside_on(
        &self,
        connection: &mut PgConnection,
        batch: &[&Rows],
        suspects: &[&Rows],
    ) -> Result<(Written, Vec<Tried>), Fault> {
        let mut transaction = connection.begin().await.map_err(Fault::from_sqlx)?;
        let written = self.write_tables(&mut transaction, self.rows_by_table(batch)).await?;
        let query = sea_orm::sqlx::query(AssertSqlSafe(CHECK_AT_ONCE));
        query.execute(&mut *transaction).await.map_err(Fault::from_sqlx)?;
        let mut tried = Vec::with_capacity(suspects.len());
        for suspect in suspects {
            tried.push(self.try_one(&mut transaction, suspect, &written).await?);
        }
        transaction.commit().await.map_err(Fault::from_sqlx)?;
        Ok((written, tried))
    }

    async fn try_one(&self, connection: &mut PgConnection, suspect: &Rows, batch: &Written) -> Result<Tried, Fault> {
        let mut savepoint = connection.begin().await.map_err(Fault::from_sqlx)?;
        let mut written = Written { tables: vec![TableWritten::default(); self.tables.len()] };
        for (index, rows) in self.rows_by_table(&[suspect]) {
            match self.tables[index].write(&mut savepoint, &rows).await {
                Ok(done) => written.tables[index] = done,
                Err(fault) if fault.class == Class::Retry => return Err(fault),
                Err(fault) => {
                    savepoint.rollback().await.map_err(Fault::from_sqlx)?;
                    let accepted = batch.tables[index];
                    return Ok(Tried::Refused { fault, beside_new_rows: accepted.rows > accepted.duplicates });
                }
            }
        }
        savepoint.commit().await.map_err(Fault::from_sqlx)?;
        Ok(Tried::Stored(written))
    }
}
