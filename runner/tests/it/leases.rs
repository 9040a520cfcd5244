//! Leases: what is in flight is not delivered a second time, however slow everything around it is.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use devstack::sqs::{Fault, Operation};
use serde_json::json;

use crate::refusals::{ONE_TABLE, event, start, stop, trigger, until_stored};
use crate::setups::{add_to_source, send, until_at_least, until_called, with_own_queues};
use crate::stack::Stack;

/// Makes every write wait for this lock. It is not one that `lock_timeout` counts, so the database just seems slow.
const SLOW: &str = "WHILE NOT pg_try_advisory_xact_lock_shared(TG_RELID::int) LOOP PERFORM pg_sleep(0.1); END LOOP;";

/// Sends `sent` events to a table that is slow until after `meanwhile`; all `count` must have been received once.
async fn received_once_while_slow(stack: &Stack, sent: u32, count: u32, meanwhile: impl AsyncFn()) {
    stack.execute(&trigger(SLOW)).await;
    let mut lock = stack.pool.begin().await.expect("a transaction");
    let take = sea_orm::sqlx::query("SELECT pg_advisory_xact_lock('e'::regclass::int)");
    take.execute(&mut *lock).await.expect("the lock");
    let runner = start(stack);
    send(stack, 0..sent).await;
    meanwhile().await;
    lock.rollback().await.expect("the lock is free again");
    until_stored(stack, i64::from(count)).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["received"], &summary["duplicates"]), (&json!(count), &json!(0)), "{summary}\n{log}");
}

/// One renewal after another would take twenty seconds for a round, with ten to spare.
#[tokio::test]
async fn slow_renewals_of_many_messages_come_in_time() {
    const MANY: u32 = 2_000;
    let (sqs, stack) = with_own_queues(ONE_TABLE, &[(Name::VisibilityTimeout, "10")]).await;
    add_to_source(&stack, &["in_flight: 3000"]);
    sqs.faults().inject(Fault::latency(Duration::from_millis(100)).on(Operation::ChangeMessageVisibilityBatch));
    let two_rounds = async || {
        let renewed = async || {
            let entries = sqs.call_counts().of(Operation::ChangeMessageVisibilityBatch).entries;
            i64::try_from(entries).expect("a small number")
        };
        until_at_least(2 * i64::from(MANY), "renewals", renewed).await;
    };
    received_once_while_slow(&stack, MANY, MANY, two_rounds).await;
}

/// The timeout is sent with each receive: what somebody changes about the queue meanwhile makes no difference.
#[tokio::test]
async fn a_queue_timeout_that_is_changed_meanwhile_makes_no_difference() {
    let (_sqs, stack) = with_own_queues(ONE_TABLE, &[(Name::VisibilityTimeout, "30")]).await;
    let request = stack.client.set_queue_attributes().queue_url(stack.url(&stack.queue).await);
    let shorten = request.attributes(Name::VisibilityTimeout, "1");
    let shortened = async || {
        until_at_least(1, "received", async || i64::from(in_flight(&stack).await)).await;
        shorten.clone().send().await.expect("the attribute is set");
        send(&stack, 20..40).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    };
    received_once_while_slow(&stack, 20, 40, shortened).await;
}

/// Each decision takes a while on the thread that receives; the leases have their own.
#[tokio::test]
async fn busy_decisions_do_not_keep_leases_from_being_renewed() {
    // The ten messages of an answer take longer than half the visibility timeout.
    let busy: Vec<String> = (0..12).map(|index| format!("n{index}: 'bigint = .n | last(range(. // 1))'")).collect();
    let columns = format!("{{id: bigint, k: 'bigint = .k', {}}}", busy.join(", "));
    let table = format!("  e: {{primary_key: [id], columns: {columns}}}\n");
    let (sqs, stack) = with_own_queues(&table, &[(Name::VisibilityTimeout, "2")]).await;
    let runner = start(&stack);
    let mut events = Vec::new();
    for id in 0..10 {
        events.push(event(id, 1).replace('}', r#","n":400000}"#));
    }
    stack.send(&stack.queue, &events).await;
    until_stored(&stack, 10).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["received"], &summary["duplicates"]), (&json!(10), &json!(0)), "{summary}\n{log}");
    until_called(&sqs, Operation::ChangeMessageVisibilityBatch, 1).await;
}

/// Messages that the queue has delivered and that are not visible.
async fn in_flight(stack: &Stack) -> u32 {
    let request = stack.client.get_queue_attributes().queue_url(stack.url(&stack.queue).await);
    let answer = request.attribute_names(Name::ApproximateNumberOfMessagesNotVisible).send().await;
    let attributes = answer.expect("an answer").attributes.expect("attributes");
    attributes[&Name::ApproximateNumberOfMessagesNotVisible].parse().expect("a number")
}
