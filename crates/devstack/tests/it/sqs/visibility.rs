//! Changing the visibility timeout of a message in flight.

use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;

use super::conformance::{Aws, code, handle, run, seconds};

async fn change(aws: &Aws, queue: &str, receipt: &str, visibility: i32) -> Result<(), String> {
    let call = aws.client.change_message_visibility().queue_url(queue).receipt_handle(receipt);
    match call.visibility_timeout(visibility).send().await {
        Ok(_) => Ok(()),
        failed => Err(code(failed)),
    }
}

#[tokio::test]
async fn zero_makes_a_message_visible_at_once() {
    run("zero_makes_a_message_visible_at_once", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive(&queue).await.remove(0);
        change(&aws, &queue, handle(&message), 0).await.unwrap();
        assert_eq!(aws.receive(&queue).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_extended_timeout_counts_from_now() {
    run("an_extended_timeout_counts_from_now", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive_for(&queue, Some(3)).await.remove(0);
        change(&aws, &queue, handle(&message), 600).await.unwrap();
        seconds(3.2).await;
        assert!(aws.receive(&queue).await.is_empty());
        aws.delete(&queue, &message).await;
        assert_eq!(aws.counts(&queue).await, ["0", "0", "0"]);
    })
    .await;
}

#[tokio::test]
async fn twelve_hours_are_the_longest_extension() {
    run("twelve_hours_are_the_longest_extension", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive(&queue).await.remove(0);
        let result = change(&aws, &queue, handle(&message), 43_201).await;
        assert_eq!(result, Err("InvalidParameterValue".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn twelve_hours_are_the_longest_in_all() {
    run("twelve_hours_are_the_longest_in_all", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive(&queue).await.remove(0);
        seconds(1.1).await;
        let result = change(&aws, &queue, handle(&message), 43_200).await;
        assert_eq!(result, Err("InvalidParameterValue".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_message_not_in_flight_has_no_timeout_to_change() {
    run("a_message_not_in_flight_has_no_timeout_to_change", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive_for(&queue, Some(0)).await.remove(0);
        let result = change(&aws, &queue, handle(&message), 10).await;
        assert_eq!(result, Err("AWS.SimpleQueueService.MessageNotInflight".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_message_has_no_timeout_to_change() {
    run("a_deleted_message_has_no_timeout_to_change", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive(&queue).await.remove(0);
        aws.delete(&queue, &message).await;
        let result = change(&aws, &queue, handle(&message), 10).await;
        assert_eq!(result, Err("InvalidParameterValue".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn an_invented_receipt_handle_changes_nothing() {
    run("an_invented_receipt_handle_changes_nothing", |aws| async move {
        let queue = aws.queue().await;
        let result = change(&aws, &queue, "invented", 10).await;
        assert_eq!(result, Err("ReceiptHandleIsInvalid".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_batch_changes_and_names_what_it_could_not() {
    run("a_batch_changes_and_names_what_it_could_not", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive(&queue).await.remove(0);
        let entry = |id: &str, receipt: &str| {
            let builder = ChangeMessageVisibilityBatchRequestEntry::builder().id(id);
            builder.receipt_handle(receipt).visibility_timeout(0).build().unwrap()
        };
        let call = aws.client.change_message_visibility_batch().queue_url(&queue);
        let call = call.entries(entry("good", handle(&message))).entries(entry("bad", "invented"));
        let answer = call.send().await.unwrap();
        assert_eq!(answer.successful()[0].id(), "good");
        let failed = &answer.failed()[0];
        assert_eq!((failed.id(), failed.code()), ("bad", "ReceiptHandleIsInvalid"));
        assert_eq!(aws.receive(&queue).await.len(), 1);
    })
    .await;
}
