//! How long the server itself works for a write that is abandoned.

use std::fmt::Write as _;
use std::time::Duration;

use sea_orm::sqlx::{Error, PgConnection, Row, query, raw_sql};

/// Longest wait for a lock: a row that somebody holds must not keep a whole batch waiting for long.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The limits of writes, where those of the server, the database or the role are not shorter already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) write_timeout: Duration,
}

impl Limits {
    /// Names and milliseconds.
    fn of_statements(self) -> [(&'static str, i64); 3] {
        [
            ("statement_timeout", milliseconds(self.write_timeout * 9 / 10)),
            ("lock_timeout", milliseconds(LOCK_TIMEOUT.min(self.write_timeout / 4))),
            // A transaction whose next statement never arrives holds its locks no longer than a write may take.
            ("idle_in_transaction_session_timeout", milliseconds(self.write_timeout)),
        ]
    }

    /// Sets them for the session.
    pub(super) async fn set(self, connection: &mut PgConnection) -> Result<(), Error> {
        const SHORTEN: &str = "SELECT set_config(name, $2::text, false) FROM pg_settings \
                               WHERE name = $1 AND (setting::bigint = 0 OR setting::bigint > $2)";
        // A host that has gone says nothing: the server asks after 30 s, and gives up after three more questions.
        let of_socket = [("tcp_keepalives_idle", 30), ("tcp_keepalives_interval", 10), ("tcp_keepalives_count", 3)];
        for (name, value) in self.of_statements().into_iter().chain(of_socket) {
            query(SHORTEN).bind(name).bind(value).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// The SQL that begins a transaction with them. It is one message without arguments, for which the limits, numbers, are
    /// part of its text.
    pub(super) async fn begin(self, connection: &mut PgConnection) -> Result<String, Error> {
        const CURRENT: &str = "SELECT name, setting FROM pg_settings WHERE name IN \
                               ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')";
        let mut current = Vec::new();
        for row in raw_sql(CURRENT).fetch_all(connection).await? {
            current.push((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?));
        }
        let mut begin = "BEGIN".to_owned();
        for (name, limit) in self.of_statements() {
            let setting =
                current.iter().find(|(other, _)| other == name).and_then(|(_, text)| text.parse::<i64>().ok());
            if setting.is_none_or(|setting| setting == 0 || setting > limit) {
                // Writing into a String can't fail.
                let _ = write!(begin, "; SET LOCAL {name} = {limit}");
            }
        }
        Ok(begin)
    }
}

fn milliseconds(timeout: Duration) -> i64 {
    i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX)
}
