//! Writing the rows of one table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::{Arguments, AssertSqlSafe, PgConnection};

use super::TableWritten;
use super::batch::Batch;
use super::column::Column;
use super::control::ControlStatements;
use super::pooler::Pooler;
use super::statement::{RowOrder, Statement};
use crate::fault::{Class, Fault};
use pipeline::row::{Cell, Row};
use pipeline::{LiveTypes, Target, WhenNull};

/// Forms that are kept: a table with many optional columns may have more than are worth their memory.
const MOST_FORMS: usize = 256;

/// One table of a pipeline.
#[derive(Debug)]
pub(super) struct TableWriter {
    target: Target,
    order: RowOrder,
    pub(super) control: ControlStatements,
    /// For rows that have every column.
    whole: Arc<Form>,
    /// The places of the columns that a row without a value leaves out.
    optional: Vec<usize>,
    /// For rows that leave out the columns at these places.
    partial: Mutex<HashMap<Vec<usize>, Arc<Form>>>,
    pooler: Arc<Pooler>,
}

/// The statements for rows that have a value in the same columns: what is left out can't be an argument.
#[derive(Debug)]
struct Form {
    batch: Batch,
    insert: Statement,
    /// For rows that may be there already.
    again: Statement,
}

impl Form {
    fn new(target: &Target, batch: Batch, order: RowOrder) -> Self {
        Self { insert: Statement::new(target, &batch, order), again: Statement::again(target, &batch), batch }
    }

    fn arguments(&self, rows: &[&Row]) -> Result<PgArguments, Fault> {
        let mut arguments = PgArguments::default();
        for column in &self.batch.columns {
            let column = Column { rows, index: column.cell, wire: column.wire };
            arguments.add(column).map_err(|error| Fault::from_sqlx(sea_orm::sqlx::Error::Encode(error)))?;
        }
        Ok(arguments)
    }
}

impl TableWriter {
    pub(super) fn new(target: &Target, live_types: &LiveTypes, order: RowOrder, pooler: Arc<Pooler>) -> Self {
        let batch = Batch::new(&target.table, live_types);
        let columns = target.table.columns.iter().enumerate();
        let optional = columns.filter(|(_, column)| column.when_null == WhenNull::LeaveOut);
        Self {
            control: ControlStatements::new(target, &batch),
            optional: optional.map(|(place, _)| place).collect(),
            partial: Mutex::default(),
            whole: Arc::new(Form::new(target, batch, order)),
            target: target.clone(),
            order,
            pooler,
        }
    }

    /// Whether one statement writes all these rows.
    pub(super) fn is_one_statement(&self, rows: &[&Row]) -> bool {
        self.parts(rows).len() <= 1
    }

    pub(super) async fn write(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<TableWritten, Fault> {
        let began = Instant::now();
        let mut done = 0;
        for (form, rows) in self.parts(rows) {
            done += self.execute(connection, &form.insert, form.arguments(&rows)?).await?;
        }
        let sent = u64::try_from(rows.len()).map_err(|_| Fault::new(Class::Fatal, "more rows than a u64 counts"))?;
        Ok(TableWritten { rows: sent, duplicates: sent.saturating_sub(done), took: Some(began.elapsed()) })
    }

    /// How many of the rows would update one that is stored.
    pub(super) async fn count_updates(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<u64, Fault> {
        let Some(sql) = &self.control.count_updates else { return Ok(0) };
        let query = sea_orm::sqlx::query_scalar_with(AssertSqlSafe(sql.as_str()), self.whole.arguments(rows)?);
        let query = query.persistent(self.has_names());
        let count: i64 = query.fetch_one(connection).await.map_err(Fault::from_sqlx)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Writes rows that may be there already, which is not an error.
    pub(super) async fn write_again(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<(), Fault> {
        for (form, rows) in self.parts(rows) {
            self.execute(connection, &form.again, form.arguments(&rows)?).await?;
        }
        Ok(())
    }

    /// Writes rows of the table into the table; false when it has none.
    pub(super) async fn rewrite_stored(&self, connection: &mut PgConnection) -> Result<bool, Fault> {
        let query = sea_orm::sqlx::query_scalar(AssertSqlSafe(self.control.any_row.as_str()));
        let query = query.persistent(self.has_names());
        let found: Option<i32> = query.fetch_optional(&mut *connection).await.map_err(Fault::from_sqlx)?;
        if found.is_none() {
            return Ok(false);
        }
        let query = sea_orm::sqlx::query(AssertSqlSafe(self.control.rewrite_stored.as_str()));
        let query = query.persistent(self.has_names());
        query.execute(connection).await.map_err(Fault::from_sqlx)?;
        Ok(true)
    }

    /// Whether each of these rows is stored, with exactly its values.
    pub(super) async fn has(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<bool, Fault> {
        let Some(sql) = &self.control.count_stored else { return Ok(false) };
        let query = sea_orm::sqlx::query_scalar_with(AssertSqlSafe(sql.as_str()), self.whole.arguments(rows)?);
        let query = query.persistent(self.has_names());
        let count: i64 = query.fetch_one(connection).await.map_err(Fault::from_sqlx)?;
        Ok(usize::try_from(count).is_ok_and(|count| count == rows.len()))
    }

    /// Every identifier in the text was quoted by sea-query; values travel as arguments. How many rows it affected.
    async fn execute(
        &self,
        connection: &mut PgConnection,
        statement: &Statement,
        arguments: PgArguments,
    ) -> Result<u64, Fault> {
        let query = sea_orm::sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), arguments);
        let query = query.persistent(self.has_names());
        Ok(query.execute(connection).await.map_err(Fault::from_sqlx)?.rows_affected())
    }

    /// Whether statements stay prepared, under names of the session.
    fn has_names(&self) -> bool {
        !self.pooler.is_between()
    }

    /// The rows by what they leave out, each part with its statements. Where the order of arrival counts, a part ends
    /// with the first row that leaves out something else.
    fn parts<'r>(&self, rows: &'r [&'r Row]) -> Vec<(Arc<Form>, Cow<'r, [&'r Row]>)> {
        if self.optional.is_empty() {
            return vec![(Arc::clone(&self.whole), Cow::Borrowed(rows))];
        }
        let mut parts: Vec<(Vec<usize>, Vec<&Row>)> = Vec::new();
        for row in rows {
            let left_out = self.left_out(row);
            let part = match self.order {
                RowOrder::Arrival => parts.last_mut().filter(|(last, _)| *last == left_out),
                RowOrder::Key => parts.iter_mut().find(|(other, _)| *other == left_out),
            };
            match part {
                Some((_, rows)) => rows.push(row),
                None => parts.push((left_out, vec![row])),
            }
        }
        parts.into_iter().map(|(left_out, rows)| (self.form(left_out), Cow::Owned(rows))).collect()
    }

    /// The places of the columns for which the row has no value.
    fn left_out(&self, row: &Row) -> Vec<usize> {
        self.optional.iter().copied().filter(|place| row[*place] == Cell::Null).collect()
    }

    fn form(&self, left_out: Vec<usize>) -> Arc<Form> {
        if left_out.is_empty() {
            return Arc::clone(&self.whole);
        }
        // No code panics while it holds the lock.
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        if partial.len() >= MOST_FORMS && !partial.contains_key(&left_out) {
            partial.clear();
        }
        let form = partial.entry(left_out).or_insert_with_key(|left_out| {
            let batch = self.whole.batch.without(left_out);
            Arc::new(Form::new(&without(&self.target, left_out), batch, self.order))
        });
        Arc::clone(form)
    }
}

/// The target without the columns at these places.
fn without(target: &Target, left_out: &[usize]) -> Target {
    let mut target = target.clone();
    let mut place = 0..;
    target.table.columns.retain(|_| place.next().is_none_or(|place| !left_out.contains(&place)));
    target
}
