//! Why the database can't be used.

use std::time::Duration;

use pipeline::escape::escaped;
use sea_orm::sqlx::Error;
use sea_orm::sqlx::error::DatabaseError;

/// Why the database can't be used. The URL is shown without its password.
#[derive(Debug, thiserror::Error)]
#[error("can't connect to PostgreSQL at {place}: {cause}")]
pub struct ConnectError {
    place: String,
    cause: String,
    help: &'static str,
    transient: bool,
}

/// Why one host can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum HostFailure {
    #[error("{}", cause(.0))]
    Driver(#[from] Error),
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    #[error("it takes no writes")]
    ReadOnly,
    #[error("it is a standby")]
    Standby,
}

impl ConnectError {
    /// Of one host or several, in the order in which they were tried. A refused password
    /// that may change is a transient failure.
    pub(super) fn new(place: &str, failures: &[(String, HostFailure)], password_may_change: bool) -> Self {
        let is_alone = failures.len() == 1;
        let (mut causes, mut transient, mut help) = (Vec::new(), false, CHECK_SERVER);
        for (host, failure) in failures {
            causes.push(if is_alone { failure.to_string() } else { format!("{host}: {failure}") });
            transient |= failure.is_transient() || (password_may_change && failure.is_of_login());
            help = failure.help();
        }
        Self { place: place.to_owned(), cause: escaped(&causes.join("; ")).into_owned(), help, transient }
    }

    /// What to log in with can't be had just now.
    pub(super) fn of_login(place: &str, failure: &str) -> Self {
        let help = "check the file, or the AWS credentials, that the password comes from";
        Self { place: place.to_owned(), cause: escaped(failure).into_owned(), help, transient: true }
    }

    /// Whether it usually passes by itself soon: the server restarts, or has no connection left.
    pub fn is_transient(&self) -> bool {
        self.transient
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        self.help
    }
}

const CHECK_SERVER: &str = "check that the server runs, and DB_HOST and DB_PORT, or DATABASE_URL";

impl HostFailure {
    fn state(&self) -> Option<&str> {
        match self {
            Self::Driver(Error::Database(error)) => error.try_downcast_ref().map(PgError::code),
            _ => None,
        }
    }

    fn is_of_login(&self) -> bool {
        matches!(self.state(), Some("28P01" | "28000"))
    }

    fn help(&self) -> &'static str {
        match self.state() {
            Some("28P01" | "28000") => "check DB_USER and DB_PASSWORD, or DATABASE_URL",
            Some("3D000") => "create the database, or correct DB_NAME or DATABASE_URL",
            Some(state) if state.starts_with("53") => {
                "the server is out of connections: raise max_connections, or run fewer processes"
            }
            _ if matches!(self, Self::ReadOnly | Self::Standby) => {
                "name the server that takes writes as well, or correct target_session_attrs"
            }
            _ => CHECK_SERVER,
        }
    }

    fn is_transient(&self) -> bool {
        match self {
            // Another server takes its place soon.
            Self::Silent(_) | Self::ReadOnly | Self::Standby | Self::Driver(Error::Io(_) | Error::PoolTimedOut) => true,
            // Connection exceptions, resources, and a server that is starting or shutting down.
            Self::Driver(_) => self.state().is_some_and(|state| {
                state.starts_with("08") || state.starts_with("53") || matches!(state, "57P01" | "57P02" | "57P03")
            }),
        }
    }
}

type PgError = sea_orm::sqlx::postgres::PgDatabaseError;

fn cause(error: &Error) -> String {
    match error {
        Error::Database(db) => DatabaseError::message(&**db).to_owned(),
        Error::Io(io) => io.to_string(),
        Error::Tls(tls) => tls.to_string(),
        // The URL itself may be part of what is wrong, and so of the text.
        Error::Configuration(_) => "the URL is malformed".to_owned(),
        other => other.to_string(),
    }
}
