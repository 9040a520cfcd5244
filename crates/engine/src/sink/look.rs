//! Whether the server answers, for a pipeline that is idle or waits for a connection.

use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Connection, Error, PgPool, Postgres};
use tokio::net::TcpStream;

use super::connections::Connections;
use crate::fault::{Class, Fault};

/// Silence after which the server is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(5);
/// The same while it is away, or while somebody waits for a connection.
const SHORT_SILENCE: Duration = Duration::from_secs(1);
/// Longest wait for a connection at a server that can be reached, before it counts as away.
const WAIT: Duration = Duration::from_secs(3);
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);

impl Connections {
    /// Whether the server answers, or did so lately; false where that is not known. Whoever uses a connection is not
    /// disturbed, and there are never more connections than the pool may have.
    pub(crate) async fn look(&self, is_away: bool) -> Result<bool, Fault> {
        let waited = self.waiting_time();
        let is_urgent = is_away || waited.is_some_and(|time| time >= SHORT_SILENCE);
        if self.silence_to_all() < if is_urgent { SHORT_SILENCE } else { SILENCE } {
            return Ok(true);
        }
        let pool = self.pool().clone();
        let is_full = pool.size() >= pool.options().get_max_connections();
        let answer = match waited {
            // All connections are in use: whoever uses one notices by itself.
            _ if self.is_in_use(&pool) && is_full => Ok(false),
            Some(waited) if !self.is_in_use(&pool) => self.ask_for_those_who_wait(&pool, waited).await,
            _ => self.ask(&pool).await.map(|()| true),
        };
        if matches!(answer, Ok(true)) {
            self.note_answer_to_look();
        }
        answer
    }

    /// Asks over an idle connection, so that it stays open; else over a new one.
    async fn ask(&self, pool: &PgPool) -> Result<(), Fault> {
        if let Some(idle) = pool.try_acquire() {
            if Asked(Some(idle)).answers().await {
                return Ok(());
            }
            self.replace(pool);
        }
        // The pool does not tell why it can't open a connection.
        self.reach(pool).await?;
        let pool = self.pool().clone();
        in_time(pool.acquire()).await.map(drop)
    }

    /// A server that can be reached gets some time: those who wait may have to wait for its last connection.
    async fn ask_for_those_who_wait(&self, pool: &PgPool, waited: Duration) -> Result<bool, Fault> {
        let was_unreachable = self.is_unreachable();
        self.reach(pool).await?;
        if waited < WAIT || was_unreachable {
            return Ok(false);
        }
        let message = format!("no connection to PostgreSQL for {} s: has it connections left?", waited.as_secs());
        Err(Fault::new(Class::Retry, message))
    }

    async fn reach(&self, pool: &PgPool) -> Result<(), Fault> {
        let reached = reach(pool).await;
        self.note_reach(reached.is_ok());
        reached
    }
}

/// A connection that was asked, and closes unless it answers, also when nobody waits for the answer any more: the driver's
/// own check on the way back to the pool may have no end.
struct Asked(Option<PoolConnection<Postgres>>);

impl Asked {
    async fn answers(mut self) -> bool {
        let Some(connection) = &mut self.0 else { return false };
        let answered = in_time(connection.ping()).await.is_ok();
        if answered {
            drop(self.0.take());
        }
        answered
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

/// Whether the server can be reached. That takes none of its connections.
async fn reach(pool: &PgPool) -> Result<(), Fault> {
    let options = pool.connect_options();
    let (host, port) = (options.get_host().to_owned(), options.get_port());
    // A folder is a Unix socket's.
    if host.starts_with('/') || options.get_socket().is_some() {
        return Ok(());
    }
    in_time(async { TcpStream::connect((host, port)).await.map(drop).map_err(Error::Io) }).await
}

async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(done) => done.map_err(Fault::from_sqlx),
        Err(_) => Err(Fault::new(Class::Retry, format!("no answer from PostgreSQL within {} s", TIMEOUT.as_secs()))),
    }
}
