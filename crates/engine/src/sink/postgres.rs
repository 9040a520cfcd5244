//! The PostgreSQL sink.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};

use super::column::Column;
use super::control::ControlStatements;
use super::statement::Statement;
use super::{Control, Sink, TableWritten, Written};
use crate::fault::{Class, Fault};
use pipeline::Target;
use pipeline::row::{Row, Rows};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A new default of the role or the database (`statement_timeout`, `search_path`) reaches only new connections.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(5);
/// How often a writer that waits for a new connection looks for one that was returned.
const RETURNED_CONNECTION: Duration = Duration::from_millis(20);
/// Longest wait for a lock: a row that somebody holds must not keep a whole batch waiting for long.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the database can't be used. The URL is shown without its password.
#[derive(Debug, thiserror::Error)]
#[error("can't connect to PostgreSQL at {place}: {cause}")]
pub struct ConnectError {
    place: String,
    cause: String,
    help: &'static str,
    transient: bool,
}

impl ConnectError {
    /// Whether it usually passes by itself soon: the server restarts, or has no connection left.
    pub fn is_transient(&self) -> bool {
        self.transient
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        self.help
    }
}

/// Opens a pool of at most `connections`. `place` is the URL without its password, for messages.
///
/// One plain connection comes first: of a server that refuses, the pool reports after ten seconds that it waited.
pub async fn connect(url: &str, place: &str, connections: u32) -> Result<DatabaseConnection, ConnectError> {
    open(url, place, connections, None).await
}

/// As [`connect`], for writing: the server ends a statement of its own accord before `write_timeout` is over, so that no
/// abandoned write goes on there, and a wait for a lock much earlier.
pub async fn connect_for_writing(
    url: &str,
    place: &str,
    connections: u32,
    write_timeout: Duration,
) -> Result<DatabaseConnection, ConnectError> {
    open(url, place, connections, Some(write_timeout)).await
}

async fn open(
    url: &str,
    place: &str,
    connections: u32,
    write_timeout: Option<Duration>,
) -> Result<DatabaseConnection, ConnectError> {
    let first = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect(url)).await;
    match first {
        Ok(Ok(connection)) => drop(connection.close().await),
        Ok(Err(error)) => return Err(explain(&error, place)),
        Err(_) => return Err(explain(&sea_orm::sqlx::Error::PoolTimedOut, place)),
    }
    let options: PgConnectOptions = url.parse().map_err(|error| explain(&error, place))?;
    let mut pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECT_TIMEOUT)
        .max_lifetime(CONNECTION_LIFETIME)
        // A broken connection shows at its next statement, which is retried: no ping before each.
        .test_before_acquire(false);
    if let Some(write_timeout) = write_timeout {
        let (statement, lock) = (write_timeout * 9 / 10, LOCK_TIMEOUT.min(write_timeout / 4));
        pool = pool.after_connect(move |connection, _| Box::pin(shorten_timeouts(connection, statement, lock)));
    }
    let options = options.application_name("runner").disable_statement_logging();
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(options)))
}

/// Sets the session's timeouts, where those of the server, the database or the role are not shorter already.
async fn shorten_timeouts(
    connection: &mut PgConnection,
    statement: Duration,
    lock: Duration,
) -> Result<(), sea_orm::sqlx::Error> {
    const SHORTEN: &str = "SELECT set_config(name, $2::text, false) FROM pg_settings \
                           WHERE name = $1 AND (setting::bigint = 0 OR setting::bigint > $2)";
    for (name, timeout) in [("statement_timeout", statement), ("lock_timeout", lock)] {
        let milliseconds = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        sea_orm::sqlx::query(SHORTEN).bind(name).bind(milliseconds).execute(&mut *connection).await?;
    }
    Ok(())
}

fn explain(error: &sea_orm::sqlx::Error, place: &str) -> ConnectError {
    use sea_orm::sqlx::Error;
    let state = error.as_database_error().and_then(sea_orm::sqlx::error::DatabaseError::code);
    let help = match state.as_deref() {
        Some("28P01" | "28000") => "check DB_USER and DB_PASSWORD, or DATABASE_URL",
        Some("3D000") => "create the database, or correct DB_NAME or DATABASE_URL",
        Some(state) if state.starts_with("53") => {
            "the server is out of connections: raise max_connections, or run fewer processes"
        }
        _ => "check that the server runs, and DB_HOST and DB_PORT, or DATABASE_URL",
    };
    let cause = match error {
        Error::Database(db) => db.message().to_owned(),
        Error::Io(io) => io.to_string(),
        Error::Tls(tls) => tls.to_string(),
        Error::PoolTimedOut => "no answer within 10 s".to_owned(),
        // The URL itself may be part of what is wrong, and so of the text.
        Error::Configuration(_) => "the URL is malformed".to_owned(),
        other => other.to_string(),
    };
    let transient = match error {
        Error::Io(_) | Error::PoolTimedOut => true,
        // Connection exceptions, resources, and a server that is starting or shutting down.
        _ => state.as_deref().is_some_and(|state| {
            state.starts_with("08") || state.starts_with("53") || matches!(state, "57P01" | "57P02" | "57P03")
        }),
    };
    ConnectError { place: place.to_owned(), cause, help, transient }
}

/// The tables of one pipeline, in its database.
#[derive(Debug)]
pub struct PostgresSink {
    /// Replaced when a connection gives no answer.
    pool: Mutex<PgPool>,
    tables: Vec<TableWriter>,
    /// The order in which the tables are written: the pipeline's, with referenced tables first as far as it is known.
    order: Mutex<Vec<usize>>,
    write_timeout: Duration,
}

#[derive(Debug)]
struct TableWriter {
    statement: Statement,
    control: ControlStatements,
}

impl PostgresSink {
    /// Writes to `targets`, whose order the rows follow; a write that takes longer than `write_timeout` has failed.
    pub fn new(database: &DatabaseConnection, targets: &[Target], write_timeout: Duration) -> Self {
        let mut tables = Vec::with_capacity(targets.len());
        for target in targets {
            tables.push(TableWriter { statement: Statement::new(target), control: ControlStatements::new(target) });
        }
        Self {
            pool: Mutex::new(database.get_postgres_connection_pool().clone()),
            order: Mutex::new((0..tables.len()).collect()),
            tables,
            write_timeout,
        }
    }

    /// A connection. Where the server has none left for this pool, the first that is returned to it will do.
    async fn acquire(&self) -> Result<PoolConnection<Postgres>, Fault> {
        let pool = self.pool().clone();
        let returned = async {
            loop {
                tokio::time::sleep(RETURNED_CONNECTION).await;
                if let Some(connection) = pool.try_acquire() {
                    return connection;
                }
            }
        };
        let acquired = tokio::select! {
            biased;
            acquired = pool.acquire() => acquired,
            connection = returned => Ok(connection),
        };
        if matches!(acquired, Err(sea_orm::sqlx::Error::PoolTimedOut)) {
            self.replace_pool(&pool);
        }
        acquired.map_err(Fault::from_sqlx)
    }

    /// Waits for an answer. A connection that died without a word would keep its caller waiting without end; where one
    /// gives no answer, the others lead to the same place.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let pool = self.pool().clone();
        tokio::time::timeout(self.write_timeout, work).await.unwrap_or_else(|_| {
            self.replace_pool(&pool);
            let seconds = self.write_timeout.as_secs();
            Err(Fault::new(Class::Retry, format!("no answer from PostgreSQL within {seconds} s")))
        })
    }

    /// Begins a pool anew, unless somebody has done so. The driver checks connections on their way back to the pool, and
    /// for a dead one that check has no end: neither the connection nor its place would come back.
    fn replace_pool(&self, silent: &PgPool) {
        let mut pool = self.pool();
        if std::ptr::eq(pool.options(), silent.options()) {
            *pool = silent.options().clone().connect_lazy_with(silent.connect_options().as_ref().clone());
        }
    }

    fn pool(&self) -> MutexGuard<'_, PgPool> {
        // No code panics while it holds the lock.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self) -> MutexGuard<'_, Vec<usize>> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_control(
        &self,
        connection: &mut PgConnection,
        tables: &[usize],
        control: &Rows,
    ) -> Result<Control, Fault> {
        let mut transaction = connection.begin().await.map_err(Fault::from_sqlx)?;
        let answer = self.write_control_on(&mut transaction, tables, control).await;
        transaction.rollback().await.map_err(Fault::from_sqlx)?;
        answer
    }

    async fn has_all(&self, connection: &mut PgConnection, rows: &Rows) -> Result<bool, Fault> {
        for (table, rows) in self.tables.iter().zip(&rows.tables) {
            let rows: Vec<&Row> = rows.iter().collect();
            if !rows.is_empty() && !table.has(connection, &rows).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn describe(&self, connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
        let mut lines = Vec::new();
        for table in &self.tables {
            let query = sea_orm::sqlx::query_scalar(DESCRIBE).bind(&table.control.table);
            let found: Vec<String> = query.fetch_all(&mut *connection).await.map_err(Fault::from_sqlx)?;
            lines.extend(found.into_iter().map(|line| format!("{}: {line}", table.control.table)));
        }
        Ok(lines)
    }

    /// Reads which tables refer to which; whether that changed the order in which they are written.
    async fn put_referenced_first(&self, connection: &mut PgConnection) -> Result<bool, Fault> {
        if self.tables.len() < 2 {
            return Ok(false);
        }
        let names: Vec<&str> = self.tables.iter().map(|table| table.control.table.as_str()).collect();
        let query = sea_orm::sqlx::query_as(REFERENCES).bind(names);
        let references: Vec<(i64, i64)> = query.fetch_all(connection).await.map_err(Fault::from_sqlx)?;
        let next = referenced_first(self.tables.len(), &references);
        Ok(std::mem::replace(&mut *self.order(), next.clone()) != next)
    }

    async fn write_control_on(
        &self,
        connection: &mut PgConnection,
        tables: &[usize],
        control: &Rows,
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
        Ok(Control::Accepted)
    }

    async fn write_on(&self, connection: &mut PgConnection, batch: &[&Rows]) -> Result<Written, Fault> {
        let mut written = Written { tables: vec![TableWritten::default(); self.tables.len()] };
        let mut writes = Vec::with_capacity(self.tables.len());
        let order = self.order().clone();
        for index in order {
            let rows = rows_of(batch, index);
            if !rows.is_empty() {
                writes.push((index, rows));
            }
        }
        // One statement is its own transaction: it saves two round trips.
        if let [(index, rows)] = writes.as_slice() {
            written.tables[*index] = self.tables[*index].write(connection, rows).await?;
            return Ok(written);
        }
        let mut transaction = connection.begin().await.map_err(Fault::from_sqlx)?;
        for (index, rows) in writes {
            written.tables[index] = self.tables[index].write(&mut transaction, &rows).await?;
        }
        transaction.commit().await.map_err(Fault::from_sqlx)?;
        Ok(written)
    }
}

impl Sink for PostgresSink {
    async fn write(&self, batch: &[&Rows], is_wanted: impl Fn() -> bool + Send + Sync) -> Result<Written, Fault> {
        // Messages that are dropped are settled without the database.
        if batch.iter().all(|rows| rows.is_empty()) {
            return Ok(Written { tables: vec![TableWritten::default(); self.tables.len()] });
        }
        let mut connection = self.acquire().await?;
        if !is_wanted() {
            return Err(Fault::new(Class::Retry, "a visibility timeout ended before a connection was there"));
        }
        let mut done = self.in_time(self.write_on(&mut connection, batch)).await;
        let misses_reference = done.as_ref().is_err_and(Fault::is_missing_reference);
        if misses_reference && self.in_time(self.put_referenced_first(&mut connection)).await? {
            done = self.in_time(self.write_on(&mut connection, batch)).await;
        }
        close_if_broken(&mut connection, &done);
        done
    }

    async fn write_control(&self, tables: &[usize], control: &Rows) -> Result<Control, Fault> {
        let mut connection = self.acquire().await?;
        let done = self.in_time(self.try_control(&mut connection, tables, control)).await;
        close_if_broken(&mut connection, &done);
        done
    }

    async fn is_stored(&self, rows: &Rows) -> Result<bool, Fault> {
        let mut connection = self.acquire().await?;
        let done = self.in_time(self.has_all(&mut connection, rows)).await;
        close_if_broken(&mut connection, &done);
        done
    }

    async fn describe_tables(&self) -> Result<Vec<String>, Fault> {
        let mut connection = self.acquire().await?;
        let done = self.in_time(self.describe(&mut connection)).await;
        close_if_broken(&mut connection, &done);
        done
    }
}

/// After a refused row a connection is as good as before; after anything else it is not used again.
fn close_if_broken<T>(connection: &mut PoolConnection<Postgres>, done: &Result<T, Fault>) {
    let Err(fault) = done else { return };
    if !matches!(fault.class, Class::Reject(_) | Class::Refuse(_) | Class::Suspect | Class::Wait) {
        connection.close_on_drop();
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

/// The places, from 0, of two tables of the list of which the first refers to the second.
const REFERENCES: &str = "
SELECT child.place - 1, parent.place - 1
FROM unnest($1::text[]) WITH ORDINALITY AS child(name, place)
JOIN pg_constraint ON contype = 'f' AND conrelid = to_regclass(child.name)
JOIN unnest($1::text[]) WITH ORDINALITY AS parent(name, place) ON confrelid = to_regclass(parent.name)
WHERE child.place <> parent.place";

/// The tables in their order, each after those that it refers to. In a circle of references the first comes first.
fn referenced_first(tables: usize, references: &[(i64, i64)]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(tables);
    let mut left: Vec<usize> = (0..tables).collect();
    while !left.is_empty() {
        let mut free = 0;
        for (place, table) in left.iter().enumerate().rev() {
            let refers_to_one_left = references.iter().any(|(child, parent)| {
                usize::try_from(*child) == Ok(*table) && left.iter().any(|other| usize::try_from(*parent) == Ok(*other))
            });
            if !refers_to_one_left {
                free = place;
            }
        }
        order.push(left.remove(free));
    }
    order
}

fn rows_of<'a>(batch: &[&'a Rows], table: usize) -> Vec<&'a Row> {
    batch.iter().filter_map(|rows| rows.tables.get(table)).flatten().collect()
}

impl TableWriter {
    async fn write(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<TableWritten, Fault> {
        let done = self.execute(connection, &self.statement.sql, rows).await?;
        let sent = u64::try_from(rows.len()).map_err(|_| Fault::new(Class::Fatal, "more rows than a u64 counts"))?;
        Ok(TableWritten { rows: sent, duplicates: sent.saturating_sub(done) })
    }

    /// Writes rows that may be there already, which is not an error.
    async fn write_again(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<(), Fault> {
        self.execute(connection, &self.control.write_again, rows).await.map(drop)
    }

    /// Writes rows of the table into the table; false when it has none.
    async fn rewrite_stored(&self, connection: &mut PgConnection) -> Result<bool, Fault> {
        let query = sea_orm::sqlx::query_scalar(AssertSqlSafe(self.control.any_row.as_str()));
        let found: Option<i32> = query.fetch_optional(&mut *connection).await.map_err(Fault::from_sqlx)?;
        if found.is_none() {
            return Ok(false);
        }
        let query = sea_orm::sqlx::query(AssertSqlSafe(self.control.rewrite_stored.as_str()));
        query.execute(connection).await.map_err(Fault::from_sqlx)?;
        Ok(true)
    }

    /// Whether each of these rows is stored, with exactly its values.
    async fn has(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<bool, Fault> {
        let Some(sql) = &self.control.count_stored else { return Ok(false) };
        let query = sea_orm::sqlx::query_scalar_with(AssertSqlSafe(sql.as_str()), self.arguments(rows)?);
        let count: i64 = query.fetch_one(connection).await.map_err(Fault::from_sqlx)?;
        Ok(usize::try_from(count).is_ok_and(|count| count == rows.len()))
    }

    /// Every identifier in the text was quoted by sea-query; values travel as arguments. How many rows it affected.
    async fn execute(&self, connection: &mut PgConnection, sql: &str, rows: &[&Row]) -> Result<u64, Fault> {
        let query = sea_orm::sqlx::query_with(AssertSqlSafe(sql), self.arguments(rows)?);
        Ok(query.execute(connection).await.map_err(Fault::from_sqlx)?.rows_affected())
    }

    fn arguments(&self, rows: &[&Row]) -> Result<PgArguments, Fault> {
        let mut arguments = PgArguments::default();
        for (index, wire) in self.statement.wires.iter().enumerate() {
            let column = Column { rows, index, wire: *wire };
            arguments.add(column).map_err(|error| Fault::from_sqlx(sea_orm::sqlx::Error::Encode(error)))?;
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referenced_tables_come_first_and_the_others_keep_their_order() {
        assert_eq!(referenced_first(3, &[]), [0, 1, 2]);
        assert_eq!(referenced_first(4, &[(0, 2), (2, 3)]), [1, 3, 2, 0]);
        assert_eq!(referenced_first(3, &[(0, 1), (1, 0)]), [2, 0, 1], "a circle");
    }
}
