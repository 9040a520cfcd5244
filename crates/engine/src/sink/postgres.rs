//! The PostgreSQL sink.

use std::time::Duration;

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::{Arguments, AssertSqlSafe, Connection, PgConnection, PgPool};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use super::column::Column;
use super::statement::Statement;
use super::{Sink, TableWritten, Written};
use crate::fault::{Class, Fault};
use pipeline::Target;
use pipeline::row::{Row, Rows};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A new default of the role or the database (`statement_timeout`, `search_path`) reaches only new connections.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(5);
/// Longest wait for an answer to a write.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
const NO_ANSWER: &str = "no answer from PostgreSQL within 60 s";

/// Why the database can't be used. The URL is shown without its password.
#[derive(Debug, thiserror::Error)]
#[error("can't connect to PostgreSQL at {place}: {cause}\n  help: {help}")]
pub struct ConnectError {
    place: String,
    cause: String,
    help: &'static str,
}

/// Opens a pool of at most `connections`. `place` is the URL without its password, for messages.
///
/// One plain connection comes first: of a server that refuses, the pool tells after ten seconds that it waited.
pub async fn connect(url: &str, place: &str, connections: u32) -> Result<DatabaseConnection, ConnectError> {
    let first = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect(url)).await;
    match first {
        Ok(Ok(connection)) => drop(connection.close().await),
        Ok(Err(error)) => return Err(explain(&error, place)),
        Err(_) => return Err(explain(&sea_orm::sqlx::Error::PoolTimedOut, place)),
    }
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .connect_lazy(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .acquire_timeout(CONNECT_TIMEOUT)
        .max_lifetime(CONNECTION_LIFETIME)
        // A broken connection shows at its next statement, which is retried: no ping before each.
        .test_before_acquire(false)
        .set_application_name("runner")
        .sqlx_logging(false);
    let pool = Database::connect(options).await;
    // Its own text would show the URL, which just proved to be a right one.
    pool.map_err(|_| explain(&sea_orm::sqlx::Error::PoolClosed, place))
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
    ConnectError { place: place.to_owned(), cause, help }
}

/// The tables of one pipeline, in its database.
#[derive(Debug)]
pub struct PostgresSink {
    pool: PgPool,
    tables: Vec<TableWriter>,
}

#[derive(Debug)]
struct TableWriter {
    statement: Statement,
}

impl PostgresSink {
    /// Writes to `targets`, whose order the rows follow.
    pub fn new(database: &DatabaseConnection, targets: &[Target]) -> Self {
        let tables = targets.iter().map(|target| TableWriter { statement: Statement::new(target) });
        Self { pool: database.get_postgres_connection_pool().clone(), tables: tables.collect() }
    }

    async fn write_on(&self, connection: &mut PgConnection, batch: &[&Rows]) -> Result<Written, Fault> {
        let mut written = Written { tables: vec![TableWritten::default(); self.tables.len()] };
        let mut writes = Vec::with_capacity(self.tables.len());
        for index in 0..self.tables.len() {
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
    async fn write(&self, batch: &[&Rows]) -> Result<Written, Fault> {
        // Messages that are dropped are settled without the database.
        if batch.iter().all(|rows| rows.is_empty()) {
            return Ok(Written { tables: vec![TableWritten::default(); self.tables.len()] });
        }
        let mut connection = self.pool.acquire().await.map_err(Fault::from_sqlx)?;
        // A connection that died without a word would keep its write waiting without end.
        let answer = tokio::time::timeout(WRITE_TIMEOUT, self.write_on(&mut connection, batch)).await;
        let done = answer.unwrap_or_else(|_| Err(Fault::new(Class::Retry, NO_ANSWER)));
        // Only a refused row says nothing against the connection.
        if done.as_ref().is_err_and(|fault| !matches!(fault.class, Class::Reject(_) | Class::Suspect)) {
            connection.close_on_drop();
        }
        done
    }
}

fn rows_of<'a>(batch: &[&'a Rows], table: usize) -> Vec<&'a Row> {
    batch.iter().filter_map(|rows| rows.tables.get(table)).flatten().collect()
}

impl TableWriter {
    async fn write(&self, connection: &mut PgConnection, rows: &[&Row]) -> Result<TableWritten, Fault> {
        let mut arguments = PgArguments::default();
        for (index, wire) in self.statement.wires.iter().enumerate() {
            let column = Column { rows, index, wire: *wire };
            arguments.add(column).map_err(|error| Fault::from_sqlx(sea_orm::sqlx::Error::Encode(error)))?;
        }
        // Every identifier in the text was quoted by sea-query; values travel as arguments.
        let query = sea_orm::sqlx::query_with(AssertSqlSafe(self.statement.sql.as_str()), arguments);
        let done = query.execute(connection).await.map_err(Fault::from_sqlx)?;
        let sent = u64::try_from(rows.len()).map_err(|_| Fault::new(Class::Fatal, "more rows than a u64 counts"))?;
        Ok(TableWritten { rows: sent, duplicates: sent.saturating_sub(done.rows_affected()) })
    }
}
