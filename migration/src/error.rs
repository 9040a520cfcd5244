//! Why a migration fails, with PostgreSQL's own message.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use pipeline::TableName;
use pipeline::escape::escaped;
use sea_orm_migration::sea_orm::sqlx::{self, postgres::PgDatabaseError};
use sea_orm_migration::sea_orm::{DbErr, RuntimeErr};

use crate::grant::Missing;

/// Why a migration could not be planned, applied or undone.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The connection is to something other than PostgreSQL.
    #[error("not a PostgreSQL connection: migrations are written for PostgreSQL only")]
    NotPostgres,
    /// No connection, or a connection that broke.
    #[error("can't reach the database: check its address, that it runs, and that it accepts connections")]
    Connection(#[source] Cause),
    /// SQLSTATE 42501.
    #[error("{doing}: the role of this connection does not have a privilege; connect as the owner, or grant it")]
    PermissionDenied {
        /// What was being done.
        doing: String,
        /// PostgreSQL's own message, which names the object.
        #[source]
        source: Cause,
    },
    /// The role can't apply the steps, of which none was applied.
    #[error("nothing was applied: this role does not have {}; run {}", .0.names(), .0.statements())]
    MissingPrivileges(Missing),
    /// SQLSTATE 55P03: a lock was not granted in time.
    #[error("{doing}: the table stayed locked by another transaction; nothing of this step was changed, run it again")]
    Busy {
        /// What was being done.
        doing: String,
        /// PostgreSQL's own message.
        #[source]
        source: Cause,
    },
    /// Any other failure of the database.
    #[error("{doing} failed")]
    Database {
        /// What was being done.
        doing: String,
        /// PostgreSQL's own message.
        #[source]
        source: Cause,
    },
    /// The `search_path` names no schema that exists, so an unqualified table can't be created.
    #[error(
        "no schema to create tables in: write the table as `schema.table`, set the search_path, or grant USAGE on its schema"
    )]
    NoSchema,
    /// A table that was to be described does not exist.
    #[error("this database has no table {table}")]
    NoSuchTable {
        /// Its name, as it was given.
        table: TableName,
        /// The tables and views that exist, those that need no schema first.
        others: Vec<TableName>,
    },
    /// A declaration that PostgreSQL would not accept.
    #[error("table {table} in {}: {problem}", file.display())]
    Declaration {
        /// The table as declared.
        table: String,
        /// The file that declares it.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Two files declare the same table in contradictory ways.
    #[error("table {table} is declared twice: {problem} ({} and {})", first.display(), second.display())]
    Conflict {
        /// The table as declared.
        table: String,
        /// Where the two differ.
        problem: String,
        /// The file read first.
        first: PathBuf,
        /// The file that disagrees with it.
        second: PathBuf,
    },
    /// The connection that holds the migration lock broke while migrating.
    #[error("the connection that holds the migration lock was lost; run the command again")]
    LockLost,
    /// Another migration did not end in time.
    #[error("another runner has kept the migration lock of this database for {} s{}; wait longer with --lock-timeout, or \
             end that connection", patience.as_secs(), shown(holder.as_ref()))]
    LockTimeout {
        /// How long it was waited for.
        patience: Duration,
        /// Who has the lock; `None` when it became free meanwhile.
        holder: Option<Holder>,
    },
    /// The tables of the ledger are there more than once.
    #[error(
        "there are several tables {table}, in the schemas {}: one database has one migration ledger; keep the one that is in \
         use, and rename or drop the others",
        schemas.join(", ")
    )]
    SeveralLedgers {
        /// The name of the tables.
        table: &'static str,
        /// Where they are.
        schemas: Vec<String>,
    },
    /// Undoing would lose rows or values, which is not allowed by default.
    #[error("undoing `{step}` would lose {loses}; allow it with --allow-data-loss")]
    DataLoss {
        /// The step that was to be undone.
        step: String,
        /// The data that would be lost.
        loses: String,
    },
}

/// The connection that has the migration lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The server process.
    pub pid: i32,
    /// Its `application_name`.
    pub application: String,
    /// Since when its transaction lasts: RFC 3339, UTC. `None` where this role may not see it.
    pub since: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server process {}, application_name `{}`", self.pid, self.application)?;
        self.since.as_ref().map_or(Ok(()), |since| write!(f, ", since {since}"))
    }
}

fn shown(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(" ({holder})")).unwrap_or_default()
}

impl Error {
    /// Classifies a database error by its SQLSTATE. `doing` names what was attempted, as a fragment of a sentence.
    pub(crate) fn during(doing: impl Into<String>) -> impl FnOnce(DbErr) -> Self {
        let doing = doing.into();
        move |error| {
            let source = Cause::of(&error);
            match source.sqlstate() {
                Some("42501") => Self::PermissionDenied { doing, source },
                Some("55P03") => Self::Busy { doing, source },
                Some(state) if !state.starts_with("08") && !state.starts_with("57P") => {
                    Self::Database { doing, source }
                }
                None if !is_connection(&error) => Self::Database { doing, source },
                _ => Self::Connection(source),
            }
        }
    }
}

fn is_connection(error: &DbErr) -> bool {
    matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_))
        || matches!(
            sqlx_error(error),
            Some(
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            )
        )
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(inner))
        | DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

/// PostgreSQL's own message, detail, hint and SQLSTATE, without what the driver wraps around them.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct Cause {
    text: String,
    sqlstate: Option<String>,
}

impl Cause {
    /// The SQLSTATE, when the server answered.
    pub fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }

    pub(crate) fn of(error: &DbErr) -> Self {
        let inner = sqlx_error(error);
        let server =
            inner.and_then(sqlx::Error::as_database_error).and_then(|e| e.try_downcast_ref::<PgDatabaseError>());
        match (server, inner) {
            (Some(pg), _) => Self::of_server(pg),
            (None, Some(inner)) => Self { text: inner.to_string(), sqlstate: None },
            (None, None) => Self { text: error.to_string(), sqlstate: None },
        }
    }

    fn of_server(pg: &PgDatabaseError) -> Self {
        let mut text = format!("{} (SQLSTATE {})", pg.message(), pg.code());
        if let Some(detail) = pg.detail() {
            text = format!("{text}; {detail}");
        }
        if let Some(hint) = pg.hint() {
            text = format!("{text}; {hint}");
        }
        Self { text: escaped(&text).into_owned(), sqlstate: Some(pg.code().to_owned()) }
    }
}
