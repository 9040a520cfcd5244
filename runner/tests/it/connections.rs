//! Connections to PostgreSQL: how many there are, and what becomes of those that are silent, abandoned or refused.

use std::fmt::Write as _;
use std::time::Duration;

use devstack::proxy::Proxy;
use engine::fault::Fault;
use engine::sink::{PostgresSink, RowOrder, Sink, WritingOptions, Written, connect_for_writing};
use pipeline::Pipeline;
use pipeline::row::Rows;
use sea_orm::sqlx::PgPool;
use serde_json::json;

use crate::refusals::{ONE_TABLE, PIPELINE, event, ready, run, start, stop, until_stored};
use crate::stack::Stack;
use crate::tables::{Tables, as_declared, delivery, server};

/// One table, with the key `id`.
const KEYED: &str = "tables:\n  e: {primary_key: [id], columns: {id: bigint, k: bigint}}\n";

/// A sink with connections of its own to the tables of a pipeline.
struct Writer<'p> {
    sink: PostgresSink,
    pool: PgPool,
    pipeline: &'p Pipeline,
}

impl<'p> Writer<'p> {
    async fn connect(url: &str, pipeline: &'p Pipeline, connections: u32, write_timeout: Duration) -> Self {
        let writing = WritingOptions { connections, write_timeout, tables: pipeline.targets().len() };
        let database = connect_for_writing(server(url), writing).await.expect("the database answers");
        let pool = database.orm().get_postgres_connection_pool().clone();
        let sink = PostgresSink::new(&database, as_declared(pipeline), write_timeout, RowOrder::Key);
        Self { sink, pool, pipeline }
    }

    fn rows(&self, bodies: &[String]) -> Vec<Rows> {
        let decider = self.pipeline.decider();
        bodies.iter().map(|body| decider.decide(&delivery(body)).expect(body)).collect()
    }

    async fn store(&self, bodies: &[String]) -> Result<Written, Fault> {
        self.sink.write(&self.rows(bodies).iter().collect::<Vec<_>>(), || true).await
    }
}

/// A proxy before the database of a test.
pub(crate) fn proxy(stack: &Stack) -> (Proxy, String) {
    let address = stack.database.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("host and port");
    let proxy = Proxy::start(address.parse().expect("an address")).expect("the proxy starts");
    let url = proxy.url_through(&stack.database);
    (proxy, url)
}

async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

/// A role that may have one connection; the URL for it.
async fn one_connection(stack: &Stack) -> String {
    let role = format!("limited_{}", stack.queue.replace('-', "_"));
    let sql = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret' CONNECTION LIMIT 1; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
    );
    stack.execute(&sql).await;
    format!("postgres://{role}:secret@{}", stack.database.split('@').nth(1).expect("a place"))
}

/// Makes every write to `e` take half a second.
const SLOW: &str = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$; \
                    CREATE TRIGGER slow AFTER INSERT ON e FOR EACH STATEMENT EXECUTE FUNCTION slow()";

/// The server refuses a second connection; the second write takes the first one's as soon as it is idle.
#[tokio::test]
async fn a_writer_takes_an_idle_connection_while_none_can_be_opened() {
    let tables = Tables::new(KEYED).await;
    tables.stack.execute(SLOW).await;
    let url = one_connection(&tables.stack).await;
    let writer = Writer::connect(&url, &tables.pipeline, 4, Duration::from_mins(1)).await;
    writer.store(&[event(0, 0)]).await.expect("the first connection is open");
    let bodies: Vec<_> = (1..4).map(|id| [event(id, 0)]).collect();
    let stored = bodies.iter().map(|bodies| writer.store(bodies));
    for written in futures_util::future::join_all(stored).await {
        assert_eq!(written.expect("it got the connection").rows(), 1);
    }
}

#[tokio::test]
async fn a_pipeline_works_with_the_one_connection_that_its_role_may_have() {
    let stack = ready(ONE_TABLE).await;
    let url = one_connection(&stack).await;
    stack.send(&stack.queue, &(0..300).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json", "--database-url", &url]);
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(300), &json!(0)), "{summary}");
}

/// How many connections the pipeline has.
async fn connections(stack: &Stack) -> i64 {
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'runner'";
    stack.scalar(sql).await
}

#[tokio::test]
async fn a_pipeline_has_no_more_connections_than_its_file_allows() {
    let stack = ready(ONE_TABLE).await;
    stack.execute(SLOW).await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    for allowed in [1, 6] {
        stack.execute("TRUNCATE e").await;
        let settings = format!("  connections: {allowed}\n  batch: 5\nschema:");
        stack.write(PIPELINE, &file.replace("schema:", &settings));
        let runner = start(&stack);
        stack.send(&stack.queue, &(0..60).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
        let mut most = 0;
        until("all are stored", async || {
            most = connections(&stack).await.max(most);
            stack.count("e").await == 60
        })
        .await;
        stop(runner).await;
        // How many are in use at once depends on how fast the queue answers.
        assert!((1..=allowed).contains(&most), "{most} connections of {allowed}");
    }
}

/// Two writers with the same keys in opposite orders, as two processes may have them.
#[tokio::test(flavor = "multi_thread")]
async fn writers_of_the_same_keys_do_not_deadlock() {
    for on_conflict in ["ignore", "update"] {
        let keyed = KEYED.replace("columns:", &format!("on_conflict: {on_conflict}, columns:"));
        let tables = Tables::new(&keyed).await;
        let one = Writer::connect(&tables.stack.database, &tables.pipeline, 1, Duration::from_mins(1)).await;
        let other = Writer::connect(&tables.stack.database, &tables.pipeline, 1, Duration::from_mins(1)).await;
        for round in 0..10 {
            let upwards: Vec<_> = (0..1000).map(|id| event(round * 1000 + id, 1)).collect();
            let downwards: Vec<_> = upwards.iter().rev().cloned().collect();
            let (first, second) = tokio::join!(one.store(&upwards), other.store(&downwards));
            let duplicates = first.expect("no deadlock").duplicates() + second.expect("no deadlock").duplicates();
            assert_eq!(duplicates, if on_conflict == "ignore" { 1000 } else { 0 });
        }
        // The server counts when a backend is idle, or ends.
        one.pool.close().await;
        other.pool.close().await;
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(tables.stack.scalar(deadlocks).await, 0, "{on_conflict}");
    }
}

/// More tables than the driver's own cache of 100 has statements.
#[tokio::test]
async fn the_statements_of_many_tables_stay_prepared() {
    const TABLES: usize = 130;
    let mut text = "tables:\n".to_owned();
    for table in 0..TABLES {
        writeln!(text, "  t{table}: {{primary_key: [id], columns: {{id: bigint}}}}")
            .expect("a String takes every text");
    }
    let tables = Tables::new(&text).await;
    let writer = Writer::connect(&tables.stack.database, &tables.pipeline, 1, Duration::from_mins(1)).await;
    let mut prepared = Vec::new();
    for id in 0..2 {
        writer.store(&[event(id, 0)]).await.expect("it is written");
        let sql = "SELECT name || prepare_time FROM pg_prepared_statements WHERE statement LIKE 'INSERT%' ORDER BY 1";
        let names: Vec<String> = sea_orm::sqlx::query_scalar(sql).fetch_all(&writer.pool).await.expect("an answer");
        assert_eq!(names.len(), TABLES);
        prepared.push(names);
    }
    assert_eq!(prepared[0], prepared[1], "nothing was prepared again");
}

/// A firewall that forgot the connection drops what comes: a ping shows it, and no write waits for its whole timeout.
#[tokio::test]
async fn a_connection_is_tried_after_a_silence() {
    let tables = Tables::new(KEYED).await;
    let (proxy, url) = proxy(&tables.stack);
    let writer = Writer::connect(&url, &tables.pipeline, 2, Duration::from_secs(4)).await;
    writer.store(&[event(0, 0)]).await.expect("it is written");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    proxy.half_open();
    let fault = writer.store(&[event(1, 0)]).await.expect_err("nothing answers");
    assert!(!fault.to_string().contains("no answer from PostgreSQL"), "the write was not sent: {fault}");
    proxy.forward();
    writer.store(&[event(1, 0)]).await.expect("it is written");
    assert_eq!(tables.stack.count("e").await, 2);
}

/// Whatever is asked of a server that is silent has an end, and takes the idle connections with it.
#[tokio::test]
async fn silence_ends_every_call_and_drops_idle_connections() {
    let tables = Tables::new(KEYED).await;
    let (proxy, url) = proxy(&tables.stack);
    let writer = Writer::connect(&url, &tables.pipeline, 3, Duration::from_secs(2)).await;
    let bodies = [[event(0, 0)], [event(1, 0)]];
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(writer.pool.acquire().await.expect("a connection"));
    }
    drop(open);
    until("the connections are back", async || writer.pool.num_idle() == 3).await;
    let rows = writer.rows(&bodies[0]);
    proxy.half_open();
    let calls = async {
        let control = writer.sink.write_control(&[0], &rows[0], &[]).await;
        (control.is_err(), writer.sink.is_stored(&rows[0]).await.is_err(), writer.sink.describe_tables().await.is_err())
    };
    let ended = tokio::time::timeout(Duration::from_secs(30), calls).await.expect("each call has an end");
    assert_eq!(ended, (true, true, true));
    proxy.forward();
    writer.store(&bodies[1]).await.expect("no idle connection from before is used");
}

/// The path breaks while a transaction is open: the server itself ends it, and with it its locks.
#[tokio::test]
async fn an_abandoned_transaction_is_ended_by_the_server() {
    let two =
        "tables:\n  a: {primary_key: [id], columns: {id: bigint}}\n  e: {primary_key: [id], columns: {id: bigint}}\n";
    let tables = Tables::new(two).await;
    let stack = &tables.stack;
    stack.execute(&SLOW.replace("0.5", "2")).await;
    let (proxy, url) = proxy(stack);
    let writer = Writer::connect(&url, &tables.pipeline, 1, Duration::from_secs(4)).await;
    let bodies = [event(1, 0)];
    let in_state = async |state: &str| {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'runner' \
             AND (state = '{state}' OR wait_event = '{state}')"
        );
        stack.scalar(&sql).await
    };
    let breaks = async {
        until("the second table is being written", async || in_state("PgSleep").await > 0).await;
        proxy.half_open();
        until("the server waits for the commit", async || in_state("idle in transaction").await > 0).await;
    };
    let (written, ()) = tokio::join!(writer.store(&bodies), breaks);
    written.expect_err("nothing answers");
    until("the server ends the transaction", async || in_state("idle in transaction").await == 0).await;
    assert_eq!(stack.count("a").await, 0);
    // Nothing holds a lock on the key.
    tables.store(&[&bodies[0]]).await.expect("it is written");
}

/// Rows of a FIFO queue keep their order of arrival.
#[tokio::test]
async fn rows_of_a_fifo_queue_are_inserted_as_they_come() {
    use crate::refusals::{send_fifo, with_tables};
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let stack = Stack::without_queues().await;
    let stack = Stack { queue: format!("{}.fifo", stack.queue), dlq: format!("{}.fifo", stack.dlq), ..stack };
    let stack = with_tables(stack, ONE_TABLE, &[(Name::FifoQueue, "true")]).await;
    stack.execute("ALTER TABLE e ADD position bigserial").await;
    let events: Vec<_> = (0..9).map(|id| ("a", event(9 - id, 1))).collect();
    send_fifo(&stack, &events).await;
    run(&stack).await;
    until_stored(&stack, 9).await;
    let order = stack.rows("SELECT id FROM e ORDER BY position").await;
    assert_eq!(order, (0..9).map(|id| json!({"id": 9 - id})).collect::<Vec<_>>());
}
