//! Connections to another host, or with another password, than those before.

use std::time::Duration;

use sea_orm::sqlx::PgPool;
use sea_orm::sqlx::postgres::PgConnectOptions;

use super::connections::Connections;
use crate::fault::{Class, Fault};

/// Longest wait for one host while a pipeline runs.
const FIND_TIMEOUT: Duration = Duration::from_secs(5);
/// PostgreSQL's `read_only_sql_transaction`: the server is a standby now.
const READ_ONLY: &str = "25006";

impl Connections {
    /// Gives the pool the password of this moment, where it may have to open a connection.
    pub(super) async fn refresh_password(&self, pool: &PgPool) {
        if pool.num_idle() > 0 || !self.server.password_may_change() {
            return;
        }
        // What can't be had just now may be right as it was.
        let Ok(hosts) = self.server.hosts().await else { return };
        let current = pool.connect_options();
        match hosts.into_iter().find(|options| is_same_place(options, &current)) {
            Some(options) => pool.set_connect_options(self.server.with_statements(options, self.statements)),
            None => self.find_anew().await,
        }
    }

    /// Finds the host that is as it should be now, and lets those who wait for a connection try there.
    pub(super) async fn find_anew(&self) {
        if !self.server.may_change() {
            return;
        }
        // Whoever comes second finds the same.
        let Ok(_first) = self.finding.try_lock() else { return };
        let found = match self.server.find(FIND_TIMEOUT).await {
            Ok(found) => self.server.with_statements(found.options, self.statements),
            Err(error) => return tracing::debug!("{error}"),
        };
        let pool = self.pool().clone();
        if is_same_place(&found, &pool.connect_options()) {
            pool.set_connect_options(found);
        } else {
            tracing::info!("using the database on {}:{} from now on", found.get_host(), found.get_port());
            self.replace_with(&pool, found);
        }
        self.try_again_now();
    }

    /// What follows from a failure: a server that takes no writes may have a successor, and a password that is refused
    /// may have been replaced.
    pub(super) async fn react_to(&self, fault: &mut Fault) {
        match fault.code.as_deref() {
            Some(READ_ONLY) => self.find_anew().await,
            Some("28P01" | "28000") if self.server.password_may_change() => fault.class = Class::Retry,
            _ => {}
        }
    }
}

fn is_same_place(one: &PgConnectOptions, other: &PgConnectOptions) -> bool {
    one.get_host() == other.get_host()
        && one.get_port() == other.get_port()
        && one.get_socket() == other.get_socket()
        && one.get_database() == other.get_database()
        && one.get_username() == other.get_username()
}
