//! A connection pooler between this process and PostgreSQL, such as PgBouncer in transaction mode.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use sea_orm::sqlx::{AssertSqlSafe, Connection, Error, PgConnection, Postgres, Row, Transaction, raw_sql};

use super::limits::Limits;
use crate::fault::Fault;

/// Whether a pooler is in between that gives each transaction the server connection that is free.
///
/// What a session keeps does not stay there: prepared statements and settings would reach others, and not be found when
/// they are needed. So each piece of work is one transaction then, which brings its settings with it, and its statements
/// have no name. That costs a write three round trips more. Without a pooler nothing of this is done.
#[derive(Debug, Default)]
pub(crate) struct Pooler {
    is_between: AtomicBool,
    /// How a transaction begins then.
    begin: RwLock<Arc<str>>,
}

impl Pooler {
    pub(crate) fn new(is_between: bool) -> Self {
        Self { is_between: AtomicBool::new(is_between), begin: RwLock::new("BEGIN".into()) }
    }

    /// Whether one is in between, as far as it shows.
    pub(crate) fn is_between(&self) -> bool {
        self.is_between.load(Ordering::Relaxed)
    }

    /// Begins a transaction, behind a pooler with the limits that a session would have.
    pub(crate) async fn begin<'c>(&self, connection: &'c mut PgConnection) -> Result<Transaction<'c, Postgres>, Fault> {
        let begun = if self.is_between() {
            let begin = Arc::clone(&self.begin.read().unwrap_or_else(PoisonError::into_inner));
            connection.begin_with(AssertSqlSafe(begin)).await
        } else {
            connection.begin().await
        };
        begun.map_err(Fault::from_sqlx)
    }

    /// Prepares a new connection for writes: sets the limits of its session, or notes how transactions begin.
    pub(super) async fn start_session(&self, connection: &mut PgConnection, limits: Limits) -> Result<(), Error> {
        if !keeps_settings(connection).await? {
            self.is_between.store(true, Ordering::Relaxed);
        }
        if !self.is_between() {
            match limits.set(connection).await {
                Err(Error::Database(error)) if error.code().is_some_and(|code| is_of_another_session(&code)) => {
                    self.is_between.store(true, Ordering::Relaxed);
                }
                done => return done,
            }
        }
        let begin = limits.begin(connection).await?;
        *self.begin.write().unwrap_or_else(PoisonError::into_inner) = begin.into();
        Ok(())
    }

    /// Whether this fault shows that there is a pooler, which is noted: a statement that one connection prepared was there
    /// already on another, or is not there any more.
    pub(super) fn is_revealed_by(&self, fault: &Fault) -> bool {
        let is_revealed = fault.code.as_deref().is_some_and(is_of_another_session);
        if is_revealed {
            self.is_between.store(true, Ordering::Relaxed);
        }
        is_revealed
    }
}

/// Whether a statement was prepared already, or is not prepared, although the driver counts them.
fn is_of_another_session(state: &str) -> bool {
    matches!(state, "42P05" | "26000")
}

/// The driver sets this at the start of each session. PostgreSQL keeps it; a pooler that shares its server connections
/// refuses it, or leaves it out.
pub(super) const DIGITS: i8 = 2;

async fn keeps_settings(connection: &mut PgConnection) -> Result<bool, Error> {
    // As a simple query, which leaves nothing behind.
    let row = raw_sql("SELECT current_setting('extra_float_digits')").fetch_one(connection).await?;
    Ok(row.try_get::<String, _>(0)? == DIGITS.to_string())
}
