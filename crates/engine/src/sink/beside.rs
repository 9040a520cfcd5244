//! Writing a batch, and trying suspects beside it.

use sea_orm::sqlx::{Connection, PgConnection, raw_sql};

use super::{PostgresSink, TableWritten, Tried, Written};
use crate::fault::{Class, Fault};
use pipeline::row::{Row, Rows};

/// A constraint or trigger that is deferred would refuse a suspect only when all are committed.
const CHECK_AT_ONCE: &str = "SET CONSTRAINTS ALL IMMEDIATE";

/// What a table was shown to accept. An update says nothing about inserts, nor the other way round: each fires triggers of
/// its own.
#[derive(Debug, Clone, Copy, Default)]
struct Accepted {
    inserts: bool,
    updates: bool,
}

impl PostgresSink {
    /// Writes the batch, tries each suspect after a savepoint of its own, and commits what was accepted.
    pub(super) async fn write_beside_on(
        &self,
        connection: &mut PgConnection,
        batch: &[&Rows],
        suspects: &[&Rows],
    ) -> Result<(Written, Vec<Tried>), Fault> {
        let mut transaction = self.connections.begin(connection).await?;
        let mut updates = vec![0; self.tables.len()];
        let tables = self.rows_by_table(batch);
        for (index, rows) in &tables {
            updates[*index] = self.tables[*index].count_updates(&mut transaction, rows).await?;
        }
        let written = self.write_tables(&mut transaction, tables).await?;
        let accepted: Vec<Accepted> = written.tables.iter().zip(updates).map(Accepted::of).collect();
        raw_sql(CHECK_AT_ONCE).execute(&mut *transaction).await.map_err(Fault::from_sqlx)?;
        let mut tried = Vec::with_capacity(suspects.len());
        for suspect in suspects {
            tried.push(self.try_one(&mut transaction, suspect, &accepted).await?);
        }
        transaction.commit().await.map_err(Fault::from_sqlx)?;
        Ok((written, tried))
    }

    /// What refuses these rows in a transaction that goes on.
    pub(super) async fn refusal(&self, connection: &mut PgConnection, rows: &Rows) -> Result<Option<Fault>, Fault> {
        let mut savepoint = connection.begin().await.map_err(Fault::from_sqlx)?;
        let mut answer = self.write_tables(&mut savepoint, self.rows_by_table(&[rows])).await.map(drop);
        if answer.is_ok() {
            // What is deferred would be refused by the commit.
            answer = raw_sql(CHECK_AT_ONCE).execute(&mut *savepoint).await.map(drop).map_err(Fault::from_sqlx);
        }
        if let Err(fault) = &answer
            && fault.class == Class::Retry
        {
            return Err(fault.copy());
        }
        savepoint.rollback().await.map_err(Fault::from_sqlx)?;
        Ok(answer.err())
    }

    async fn try_one(
        &self,
        connection: &mut PgConnection,
        suspect: &Rows,
        accepted: &[Accepted],
    ) -> Result<Tried, Fault> {
        let mut savepoint = connection.begin().await.map_err(Fault::from_sqlx)?;
        let mut written = Written { tables: vec![TableWritten::default(); self.tables.len()] };
        for (index, rows) in self.rows_by_table(&[suspect]) {
            let updates = self.tables[index].count_updates(&mut savepoint, &rows).await?;
            match self.tables[index].write(&mut savepoint, &rows).await {
                Ok(done) => written.tables[index] = done,
                Err(fault) if fault.class == Class::Retry => return Err(fault),
                Err(fault) => {
                    savepoint.rollback().await.map_err(Fault::from_sqlx)?;
                    let beside_new_rows = accepted[index].covers(&rows, updates);
                    return Ok(Tried::Refused { fault, beside_new_rows });
                }
            }
        }
        savepoint.commit().await.map_err(Fault::from_sqlx)?;
        Ok(Tried::Stored(written))
    }
}

impl Accepted {
    /// What a write shows of whose rows this many would have updated others: at least so many were inserted, or updated.
    fn of((written, updates): (&TableWritten, u64)) -> Self {
        let changed = written.rows.saturating_sub(written.duplicates);
        let inserts = written.rows.saturating_sub(updates);
        Self { inserts: changed > updates, updates: changed > inserts }
    }

    /// Whether it shows all that these rows do, of which this many are updates.
    fn covers(self, rows: &[&Row], updates: u64) -> bool {
        let inserts = rows.len() as u64 > updates;
        (self.inserts || !inserts) && (self.updates || updates == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(rows: u64, duplicates: u64, updates: u64) -> (bool, bool) {
        let written = TableWritten { rows, duplicates, ..TableWritten::default() };
        let accepted = Accepted::of((&written, updates));
        (accepted.inserts, accepted.updates)
    }

    #[test]
    fn only_what_surely_happened_counts() {
        assert_eq!(accepted(3, 0, 0), (true, false));
        assert_eq!(accepted(3, 0, 3), (false, true));
        assert_eq!(accepted(3, 0, 1), (true, true));
        // Of one insert and two updates two changed nothing: it may have been the insert, or one of the updates.
        assert_eq!(accepted(3, 2, 2), (false, false));
        assert_eq!(accepted(2, 2, 0), (false, false));
    }
}
