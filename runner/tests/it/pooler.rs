//! Through PgBouncer in transaction mode: every command works, and nothing of a session is left behind.

use std::process::Stdio;

use rand::RngExt;
use serde_json::{Value, json};

use crate::pgbouncer::PgBouncer;
use crate::refusals::{ONE_TABLE, PIPELINE, event, run, start, stop, until_stored};
use crate::setups::{add_to_source, send, until_at_least};
use crate::stack::{Stack, shown};

const TWO_TABLES: &str = "  e: {primary_key: [id], columns: {id: bigint, k: bigint}}\n  \
                          f: {primary_key: [id], columns: {id: bigint, k: bigint}}\n";

/// PgBouncer refuses the setting that shows it, or leaves it out.
const REFUSES: &str = "";
const LEAVES_OUT: &str = "ignore_startup_parameters = extra_float_digits";

/// A stack whose database is behind the pooler. Its own pool goes past it.
async fn pooled(tables: &str, settings: &str) -> (PgBouncer, Stack) {
    let stack = Stack::without_queues().await;
    let pooler = PgBouncer::before(&stack, settings);
    let stack = Stack { database: pooler.url.clone(), ..stack };
    (pooler, crate::refusals::with_tables(stack, tables, &[]).await)
}

/// What is left on the server connections that the pooler keeps, as the next client finds it. A PgBouncer that supports
/// prepared statements (1.21 and later) keeps its own there.
async fn left_behind(pooler: &PgBouncer) -> Vec<String> {
    use sea_orm::sqlx::{Connection as _, PgConnection, Row as _, postgres::PgConnectOptions, raw_sql};
    let options: PgConnectOptions = pooler.url.parse().expect("a URL");
    let mut clients = Vec::new();
    let mut found = Vec::new();
    // Two transactions at once have the two server connections.
    for _ in 0..2 {
        let options = options.clone().extra_float_digits(None);
        let mut client = PgConnection::connect_with(&options).await.expect("a connection");
        let sql = "BEGIN; SELECT 'statement ' || name FROM pg_prepared_statements WHERE name NOT LIKE 'PGBOUNCER\\_%' \
                   UNION ALL SELECT 'setting ' || name || ' ' || setting FROM pg_settings WHERE source = 'session' \
                       AND name LIKE '%timeout' \
                   UNION ALL SELECT 'lock ' || pid FROM pg_locks WHERE locktype = 'advisory' \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        for row in raw_sql(sql).fetch_all(&mut client).await.expect("an answer") {
            found.push(row.get(0));
        }
        clients.push(client);
    }
    for client in clients {
        client.close().await.expect("it closes");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_and_leaves_nothing_behind() {
    for settings in [REFUSES, LEAVES_OUT] {
        let (pooler, stack) = pooled(TWO_TABLES, settings).await;
        let mut runners = Vec::new();
        for _ in 0..3 {
            runners.push(start(&stack));
        }
        for chunk in 0..10 {
            send(&stack, chunk * 50..(chunk + 1) * 50).await;
            stack.ends_with(0, &["validate-config", "--connect", PIPELINE]);
        }
        // Of a row that never fits, the control and the look at what is stored go through the pooler too.
        stack.send(&stack.queue, &[json!({"id": 1000, "k": "no"}).to_string()]).await;
        stack.execute("ALTER TABLE f ADD CHECK (k < 9)").await;
        stack.send(&stack.queue, &[event(1001, 9)]).await;
        until_stored(&stack, 500).await;
        until_at_least(2, "dead letters", async || {
            let listed = stack.json(&["dlq", "list", PIPELINE, "--format", "json"]);
            listed["seen"].as_i64().unwrap_or_default()
        })
        .await;
        for runner in runners {
            let (summary, log) = stop(runner).await;
            assert!(!log.contains("ERROR") && !log.contains("42P05") && !log.contains("26000"), "{summary}\n{log}");
        }
        stack.ends_with(0, &["dlq", "redrive", PIPELINE, "--dry-run", "--format", "json"]);
        for args in [&["migrate", "status", PIPELINE][..], &["migrate", "down", "--allow-data-loss", PIPELINE]] {
            stack.ends_with(0, args);
        }
        assert_eq!(left_behind(&pooler).await, [""; 0], "{settings}");
    }
}

/// The role has the setting that the driver would make, so that the pooler shows only by what becomes of statements.
#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_does_not_show_is_found_by_its_errors() {
    let (pooler, stack) = pooled(ONE_TABLE, LEAVES_OUT).await;
    let name = stack.database.rsplit_once('/').expect("a database").1;
    stack.execute(&format!("ALTER DATABASE \"{name}\" SET extra_float_digits = 2")).await;
    // The pooler's server connections are from before.
    stack.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").await;
    let mut runners = Vec::new();
    for _ in 0..3 {
        runners.push(start(&stack));
    }
    for chunk in 0..10 {
        send(&stack, chunk * 50..(chunk + 1) * 50).await;
        until_stored(&stack, i64::from(chunk + 1) * 50).await;
    }
    for runner in runners {
        let (summary, log) = stop(runner).await;
        assert_eq!(summary["dead_lettered"], json!(0), "{summary}\n{log}");
    }
    drop(pooler);
}

/// Three at once, each through the pooler or past it, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn migrations_through_the_pooler_and_past_it_take_turns() {
    let stack = Stack::without_queues().await;
    let pooler = PgBouncer::before(&stack, REFUSES);
    stack.create_queues(&[]).await;
    stack.write("schemas/e.schema.json", "{}");
    let mut random = rand::rng();
    for round in 0..20 {
        let mut running = Vec::new();
        for number in 0..3 {
            let path = format!("pipelines/e{number}.yaml");
            let table = random.random_range(0..8);
            stack.write(
                &path,
                &format!(
                    "source: {{queue: a, dlq: b}}\nschema: ../schemas/e.schema.json\ntables:\n  \
                     t{table}: {{primary_key: [id], columns: {{id: bigint, c{round}: bigint null}}, indexes: [[c{round}]]}}\n"
                ),
            );
            let url = if random.random_bool(0.5) { &pooler.url } else { &stack.database };
            let mut command = stack.runner(&["migrate", "up", &path, "--database-url", url]);
            running.push(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts"));
        }
        for process in running {
            let output = process.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", shown(&output));
        }
        // With rows an index is built outside a transaction, while the others wait.
        stack
            .execute(
                "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE tablename ~ '^t[0-9]$' \
            LOOP EXECUTE format('INSERT INTO %I (id) VALUES (1) ON CONFLICT DO NOTHING', t); END LOOP; END $$",
            )
            .await;
    }
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(stack.scalar(locks).await, 0);
    let ledgers = "SELECT count(*) FROM pg_class WHERE relname IN ('runner_ledger', 'runner_migrations')";
    assert_eq!(stack.scalar(ledgers).await, 2);
    assert_eq!(left_behind(&pooler).await, [""; 0]);
}

/// The server itself ends a write that is abandoned, also where the session has no limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_timeout_ends_on_the_server() {
    let (_pooler, stack) = pooled(ONE_TABLE, REFUSES).await;
    add_to_source(&stack, &["write_timeout: 2s"]);
    stack
        .execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$; \
             CREATE TRIGGER slow AFTER INSERT ON e FOR EACH STATEMENT EXECUTE FUNCTION slow()",
        )
        .await;
    let asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let runner = start(&stack);
    send(&stack, 0..1).await;
    until_at_least(1, "a write on the server", async || stack.scalar(asleep).await).await;
    drop(runner);
    until_at_least(1, "its end", async || i64::from(stack.scalar(asleep).await == 0)).await;
    stack.execute("DROP TRIGGER slow ON e").await;
    let summary: Value = run(&stack).await;
    assert_eq!(summary["stored"], json!(1), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_killed_leaves_no_lock() {
    let (_pooler, stack) = pooled(ONE_TABLE, REFUSES).await;
    let mut hold = stack.pool.begin().await.expect("a transaction");
    sea_orm::sqlx::query("LOCK TABLE e IN ACCESS EXCLUSIVE MODE").execute(&mut *hold).await.expect("the lock");
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write(PIPELINE, &file.replace("k: bigint", "k: bigint, more: text null"));
    let mut command = stack.runner(&["migrate", "up", PIPELINE]);
    let mut migrating = command.stderr(Stdio::null()).spawn().expect("the binary starts");
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until_at_least(1, "locks", async || stack.scalar(locks).await).await;
    migrating.kill().expect("it is killed");
    migrating.wait().expect("it ended");
    until_at_least(1, "no lock", async || i64::from(stack.scalar(locks).await == 0)).await;
    hold.rollback().await.expect("the table is free");
    stack.ends_with(0, &["migrate", "up", PIPELINE]);
}
