//! The connections of one pipeline: a free one at once, and none that waits for an answer without end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{Connection, Error, PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::Notify;

use super::connect::Database;
use super::pooler::Pooler;
use super::server::Server;
use crate::fault::{Class, Fault};

/// How often an idle connection is looked for while another is being opened.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A firewall may forget connections that are silent, and drop what they send later without a word.
const SILENT: Duration = Duration::from_secs(1);
/// Longest wait for the answer to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool whose connections are used with a deadline.
#[derive(Debug)]
pub(crate) struct Connections {
    /// Replaced when a connection gives no answer: the others lead to the same place.
    pool: Mutex<PgPool>,
    pooler: Arc<Pooler>,
    pub(super) server: Arc<Server>,
    /// Prepared statements of a connection.
    pub(super) statements: usize,
    /// Held by the one who looks for another host.
    pub(super) finding: tokio::sync::Mutex<()>,
    write_timeout: Duration,
    /// When the server answered to work last.
    answered: Mutex<Instant>,
    /// When it answered to a look last, perhaps over another connection than work would use.
    looked: Mutex<Instant>,
    /// Who waits for a connection.
    waits: Mutex<Waits>,
    /// Whether the server could not be reached at the last look.
    unreachable: AtomicBool,
    /// Lets those who wait for a connection try at once: the driver's own pauses grow to seconds.
    reachable_again: Notify,
}

#[derive(Debug, Default)]
struct Waits {
    count: usize,
    /// Since when there was always one.
    since: Option<Instant>,
}

/// One who waits for a connection, until it is dropped.
struct Waiting<'a>(&'a Connections);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.waits();
        waits.count -= 1;
        if waits.count == 0 {
            waits.since = None;
        }
    }
}

impl Connections {
    pub(crate) fn new(database: &Database, write_timeout: Duration) -> Self {
        Self {
            pool: Mutex::new(database.pool.clone()),
            pooler: Arc::clone(&database.pooler),
            server: Arc::clone(&database.server),
            statements: database.statements,
            finding: tokio::sync::Mutex::default(),
            write_timeout,
            answered: Mutex::new(Instant::now()),
            looked: Mutex::new(Instant::now()),
            waits: Mutex::default(),
            unreachable: AtomicBool::new(false),
            reachable_again: Notify::new(),
        }
    }

    /// A connection. After a silence it is tried first: a write would wait for its whole timeout.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, Fault> {
        let pool = self.pool().clone();
        let mut connection = self.first_free(&pool).await?;
        if self.silence() < SILENT || self.answers(&mut connection).await {
            return Ok(connection);
        }
        connection.close_on_drop();
        self.replace(&pool);
        let pool = self.pool().clone();
        self.first_free(&pool).await
    }

    /// Begins a transaction, which a pooler does not divide.
    pub(crate) async fn begin<'c>(&self, connection: &'c mut PgConnection) -> Result<Transaction<'c, Postgres>, Fault> {
        self.pooler.begin(connection).await
    }

    /// Whether there is a pooler in between.
    pub(crate) fn is_pooled(&self) -> bool {
        self.pooler.is_between()
    }

    /// Waits for an answer no longer than a write may take.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let pool = self.pool().clone();
        let mut answer = tokio::time::timeout(self.write_timeout, work).await.unwrap_or_else(|_| {
            self.replace(&pool);
            let seconds = self.write_timeout.as_secs();
            Err(Fault::new(Class::Retry, format!("no answer from PostgreSQL within {seconds} s")))
        });
        if let Err(fault) = &mut answer
            && self.pooler.is_revealed_by(fault)
        {
            self.replace(&pool);
            fault.class = Class::Retry;
        }
        if let Err(fault) = &mut answer {
            self.react_to(fault).await;
        }
        if keeps_connection(&answer) {
            *self.answered() = Instant::now();
        }
        answer
    }

    /// Whichever comes first: the pool's own choice, or a connection that becomes idle while the pool opens a new one, which
    /// takes long at a server that has none left.
    async fn first_free(&self, pool: &PgPool) -> Result<PoolConnection<Postgres>, Fault> {
        let _waiting = self.wait();
        self.refresh_password(pool).await;
        // Another one where the host has changed meanwhile.
        let mut pool = self.pool().clone();
        let mut opening = Box::pin(pool.acquire());
        let opened = loop {
            tokio::select! {
                biased;
                opened = &mut opening => break opened,
                () = self.reachable_again.notified() => {
                    pool = self.pool().clone();
                    opening = Box::pin(pool.acquire());
                }
                () = tokio::time::sleep(LOOK_AGAIN) => {
                    if let Some(idle) = pool.try_acquire() {
                        break Ok(idle);
                    }
                }
            }
        };
        if matches!(opened, Err(Error::PoolTimedOut)) {
            self.replace(&pool);
        }
        match opened {
            Ok(connection) => Ok(connection),
            Err(error) => {
                self.find_anew().await;
                let mut fault = Fault::from_sqlx(error);
                self.react_to(&mut fault).await;
                Err(fault)
            }
        }
    }

    async fn answers(&self, connection: &mut PgConnection) -> bool {
        let wait = PING_TIMEOUT.min(self.write_timeout / 4);
        matches!(tokio::time::timeout(wait, connection.ping()).await, Ok(Ok(())))
    }

    /// Begins a pool anew, unless somebody has done so. The driver checks connections on their way back to the pool, and
    /// for a dead one that check has no end: neither the connection nor its place would come back.
    pub(super) fn replace(&self, silent: &PgPool) {
        self.replace_with(silent, silent.connect_options().as_ref().clone());
    }

    /// The same, for connections with these options.
    pub(super) fn replace_with(&self, silent: &PgPool, options: PgConnectOptions) {
        let mut pool = self.pool();
        if std::ptr::eq(pool.options(), silent.options()) {
            *pool = silent.options().clone().connect_lazy_with(options);
        }
    }

    /// For how long the server has answered nothing.
    fn silence(&self) -> Duration {
        self.answered().elapsed()
    }

    /// Since how long somebody waits for a connection.
    pub(super) fn waiting_time(&self) -> Option<Duration> {
        self.waits().since.map(|since| since.elapsed())
    }

    /// The same, with what it answered to looks.
    pub(super) fn silence_to_all(&self) -> Duration {
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        self.silence().min(looked.elapsed())
    }

    /// Notes that the server answered to a look.
    pub(super) fn note_answer_to_look(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Notes whether the server can be reached. When it can again, those who wait for a connection try at once.
    pub(super) fn note_reach(&self, reached: bool) {
        if self.unreachable.swap(!reached, Ordering::Relaxed) && reached {
            self.try_again_now();
        }
    }

    /// Lets those who wait for a connection try at once.
    pub(super) fn try_again_now(&self) {
        self.reachable_again.notify_waiters();
    }

    /// Whether the server could not be reached at the last look.
    pub(super) fn is_unreachable(&self) -> bool {
        self.unreachable.load(Ordering::Relaxed)
    }

    /// Whether somebody works with a connection, beside those who wait for one that is being opened.
    pub(super) fn is_in_use(&self, pool: &PgPool) -> bool {
        let taken = (pool.size() as usize).saturating_sub(pool.num_idle());
        taken > self.waits().count
    }

    fn wait(&self) -> Waiting<'_> {
        let mut waits = self.waits();
        waits.count += 1;
        waits.since.get_or_insert_with(Instant::now);
        drop(waits);
        Waiting(self)
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self) -> MutexGuard<'_, Instant> {
        // No code panics while it holds one of the locks.
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pool(&self) -> MutexGuard<'_, PgPool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a connection back to the pool, or closes it where its state is not known.
pub(crate) fn put_back<T>(mut connection: PoolConnection<Postgres>, answer: &Result<T, Fault>) {
    if !keeps_connection(answer) {
        connection.close_on_drop();
    }
}

/// After a refused row the connection is as good as before.
fn keeps_connection<T>(answer: &Result<T, Fault>) -> bool {
    match answer {
        Ok(_) => true,
        Err(fault) => matches!(fault.class, Class::Reject(_) | Class::Refuse(_) | Class::Suspect | Class::Wait),
    }
}
