//! Whether the server answers, for a pipeline that is idle, waits for a connection, or waits for the answer to a write.

use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Connection, Error, PgConnection, PgPool, Postgres};
use tokio::net::TcpStream;

use super::connections::Connections;
use crate::fault::{Class, Fault};

/// Silence after which the server is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(5);
/// The same while it is away, or while somebody waits for it.
const SHORT_SILENCE: Duration = Duration::from_millis(500);
/// Longest wait for a connection at a server that can be reached, before it counts as away.
const WAIT: Duration = Duration::from_secs(3);
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(1);
/// PostgreSQL's `too_many_connections`.
const NO_CONNECTION_LEFT: &str = "53300";

impl Connections {
    /// Whether the server answers, or did so lately; false where that is not known. Whoever uses a connection is not
    /// disturbed, and there are never more connections than the pool may have.
    pub(crate) async fn look(&self, is_away: bool) -> Result<bool, Fault> {
        let pool = self.pool().clone();
        let (waited, is_in_use) = (self.waiting_time(), self.is_in_use(&pool));
        let is_urgent = is_away || is_in_use || waited.is_some_and(|time| time >= SHORT_SILENCE);
        if self.silence_to_all() < if is_urgent { SHORT_SILENCE } else { SILENCE } {
            return Ok(true);
        }
        let is_full = pool.size() >= pool.options().get_max_connections();
        let answer = match waited {
            // All connections are in use: whoever uses one notices by itself.
            _ if is_in_use && is_full => Ok(false),
            _ if is_in_use => self.ask_beside_work(&pool).await.map(|()| true),
            Some(waited) => self.ask_for_those_who_wait(&pool, waited).await,
            None => self.ask(&pool).await.map(|()| true),
        };
        if matches!(answer, Ok(true)) {
            self.note_answer_to_look();
        }
        answer
    }

    /// Asks over an idle connection; `None` where there is none.
    async fn ask_idle(&self, pool: &PgPool) -> Option<Result<(), Fault>> {
        let answer = Asked(Some(pool.try_acquire()?)).answer().await;
        if answer.is_err() {
            self.replace(pool);
        }
        Some(answer)
    }

    /// Whether a write that takes long is slow, or the server silent: two silent connections are an outage.
    async fn ask_beside_work(&self, pool: &PgPool) -> Result<(), Fault> {
        match self.ask_idle(pool).await {
            Some(answer) => answer,
            None => in_time(greet(pool)).await,
        }
    }

    /// Asks over an idle connection, so that it stays open; else over a new one.
    async fn ask(&self, pool: &PgPool) -> Result<(), Fault> {
        if let Some(Ok(())) = self.ask_idle(pool).await {
            return Ok(());
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
        if reached.is_err() {
            self.find_anew().await;
        }
        reached
    }
}

/// A connection that was asked, and closes unless it answers, also when nobody waits for the answer any more: the driver's
/// own check on the way back to the pool may have no end.
struct Asked(Option<PoolConnection<Postgres>>);

impl Asked {
    async fn answer(mut self) -> Result<(), Fault> {
        let Some(connection) = &mut self.0 else { return Ok(()) };
        in_time(connection.ping()).await?;
        drop(self.0.take());
        Ok(())
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

/// Opens a connection and closes it. A server that has none left answers too.
async fn greet(pool: &PgPool) -> Result<(), Error> {
    match PgConnection::connect_with(&pool.connect_options()).await {
        Ok(connection) => connection.close().await,
        Err(Error::Database(error)) if error.code().is_some_and(|code| code == NO_CONNECTION_LEFT) => Ok(()),
        Err(error) => Err(error),
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
