//! The one connection a migration runs on, and the lock it holds there.

use std::time::Duration;

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqlxPostgresConnector, TransactionTrait,
};

use crate::Error;
use crate::query::{LOCK_TIMEOUT, one};

/// The advisory lock's key: the bytes of `runner_m`. Advisory locks belong to one database.
const LOCK_KEY: i64 = i64::from_be_bytes(*b"runner_m");

/// Time between two attempts to take the lock. Waiting inside `pg_advisory_lock()` would hold a snapshot, for which
/// another runner's CREATE INDEX CONCURRENTLY waits in turn: a deadlock. Between two attempts nothing is held.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// Attempts from one log line to the next: 30 seconds.
const ATTEMPTS_PER_LOG_LINE: u32 = 150;

/// Removes the time limits that the role or the pool sets for queries: building an index may take hours.
const NO_TIMEOUTS: &str = "SET statement_timeout = 0; SET lock_timeout = 0";

const LOCKING: &str = "taking the migration lock";
const STARTING: &str = "starting a transaction";

/// One connection that holds the migration lock. When the connection ends, however it ends, PostgreSQL frees the lock.
pub(crate) struct Session {
    db: DatabaseConnection,
    /// The server process of the connection that took the lock. A replacement connection has another one, and no lock.
    backend: i32,
}

impl Session {
    /// Opens a connection of its own, with the options of `db`, and waits for the lock.
    pub(crate) async fn locked(db: &DatabaseConnection) -> Result<Self, Error> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Err(Error::NotPostgres);
        }
        let pool = db.get_postgres_connection_pool();
        let single = pool
            .options()
            .clone()
            .min_connections(0)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with((*pool.connect_options()).clone());
        let db = SqlxPostgresConnector::from_sqlx_postgres_pool(single);
        let backend = wait_for_lock(&db).await?;
        db.execute_unprepared(NO_TIMEOUTS).await.map_err(Error::during(LOCKING))?;
        Ok(Self { db, backend })
    }

    /// The connection, for statements that must run outside a transaction. Checks that the lock is still held.
    pub(crate) async fn connection(&self) -> Result<&DatabaseConnection, Error> {
        self.check(&self.db).await?;
        Ok(&self.db)
    }

    /// Starts a transaction under the lock.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, Error> {
        let transaction = self.db.begin().await.map_err(Error::during(STARTING))?;
        self.check(&transaction).await?;
        transaction.execute_unprepared(LOCK_TIMEOUT).await.map_err(Error::during(STARTING))?;
        Ok(transaction)
    }

    async fn check(&self, db: &impl ConnectionTrait) -> Result<(), Error> {
        let row = one(db, "SELECT pg_backend_pid() AS pid", []).await.map_err(Error::during(LOCKING))?;
        let pid = row.map(|row| row.try_get::<i32>("", "pid")).transpose().map_err(Error::during(LOCKING))?;
        if pid == Some(self.backend) { Ok(()) } else { Err(Error::LockLost) }
    }

    /// Closes the connection, which releases the lock.
    pub(crate) async fn close(self) {
        if let Err(error) = self.db.close().await {
            tracing::debug!(%error, "closing the migration's connection");
        }
    }
}

async fn wait_for_lock(db: &DatabaseConnection) -> Result<i32, Error> {
    let sql = "SELECT pg_try_advisory_lock($1) AS locked, pg_backend_pid() AS pid";
    for attempt in 0_u32.. {
        let row = one(db, sql, [LOCK_KEY.into()]).await.map_err(Error::during(LOCKING))?.ok_or(Error::LockLost)?;
        if row.try_get("", "locked").map_err(Error::during(LOCKING))? {
            return row.try_get("", "pid").map_err(Error::during(LOCKING));
        }
        if attempt.is_multiple_of(ATTEMPTS_PER_LOG_LINE) {
            tracing::info!("another runner is migrating this database; waiting for it to finish");
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
    Err(Error::LockLost)
}
