//! Poison: however many messages can't be stored, and wherever they stand, the others go on.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::json;

use crate::refusals::{
    ONE_TABLE, PIPELINE, event, letters, ready, run, run_with_some_left, send_fifo, start, stop, trigger, until_stored,
    with_tables,
};
use crate::setups::{add_to_source, send, with_fifo_names};
use crate::stack::{Stack, shown};

const GOOD: u32 = 100;

/// As many poisons as a batch has, before the first good message, on an empty table.
async fn poisons_first(batch: u32, sql: &str) -> Stack {
    let stack = ready(ONE_TABLE).await;
    add_to_source(&stack, &[&format!("batch: {batch}")]);
    stack.execute(sql).await;
    stack.send(&stack.queue, &(0..batch).map(|id| event(1000 + id, 2)).collect::<Vec<_>>()).await;
    send(&stack, 0..GOOD).await;
    stack
}

/// Whether a trigger or a rule about values refuses them.
#[tokio::test]
async fn a_batch_of_poison_does_not_stop_the_others() {
    let suspect = trigger("IF new.k <> 1 THEN INSERT INTO no_such_table VALUES (1); END IF;");
    for sql in [&suspect, "ALTER TABLE e ADD CHECK (k = 1)"] {
        for batch in [1, 20] {
            let stack = poisons_first(batch, sql).await;
            let runner = start(&stack);
            until_stored(&stack, i64::from(GOOD)).await;
            // What a trigger raises needs rows of others as evidence, stored since it was raised.
            let mut dead = letters(&stack, 1).await.len();
            for id in GOOD..GOOD + 50 {
                if dead < batch as usize {
                    send(&stack, id..id + 1).await;
                    dead += letters(&stack, 1).await.len();
                }
            }
            let (summary, log) = stop(runner).await;
            assert_eq!(&summary["dead_lettered"], &json!(batch), "{batch}, {sql}: {summary}\n{log}");
        }
    }
}

/// Something that only time can bring, and errors that PostgreSQL uses for conflicts between transactions.
#[tokio::test]
async fn a_batch_that_waits_does_not_stop_the_others() {
    for raised in ["foreign_key_violation", "serialization_failure", "deadlock_detected"] {
        for batch in [1, 5] {
            let sql = trigger(&format!("IF new.k <> 1 THEN RAISE {raised}; END IF;"));
            let stack = poisons_first(batch, &sql).await;
            let summary = run_with_some_left(&stack).await;
            assert_eq!(
                (&summary["stored"], &summary["released"], &summary["dead_lettered"]),
                (&json!(GOOD), &json!(batch), &json!(0)),
                "{batch}, {raised}: {summary}"
            );
        }
    }
}

/// On a FIFO queue with a single group nothing else would ever speak against the poison.
#[tokio::test]
async fn a_poison_in_the_only_group_of_a_fifo_queue_does_not_stop_it() {
    let stack = with_fifo_names(Stack::without_queues().await);
    let stack = with_tables(stack, ONE_TABLE, &[(Name::FifoQueue, "true")]).await;
    stack.execute("ALTER TABLE e ADD CHECK (k = 1)").await;
    let runner = start(&stack);
    send_fifo(&stack, &[("a", event(1, 1)), ("a", event(2, 9)), ("a", event(3, 1)), ("a", event(4, 1))]).await;
    until_stored(&stack, 3).await;
    assert_eq!(letters(&stack, 1).await.len(), 1);
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(3), &json!(1)), "{summary}\n{log}");
}

/// No group waits for the poison of another.
#[tokio::test]
async fn a_poison_of_one_group_does_not_stop_the_others() {
    let stack = with_fifo_names(Stack::without_queues().await);
    let stack = with_tables(stack, ONE_TABLE, &[(Name::FifoQueue, "true")]).await;
    // Nothing is ever stored that would show whether the trigger refuses this message alone.
    stack.execute(&trigger("IF new.k = 2 THEN INSERT INTO no_such_table VALUES (1); END IF;")).await;
    let runner = start(&stack);
    let groups = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let mut messages = vec![("poison", event(0, 2))];
    for (group, id) in groups.into_iter().zip(1..) {
        messages.push((group, event(id, 1)));
    }
    send_fifo(&stack, &messages).await;
    until_stored(&stack, 9).await;
    assert_eq!(letters(&stack, 1).await.len(), 1, "the other groups are evidence");
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(9), &json!(1)), "{summary}\n{log}");
}

/// A table that hardly ever gets a row gives no evidence; its message waits, and the run ends all the same.
#[tokio::test]
async fn a_message_of_a_rare_table_waits_alone() {
    let tables = "  e: {primary_key: [id], when: .k == 1, columns: {id: bigint, k: bigint}}\n  \
                  rare: {primary_key: [id], when: .k == 2, columns: {id: bigint, k: bigint}}\n";
    let stack = ready(tables).await;
    stack.execute(&trigger("INSERT INTO no_such_table VALUES (1);").replace("ON e", "ON rare")).await;
    stack.send(&stack.queue, &[event(1000, 2)]).await;
    send(&stack, 0..GOOD).await;
    let summary = run_with_some_left(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(GOOD), &json!(0)), "{summary}");
}

/// Too many rows for the memory or a limit of the server, in one statement: fewer at once are stored.
#[tokio::test]
async fn a_batch_that_is_too_large_for_the_server_is_split() {
    for code in ["53200", "53400"] {
        let stack = ready(ONE_TABLE).await;
        let limit = format!(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF (SELECT count(*) FROM written) > 7 THEN RAISE USING ERRCODE = '{code}'; END IF; RETURN NULL; END $$; \
             CREATE TRIGGER t AFTER INSERT ON e REFERENCING NEW TABLE AS written EXECUTE FUNCTION f()"
        );
        stack.execute(&limit).await;
        send(&stack, 0..GOOD).await;
        let summary = run(&stack).await;
        assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(GOOD), &json!(0)), "{code}: {summary}");
    }
}

/// More messages wait than there is room for: those that went back to the queue don't keep the run from ending.
#[tokio::test]
async fn a_run_ends_when_more_messages_wait_than_there_is_room_for() {
    const WAITING: u32 = 60;
    let stack = ready(ONE_TABLE).await;
    add_to_source(&stack, &["in_flight: 40", "batch: 10"]);
    stack.execute("ALTER TABLE e ADD FOREIGN KEY (k) REFERENCES e (id)").await;
    let orphans = (0..WAITING).map(|id| event(1000 + id, 7777));
    let good = (0..GOOD).map(|id| event(id, id));
    stack.send(&stack.queue, &orphans.chain(good).collect::<Vec<_>>()).await;
    let mut command = tokio::process::Command::from(stack.runner(&["run", PIPELINE, "--until-empty"]));
    let ended = tokio::time::timeout(Duration::from_secs(25), command.kill_on_drop(true).output()).await;
    let output = ended.expect("it ends").expect("the binary starts");
    let report = shown(&output);
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(report.contains(&format!("{WAITING} messages can't be stored yet")), "{report}");
    assert_eq!(stack.count("e").await, i64::from(GOOD), "{report}");
}
