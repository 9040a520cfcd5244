//! Long polling: a receive waits for a message and comes back with it, early.

use aws_sdk_sqs::types::QueueAttributeName;

use super::conformance::{Aws, body, handle, run, seconds};

/// Receives with the longest wait; more than ten seconds are not early.
async fn wait(aws: &Aws, queue: &str) -> String {
    let call = aws.client.receive_message().queue_url(queue).wait_time_seconds(20);
    let answer = tokio::time::timeout(std::time::Duration::from_secs(10), call.send()).await;
    body(&answer.expect("an early answer").unwrap().messages()[0]).to_owned()
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_is_sent() {
    run("a_long_poll_ends_when_a_message_is_sent", |aws| async move {
        let queue = aws.queue().await;
        let send = async {
            seconds(0.5).await;
            aws.send(&queue, "a").await;
        };
        let (received, ()) = tokio::join!(wait(&aws, &queue), send);
        assert_eq!(received, "a");
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_ends_when_a_timeout_is_over() {
    run("a_long_poll_ends_when_a_timeout_is_over", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        aws.receive_for(&queue, Some(1)).await;
        assert_eq!(wait(&aws, &queue).await, "a");
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_is_given_up() {
    run("a_long_poll_ends_when_a_message_is_given_up", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive_for(&queue, Some(3600)).await.remove(0);
        let give_up = async {
            seconds(0.5).await;
            let call = aws.client.change_message_visibility().queue_url(&queue);
            let call = call.receipt_handle(handle(&message)).visibility_timeout(0);
            call.send().await.unwrap();
        };
        let (received, ()) = tokio::join!(wait(&aws, &queue), give_up);
        assert_eq!(received, "a");
    })
    .await;
}

/// The message is received while the poll already waits, so the poll has to notice the new timeout.
#[tokio::test]
async fn a_long_poll_ends_when_a_message_received_meanwhile_comes_back() {
    run("a_long_poll_ends_when_a_message_received_meanwhile_comes_back", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        call.delay_seconds(1).send().await.unwrap();
        let poll = async || {
            let call = aws.client.receive_message().queue_url(&queue).wait_time_seconds(20);
            call.visibility_timeout(1).send().await.unwrap().messages().len()
        };
        // Both wait for the delay; whoever loses waits for the winner's timeout.
        let both = async { tokio::join!(poll(), poll()) };
        let both = tokio::time::timeout(std::time::Duration::from_secs(10), both).await;
        assert_eq!(both.expect("early answers"), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_ends_when_a_shortened_timeout_is_over() {
    run("a_long_poll_ends_when_a_shortened_timeout_is_over", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive_for(&queue, Some(3600)).await.remove(0);
        let shorten = async {
            seconds(0.5).await;
            let call = aws.client.change_message_visibility().queue_url(&queue);
            let call = call.receipt_handle(handle(&message)).visibility_timeout(1);
            call.send().await.unwrap();
        };
        let (received, ()) = tokio::join!(wait(&aws, &queue), shorten);
        assert_eq!(received, "a");
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_ends_when_a_delay_is_over() {
    run("a_long_poll_ends_when_a_delay_is_over", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        call.delay_seconds(1).send().await.unwrap();
        assert_eq!(wait(&aws, &queue).await, "a");
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_without_a_message_ends_empty() {
    run("a_long_poll_without_a_message_ends_empty", |aws| async move {
        let queue = aws.queue().await;
        let start = std::time::Instant::now();
        let call = aws.client.receive_message().queue_url(&queue).wait_time_seconds(1);
        assert!(call.send().await.unwrap().messages().is_empty());
        assert!(start.elapsed().as_millis() >= 900, "it waited");
    })
    .await;
}

#[tokio::test]
async fn a_queue_may_make_every_receive_wait() {
    run("a_queue_may_make_every_receive_wait", |aws| async move {
        let attributes = [(QueueAttributeName::ReceiveMessageWaitTimeSeconds, "20")];
        let queue = aws.queue_with("queue", &attributes).await;
        let send = async {
            seconds(0.5).await;
            aws.send(&queue, "a").await;
        };
        let (received, ()) = tokio::join!(aws.receive(&queue), send);
        assert_eq!(received.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn every_long_poll_gets_a_message_of_its_own() {
    run("every_long_poll_gets_a_message_of_its_own", |aws| async move {
        let queue = aws.queue().await;
        let send = async {
            seconds(0.5).await;
            for body in ["1", "2", "3"] {
                aws.send(&queue, body).await;
            }
        };
        let poll = || wait(&aws, &queue);
        let (a, b, c, ()) = tokio::join!(poll(), poll(), poll(), send);
        let mut received = [a, b, c];
        received.sort();
        assert_eq!(received, ["1", "2", "3"]);
    })
    .await;
}
