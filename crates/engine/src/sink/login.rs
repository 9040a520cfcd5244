//! What to log in with: as it was given, or read anew for each connection.

use std::fmt;
use std::sync::Arc;

use sea_orm::sqlx::postgres::PgConnectOptions;

/// How to connect to each host. Printing it shows nothing of it.
#[derive(Clone)]
pub enum Login {
    /// With what was given at the start.
    AsGiven(Vec<PgConnectOptions>),
    /// With what a file contains now, such as a password that changes from time to time.
    Read(Read),
}

/// Reads how to connect to each host, or reports why it can't.
pub type Read = Arc<dyn Fn() -> Result<Vec<PgConnectOptions>, String> + Send + Sync>;

impl Login {
    /// The hosts in the order in which they are tried.
    pub(super) async fn hosts(&self) -> Result<Vec<PgConnectOptions>, String> {
        match self {
            Self::AsGiven(hosts) => Ok(hosts.clone()),
            Self::Read(read) => read(),
        }
    }

    /// Whether it may differ from one connection to the next.
    pub(super) fn may_change(&self) -> bool {
        !matches!(self, Self::AsGiven(_))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}
