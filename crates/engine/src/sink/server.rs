//! Where the database is: which of its hosts takes writes, with which password, and whether a pooler is in between.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{ConnectOptions, Connection, Error, PgConnection, Row, raw_sql};

use super::connect_error::{ConnectError, HostFailure};
use super::login::Login;
use super::pooler::DIGITS;

/// Which servers of a list may be used; libpq's `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    /// The first that accepts connections.
    #[default]
    Any,
    /// One that takes writes.
    ReadWrite,
    /// One that is not in recovery.
    Primary,
}

/// The server of the database, or several of which one is used.
pub struct Server {
    /// The URL without its password, for messages.
    place: String,
    login: Login,
    wanted: Wanted,
    /// Longest wait for one host; `None` is as long as the caller waits.
    connect_timeout: Option<Duration>,
    /// Prepared statements of a connection, where the URL has them.
    statements: Option<usize>,
    /// A pooler refuses the setting that shows whether there is one.
    refuses_setting: AtomicBool,
}

/// A host that is as it should be.
pub(super) struct Found {
    pub(super) options: PgConnectOptions,
    /// Whether the session keeps the settings made at its start. A pooler that shares server connections discards them.
    pub(super) keeps_settings: bool,
}

impl Server {
    /// A server, or a list of them. `place` is the URL without its password.
    pub fn new(place: String, login: Login) -> Self {
        Self {
            place,
            login,
            wanted: Wanted::default(),
            connect_timeout: None,
            statements: None,
            refuses_setting: AtomicBool::new(false),
        }
    }

    /// The same, of which only such a server is used.
    #[must_use]
    pub fn wanted(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    /// The same, with a longest wait for one host.
    #[must_use]
    pub fn connect_timeout(self, connect_timeout: Option<Duration>) -> Self {
        Self { connect_timeout, ..self }
    }

    /// The same, with this many prepared statements of a connection. Zero is for a pooler that does not show.
    #[must_use]
    pub fn statements(self, statements: Option<usize>) -> Self {
        Self { statements, ..self }
    }

    /// The first host that is as it should be, each tried no longer than `longest`.
    pub(super) async fn find(&self, longest: Duration) -> Result<Found, ConnectError> {
        let hosts = self.hosts().await?;
        let mut failures = Vec::with_capacity(hosts.len());
        for options in hosts {
            let host = format!("{}:{}", options.get_host(), options.get_port());
            match self.in_time(longest, self.greet(options)).await {
                Ok(found) => return Ok(found),
                Err(failure) => failures.push((host, failure)),
            }
        }
        Err(ConnectError::new(&self.place, &failures, self.login.password_may_change()))
    }

    /// How to connect to each host, with the password that is right now.
    pub(super) async fn hosts(&self) -> Result<Vec<PgConnectOptions>, ConnectError> {
        let hosts = self.login.hosts().await.map_err(|failure| ConnectError::of_login(&self.place, &failure))?;
        Ok(hosts.into_iter().map(|options| self.complete(options)).collect())
    }

    /// Whether a second look may find another host or another password.
    pub(super) fn may_change(&self) -> bool {
        self.login.host_may_change() || self.login.password_may_change()
    }

    /// Whether each new connection may need another password.
    pub(super) fn password_may_change(&self) -> bool {
        self.login.password_may_change()
    }

    /// The options with as many prepared statements as the tables need, where the URL does not have a number.
    pub(super) fn with_statements(&self, options: PgConnectOptions, needed: usize) -> PgConnectOptions {
        options.statement_cache_capacity(self.statements.unwrap_or(needed))
    }

    async fn in_time<T>(
        &self,
        longest: Duration,
        work: impl Future<Output = Result<T, HostFailure>>,
    ) -> Result<T, HostFailure> {
        let longest = self.connect_timeout.map_or(longest, |timeout| timeout.min(longest));
        tokio::time::timeout(longest, work).await.unwrap_or(Err(HostFailure::Silent(longest)))
    }

    fn complete(&self, options: PgConnectOptions) -> PgConnectOptions {
        let digits = (!self.refuses_setting.load(Ordering::Relaxed)).then_some(DIGITS);
        let name = options.get_application_name().unwrap_or("runner").to_owned();
        options.application_name(&name).extra_float_digits(digits).disable_statement_logging()
    }

    /// Connects once, and asks what the server is.
    async fn greet(&self, options: PgConnectOptions) -> Result<Found, HostFailure> {
        let (mut connection, options) = match PgConnection::connect_with(&options).await {
            Err(error) if is_refused_setting(&error) => {
                self.refuses_setting.store(true, Ordering::Relaxed);
                let options = options.extra_float_digits(None);
                (PgConnection::connect_with(&options).await?, options)
            }
            connected => (connected?, options),
        };
        // As a simple query, which leaves nothing behind.
        let row = raw_sql(GREETING).fetch_one(&mut connection).await?;
        let (digits, is_read_only, is_in_recovery) = (row.try_get::<String, _>(0)?, row.try_get(1)?, row.try_get(2)?);
        drop(connection.close().await);
        self.check(is_read_only, is_in_recovery)?;
        let keeps_settings =
            digits == DIGITS.to_string() && !self.refuses_setting.load(Ordering::Relaxed) && self.statements != Some(0);
        Ok(Found { options, keeps_settings })
    }

    fn check(&self, is_read_only: bool, is_in_recovery: bool) -> Result<(), HostFailure> {
        match self.wanted {
            Wanted::ReadWrite if is_read_only => Err(HostFailure::ReadOnly),
            Wanted::Primary if is_in_recovery => Err(HostFailure::Standby),
            _ => Ok(()),
        }
    }
}

const GREETING: &str = "SELECT current_setting('extra_float_digits'), \
                        current_setting('transaction_read_only') = 'on', pg_is_in_recovery()";

/// PgBouncer reports "unsupported startup parameter" and its name.
fn is_refused_setting(error: &Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().is_some_and(|code| code == "08P01") && error.message().contains("extra_float_digits")
    })
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.place)
    }
}
