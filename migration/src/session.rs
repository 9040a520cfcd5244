//! The lock that a migration holds, and the connection that it works on.

use std::time::{Duration, Instant};

use sea_orm_migration::sea_orm::sqlx::{AssertSqlSafe, PgConnection, Row, raw_sql};
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, SqlxPostgresConnector,
};

use crate::Error;
use crate::error::Holder;
use crate::query::{all, one};
use crate::transaction::{Transaction, failed};

/// The advisory lock's key: the bytes of `runner_m`. Advisory locks belong to one database.
const LOCK_KEY: i64 = i64::from_be_bytes(*b"runner_m");

/// How long to wait for the lock where nobody asks for another time.
pub const LOCK_TIMEOUT: Duration = Duration::from_mins(10);
/// Time between two attempts to take the lock. Waiting inside `pg_advisory_xact_lock()` would hold a snapshot, for which
/// another runner's CREATE INDEX CONCURRENTLY waits in turn: a deadlock. Between two attempts nothing is held, also no
/// server connection of a pooler.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// Time from one log line to the next.
const LOG_INTERVAL: Duration = Duration::from_secs(30);

/// The lock lasts as long as its transaction, so no limit of the role or the database may end that.
const WITHOUT_LIMITS: &str = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN
    ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";
/// Building an index may take hours. Everyone who writes to the table queues behind a step that waits for its lock.
const WORKING: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10s'";
/// The same for what can't run in a transaction: an index that is built aside waits without harm.
const NO_TIMEOUTS: &str = "SET statement_timeout = 0; SET lock_timeout = 0";

const LOCKING: &str = "taking the migration lock";
const STARTING: &str = "starting a transaction";

/// A migration that has the lock.
///
/// The lock is held by a transaction that does nothing else. When its connection ends, however it ends, the lock ends with
/// it: PostgreSQL rolls back, and a pooler closes the server connection of a client that left in the middle of a
/// transaction. A lock of the session would stay with the pooler. Between statements the transaction has no snapshot, so
/// CREATE INDEX CONCURRENTLY does not wait for it.
pub(crate) struct Session {
    db: DatabaseConnection,
    lock: Transaction,
}

impl Session {
    /// Opens connections of its own, with the options of `db`, and waits for the lock.
    pub(crate) async fn locked(db: &DatabaseConnection, patience: Duration) -> Result<Self, Error> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Err(Error::NotPostgres);
        }
        let pool = db.get_postgres_connection_pool();
        let two = pool
            .options()
            .clone()
            .min_connections(0)
            .max_connections(2)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with((*pool.connect_options()).clone());
        let db = SqlxPostgresConnector::from_sqlx_postgres_pool(two);
        let lock = wait_for_lock(&db, patience).await?;
        Ok(Self { db, lock })
    }

    /// The database, to read from. Checks that the lock is still held.
    pub(crate) async fn database(&self) -> Result<&DatabaseConnection, Error> {
        self.check().await?;
        Ok(&self.db)
    }

    /// Starts a transaction under the lock.
    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        self.check().await?;
        Transaction::begin(&self.db, WORKING).await.map_err(Error::during(STARTING))
    }

    /// Runs a statement that PostgreSQL forbids inside a transaction. It travels as one message, which no pooler splits;
    /// PostgreSQL itself refuses to run it together with a second statement.
    pub(crate) async fn run_alone(&self, sql: &str) -> Result<(), DbErr> {
        let mut connection = self.db.get_postgres_connection_pool().acquire().await.map_err(failed)?;
        // Through a pooler the limits of the server stay: a setting would reach whoever has the connection next.
        if keeps_settings(&mut connection).await? {
            raw_sql(NO_TIMEOUTS).execute(&mut *connection).await.map_err(failed)?;
        }
        raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map(drop).map_err(failed)
    }

    /// The transaction ends with its connection, and only with it.
    async fn check(&self) -> Result<(), Error> {
        self.lock.execute_unprepared("SELECT").await.map(drop).map_err(|_| Error::LockLost)
    }

    /// Releases the lock, and closes the connections.
    pub(crate) async fn close(self) {
        if let Err(error) = self.lock.rollback().await {
            tracing::debug!(%error, "releasing the migration lock");
        }
        if let Err(error) = self.db.close().await {
            tracing::debug!(%error, "closing the migration's connections");
        }
    }
}

/// Whether a session has what was set at its start: the driver sets this, and a pooler that shares its server connections
/// leaves it out.
async fn keeps_settings(connection: &mut PgConnection) -> Result<bool, DbErr> {
    let row = raw_sql("SELECT current_setting('extra_float_digits')").fetch_one(connection).await.map_err(failed)?;
    row.try_get::<String, _>(0).map(|digits| digits == "2").map_err(failed)
}

async fn wait_for_lock(db: &DatabaseConnection, patience: Duration) -> Result<Transaction, Error> {
    let began = Instant::now();
    let mut log_at = Duration::ZERO;
    loop {
        if let Some(lock) = try_lock(db).await.map_err(Error::during(LOCKING))? {
            return Ok(lock);
        }
        let waited = began.elapsed();
        if waited >= patience {
            let holder = holder(db).await.map_err(Error::during(LOCKING))?;
            return Err(Error::LockTimeout { patience, holder });
        }
        if waited >= log_at {
            tracing::info!("another runner is migrating this database; waiting for it to finish");
            log_at += LOG_INTERVAL;
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

/// The transaction that holds the lock, or `None` while another one does.
async fn try_lock(db: &DatabaseConnection) -> Result<Option<Transaction>, DbErr> {
    let transaction = Transaction::begin(db, "BEGIN").await?;
    all(&transaction, WITHOUT_LIMITS, []).await?;
    let row = one(&transaction, "SELECT pg_try_advisory_xact_lock($1) AS locked", [LOCK_KEY.into()]).await?;
    if row.map_or(Ok(false), |row| row.try_get("", "locked"))? {
        return Ok(Some(transaction));
    }
    transaction.rollback().await?;
    Ok(None)
}

const HOLDER: &str = "SELECT a.pid, coalesce(a.application_name, '') AS application,
        to_char(coalesce(a.xact_start, a.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS since
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.classid::bigint << 32) | l.objid::bigint = $1";

/// Who holds the lock; `None` when it became free meanwhile.
async fn holder(db: &DatabaseConnection) -> Result<Option<Holder>, DbErr> {
    let transaction = Transaction::begin(db, "BEGIN").await?;
    let row = one(&transaction, HOLDER, [LOCK_KEY.into()]).await?;
    transaction.rollback().await?;
    row.as_ref().map(read_holder).transpose()
}

fn read_holder(row: &QueryResult) -> Result<Holder, DbErr> {
    let since: Option<String> = row.try_get("", "since")?;
    Ok(Holder { pid: row.try_get("", "pid")?, application: row.try_get("", "application")?, since })
}
