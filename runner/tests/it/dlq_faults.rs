//! `runner dlq` while calls to SQS fail: what fails is tried again, and no letter is lost or kept.

use devstack::sqs::{ErrorCode, Fault, Operation};
use serde_json::json;

use crate::dlq_letters::{TABLE, dlq_json};
use crate::refusals::{PIPELINE, event};
use crate::setups::with_own_queues;

const LETTERS: u32 = 20;

/// Redrives twenty good letters under a fault, and compares what was sent and refused with what the queues have then.
async fn redrive_under(name: &str, fault: Fault, sent: usize, refused: usize) {
    let (sqs, stack) = with_own_queues(TABLE, &[]).await;
    stack.send(&stack.dlq, &(0..LETTERS).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    sqs.faults().inject(fault);
    let stays = i32::from(sent < LETTERS as usize);
    let result = dlq_json(&stack, stays, &["redrive", PIPELINE]);
    sqs.faults().clear();
    assert_eq!((&result["sent"], &result["refused"]), (&json!(sent), &json!(refused)), "{name}: {result}");
    assert_eq!(result["undeleted"], json!(0), "{name}: {result}");
    assert_eq!(stack.drain(&stack.queue).await.len(), sent, "{name}: in the queue");
    assert_eq!(stack.drain(&stack.dlq).await.len(), LETTERS as usize - sent, "{name}: back at once");
}

#[tokio::test]
async fn calls_that_fail_for_a_while_are_made_again() {
    let throttled = ErrorCode::ThrottlingException;
    let invalid = ErrorCode::InvalidParameterValue;
    for (name, fault) in [
        ("receive", Fault::error(throttled).on(Operation::ReceiveMessage).times(3)),
        ("send", Fault::error(throttled).on(Operation::SendMessageBatch).times(2)),
        ("entries", Fault::failed_entries([0, 3], throttled).on(Operation::SendMessageBatch).times(2)),
        ("refused together", Fault::error(invalid).on(Operation::SendMessageBatch).times(1)),
        ("delete", Fault::error(throttled).on(Operation::DeleteMessageBatch).times(3)),
        (
            "a receipt",
            Fault::failed_entries([2], ErrorCode::ReceiptHandleIsInvalid).on(Operation::DeleteMessageBatch).times(1),
        ),
    ] {
        redrive_under(name, fault, LETTERS as usize, 0).await;
    }
}

#[tokio::test]
async fn what_the_queue_refuses_stays_and_so_does_everything_when_it_is_away() {
    let refused = Fault::failed_entries([3], ErrorCode::InvalidMessageContents).on(Operation::SendMessageBatch);
    redrive_under("one is refused", refused.times(1), LETTERS as usize - 1, 1).await;
    let denied = Fault::error(ErrorCode::AccessDenied).on(Operation::SendMessageBatch);
    redrive_under("no permission", denied, 0, 0).await;
}

#[tokio::test]
async fn a_failed_give_back_is_made_again() {
    let (sqs, stack) = with_own_queues(TABLE, &[]).await;
    stack.send(&stack.dlq, &(0..LETTERS).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let fault = Fault::error(ErrorCode::ServiceUnavailable).on(Operation::ChangeMessageVisibilityBatch);
    sqs.faults().inject(fault.times(3));
    assert_eq!(dlq_json(&stack, 0, &["list", PIPELINE])["seen"], json!(LETTERS));
    assert_eq!(stack.drain(&stack.dlq).await.len(), LETTERS as usize);
}
