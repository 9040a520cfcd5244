//! Opening pools of connections.

use std::time::Duration;

use pipeline::escape::escaped;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{ConnectOptions, Connection, PgConnection};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A new default of the role or the database (`statement_timeout`, `search_path`) reaches only new connections.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(5);
/// Longest wait for a lock: a row that somebody holds must not keep a whole batch waiting for long.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// Statements of one table: those of `Statement` and `ControlStatements`.
const STATEMENTS_PER_TABLE: usize = 5;
/// Statements that belong to no table.
const OTHER_STATEMENTS: usize = 20;

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

/// What a pipeline needs of its connections.
#[derive(Debug, Clone, Copy)]
pub struct WritingOptions {
    /// Connections, at most.
    pub connections: u32,
    /// Longest wait for an answer to a write.
    pub write_timeout: Duration,
    /// Tables that are written; each has prepared statements of its own.
    pub tables: usize,
}

/// As [`connect`], for writing: the server ends what was abandoned of its own accord, so that none of it goes on there
/// once `write_timeout` is over, and a wait for a lock much earlier.
pub async fn connect_for_writing(
    url: &str,
    place: &str,
    writing: WritingOptions,
) -> Result<DatabaseConnection, ConnectError> {
    open(url, place, writing.connections, Some(writing)).await
}

async fn open(
    url: &str,
    place: &str,
    connections: u32,
    writing: Option<WritingOptions>,
) -> Result<DatabaseConnection, ConnectError> {
    let first = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect(url)).await;
    match first {
        Ok(Ok(connection)) => drop(connection.close().await),
        Ok(Err(error)) => return Err(explain(&error, place)),
        Err(_) => return Err(explain(&sea_orm::sqlx::Error::PoolTimedOut, place)),
    }
    let mut options: PgConnectOptions = url.parse().map_err(|error| explain(&error, place))?;
    let mut pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECT_TIMEOUT)
        .max_lifetime(CONNECTION_LIFETIME)
        // A broken connection shows at its next statement, which is retried: no ping before each.
        .test_before_acquire(false);
    if let Some(writing) = writing {
        let timeout = writing.write_timeout;
        pool = pool.acquire_timeout(CONNECT_TIMEOUT.min(timeout));
        pool = pool.after_connect(move |connection, _| Box::pin(shorten_timeouts(connection, timeout)));
        // Whoever sets it in the URL, such as to 0 for a connection pooler, has a reason.
        if !url.contains("statement-cache-capacity") {
            options = options.statement_cache_capacity(statements(writing.tables));
        }
    }
    let options = options.application_name("runner").disable_statement_logging();
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(options)))
}

/// Prepared statements of a connection. When the driver's cache is too small for them, every write prepares its own anew.
fn statements(tables: usize) -> usize {
    tables.saturating_mul(STATEMENTS_PER_TABLE).saturating_add(OTHER_STATEMENTS)
}

/// Sets the session's timeouts, where those of the server, the database or the role are not shorter already.
async fn shorten_timeouts(connection: &mut PgConnection, write_timeout: Duration) -> Result<(), sea_orm::sqlx::Error> {
    const SHORTEN: &str = "SELECT set_config(name, $2::text, false) FROM pg_settings \
                           WHERE name = $1 AND (setting::bigint = 0 OR setting::bigint > $2)";
    for (name, value) in [
        ("statement_timeout", milliseconds(write_timeout * 9 / 10)),
        ("lock_timeout", milliseconds(LOCK_TIMEOUT.min(write_timeout / 4))),
        // A transaction whose next statement never arrives holds its locks no longer than a write may take.
        ("idle_in_transaction_session_timeout", milliseconds(write_timeout)),
        // A host that has gone says nothing: the server asks after 30 s, and gives up after three more questions.
        ("tcp_keepalives_idle", 30),
        ("tcp_keepalives_interval", 10),
        ("tcp_keepalives_count", 3),
    ] {
        sea_orm::sqlx::query(SHORTEN).bind(name).bind(value).execute(&mut *connection).await?;
    }
    Ok(())
}

fn milliseconds(timeout: Duration) -> i64 {
    i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX)
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
    ConnectError { place: place.to_owned(), cause: escaped(&cause).into_owned(), help, transient }
}
