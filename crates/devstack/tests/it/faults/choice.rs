//! Which calls a fault hits, and until when.

use devstack::sqs::{ErrorCode, Fault, Operation};

use super::Stack;
use crate::sqs::conformance::code;

#[tokio::test]
async fn a_fault_of_one_queue_leaves_the_others_alone() {
    let stack = Stack::start().await;
    let other = stack.create_queue("other").await;
    stack.sqs.faults().inject(Fault::error(ErrorCode::AccessDenied).on_queue("q"));
    assert_eq!(code(stack.send_call("a").send().await), "AccessDenied");
    stack.client.send_message().queue_url(&other).message_body("a").send().await.unwrap();
    stack.client.list_queues().send().await.unwrap();
    let url = stack.client.get_queue_url().queue_name("q").send().await;
    assert_eq!(code(url), "AccessDenied");
}

#[tokio::test]
async fn a_fault_of_one_operation_leaves_the_others_alone() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::error(ErrorCode::RequestThrottled).on(Operation::ReceiveMessage).on_queue("q"));
    stack.send_call("a").send().await.unwrap();
    assert_eq!(code(stack.receive_call().send().await), "RequestThrottled");
}

#[tokio::test]
async fn faults_are_switched_while_the_endpoint_runs() {
    let stack = Stack::start().await;
    let faults = stack.sqs.faults();
    let denied = faults.inject(Fault::error(ErrorCode::AccessDenied).on(Operation::SendMessage));
    let throttled = faults.inject(Fault::error(ErrorCode::RequestThrottled).on(Operation::ReceiveMessage));
    assert_eq!(code(stack.send_call("a").send().await), "AccessDenied");
    faults.remove(denied);
    stack.send_call("a").send().await.unwrap();
    assert_eq!(code(stack.receive_call().send().await), "RequestThrottled");
    faults.remove(throttled);
    assert_eq!(stack.receive().await.len(), 1);
    faults.inject(Fault::error(ErrorCode::InternalFailure));
    faults.clear();
    assert_eq!(stack.counts().await, (0, 1));
}
