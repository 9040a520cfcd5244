//! The dead-letter queue and the deletes under faults: each entry of a call decides for itself, and nothing circles.

use std::time::Duration;

use devstack::sqs::{ErrorCode, Fault, Operation};
use serde_json::{Value, json};

use crate::refusals::{ONE_TABLE, start, stop, until_stored};
use crate::setups::{send, until_called, with_own_queues};
use crate::stack::Stack;

async fn send_broken(stack: &Stack, count: u32) {
    stack.send(&stack.queue, &(0..count).map(|number| format!("broken {number}")).collect::<Vec<_>>()).await;
}

/// A dead-letter queue that answers after eleven seconds gets each letter once, and good messages don't wait for it.
#[tokio::test]
async fn a_dead_letter_queue_that_answers_late_gets_each_letter_once() {
    let (sqs, stack) = with_own_queues(ONE_TABLE, &[]).await;
    sqs.faults().inject(Fault::slow_sends(&stack.dlq, Duration::from_secs(11)));
    let runner = start(&stack);
    send_broken(&stack, 5).await;
    // Sending is quick to have its effect: the letters are there long before their answers.
    until_called(&sqs, Operation::SendMessageBatch, 2).await;
    send(&stack, 0..50).await;
    until_stored(&stack, 50).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["dead_lettered"], &summary["released"]), (&json!(5), &json!(0)), "{summary}\n{log}");
    assert_eq!(stack.drain(&stack.dlq).await.len(), 5, "{log}");
}

/// A letter that is refused for good is not sent again and again.
#[tokio::test]
async fn a_letter_that_is_refused_for_good_does_not_circle() {
    let (sqs, stack) = with_own_queues(ONE_TABLE, &[]).await;
    let refused = Fault::error(ErrorCode::InvalidMessageContents).on(Operation::SendMessageBatch);
    sqs.faults().inject(refused.on_queue(&stack.dlq));
    send_broken(&stack, 5).await;
    let before = sqs.call_counts().of(Operation::SendMessageBatch).calls;
    let runner = start(&stack);
    send(&stack, 0..50).await;
    until_stored(&stack, 50).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (summary, log) = stop(runner).await;
    // Five calls sent the good events; of the letters each is sent once with the others, and once alone.
    let calls = sqs.call_counts().of(Operation::SendMessageBatch).calls - before - 5;
    assert!(calls <= 10, "{calls} calls for five letters\n{log}");
    assert_eq!((&summary["received"], &summary["released"]), (&json!(55), &json!(5)), "{summary}\n{log}");
}

/// What becomes of ten messages when one entry of the calls that settle them fails.
struct OneEntry {
    broken: bool,
    operation: Operation,
    code: ErrorCode,
    times: u32,
    /// Messages that are left in the source queue.
    left: u32,
}

async fn settle_ten(case: &OneEntry) -> (Value, String, u64) {
    let (sqs, stack) = with_own_queues(ONE_TABLE, &[]).await;
    if case.broken {
        send_broken(&stack, 10).await;
    } else {
        send(&stack, 0..10).await;
    }
    let fault = Fault::failed_entries([3], case.code).on(case.operation);
    sqs.faults().inject(fault.times(case.times));
    sqs.call_counts().reset();
    let runner = start(&stack);
    until_called(&sqs, case.operation, if case.left == 0 { 2 } else { 1 }).await;
    // What was not settled at once is settled or left while the pipeline drains.
    let (summary, log) = stop(runner).await;
    let entries = sqs.call_counts().of(Operation::DeleteMessageBatch).entries;
    (summary, log, entries)
}

/// A fault of one entry is that entry's alone: the other nine are settled by the same call.
#[tokio::test]
async fn one_entry_of_ten_decides_for_itself() {
    let delete = Operation::DeleteMessageBatch;
    let send = Operation::SendMessageBatch;
    for case in [
        OneEntry { broken: false, operation: delete, code: ErrorCode::ReceiptHandleIsInvalid, times: 1, left: 1 },
        OneEntry { broken: false, operation: delete, code: ErrorCode::InternalFailure, times: 1, left: 0 },
        OneEntry { broken: true, operation: send, code: ErrorCode::InvalidMessageContents, times: 1, left: 1 },
        OneEntry { broken: true, operation: send, code: ErrorCode::InternalFailure, times: 1, left: 0 },
    ] {
        let name = format!("{:?} {:?}", case.operation, case.code);
        let (summary, log, deleted) = settle_ten(&case).await;
        assert_eq!(deleted, u64::from(10 - case.left), "{name}: {summary}\n{log}");
        let left = if case.broken { &summary["released"] } else { &summary["undeleted"] };
        assert_eq!(left, &json!(case.left), "{name}: {summary}\n{log}");
    }
}
