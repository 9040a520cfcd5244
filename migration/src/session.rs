//! The one connection a migration runs on, and the lock it holds there.

use std::time::Duration;

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqlxPostgresConnector, TransactionTrait,
};

use crate::Error;
use crate::catalog::one;

/// The advisory lock's key: the bytes of `runner_m`. Advisory locks belong to one database.
const LOCK_KEY: i64 = i64::from_be_bytes(*b"runner_m");

/// Waiting inside `pg_advisory_lock()` would hold a snapshot, for which another runner's CREATE INDEX CONCURRENTLY waits
/// in turn: a deadlock. Asking again and again holds nothing.
const ASK_AGAIN: Duration = Duration::from_millis(200);
const REMIND: u32 = 150;

/// How long a table's lock is waited for. Everyone who writes to the table queues behind a waiting step.
pub(crate) const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '10s'";

/// Building an index takes as long as it takes, whatever the role or the pool sets for its queries.
const NO_TIMEOUTS: &str = "SET statement_timeout = 0; SET lock_timeout = 0";

/// One connection holding the migration lock; the lock goes with the connection, however that ends.
pub(crate) struct Session {
    db: DatabaseConnection,
    /// Tells the connection that took the lock from a replacement that holds none.
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
        db.execute_unprepared(NO_TIMEOUTS).await.map_err(locking())?;
        Ok(Self { db, backend })
    }

    /// For what must run outside a transaction. Checks that the lock is still held.
    pub(crate) async fn connection(&self) -> Result<&DatabaseConnection, Error> {
        self.check(&self.db).await?;
        Ok(&self.db)
    }

    /// A transaction under the lock.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, Error> {
        let starting = || Error::during("starting a transaction");
        let transaction = self.db.begin().await.map_err(starting())?;
        self.check(&transaction).await?;
        transaction.execute_unprepared(LOCK_TIMEOUT).await.map_err(starting())?;
        Ok(transaction)
    }

    async fn check(&self, db: &impl ConnectionTrait) -> Result<(), Error> {
        let row = one(db, "SELECT pg_backend_pid() AS pid", []).await.map_err(locking())?;
        let pid = row.map(|row| row.try_get::<i32>("", "pid")).transpose().map_err(locking())?;
        if pid == Some(self.backend) { Ok(()) } else { Err(Error::LockLost) }
    }

    /// Closes the connection, which releases the lock.
    pub(crate) async fn close(self) {
        if let Err(error) = self.db.close().await {
            tracing::debug!(%error, "closing the migration's connection");
        }
    }
}

fn locking() -> impl FnOnce(sea_orm_migration::sea_orm::DbErr) -> Error {
    Error::during("taking the migration lock")
}

async fn wait_for_lock(db: &DatabaseConnection) -> Result<i32, Error> {
    let sql = "SELECT pg_try_advisory_lock($1) AS locked, pg_backend_pid() AS pid";
    for attempt in 0_u32.. {
        let row = one(db, sql, [LOCK_KEY.into()]).await.map_err(locking())?.ok_or(Error::LockLost)?;
        if row.try_get("", "locked").map_err(locking())? {
            return row.try_get("", "pid").map_err(locking());
        }
        if attempt.is_multiple_of(REMIND) {
            tracing::info!("another runner is migrating this database; waiting for it to finish");
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
    Err(Error::LockLost)
}
