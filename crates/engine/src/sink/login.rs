//! What to log in with: as it was given, or read anew for each connection.

use std::fmt;
use std::sync::Arc;

use sea_orm::sqlx::postgres::PgConnectOptions;

use super::rds::RdsTokens;

/// How to connect to each host. Printing it shows nothing of it.
#[derive(Clone)]
pub enum Login {
    /// With what was given at the start.
    AsGiven(Vec<PgConnectOptions>),
    /// With what a file contains now, such as a password that changes from time to time.
    Read(Read),
    /// With a token for Amazon RDS, as long as it is valid.
    Rds(Vec<PgConnectOptions>, Arc<RdsTokens>),
}

/// Reads how to connect to each host, or reports why it can't.
pub type Read = Arc<dyn Fn() -> Result<Vec<PgConnectOptions>, String> + Send + Sync>;

impl Login {
    /// The hosts in the order in which they are tried.
    pub(super) async fn hosts(&self) -> Result<Vec<PgConnectOptions>, String> {
        match self {
            Self::AsGiven(hosts) => Ok(hosts.clone()),
            Self::Read(read) => read(),
            Self::Rds(hosts, tokens) => {
                let mut with_tokens = Vec::with_capacity(hosts.len());
                for host in hosts {
                    with_tokens.push(tokens.log_in(host.clone()).await?);
                }
                Ok(with_tokens)
            }
        }
    }

    /// Whether the password may differ from one connection to the next.
    pub(super) fn password_may_change(&self) -> bool {
        !matches!(self, Self::AsGiven(_))
    }

    /// Whether there are several hosts, or may be others later.
    pub(super) fn host_may_change(&self) -> bool {
        match self {
            Self::AsGiven(hosts) | Self::Rds(hosts, _) => hosts.len() > 1,
            Self::Read(_) => true,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}
