//! Stacks in the shapes that several tests start from.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use devstack::sqs::{Operation, Sqs, SqsOptions};

use crate::refusals::{PIPELINE, event, with_tables};
use crate::stack::Stack;

/// A stack with a queue service of its own, which can be made to fail and counts its calls.
pub(crate) async fn with_own_queues(tables: &str, attributes: &[(Name, &str)]) -> (Sqs, Stack) {
    let sqs = Sqs::start(SqsOptions::default()).expect("the queue service starts");
    let stack = with_tables(Stack::on(sqs.endpoint()).await, tables, attributes).await;
    (sqs, stack)
}

/// The same stack with the names of FIFO queues, which are not created yet.
pub(crate) fn with_fifo_names(stack: Stack) -> Stack {
    Stack { queue: format!("{}.fifo", stack.queue), dlq: format!("{}.fifo", stack.dlq), ..stack }
}

/// Adds settings to the `source` of the pipeline file.
pub(crate) fn add_to_source(stack: &Stack, settings: &[&str]) {
    let text = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    let mut lines = String::new();
    for setting in settings {
        lines = format!("{lines}  {setting}\n");
    }
    stack.write(PIPELINE, &text.replacen("schema:", &format!("{lines}schema:"), 1));
}

/// Sends good events with these ids.
pub(crate) async fn send(stack: &Stack, ids: std::ops::Range<u32>) {
    stack.send(&stack.queue, &ids.map(|id| event(id, 1)).collect::<Vec<_>>()).await;
}

/// Waits for a number; a hang fails the test.
pub(crate) async fn until_at_least(least: i64, what: &str, mut number: impl AsyncFnMut() -> i64) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(3);
    loop {
        let now = number().await;
        if now >= least {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}: {now}, not {least}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until an operation was called so often.
pub(crate) async fn until_called(sqs: &Sqs, operation: Operation, calls: i64) {
    let count = async || i64::try_from(sqs.call_counts().of(operation).calls).expect("few calls");
    until_at_least(calls, "calls", count).await;
}
