//! Writes and connections that take too long: nothing goes on behind our back, nothing is stored twice, and nobody waits
//! without end.

use std::net::SocketAddr;
use std::time::Duration;

use devstack::proxy::Proxy;
use devstack::sqs::Operation;
use engine::sink::{PostgresSink, RowOrder, Sink, WritingOptions, connect_for_writing};
use pipeline::row::Rows;
use serde_json::json;

use crate::refusals::{ONE_TABLE, event, letters, one_bad_of, ready, run, start, stop, trigger, until_stored};
use crate::setups::{add_to_source, send, until_at_least, until_called, with_own_queues};
use crate::stack::{Stack, attribute};
use crate::tables::{as_declared, delivery, pipeline, server};

/// The connections of one runner: two for each of its two writers.
const CONNECTIONS: i64 = 4;

async fn backends(stack: &Stack) -> i64 {
    let ours = "pg_stat_activity WHERE datname = current_database() AND application_name = 'runner'";
    stack.count(ours).await
}

/// While writes time out, no backend is left behind; afterwards each row is there once, though the table has no key.
async fn nothing_goes_on_behind_our_back(name: &str, prepare: &str, block: &str) {
    let stack = ready("  e: {columns: {id: bigint, k: bigint}}\n").await;
    add_to_source(&stack, &["write_timeout: 1s"]);
    stack.execute(prepare).await;
    let runner = start(&stack);
    send(&stack, 0..1).await;
    until_stored(&stack, 1).await;
    let mut blocker = stack.pool.begin().await.expect("a transaction");
    sea_orm::sqlx::query(sea_orm::sqlx::AssertSqlSafe(block)).execute(&mut *blocker).await.expect(name);
    send(&stack, 1..40).await;
    for _ in 0..50 {
        let now = backends(&stack).await;
        assert!(now <= CONNECTIONS, "{name}: {now} backends");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    blocker.rollback().await.expect("nothing blocks any more");
    until_stored(&stack, 40).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(40), &json!(0)), "{name}: {summary}\n{log}");
    assert_eq!(stack.count("e").await, 40, "{name}: no row is there twice\n{log}");
}

#[tokio::test]
async fn writes_to_a_locked_table_leave_no_backend_behind() {
    nothing_goes_on_behind_our_back("lock", "SELECT", "LOCK TABLE e IN ACCESS EXCLUSIVE MODE").await;
}

#[tokio::test]
async fn writes_that_take_too_long_leave_no_backend_behind() {
    // The statement waits for something that `lock_timeout` does not count.
    let slow = trigger("IF NOT pg_try_advisory_xact_lock_shared(tableoid::int) THEN PERFORM pg_sleep(3); END IF;");
    let slow = slow.replace("tableoid::int", "TG_RELID::int");
    nothing_goes_on_behind_our_back("sleep", &slow, "SELECT pg_advisory_xact_lock('e'::regclass::int)").await;
}

/// A row that takes longer than any write may: its message is tried for as long as `hold`, then given back.
#[tokio::test]
async fn a_write_that_always_takes_too_long_does_not_repeat_for_ever() {
    let (sqs, stack) = with_own_queues(ONE_TABLE, &[]).await;
    add_to_source(&stack, &["write_timeout: 1s", "hold: 2s"]);
    stack.execute(&trigger("IF new.k <> 1 THEN PERFORM pg_sleep(60); END IF;")).await;
    stack.send(&stack.queue, &one_bad_of(60)).await;
    let runner = start(&stack);
    until_stored(&stack, 59).await;
    until_called(&sqs, Operation::ChangeMessageVisibilityBatch, 1).await;
    let active = "pg_stat_activity WHERE datname = current_database() AND application_name = 'runner' \
                  AND state = 'active'";
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(stack.count(active).await, 0, "it is not tried any more");
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(59), &json!(0)), "{summary}\n{log}");
    assert_eq!(&summary["released"], &json!(1), "{summary}\n{log}");
}

/// What was given back so often is dead-lettered in the end.
#[tokio::test]
async fn a_message_that_came_too_often_is_dead_lettered() {
    let stack = ready(ONE_TABLE).await;
    add_to_source(&stack, &["max_receives: 2"]);
    stack.send(&stack.queue, &[event(1, 1)]).await;
    let url = stack.url(&stack.queue).await;
    for _ in 0..2 {
        let received = stack.client.receive_message().queue_url(&url).visibility_timeout(0).send().await;
        assert_eq!(received.expect("an answer").messages().len(), 1);
    }
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(0), &json!(1)), "{summary}");
    assert_eq!(attribute(&letters(&stack, 1).await[0], "runner.code"), "max_receives");
}

fn proxy_before(database: &str) -> Proxy {
    let (_, place) = database.split_once('@').expect("user and host");
    let (address, _) = place.split_once('/').expect("a database name");
    Proxy::start(address.parse::<SocketAddr>().expect("an address")).expect("the proxy starts")
}

/// Several connections die without a word. The first silent write shows it; the idle ones are not tried one by one.
#[tokio::test]
async fn one_silent_connection_costs_all_idle_ones() {
    let stack = ready(ONE_TABLE).await;
    add_to_source(&stack, &["write_timeout: 2s", "batch: 10"]);
    let proxy = proxy_before(&stack.database);
    let stack = Stack { database: proxy.url_through(&stack.database), ..stack };
    let runner = start(&stack);
    send(&stack, 0..1).await;
    until_stored(&stack, 1).await;
    let mut lock = stack.pool.begin().await.expect("a transaction");
    sea_orm::sqlx::query("LOCK TABLE e IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.expect("the lock");
    send(&stack, 1..100).await;
    until_at_least(2, "connections", async || i64::try_from(proxy.open_connections()).expect("few")).await;
    lock.rollback().await.expect("the lock is free again");
    until_stored(&stack, 100).await;
    // Both are back in the pool.
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.abandon_connections();
    send(&stack, 100..101).await;
    until_stored(&stack, 101).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["duplicates"]), (&json!(101), &json!(0)), "{summary}\n{log}");
    assert!(log.matches("no answer from PostgreSQL").count() <= 1, "{log}");
}

/// No call to the database waits without end, and each works again on a new connection.
#[tokio::test]
async fn every_call_ends_on_a_connection_that_died_without_a_word() {
    let pipeline = pipeline(ONE_TABLE_FILE);
    let stack = ready(ONE_TABLE).await;
    let proxy = proxy_before(&stack.database);
    let limit = Duration::from_secs(1);
    let writing = WritingOptions { connections: 2, write_timeout: limit, tables: 1 };
    let pool = connect_for_writing(server(&proxy.url_through(&stack.database)), writing).await.expect("a pool");
    let sink = PostgresSink::new(&pool, as_declared(&pipeline), limit, RowOrder::Key);
    let rows = pipeline.decider().decide(&delivery(&event(1, 1))).expect("rows");
    for name in ["write", "write_control", "is_stored", "describe_tables"] {
        // A connection that was not back in the pool yet is not used again, so that the call goes well at once.
        for _ in 0..5 {
            sink.write(&[&rows], || true).await.expect("the connection is there");
            tokio::time::sleep(Duration::from_millis(300)).await;
            proxy.abandon_connections();
            let ended = tokio::time::timeout(Duration::from_secs(20), call(&sink, name, &rows)).await;
            if !ended.unwrap_or_else(|_| panic!("{name} waits without end")) {
                break;
            }
        }
        assert!(call(&sink, name, &rows).await, "{name} works again");
    }
}

const ONE_TABLE_FILE: &str = "tables:\n  e: {primary_key: [id], columns: {id: bigint, k: bigint}}\n";

/// Whether a call by that name succeeds.
async fn call(sink: &PostgresSink, name: &str, rows: &Rows) -> bool {
    match name {
        "write" => sink.write(&[rows], || true).await.is_ok(),
        "write_control" => sink.write_control(&[0], rows, &[]).await.is_ok(),
        "is_stored" => sink.is_stored(rows).await.is_ok(),
        _ => sink.describe_tables().await.is_ok(),
    }
}
