//! The PostgreSQL sink.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::PgConnection;

use super::connect::Database;
use super::connections::{Connections, put_back};
use super::references;
use super::statement::RowOrder;
use super::table::TableWriter;
use super::{Control, Sink, TableWritten, Tried, Written};
use crate::fault::{Class, Fault};
use pipeline::row::{Row, Rows};
use pipeline::{LiveTypes, Target};

/// The tables of one pipeline, in its database.
#[derive(Debug)]
pub struct PostgresSink {
    pub(super) connections: Connections,
    pub(super) tables: Vec<TableWriter>,
    /// The order in which the tables are written: the pipeline's, with referenced tables first as far as it is known.
    order: Mutex<Vec<usize>>,
}

impl PostgresSink {
    /// Writes to `targets`, each with the types of its live table, in the order that the rows follow; a write that takes
    /// longer than `write_timeout` has failed.
    pub fn new<'a>(
        database: &Database,
        targets: impl IntoIterator<Item = (&'a Target, &'a LiveTypes)>,
        write_timeout: Duration,
        order: RowOrder,
    ) -> Self {
        let mut tables = Vec::new();
        for (target, live_types) in targets {
            tables.push(TableWriter::new(target, live_types, order, Arc::clone(&database.pooler)));
        }
        let order = Mutex::new((0..tables.len()).collect());
        Self { connections: Connections::new(database, write_timeout), tables, order }
    }

    fn order(&self) -> MutexGuard<'_, Vec<usize>> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_control(
        &self,
        connection: &mut PgConnection,
        tables: &[usize],
        control: &Rows,
        candidates: &[&Rows],
    ) -> Result<Control, Fault> {
        let mut transaction = self.connections.begin(connection).await?;
        let answer = self.write_control_on(&mut transaction, tables, control, candidates).await;
        transaction.rollback().await.map_err(Fault::from_sqlx)?;
        answer
    }

    async fn has_all(&self, connection: &mut PgConnection, rows: &Rows) -> Result<bool, Fault> {
        let mut transaction = self.connections.begin(connection).await?;
        for (table, rows) in self.tables.iter().zip(&rows.tables) {
            let rows: Vec<&Row> = rows.iter().collect();
            if !rows.is_empty() && !table.has(&mut transaction, &rows).await? {
                return Ok(false);
            }
        }
        transaction.commit().await.map_err(Fault::from_sqlx)?;
        Ok(true)
    }

    async fn describe(&self, connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
        let mut transaction = self.connections.begin(connection).await?;
        let mut lines = Vec::new();
        for table in &self.tables {
            let query = sea_orm::sqlx::query_scalar(DESCRIBE).bind(&table.control.table).persistent(false);
            let found: Vec<String> = query.fetch_all(&mut *transaction).await.map_err(Fault::from_sqlx)?;
            lines.extend(found.into_iter().map(|line| format!("{}: {line}", table.control.table)));
        }
        transaction.commit().await.map_err(Fault::from_sqlx)?;
        Ok(lines)
    }

    /// Reads which tables refer to which; whether that changed the order in which they are written.
    async fn put_referenced_first(&self, connection: &mut PgConnection) -> Result<bool, Fault> {
        if self.tables.len() < 2 {
            return Ok(false);
        }
        let names: Vec<&str> = self.tables.iter().map(|table| table.control.table.as_str()).collect();
        let mut transaction = self.connections.begin(connection).await?;
        let next = references::order(&mut transaction, names).await?;
        transaction.commit().await.map_err(Fault::from_sqlx)?;
        Ok(std::mem::replace(&mut *self.order(), next.clone()) != next)
    }

    async fn write_control_on(
        &self,
        connection: &mut PgConnection,
        tables: &[usize],
        control: &Rows,
        candidates: &[&Rows],
    ) -> Result<Control, Fault> {
        for index in tables {
            let table = &self.tables[*index];
            let rows: Vec<&Row> = control.tables[*index].iter().collect();
            let answer = match rows.as_slice() {
                [] => table.rewrite_stored(connection).await,
                rows => table.write_again(connection, rows).await.map(|()| true),
            };
            match answer {
                Ok(true) => {}
                Ok(false) => return Ok(Control::NothingToWrite),
                // What the control waits for, or a connection that broke, shows nothing about the table's rules.
                Err(fault) if matches!(fault.class, Class::Wait | Class::Retry) => return Err(fault),
                Err(fault) => return Ok(Control::Refused(fault)),
            }
        }
        let mut refusals = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            refusals.push(self.refusal(connection, candidate).await?);
        }
        Ok(Control::Accepted(refusals))
    }

    async fn write_on(&self, connection: &mut PgConnection, batch: &[&Rows]) -> Result<Written, Fault> {
        // One statement is its own transaction: it saves two round trips. A pooler may separate it from its arguments.
        let rows = self.rows_by_table(batch);
        if let [(table, rows_of_table)] = rows.as_slice()
            && self.tables[*table].is_one_statement(rows_of_table)
            && !self.connections.is_pooled()
        {
            return self.write_tables(connection, rows).await;
        }
        let mut transaction = self.connections.begin(connection).await?;
        let written = self.write_tables(&mut transaction, rows).await?;
        transaction.commit().await.map_err(Fault::from_sqlx)?;
        Ok(written)
    }

    /// Writes each table's rows, in this order.
    pub(super) async fn write_tables(
        &self,
        connection: &mut PgConnection,
        tables: Vec<(usize, Vec<&Row>)>,
    ) -> Result<Written, Fault> {
        let mut written = Written { tables: vec![TableWritten::default(); self.tables.len()] };
        for (index, rows) in tables {
            written.tables[index] = self.tables[index].write(connection, &rows).await?;
        }
        Ok(written)
    }

    /// The tables that get rows, in the order in which they are written.
    pub(super) fn rows_by_table<'a>(&self, batch: &[&'a Rows]) -> Vec<(usize, Vec<&'a Row>)> {
        let mut tables = Vec::with_capacity(self.tables.len());
        for index in &*self.order() {
            let rows = rows_of(batch, *index);
            if !rows.is_empty() {
                tables.push((*index, rows));
            }
        }
        tables
    }
}

impl Sink for PostgresSink {
    async fn write(&self, batch: &[&Rows], is_wanted: impl Fn() -> bool + Send + Sync) -> Result<Written, Fault> {
        // Messages that are dropped are settled without the database.
        if batch.iter().all(|rows| rows.is_empty()) {
            return Ok(Written { tables: vec![TableWritten::default(); self.tables.len()] });
        }
        let mut connection = self.connections.acquire().await?;
        if !is_wanted() {
            return Err(lease_ended());
        }
        let mut done = self.connections.in_time(self.write_on(&mut connection, batch)).await;
        let misses_reference = done.as_ref().is_err_and(Fault::is_missing_reference);
        if misses_reference && self.connections.in_time(self.put_referenced_first(&mut connection)).await? {
            done = self.connections.in_time(self.write_on(&mut connection, batch)).await;
        }
        put_back(connection, &done);
        done
    }

    async fn write_beside(
        &self,
        batch: &[&Rows],
        suspects: &[&Rows],
        is_wanted: impl Fn() -> bool + Send + Sync,
    ) -> Result<(Written, Vec<Tried>), Fault> {
        let mut connection = self.connections.acquire().await?;
        if !is_wanted() {
            return Err(lease_ended());
        }
        let done = self.connections.in_time(self.write_beside_on(&mut connection, batch, suspects)).await;
        put_back(connection, &done);
        done
    }

    async fn write_control(&self, tables: &[usize], control: &Rows, candidates: &[&Rows]) -> Result<Control, Fault> {
        let mut connection = self.connections.acquire().await?;
        let done = self.connections.in_time(self.try_control(&mut connection, tables, control, candidates)).await;
        put_back(connection, &done);
        done
    }

    async fn is_stored(&self, rows: &Rows) -> Result<bool, Fault> {
        let mut connection = self.connections.acquire().await?;
        let done = self.connections.in_time(self.has_all(&mut connection, rows)).await;
        put_back(connection, &done);
        done
    }

    async fn describe_tables(&self) -> Result<Vec<String>, Fault> {
        let mut connection = self.connections.acquire().await?;
        let done = self.connections.in_time(self.describe(&mut connection)).await;
        put_back(connection, &done);
        done
    }

    async fn look(&self, is_away: bool) -> Result<bool, Fault> {
        self.connections.look(is_away).await
    }
}

/// A line for each column, constraint, trigger and partition of the table named by the argument.
const DESCRIBE: &str = "
SELECT 'column ' || quote_ident(attname) || ' ' || format_type(atttypid, atttypmod)
       || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
       || COALESCE(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid = to_regclass($1)
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = to_regclass($1) AND NOT tgisinternal
UNION ALL SELECT 'partition ' || inhrelid::regclass FROM pg_inherits WHERE inhparent = to_regclass($1)
ORDER BY 1";

fn lease_ended() -> Fault {
    Fault::new(Class::Retry, "a visibility timeout ended before a connection was there")
}

fn rows_of<'a>(batch: &[&'a Rows], table: usize) -> Vec<&'a Row> {
    batch.iter().filter_map(|rows| rows.tables.get(table)).flatten().collect()
}
