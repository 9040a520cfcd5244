//! The order of deletes on a FIFO queue.

use aws_sdk_sqs::types::QueueAttributeName as Name;
use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};

use crate::refusals::{event, run, send_fifo, start, with_tables};
use crate::setups::{until_at_least, until_called, with_fifo_names};
use crate::stack::Stack;

/// `created` can't be deleted, `delivered` could: were it, `created` alone would come again and win.
#[tokio::test]
async fn a_delivered_order_is_never_created_again() {
    const CREATED: u32 = 1;
    const DELIVERED: u32 = 2;
    let sqs = Sqs::start(SqsOptions::default()).expect("the queue service starts");
    let stack = with_fifo_names(Stack::on(sqs.endpoint()).await);
    let table = "  e: {primary_key: [id], on_conflict: update, columns: {id: bigint, k: bigint}}\n";
    let attributes = [(Name::FifoQueue, "true"), (Name::VisibilityTimeout, "2")];
    let stack = with_tables(stack, table, &attributes).await;
    let first_entry = Fault::failed_entries([0], ErrorCode::InternalFailure);
    sqs.faults().inject(first_entry.on(Operation::DeleteMessageBatch));
    send_fifo(&stack, &[("a", event(1, CREATED)), ("a", event(1, DELIVERED))]).await;
    let runner = start(&stack);
    until_at_least(1, "delivered orders", async || stack.count(&format!("e WHERE k = {DELIVERED}")).await).await;
    until_called(&sqs, Operation::DeleteMessageBatch, 3).await;
    // SIGKILL, in the middle of the deletes.
    drop(runner);
    sqs.faults().clear();
    run(&stack).await;
    assert_eq!(stack.scalar("SELECT k FROM e").await, i64::from(DELIVERED));
    assert!(stack.drain(&stack.queue).await.is_empty());
}
