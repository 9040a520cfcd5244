//! Faults after the effect: the call is carried out, and the client does not learn it.

use std::time::{Duration, Instant};

use devstack::sqs::{ErrorCode, Fault, Operation};

use super::Stack;
use crate::sqs::conformance::{code, handle};

#[tokio::test]
async fn a_send_answered_with_an_error_after_the_effect_stores_its_message() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::error_after(ErrorCode::InternalFailure).on(Operation::SendMessage));
    assert_eq!(code(stack.send_call("a").send().await), "InternalFailure");
    assert_eq!(stack.counts().await, (1, 0));
}

#[tokio::test]
async fn a_receive_answered_with_an_error_after_the_effect_hides_the_messages() {
    let stack = Stack::start().await;
    stack.send_call("a").send().await.unwrap();
    stack.sqs.faults().inject(Fault::error_after(ErrorCode::ServiceUnavailable).on(Operation::ReceiveMessage));
    assert_eq!(code(stack.receive_call().send().await), "ServiceUnavailable");
    assert_eq!(stack.counts().await, (0, 1));
}

#[tokio::test]
async fn a_delete_answered_with_an_error_after_the_effect_deletes_its_message() {
    let stack = Stack::start().await;
    let messages = stack.received(&["a"]).await;
    stack.sqs.faults().inject(Fault::error_after(ErrorCode::RequestThrottled).on(Operation::DeleteMessage));
    let call = stack.client.delete_message().queue_url(&stack.queue).receipt_handle(handle(&messages[0]));
    assert_eq!(code(call.send().await), "RequestThrottled");
    assert_eq!(stack.counts().await, (0, 0));
}

#[tokio::test]
async fn a_call_that_fails_by_itself_keeps_its_own_error() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::error_after(ErrorCode::InternalFailure));
    let call = stack.client.delete_message().queue_url(&stack.queue).receipt_handle("invented");
    assert_eq!(code(call.send().await), "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn a_lost_answer_to_a_send_leaves_the_message_stored() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::lost_answer().on(Operation::SendMessage));
    let error = stack.send_call("a").send().await.unwrap_err();
    assert!(error.raw_response().is_none(), "{error:?}");
    assert_eq!(stack.counts().await, (1, 0));
}

#[tokio::test]
async fn a_lost_answer_to_a_receive_leaves_the_messages_hidden() {
    let stack = Stack::start().await;
    stack.send_call("a").send().await.unwrap();
    stack.sqs.faults().inject(Fault::lost_answer().on(Operation::ReceiveMessage));
    let error = stack.receive_call().send().await.unwrap_err();
    assert!(error.raw_response().is_none(), "{error:?}");
    assert_eq!(stack.counts().await, (0, 1));
}

#[tokio::test]
async fn a_late_answer_comes_after_the_effect() {
    let stack = Stack::start().await;
    let latency = Duration::from_millis(200);
    stack.sqs.faults().inject(Fault::late_answer(latency).on(Operation::SendMessage));
    let start = Instant::now();
    stack.send_call("a").send().await.unwrap();
    assert!(start.elapsed() >= latency);
    assert_eq!(stack.counts().await, (1, 0));
}

#[tokio::test]
async fn a_slow_dead_letter_queue_stores_what_a_client_gave_up_on() {
    let stack = Stack::start().await;
    let dlq = stack.create_queue("q-dlq").await;
    stack.sqs.faults().inject(Fault::slow_sends(&dlq, Duration::from_mins(1)));
    tokio::select! {
        answer = stack.client.send_message().queue_url(&dlq).message_body("letter").send() => panic!("{answer:?}"),
        () = stack.until(|counts| counts.of(Operation::SendMessage).entries == 1) => {}
    }
    assert_eq!(stack.counts_of(&dlq).await, (1, 0));
    // Other queues, and other calls about this one, are as fast as ever.
    let others = async {
        stack.send_call("a").send().await.unwrap();
        stack.client.receive_message().queue_url(&dlq).send().await.unwrap().messages.unwrap()
    };
    let letters = tokio::time::timeout(Duration::from_secs(30), others).await.unwrap();
    assert_eq!(letters.len(), 1);
}
