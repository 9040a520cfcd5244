//! Faults on purpose, as a client meets them.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};

use crate::sqs::conformance::{client, code};

async fn start() -> (Sqs, Client, String) {
    let sqs = Sqs::start(SqsOptions::default()).unwrap();
    let client = client(sqs.endpoint());
    let queue = client.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
    (sqs, client, queue)
}

async fn received(client: &Client, queue: &str) -> usize {
    let call = client.receive_message().queue_url(queue).max_number_of_messages(10);
    call.send().await.unwrap().messages().len()
}

#[tokio::test]
async fn an_error_is_answered_and_the_call_not_applied() {
    let (sqs, client, queue) = start().await;
    let send = client.send_message().queue_url(&queue).message_body("a");
    let fault = Fault::error(ErrorCode::RequestThrottled).on(Operation::SendMessage);
    sqs.faults().inject(fault.times(1));
    assert_eq!(code(send.clone().send().await), "RequestThrottled");
    assert_eq!(received(&client, &queue).await, 0);
    send.send().await.unwrap();
    assert_eq!(received(&client, &queue).await, 1);
}

#[tokio::test]
async fn a_server_error_has_status_500() {
    let (sqs, client, queue) = start().await;
    sqs.faults().inject(Fault::error(ErrorCode::InternalFailure));
    let call = client.send_message().queue_url(&queue).message_body("a");
    let error = call.send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    sqs.faults().clear();
    assert_eq!(received(&client, &queue).await, 0);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_call_applied() {
    let (sqs, client, queue) = start().await;
    sqs.faults().inject(Fault::lost_answer().on(Operation::SendMessage));
    let call = client.send_message().queue_url(&queue).message_body("a");
    let error = call.send().await.unwrap_err();
    assert!(error.raw_response().is_none(), "{error:?}");
    assert_eq!(received(&client, &queue).await, 1);
}

#[tokio::test]
async fn a_lost_request_is_not_applied() {
    let (sqs, client, queue) = start().await;
    sqs.faults().inject(Fault::lost_request().on(Operation::SendMessage));
    let call = client.send_message().queue_url(&queue).message_body("a");
    let error = call.send().await.unwrap_err();
    assert!(error.raw_response().is_none(), "{error:?}");
    assert_eq!(received(&client, &queue).await, 0);
}

#[tokio::test]
async fn chosen_entries_fail_and_the_others_are_applied() {
    let (sqs, client, queue) = start().await;
    sqs.faults().inject(Fault::failed_entries([1], ErrorCode::InternalFailure));
    let entries = ["a", "b", "c"].map(|id| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id);
        entry.build().unwrap()
    });
    let call = client.send_message_batch().queue_url(&queue).set_entries(Some(entries.into()));
    let answer = call.send().await.unwrap();
    let failed = &answer.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("b", "InternalFailure", false));
    assert_eq!(received(&client, &queue).await, 2);
}

#[tokio::test]
async fn latency_comes_on_top() {
    let (sqs, client, _) = start().await;
    let latency = std::time::Duration::from_millis(200);
    sqs.faults().inject(Fault::latency(latency).on(Operation::ListQueues));
    let start = std::time::Instant::now();
    client.list_queues().send().await.unwrap();
    assert!(start.elapsed() >= latency);
}

#[tokio::test]
async fn a_stopped_endpoint_takes_no_calls() {
    let (sqs, client, _) = start().await;
    drop(sqs);
    assert!(client.list_queues().send().await.is_err());
}
