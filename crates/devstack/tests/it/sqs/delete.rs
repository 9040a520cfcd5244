//! Deleting, and what a receipt handle is good for.

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, DeleteMessageBatchResultEntry};

use super::conformance::{code, handle, run};

#[tokio::test]
async fn a_deleted_message_is_gone() {
    run("a_deleted_message_is_gone", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive_for(&queue, Some(0)).await.remove(0);
        aws.delete(&queue, &message).await;
        assert_eq!(aws.counts(&queue).await, ["0", "0", "0"]);
        assert!(aws.receive(&queue).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn deleting_twice_succeeds() {
    run("deleting_twice_succeeds", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive(&queue).await.remove(0);
        aws.delete(&queue, &message).await;
        aws.delete(&queue, &message).await;
    })
    .await;
}

#[tokio::test]
async fn an_invented_receipt_handle_is_refused() {
    run("an_invented_receipt_handle_is_refused", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.delete_message().queue_url(&queue).receipt_handle("invented");
        assert_eq!(code(call.send().await), "ReceiptHandleIsInvalid");
    })
    .await;
}

#[tokio::test]
async fn a_stale_receipt_handle_deletes_nothing_and_succeeds() {
    run("a_stale_receipt_handle_deletes_nothing_and_succeeds", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let stale = aws.receive_for(&queue, Some(0)).await.remove(0);
        let fresh = aws.receive(&queue).await.remove(0);
        aws.delete(&queue, &stale).await;
        assert_eq!(aws.counts(&queue).await, ["0", "1", "0"]);
        aws.delete(&queue, &fresh).await;
        assert_eq!(aws.counts(&queue).await, ["0", "0", "0"]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_deletes_and_names_what_it_could_not() {
    run("a_batch_deletes_and_names_what_it_could_not", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        aws.send(&queue, "b").await;
        let messages = aws.receive(&queue).await;
        let handles = [handle(&messages[0]), "invented", handle(&messages[1])];
        let entries = handles.iter().enumerate().map(|(i, handle)| {
            let builder = DeleteMessageBatchRequestEntry::builder().id(format!("id-{i}"));
            builder.receipt_handle(*handle).build().unwrap()
        });
        let call = aws.client.delete_message_batch().queue_url(&queue);
        let answer = call.set_entries(Some(entries.collect())).send().await.unwrap();
        let done: Vec<_> = answer.successful().iter().map(DeleteMessageBatchResultEntry::id).collect();
        assert_eq!(done, ["id-0", "id-2"]);
        let failed = &answer.failed()[0];
        assert_eq!((failed.id(), failed.code()), ("id-1", "ReceiptHandleIsInvalid"));
        assert!(failed.sender_fault());
        assert_eq!(aws.counts(&queue).await, ["0", "0", "0"]);
    })
    .await;
}
