//! The wire itself, without an SDK.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::conformance::{Aws, run};

/// Posts a body as plain HTTP/1.1, unsigned; gives the whole answer as text.
async fn post(aws: &Aws, target: &str, body: &str) -> String {
    let host = aws.endpoint.trim_start_matches("http://").trim_end_matches('/');
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: {target}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_call_without_a_signature_is_answered() {
    run("a_call_without_a_signature_is_answered", |aws| async move {
        let queue = aws.queue().await;
        let body = format!(r#"{{"QueueUrl":"{queue}","MessageBody":"hello"}}"#);
        let answer = post(&aws, "AmazonSQS.SendMessage", &body).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("5d41402abc4b2a76b9719d911017c592"), "{answer}");
        assert_eq!(aws.receive(&queue).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_error_has_both_its_names() {
    run("an_error_has_both_its_names", |aws| async move {
        let body = format!(r#"{{"QueueName":"{}"}}"#, aws.name("nowhere"));
        let answer = post(&aws, "AmazonSQS.GetQueueUrl", &body).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        let header = "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender";
        assert!(answer.to_lowercase().contains(&header.to_lowercase()), "{answer}");
        assert!(answer.contains(r#""com.amazonaws.sqs#QueueDoesNotExist""#), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_operation_is_refused() {
    run("an_unknown_operation_is_refused", |aws| async move {
        let answer = post(&aws, "AmazonSQS.BrewCoffee", "{}").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    run("a_body_that_is_not_json_is_refused", |aws| async move {
        let answer = post(&aws, "AmazonSQS.ListQueues", "{").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains("SerializationException"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_call_without_a_queue_url_is_refused() {
    run("a_call_without_a_queue_url_is_refused", |aws| async move {
        let answer = post(&aws, "AmazonSQS.ReceiveMessage", "{}").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains("MissingParameter;Sender"), "{answer}");
    })
    .await;
}
