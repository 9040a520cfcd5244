//! Faults before the effect: the call is not carried out.

use std::time::{Duration, Instant};

use devstack::sqs::{ErrorCode, Fault, Operation};

use super::Stack;
use crate::sqs::conformance::{code, handle};

/// Each error by its name at the SDK, and its HTTP status.
const ERRORS: [(ErrorCode, &str, u16); 7] = [
    (ErrorCode::InternalFailure, "InternalFailure", 500),
    (ErrorCode::ServiceUnavailable, "ServiceUnavailable", 503),
    (ErrorCode::RequestThrottled, "RequestThrottled", 400),
    (ErrorCode::ThrottlingException, "ThrottlingException", 400),
    (ErrorCode::AccessDenied, "AccessDenied", 403),
    (ErrorCode::ExpiredToken, "ExpiredToken", 403),
    (ErrorCode::QueueDoesNotExist, "AWS.SimpleQueueService.NonExistentQueue", 400),
];

#[tokio::test]
async fn a_send_answered_with_an_error_stores_nothing() {
    let stack = Stack::start().await;
    for (error, name, status) in ERRORS {
        stack.sqs.faults().inject(Fault::error(error).on(Operation::SendMessage).times(1));
        let answer = stack.send_call("a").send().await;
        assert_eq!(answer.as_ref().unwrap_err().raw_response().unwrap().status().as_u16(), status);
        assert_eq!(code(answer), name);
    }
    assert_eq!(stack.counts().await, (0, 0));
    stack.send_call("a").send().await.unwrap();
    assert_eq!(stack.counts().await, (1, 0));
}

#[tokio::test]
async fn a_receive_answered_with_an_error_leaves_the_messages_visible() {
    let stack = Stack::start().await;
    stack.send_call("a").send().await.unwrap();
    stack.sqs.faults().inject(Fault::error(ErrorCode::ServiceUnavailable).on(Operation::ReceiveMessage));
    assert_eq!(code(stack.receive_call().send().await), "ServiceUnavailable");
    assert_eq!(stack.counts().await, (1, 0));
}

#[tokio::test]
async fn a_delete_answered_with_an_error_deletes_nothing() {
    let stack = Stack::start().await;
    let messages = stack.received(&["a"]).await;
    stack.sqs.faults().inject(Fault::error(ErrorCode::InternalFailure).on(Operation::DeleteMessage));
    let call = stack.client.delete_message().queue_url(&stack.queue).receipt_handle(handle(&messages[0]));
    assert_eq!(code(call.send().await), "InternalFailure");
    assert_eq!(stack.counts().await, (0, 1));
}

#[tokio::test]
async fn a_lost_request_closes_the_connection_and_stores_nothing() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::lost_request().on(Operation::SendMessage));
    let error = stack.send_call("a").send().await.unwrap_err();
    assert!(error.raw_response().is_none(), "{error:?}");
    assert_eq!(stack.counts().await, (0, 0));
}

#[tokio::test]
async fn latency_is_added_and_the_call_succeeds() {
    let stack = Stack::start().await;
    let latency = Duration::from_millis(200);
    stack.sqs.faults().inject(Fault::latency(latency).on(Operation::SendMessage));
    let start = Instant::now();
    stack.send_call("a").send().await.unwrap();
    assert!(start.elapsed() >= latency);
    assert_eq!(stack.counts().await, (1, 0));
}

#[tokio::test]
async fn a_client_that_gives_up_during_latency_leaves_no_effect() {
    let stack = Stack::start().await;
    let latency = Duration::from_secs(2);
    stack.sqs.faults().inject(Fault::latency(latency).on(Operation::SendMessage));
    tokio::select! {
        answer = stack.send_call("a").send() => panic!("{answer:?}"),
        () = stack.until(|counts| counts.of(Operation::SendMessage).calls == 1) => {}
    }
    tokio::time::sleep(latency + Duration::from_millis(500)).await;
    assert_eq!(stack.counts().await, (0, 0));
}
