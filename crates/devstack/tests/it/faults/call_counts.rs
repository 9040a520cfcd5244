//! The numbers of calls and of messages they moved.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use devstack::sqs::{CallCount, ErrorCode, Fault, Operation};

use super::Stack;
use crate::sqs::conformance::handle;

#[tokio::test]
async fn calls_and_the_messages_they_moved_are_counted_by_operation() {
    let stack = Stack::start().await;
    let counts = stack.sqs.call_counts();
    let messages = stack.received(&["a", "b"]).await;
    for _ in 0..2 {
        let delete = stack.client.delete_message().queue_url(&stack.queue);
        delete.receipt_handle(handle(&messages[0])).send().await.unwrap();
    }
    assert_eq!(counts.of(Operation::SendMessage), CallCount { calls: 2, entries: 2 });
    assert_eq!(counts.of(Operation::ReceiveMessage), CallCount { calls: 1, entries: 2 });
    assert_eq!(counts.of(Operation::DeleteMessage), CallCount { calls: 2, entries: 2 });
    assert_eq!(counts.of(Operation::CreateQueue), CallCount { calls: 1, entries: 0 });
    assert_eq!(counts.of(Operation::ListQueues), CallCount::default());
    counts.reset();
    assert_eq!(counts.of(Operation::SendMessage), CallCount::default());
}

#[tokio::test]
async fn what_failed_is_counted_as_a_call_and_not_as_an_entry() {
    let stack = Stack::start().await;
    let faults = stack.sqs.faults();
    faults.inject(Fault::failed_entries([0], ErrorCode::InternalFailure).times(1));
    faults.inject(Fault::lost_request().on(Operation::SendMessage).times(1));
    faults.inject(Fault::lost_answer().on(Operation::SendMessage).times(2));
    let mut batch = stack.client.send_message_batch().queue_url(&stack.queue);
    for id in ["a", "b", "c"] {
        batch = batch.entries(SendMessageBatchRequestEntry::builder().id(id).message_body(id).build().unwrap());
    }
    batch.send().await.unwrap();
    assert_eq!(stack.sqs.call_counts().of(Operation::SendMessageBatch), CallCount { calls: 1, entries: 2 });
    // The first meets both faults and is lost before its effect, the second is stored but gets no answer.
    for _ in 0..2 {
        stack.send_call("a").send().await.unwrap_err();
    }
    assert_eq!(stack.sqs.call_counts().of(Operation::SendMessage), CallCount { calls: 2, entries: 1 });
    assert_eq!(stack.counts().await, (3, 0));
}
