//! Several hosts in the URL: the one that takes writes is used, also after it has changed.

use std::sync::Arc;

use devstack::postgres::{Postgres, PostgresOptions};
use sea_orm::sqlx::{AssertSqlSafe, PgPool, raw_sql};
use serde_json::json;

use crate::refusals::{ONE_TABLE, PIPELINE, ready, start_with, stop};
use crate::setups::{send, until_at_least};

/// A server with the database `d` and the role `app`.
struct Host {
    server: Option<Arc<Postgres>>,
    pool: PgPool,
    port: u16,
}

impl Host {
    async fn start() -> Self {
        let start = || {
            let server = Postgres::start(&PostgresOptions::default()).expect("a private PostgreSQL");
            let url = server.create_database("d").expect("a database");
            (server, url)
        };
        let (server, url) = tokio::task::spawn_blocking(start).await.expect("it starts");
        let host = Self {
            port: server.port(),
            server: Some(Arc::new(server)),
            pool: PgPool::connect(&url).await.expect("it answers"),
        };
        host.execute(
            "CREATE ROLE app LOGIN PASSWORD 'secret'; ALTER DATABASE d OWNER TO app; GRANT ALL ON SCHEMA public TO app",
        )
        .await;
        host
    }

    async fn execute(&self, sql: &str) {
        raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.expect("the statement runs");
    }

    /// As a standby refuses writes, or as a primary accepts them again.
    async fn set_read_only(&self, value: bool) {
        self.execute(&format!("ALTER ROLE app SET default_transaction_read_only = {value}")).await;
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'").await;
    }

    async fn count(&self) -> i64 {
        sea_orm::sqlx::query_scalar("SELECT count(*) FROM e").fetch_one(&self.pool).await.expect("the query runs")
    }

    async fn until(&self, rows: i64) {
        until_at_least(rows, "rows", async || self.count().await).await;
        assert_eq!(self.count().await, rows);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_follows_the_server_that_takes_writes() {
    let stack = ready(ONE_TABLE).await;
    let (first, mut second) = tokio::join!(Host::start(), Host::start());
    for host in [&first, &second] {
        let url = format!("postgres://app:secret@127.0.0.1:{}/d", host.port);
        stack.ends_with(0, &["migrate", "up", PIPELINE, "--database-url", &url]);
    }
    second.set_read_only(true).await;
    // The first one refuses every connection.
    let url = format!(
        "postgres://app:secret@127.0.0.1:1,127.0.0.1:{},127.0.0.1:{}/d?target_session_attrs=read-write&connect_timeout=5",
        second.port, first.port
    );
    let runner = start_with(&stack, |command| {
        command.env("DATABASE_URL", &url);
    });
    send(&stack, 0..10).await;
    first.until(10).await;
    // A switchover: the old primary goes on as a standby.
    first.set_read_only(true).await;
    second.set_read_only(false).await;
    send(&stack, 10..20).await;
    second.until(10).await;
    // A failover: the primary is gone.
    first.set_read_only(false).await;
    second.pool.close().await;
    drop(second.server.take());
    send(&stack, 20..30).await;
    first.until(20).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(30), &json!(0)), "{summary}\n{log}");
    assert!(log.contains(&format!("using the database on 127.0.0.1:{} from now on", second.port)), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_is_named_with_its_reason() {
    let stack = ready(ONE_TABLE).await;
    let place = stack.database.split('@').nth(1).expect("a place").to_owned();
    let (server, name) = place.split_once('/').expect("a database");
    let login = stack.database.split('@').next().expect("a login");
    stack.execute(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on")).await;
    let url = format!("{login}@127.0.0.1:1,{server}/{name}?target_session_attrs=read-write");
    let output = stack.ends_with(1, &["run", PIPELINE, "--start-timeout", "1s", "--database-url", &url]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("127.0.0.1:1: Connection refused"), "{text}");
    assert!(text.contains(&format!("{server}: it takes no writes")), "{text}");
    let any = format!("{login}@127.0.0.1:1,{server}/{name}?target_session_attrs=primary");
    stack.ends_with(0, &["validate-config", "--connect", PIPELINE, "--database-url", &any]);
}
