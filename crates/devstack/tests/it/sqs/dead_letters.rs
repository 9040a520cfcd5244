//! Redrive policies: messages received too often go to the dead-letter queue.

use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName as Name, QueueAttributeName};

use super::conformance::{Aws, body, code, redrive_policy, run, system};

async fn set_policy(aws: &Aws, queue: &str, policy: &str) -> Result<(), String> {
    let call = aws.client.set_queue_attributes().queue_url(queue);
    match call.attributes(QueueAttributeName::RedrivePolicy, policy).send().await {
        Ok(_) => Ok(()),
        failed => Err(code(failed)),
    }
}

#[tokio::test]
async fn a_message_received_too_often_is_moved_at_the_next_receive() {
    run("a_message_received_too_often_is_moved_at_the_next_receive", |aws| async move {
        let (queue, dlq) = aws.queue_with_dlq(2).await;
        aws.send(&queue, "a").await;
        for _ in 0..2 {
            assert_eq!(aws.receive_for(&queue, Some(0)).await.len(), 1);
        }
        assert!(aws.receive(&dlq).await.is_empty());
        assert!(aws.receive(&queue).await.is_empty());
        assert_eq!(body(&aws.receive_one(&dlq).await), "a");
        assert_eq!(aws.counts(&queue).await, ["0", "0", "0"]);
    })
    .await;
}

#[tokio::test]
async fn a_moved_message_keeps_what_it_is() {
    run("a_moved_message_keeps_what_it_is", |aws| async move {
        let (queue, dlq) = aws.queue_with_dlq(1).await;
        let attribute = MessageAttributeValue::builder().data_type("String").string_value("x");
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        let call = call.message_attributes("kept", attribute.build().unwrap());
        let sent = call.send().await.unwrap();
        let first = aws.receive_for(&queue, Some(0)).await.remove(0);
        aws.receive(&queue).await;
        let dead = aws.receive_one(&dlq).await;
        assert_eq!(dead.message_id(), sent.message_id());
        assert_eq!(dead.md5_of_message_attributes(), sent.md5_of_message_attributes());
        assert_eq!(system(&dead, &Name::SentTimestamp), system(&first, &Name::SentTimestamp));
    })
    .await;
}

#[tokio::test]
async fn a_moved_message_names_the_queue_it_came_from() {
    run("a_moved_message_names_the_queue_it_came_from", |aws| async move {
        let (queue, dlq) = aws.queue_with_dlq(1).await;
        aws.send(&queue, "a").await;
        aws.receive_for(&queue, Some(0)).await;
        aws.receive(&queue).await;
        let source = system(&aws.receive_one(&dlq).await, &Name::DeadLetterQueueSourceArn);
        assert_eq!(source, Some(aws.arn(&queue).await));
    })
    .await;
}

#[tokio::test]
async fn the_policy_is_read_back_and_removed() {
    run("the_policy_is_read_back_and_removed", |aws| async move {
        let (queue, dlq) = aws.queue_with_dlq(3).await;
        let policy = aws.attribute(&queue, QueueAttributeName::RedrivePolicy).await.unwrap();
        assert!(policy.contains(&aws.arn(&dlq).await), "{policy}");
        set_policy(&aws, &queue, "").await.unwrap();
        assert_eq!(aws.attribute(&queue, QueueAttributeName::RedrivePolicy).await, None);
    })
    .await;
}

#[tokio::test]
async fn the_dead_letter_queue_has_to_exist() {
    run("the_dead_letter_queue_has_to_exist", |aws| async move {
        let queue = aws.queue().await;
        let arn = aws.arn(&queue).await + "-missing";
        let result = set_policy(&aws, &queue, &redrive_policy(&arn, 3)).await;
        assert_eq!(result, Err("InvalidParameterValue".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_broken_policy_is_refused() {
    run("a_broken_policy_is_refused", |aws| async move {
        let queue = aws.queue().await;
        let arn = aws.arn(&queue).await;
        for policy in [
            "no json".to_owned(),
            r#"{"maxReceiveCount":3}"#.to_owned(),
            format!(r#"{{"deadLetterTargetArn":"{arn}"}}"#),
            redrive_policy(&arn, 0),
            redrive_policy(&arn, 1001),
        ] {
            let result = set_policy(&aws, &queue, &policy).await;
            assert_eq!(result, Err("InvalidParameterValue".to_owned()), "{policy}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_fifo_queue_can_not_be_the_dead_letter_queue_of_a_standard_queue() {
    run("a_fifo_queue_can_not_be_the_dead_letter_queue_of_a_standard_queue", |aws| async move {
        let queue = aws.queue().await;
        let dlq = aws.fifo(&[]).await;
        let policy = redrive_policy(&aws.arn(&dlq).await, 3);
        let result = set_policy(&aws, &queue, &policy).await;
        assert_eq!(result, Err("InvalidParameterValue".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_sources_of_a_dead_letter_queue_are_listed() {
    run("the_sources_of_a_dead_letter_queue_are_listed", |aws| async move {
        let (queue, dlq) = aws.queue_with_dlq(3).await;
        let sources = |url| aws.client.list_dead_letter_source_queues().queue_url(url).send();
        assert!(sources(&queue).await.unwrap().queue_urls.is_empty());
        assert_eq!(sources(&dlq).await.unwrap().queue_urls, [queue]);
    })
    .await;
}
