//! FIFO queues: order, groups, deduplication.

use aws_sdk_sqs::operation::send_message::SendMessageOutput;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{MessageSystemAttributeName as Name, QueueAttributeName};

use super::conformance::{Aws, bodies, code, handle, run, seconds, system};

fn message(aws: &Aws, queue: &str, group: &str, body: &str) -> SendMessageFluentBuilder {
    let call = aws.client.send_message().queue_url(queue).message_body(body);
    call.message_group_id(group)
}

/// Sends with the body as its own deduplication id.
async fn send(aws: &Aws, queue: &str, group: &str, body: &str) -> SendMessageOutput {
    let call = message(aws, queue, group, body).message_deduplication_id(body);
    call.send().await.unwrap()
}

#[tokio::test]
async fn a_group_keeps_its_order() {
    run("a_group_keeps_its_order", |aws| async move {
        let queue = aws.fifo(&[]).await;
        for body in ["1", "2", "3", "4", "5"] {
            send(&aws, &queue, "g", body).await;
        }
        assert_eq!(bodies(&aws.receive(&queue).await), ["1", "2", "3", "4", "5"]);
    })
    .await;
}

#[tokio::test]
async fn a_group_in_flight_is_held_back_and_others_go_on() {
    run("a_group_in_flight_is_held_back_and_others_go_on", |aws| async move {
        let queue = aws.fifo(&[]).await;
        send(&aws, &queue, "g", "g1").await;
        let first = aws.receive(&queue).await.remove(0);
        send(&aws, &queue, "g", "g2").await;
        send(&aws, &queue, "h", "h1").await;
        assert_eq!(bodies(&aws.receive(&queue).await), ["h1"]);
        aws.delete(&queue, &first).await;
        assert_eq!(bodies(&aws.receive(&queue).await), ["g2"]);
    })
    .await;
}

#[tokio::test]
async fn a_message_given_up_comes_before_its_successors() {
    run("a_message_given_up_comes_before_its_successors", |aws| async move {
        let queue = aws.fifo(&[]).await;
        send(&aws, &queue, "g", "1").await;
        let first = aws.receive(&queue).await.remove(0);
        send(&aws, &queue, "g", "2").await;
        let call = aws.client.change_message_visibility().queue_url(&queue);
        let call = call.receipt_handle(handle(&first)).visibility_timeout(0);
        call.send().await.unwrap();
        assert_eq!(bodies(&aws.receive(&queue).await), ["1", "2"]);
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_ends_when_a_group_is_free() {
    run("a_long_poll_ends_when_a_group_is_free", |aws| async move {
        let queue = aws.fifo(&[]).await;
        send(&aws, &queue, "g", "1").await;
        let first = aws.receive(&queue).await.remove(0);
        send(&aws, &queue, "g", "2").await;
        let delete = async {
            seconds(0.5).await;
            aws.delete(&queue, &first).await;
        };
        let (second, ()) = tokio::join!(aws.receive_one(&queue), delete);
        assert_eq!(second.body(), Some("2"));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_deduplication_id_stores_nothing() {
    run("a_repeated_deduplication_id_stores_nothing", |aws| async move {
        let queue = aws.fifo(&[]).await;
        let first = message(&aws, &queue, "g", "first").message_deduplication_id("id");
        let first = first.send().await.unwrap();
        let again = message(&aws, &queue, "g", "again").message_deduplication_id("id");
        let again = again.send().await.unwrap();
        assert_eq!(again.message_id(), first.message_id());
        assert_eq!(again.sequence_number(), first.sequence_number());
        assert_eq!(bodies(&aws.receive(&queue).await), ["first"]);
    })
    .await;
}

#[tokio::test]
async fn a_deduplication_id_outlives_its_message() {
    run("a_deduplication_id_outlives_its_message", |aws| async move {
        let queue = aws.fifo(&[]).await;
        send(&aws, &queue, "g", "a").await;
        let first = aws.receive(&queue).await.remove(0);
        aws.delete(&queue, &first).await;
        send(&aws, &queue, "g", "a").await;
        assert!(aws.receive(&queue).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn content_can_be_its_own_deduplication_id() {
    run("content_can_be_its_own_deduplication_id", |aws| async move {
        let attributes = [(QueueAttributeName::ContentBasedDeduplication, "true")];
        let queue = aws.fifo(&attributes).await;
        for body in ["a", "a", "b"] {
            message(&aws, &queue, "g", body).send().await.unwrap();
        }
        let received = aws.receive(&queue).await;
        assert_eq!(bodies(&received), ["a", "b"]);
        let sha256_of_a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        let id = system(&received[0], &Name::MessageDeduplicationId);
        assert_eq!(id.as_deref(), Some(sha256_of_a));
    })
    .await;
}

#[tokio::test]
async fn deduplication_can_be_by_group() {
    run("deduplication_can_be_by_group", |aws| async move {
        let attributes = [
            (QueueAttributeName::DeduplicationScope, "messageGroup"),
            (QueueAttributeName::FifoThroughputLimit, "perMessageGroupId"),
        ];
        let queue = aws.fifo(&attributes).await;
        for group in ["g", "h", "g"] {
            send(&aws, &queue, group, "a").await;
        }
        assert_eq!(aws.receive(&queue).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_message_needs_a_group() {
    run("a_message_needs_a_group", |aws| async move {
        let queue = aws.fifo(&[]).await;
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        let result = call.message_deduplication_id("id").send().await;
        assert_eq!(code(result), "MissingParameter");
    })
    .await;
}

#[tokio::test]
async fn a_message_needs_a_deduplication_id() {
    run("a_message_needs_a_deduplication_id", |aws| async move {
        let queue = aws.fifo(&[]).await;
        let result = message(&aws, &queue, "g", "a").send().await;
        assert_eq!(code(result), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn a_message_has_no_delay_of_its_own() {
    run("a_message_has_no_delay_of_its_own", |aws| async move {
        let queue = aws.fifo(&[]).await;
        let call = message(&aws, &queue, "g", "a").message_deduplication_id("id");
        assert_eq!(code(call.delay_seconds(1).send().await), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn a_standard_queue_refuses_a_deduplication_id() {
    run("a_standard_queue_refuses_a_deduplication_id", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        let result = call.message_deduplication_id("id").send().await;
        assert_eq!(code(result), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn sequence_numbers_grow_and_come_with_the_message() {
    run("sequence_numbers_grow_and_come_with_the_message", |aws| async move {
        let queue = aws.fifo(&[]).await;
        let first = send(&aws, &queue, "g", "1").await.sequence_number.unwrap();
        let second = send(&aws, &queue, "h", "2").await.sequence_number.unwrap();
        assert!(second.parse::<u128>().unwrap() > first.parse::<u128>().unwrap());
        let received = aws.receive(&queue).await;
        let message = received.iter().find(|message| message.body() == Some("1")).unwrap();
        assert_eq!(system(message, &Name::SequenceNumber), Some(first));
        assert_eq!(system(message, &Name::MessageGroupId).as_deref(), Some("g"));
        assert_eq!(system(message, &Name::MessageDeduplicationId).as_deref(), Some("1"));
    })
    .await;
}

#[tokio::test]
async fn an_expired_receipt_handle_deletes_nothing_and_is_refused() {
    run("an_expired_receipt_handle_deletes_nothing_and_is_refused", |aws| async move {
        let queue = aws.fifo(&[]).await;
        send(&aws, &queue, "g", "1").await;
        let expired = aws.receive_for(&queue, Some(0)).await.remove(0);
        let call = aws.client.delete_message().queue_url(&queue).receipt_handle(handle(&expired));
        assert_eq!(code(call.send().await), "InvalidParameterValue");
        assert_eq!(bodies(&aws.receive(&queue).await), ["1"]);
    })
    .await;
}
