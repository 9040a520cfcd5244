//! Messages that wait for something never hold up others.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};
use serde_json::json;

use crate::refusals::{ONE_TABLE, PIPELINE, event, ready, run, send_fifo, start, stop, until_stored, with_tables};
use crate::setups::until_at_least;
use crate::stack::Stack;

const PARTITIONED: &str = "DROP TABLE e; CREATE TABLE e (id bigint NOT NULL, k bigint NOT NULL, PRIMARY KEY (id)) \
                           PARTITION BY RANGE (id); CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (100000)";

/// Next month's partition is forgotten; events of this month flow on, however many of the others there are.
#[tokio::test]
async fn many_rows_without_a_partition_do_not_stop_the_others() {
    let stack = ready(ONE_TABLE).await;
    stack.execute(PARTITIONED).await;
    stack.send(&stack.queue, &(0..1200).map(|id| event(200_000 + id, 1)).collect::<Vec<_>>()).await;
    stack.send(&stack.queue, &(0..1000).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let runner = start(&stack);
    until_stored(&stack, 1000).await;
    assert!(stack.drain(&stack.dlq).await.is_empty());
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(1000), &json!(0)), "{summary}\n{log}");
}

/// Late events of last month come between those of next month, so that each refusal is followed by rows of others.
#[tokio::test]
async fn rows_without_a_partition_between_good_ones_are_not_dead_lettered() {
    let stack = ready(ONE_TABLE).await;
    stack.execute(PARTITIONED).await;
    let mut events = Vec::new();
    for id in 0..400 {
        events.push(event(id, 1));
        events.push(event(200_000 + 2 * id, 1));
        events.push(event(200_001 + 2 * id, 1));
    }
    stack.send(&stack.queue, &events).await;
    let runner = start(&stack);
    until_stored(&stack, 400).await;
    assert!(stack.drain(&stack.dlq).await.is_empty());
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(400), &json!(0)), "{summary}\n{log}");
}

/// The partition is created while the messages wait.
#[tokio::test]
async fn a_row_is_stored_once_its_partition_is_there() {
    let stack = ready(ONE_TABLE).await;
    stack.execute(PARTITIONED).await;
    let runner = start(&stack);
    stack.send(&stack.queue, &[event(1, 1), event(200_000, 1), event(2, 1)]).await;
    until_stored(&stack, 2).await;
    stack.execute("CREATE TABLE e2 PARTITION OF e FOR VALUES FROM (200000) TO (300000)").await;
    until_stored(&stack, 3).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(3), &json!(0)), "{summary}\n{log}");
}

/// The parent comes a second after its children, on a queue that keeps no order.
#[tokio::test]
async fn children_wait_for_their_parent() {
    let stack = ready(ONE_TABLE).await;
    stack.execute("ALTER TABLE e ADD FOREIGN KEY (k) REFERENCES e (id)").await;
    let runner = start(&stack);
    stack.send(&stack.queue, &(1..=50).map(|id| event(id, 1000)).collect::<Vec<_>>()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stack.send(&stack.queue, &[event(1000, 1000)]).await;
    until_stored(&stack, 51).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(51), &json!(0)), "{summary}\n{log}");
}

/// A child waited for its parent while others were stored. That shows nothing about a trigger which refuses every row when
/// the parent has come.
#[tokio::test]
async fn what_others_showed_before_does_not_accuse_a_message_of_a_new_fault() {
    let stack = ready(ONE_TABLE).await;
    stack.execute("ALTER TABLE e ADD FOREIGN KEY (k) REFERENCES e (id); CREATE SEQUENCE tried").await;
    let runner = start(&stack);
    stack.send(&stack.queue, &[event(1, 1000), event(10, 10)]).await;
    until_stored(&stack, 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    stack.send(&stack.queue, &[event(11, 11)]).await;
    until_stored(&stack, 2).await;
    stack
        .execute(
            "INSERT INTO e VALUES (1000, 1000); \
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM nextval('tried'); RAISE 'maintenance'; END $$; \
             CREATE TRIGGER t AFTER INSERT ON e FOR EACH ROW EXECUTE FUNCTION f()",
        )
        .await;
    let tries = async || stack.scalar("SELECT last_value FROM tried WHERE is_called UNION ALL SELECT 0 LIMIT 1").await;
    until_at_least(2, "tries", tries).await;
    stack.execute("DROP TRIGGER t ON e").await;
    until_stored(&stack, 4).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(3), &json!(0)), "{summary}\n{log}");
}

/// A trigger refuses every row, lets one pass, and refuses again: no message is at fault, whatever others did in between.
#[tokio::test]
async fn a_trigger_that_refuses_in_two_stretches_accuses_no_message() {
    let stack = ready(ONE_TABLE).await;
    stack
        .execute(
            "CREATE SEQUENCE tried; CREATE TABLE maintenance (is_on boolean); INSERT INTO maintenance VALUES (true); \
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF new.id = 1 THEN PERFORM nextval('tried'); END IF; \
             IF (SELECT is_on FROM maintenance) THEN RAISE 'maintenance'; END IF; RETURN NULL; END $$; \
             CREATE TRIGGER t AFTER INSERT ON e FOR EACH ROW EXECUTE FUNCTION f()",
        )
        .await;
    let tries = async || stack.scalar("SELECT last_value FROM tried WHERE is_called UNION ALL SELECT 0 LIMIT 1").await;
    let runner = start(&stack);
    stack.send(&stack.queue, &[event(1, 1)]).await;
    // By now the waits are longer than the pause of the trigger.
    until_at_least(6, "tries", tries).await;
    stack.execute("UPDATE maintenance SET is_on = false").await;
    stack.send(&stack.queue, &[event(2, 1)]).await;
    until_stored(&stack, 1).await;
    stack.execute("UPDATE maintenance SET is_on = true").await;
    stack.send(&stack.queue, &[event(3, 1)]).await;
    // The first may have been stored beside the second.
    if stack.scalar("SELECT count(*) FROM e WHERE id = 1").await == 0 {
        until_at_least(tries().await + 2, "tries", tries).await;
    }
    stack.execute("UPDATE maintenance SET is_on = false").await;
    until_stored(&stack, 3).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(3), &json!(0)), "{summary}\n{log}");
}

/// Somebody's open transaction holds one key; the others are stored meanwhile.
#[tokio::test]
async fn a_locked_row_waits_alone() {
    let stack = ready(ONE_TABLE).await;
    let mut holder = stack.pool.begin().await.expect("a transaction");
    sea_orm::sqlx::query("INSERT INTO e VALUES (30, 7)").execute(&mut *holder).await.expect("the key is taken");
    let runner = start(&stack);
    stack.send(&stack.queue, &(0..60).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let others = async {
        while stack.count("e").await < 59 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), others).await.expect("the others are stored");
    holder.rollback().await.expect("the key is free again");
    until_stored(&stack, 60).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(60), &json!(0)), "{summary}\n{log}");
}

/// One group waits on a FIFO queue; the others go on, and its own order is kept.
#[tokio::test]
async fn only_its_group_waits_on_a_fifo_queue() {
    let stack = Stack::without_queues().await;
    let stack = Stack { queue: format!("{}.fifo", stack.queue), dlq: format!("{}.fifo", stack.dlq), ..stack };
    let stack = with_tables(stack, ONE_TABLE, &[(Name::FifoQueue, "true")]).await;
    stack.execute("ALTER TABLE e ADD position bigserial, ADD FOREIGN KEY (k) REFERENCES e (id)").await;
    let runner = start(&stack);
    // 1 waits for 100, which comes in another group; 2 and 3 may not overtake it.
    send_fifo(&stack, &[("a", event(1, 100)), ("a", event(2, 2)), ("a", event(3, 3)), ("b", event(10, 10))]).await;
    until_stored(&stack, 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stack.count("e").await, 1, "the group of the waiting message waits");
    send_fifo(&stack, &[("b", event(100, 100))]).await;
    until_stored(&stack, 5).await;
    let order = stack.rows("SELECT id FROM e WHERE id < 10 ORDER BY position").await;
    assert_eq!(order, [json!({"id": 1}), json!({"id": 2}), json!({"id": 3})]);
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(5), &json!(0)), "{summary}\n{log}");
}

/// Nothing shows that the first message is at fault, since the table is empty; the second may not overtake it.
#[tokio::test]
async fn a_refused_message_is_not_overtaken_by_its_group() {
    let stack = Stack::without_queues().await;
    let stack = Stack { queue: format!("{}.fifo", stack.queue), dlq: format!("{}.fifo", stack.dlq), ..stack };
    let stack = with_tables(stack, ONE_TABLE, &[(Name::FifoQueue, "true")]).await;
    stack.execute("ALTER TABLE e ADD position bigserial, ADD CONSTRAINT small CHECK (k < 5)").await;
    let runner = start(&stack);
    send_fifo(&stack, &[("a", event(1, 9)), ("a", event(2, 1)), ("a", event(3, 1))]).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(stack.count("e").await, 0, "the others wait behind it");
    stack.execute("ALTER TABLE e DROP CONSTRAINT small").await;
    until_stored(&stack, 3).await;
    let order = stack.rows("SELECT id FROM e ORDER BY position").await;
    assert_eq!(order, [json!({"id": 1}), json!({"id": 2}), json!({"id": 3})]);
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(3), &json!(0)), "{summary}\n{log}");
}

/// A message that was stored, but whose delete was lost, comes again: its key is there, and it is its own.
#[tokio::test]
async fn a_redelivery_is_not_accused_by_its_own_row() {
    let table = "  e: {primary_key: [id], on_conflict: error, columns: {id: bigint, k: bigint}}\n";
    let stack = with_tables(Stack::without_queues().await, table, &[(Name::VisibilityTimeout, "1")]).await;
    stack.send(&stack.queue, &[event(1, 1), event(2, 2)]).await;
    // Received by another process, which stored one of the two and died before the delete.
    let url = stack.url(&stack.queue).await;
    let received = stack.client.receive_message().queue_url(url).max_number_of_messages(10).send().await;
    assert!(!received.expect("an answer").messages().is_empty());
    stack.execute("INSERT INTO e VALUES (1, 1), (2, 77)").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(1), &json!(1)), "{summary}");
}

/// While the dead-letter queue accepts nothing, more rejected messages than memory holds do not stop good ones.
#[tokio::test]
async fn good_messages_flow_past_a_dead_letter_queue_that_accepts_nothing() {
    let sqs = Sqs::start(SqsOptions::default()).expect("the queue service starts");
    let stack = with_tables(Stack::on(sqs.endpoint()).await, ONE_TABLE, &[]).await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write(PIPELINE, &file.replace("schema:", "  in_flight: 100\n  batch: 50\nschema:"));
    sqs.faults().inject(Fault::error(ErrorCode::ServiceUnavailable).on(Operation::SendMessageBatch));
    // Both are sent one by one, since the fault is of the batch call.
    let url = stack.url(&stack.queue).await;
    for id in 0..300 {
        let body = if id < 150 { "not JSON".to_owned() } else { event(id, 1) };
        let sent = stack.client.send_message().queue_url(&url).message_body(body).send().await;
        sent.expect("the message is sent");
    }
    let runner = start(&stack);
    until_stored(&stack, 150).await;
    sqs.faults().clear();
    let (summary, log) = stop(runner).await;
    assert_eq!(&summary["stored"], &json!(150), "{summary}\n{log}");
    let settled =
        summary["dead_lettered"].as_u64().expect("a number") + summary["released"].as_u64().expect("a number");
    assert!(settled >= 150, "each rejected message is a dead letter or back in the queue: {summary}\n{log}");
}
