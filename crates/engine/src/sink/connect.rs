//! Opening pools of connections.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::PgPool;
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};

use super::connect_error::ConnectError;
use super::limits::Limits;
use super::pooler::Pooler;
use super::server::Server;

/// Longest wait for a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A new default of the role or the database (`statement_timeout`, `search_path`) reaches only new connections.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(5);
/// Statements of one table: those of `Statement` and `ControlStatements`.
const STATEMENTS_PER_TABLE: usize = 5;
/// Statements that belong to no table.
const OTHER_STATEMENTS: usize = 20;

/// A pool of connections to the database, and how to get more.
#[derive(Debug, Clone)]
pub struct Database {
    pub(super) pool: PgPool,
    pub(super) server: Arc<Server>,
    pub(super) pooler: Arc<Pooler>,
    /// Prepared statements of a connection.
    pub(super) statements: usize,
}

impl Database {
    /// The pool for sea-orm.
    pub fn orm(&self) -> DatabaseConnection {
        SqlxPostgresConnector::from_sqlx_postgres_pool(self.pool.clone())
    }
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

/// Opens a pool of at most `connections`.
///
/// One plain connection comes first: of a server that refuses, the pool reports after ten seconds that it waited.
pub async fn connect(server: Arc<Server>, connections: u32) -> Result<Database, ConnectError> {
    let found = server.find(CONNECT_TIMEOUT).await?;
    let pooler = Arc::new(Pooler::new(!found.keeps_settings));
    let statements = statements(0);
    let pool = pool(connections).connect_lazy_with(server.with_statements(found.options, statements));
    Ok(Database { pool, server, pooler, statements })
}

/// As [`connect`], for writing: the server ends what was abandoned of its own accord, so that none of it goes on there
/// once `write_timeout` is over, and a wait for a lock much earlier.
pub async fn connect_for_writing(server: Arc<Server>, writing: WritingOptions) -> Result<Database, ConnectError> {
    let found = server.find(CONNECT_TIMEOUT).await?;
    let pooler = Arc::new(Pooler::new(!found.keeps_settings));
    let statements = statements(writing.tables);
    let (of_sessions, limits) = (Arc::clone(&pooler), Limits { write_timeout: writing.write_timeout });
    let pool = pool(writing.connections)
        .acquire_timeout(CONNECT_TIMEOUT.min(writing.write_timeout))
        .after_connect(move |connection, _| {
            let pooler = Arc::clone(&of_sessions);
            Box::pin(async move { pooler.start_session(connection, limits).await })
        })
        .connect_lazy_with(server.with_statements(found.options, statements));
    Ok(Database { pool, server, pooler, statements })
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECT_TIMEOUT)
        .max_lifetime(CONNECTION_LIFETIME)
        // A broken connection shows at its next statement, which is retried: no ping before each.
        .test_before_acquire(false)
}

/// Prepared statements of a connection. When the driver's cache is too small for them, every write prepares its own anew.
fn statements(tables: usize) -> usize {
    tables.saturating_mul(STATEMENTS_PER_TABLE).saturating_add(OTHER_STATEMENTS)
}
