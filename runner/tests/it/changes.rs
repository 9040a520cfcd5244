//! The database changes while messages flow: nothing is dead-lettered that it would have stored before.

use std::time::Duration;

use serde_json::json;

use crate::listen_client::Listening;
use crate::refusals::{ONE_TABLE, PIPELINE, event, letters, ready, start, stop, trigger, until_stored};
use crate::stack::Stack;

/// Events that are stored before the change, and events after it.
const BEFORE: u32 = 50;
const AFTER: u32 = 200;

/// A change makes the database refuse everything; it is taken back later. In between nothing may be dead-lettered, and
/// afterwards everything is stored.
async fn an_outage(name: &str, change: &str, back: &str) {
    let stack = ready(ONE_TABLE).await;
    let runner = start(&stack);
    send(&stack, 0..BEFORE).await;
    until_stored(&stack, i64::from(BEFORE)).await;
    stack.execute(change).await;
    send(&stack, BEFORE..BEFORE + AFTER).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(stack.drain(&stack.dlq).await.is_empty(), "{name}: nothing is dead-lettered");
    assert_eq!(stack.count("e").await, i64::from(BEFORE), "{name}");
    stack.execute(back).await;
    until_stored(&stack, i64::from(BEFORE + AFTER)).await;
    let (summary, log) = stop(runner).await;
    assert_eq!(&summary["dead_lettered"], &json!(0), "{name}: {summary}\n{log}");
}

async fn send(stack: &Stack, ids: std::ops::Range<u32>) {
    stack.send(&stack.queue, &ids.map(|id| event(id, 1)).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn a_new_column_that_is_not_null() {
    an_outage(
        "NOT NULL",
        "ALTER TABLE e ADD n int; UPDATE e SET n = 1; ALTER TABLE e ALTER n SET NOT NULL",
        "ALTER TABLE e DROP n",
    )
    .await;
}

#[tokio::test]
async fn a_new_check() {
    an_outage("CHECK", "ALTER TABLE e ADD CONSTRAINT c CHECK (k <> 1) NOT VALID", "ALTER TABLE e DROP CONSTRAINT c")
        .await;
}

#[tokio::test]
async fn a_column_of_a_smaller_type() {
    an_outage(
        "ALTER TYPE",
        "ALTER TABLE e ALTER k TYPE numeric(2,2) USING 0.5",
        "ALTER TABLE e ALTER k TYPE bigint USING 1",
    )
    .await;
}

#[tokio::test]
async fn a_trigger_that_raises_maintenance() {
    an_outage("maintenance", &trigger("RAISE 'maintenance';"), "DROP TRIGGER t ON e").await;
}

#[tokio::test]
async fn a_trigger_with_an_error_of_its_own() {
    an_outage("22012", &trigger("PERFORM 1 / 0;"), "DROP TRIGGER t ON e").await;
    let inner =
        "CREATE TABLE inner_table (n int NOT NULL); ".to_owned() + &trigger("INSERT INTO inner_table VALUES (NULL);");
    an_outage("23502", &inner, "DROP TRIGGER t ON e").await;
}

/// The log says once what changed, and once that it is over, however short it was.
#[tokio::test]
async fn an_outage_is_reported_once_with_what_changed() {
    let stack = ready(ONE_TABLE).await;
    let runner = Listening::start(stack.runner(&["run", PIPELINE, "--listen", "0"]));
    send(&stack, 0..BEFORE).await;
    until_stored(&stack, i64::from(BEFORE)).await;
    stack.execute("ALTER TABLE e ADD CONSTRAINT no_ones CHECK (k <> 1) NOT VALID").await;
    send(&stack, BEFORE..BEFORE + AFTER).await;
    runner.until(503, "outage").await;
    stack.execute("ALTER TABLE e DROP CONSTRAINT no_ones").await;
    until_stored(&stack, i64::from(BEFORE + AFTER)).await;
    runner.until(200, "running").await;
    runner.terminate();
    let (_, _, log) = runner.wait();
    for line in ["refuses rows like those it accepted before", "the database accepts such rows again"] {
        assert_eq!(log.matches(line).count(), 1, "{line}: {log}");
    }
    assert!(log.contains("no_ones"), "{log}");
}

/// A fault of one value stays that message's, also while others are stored.
#[tokio::test]
async fn a_message_at_fault_is_dead_lettered_beside_good_ones() {
    let stack = ready(ONE_TABLE).await;
    stack.execute("ALTER TABLE e ADD CHECK (k < 5)").await;
    let runner = start(&stack);
    let mut events: Vec<String> = (0..100).map(|id| event(id, 1)).collect();
    events.push(event(1000, 9));
    stack.send(&stack.queue, &events).await;
    until_stored(&stack, 100).await;
    assert_eq!(letters(&stack, 1).await.len(), 1);
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(100), &json!(1)), "{summary}\n{log}");
}

/// The table holds a row from before the start, which is evidence enough.
#[tokio::test]
async fn a_lone_message_at_fault_is_dead_lettered_where_the_table_has_a_row() {
    let stack = ready(ONE_TABLE).await;
    stack.execute("ALTER TABLE e ADD CHECK (k < 5); INSERT INTO e VALUES (1, 1)").await;
    let runner = start(&stack);
    stack.send(&stack.queue, &[event(2, 9)]).await;
    assert_eq!(letters(&stack, 1).await.len(), 1);
    let (summary, log) = stop(runner).await;
    assert_eq!(&summary["dead_lettered"], &json!(1), "{summary}\n{log}");
}
