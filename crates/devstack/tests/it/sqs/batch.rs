//! What the three batch calls have in common, and sending in batches.

use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry,
};

use super::conformance::{Aws, bodies, code, run};

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

fn delete_entry(id: &str) -> DeleteMessageBatchRequestEntry {
    DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle("x").build().unwrap()
}

fn visibility_entry(id: &str) -> ChangeMessageVisibilityBatchRequestEntry {
    let builder = ChangeMessageVisibilityBatchRequestEntry::builder().id(id);
    builder.receipt_handle("x").visibility_timeout(0).build().unwrap()
}

async fn send(aws: &Aws, queue: &str, entries: Vec<SendMessageBatchRequestEntry>) -> SendMessageBatchOutput {
    let call = aws.client.send_message_batch().queue_url(queue).set_entries(Some(entries));
    call.send().await.unwrap()
}

/// The codes of the three calls with entries of these ids.
async fn codes(aws: &Aws, ids: &[&str]) -> [String; 3] {
    let queue = aws.queue().await;
    let client = &aws.client;
    let send = ids.iter().map(|id| entry(id, "a")).collect();
    let delete = ids.iter().map(|id| delete_entry(id)).collect();
    let visibility = ids.iter().map(|id| visibility_entry(id)).collect();
    let send = client.send_message_batch().queue_url(&queue).set_entries(Some(send));
    let delete = client.delete_message_batch().queue_url(&queue).set_entries(Some(delete));
    let change = client.change_message_visibility_batch().queue_url(&queue);
    [code(send.send().await), code(delete.send().await), code(change.set_entries(Some(visibility)).send().await)]
}

#[tokio::test]
async fn a_batch_is_answered_entry_by_entry() {
    run("a_batch_is_answered_entry_by_entry", |aws| async move {
        let queue = aws.queue().await;
        let entries: Vec<_> = (0..10).map(|i| entry(&format!("id-{i}"), "hello")).collect();
        let answer = send(&aws, &queue, entries).await;
        assert_eq!((answer.successful().len(), answer.failed().len()), (10, 0));
        for (i, sent) in answer.successful().iter().enumerate() {
            assert_eq!(sent.id(), format!("id-{i}"));
            assert_eq!(sent.md5_of_message_body(), "5d41402abc4b2a76b9719d911017c592");
        }
        assert_eq!(aws.receive(&queue).await.len(), 10);
    })
    .await;
}

#[tokio::test]
async fn a_bad_entry_fails_alone() {
    run("a_bad_entry_fails_alone", |aws| async move {
        let queue = aws.queue().await;
        let entries = vec![entry("good", "a"), entry("bad", "\0"), entry("also-good", "b")];
        let answer = send(&aws, &queue, entries).await;
        let failed = &answer.failed()[0];
        assert_eq!((failed.id(), failed.code()), ("bad", "InvalidMessageContents"));
        assert!(failed.sender_fault());
        let received = aws.receive(&queue).await;
        let mut texts = bodies(&received);
        texts.sort_unstable();
        assert_eq!(texts, ["a", "b"]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_needs_entries() {
    run("a_batch_needs_entries", |aws| async move {
        for code in codes(&aws, &[]).await {
            assert_eq!(code, "AWS.SimpleQueueService.EmptyBatchRequest");
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_has_at_most_ten_entries() {
    run("a_batch_has_at_most_ten_entries", |aws| async move {
        let ids = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
        for code in codes(&aws, &ids).await {
            assert_eq!(code, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
        }
    })
    .await;
}

#[tokio::test]
async fn entry_ids_are_distinct() {
    run("entry_ids_are_distinct", |aws| async move {
        for code in codes(&aws, &["a", "b", "a"]).await {
            assert_eq!(code, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");
        }
    })
    .await;
}

#[tokio::test]
async fn entry_ids_are_checked() {
    run("entry_ids_are_checked", |aws| async move {
        for id in ["", "a b", "ü", &"a".repeat(81)] {
            for code in codes(&aws, &[id]).await {
                assert_eq!(code, "AWS.SimpleQueueService.InvalidBatchEntryId", "{id:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_has_at_most_one_mebibyte_in_all() {
    run("a_batch_has_at_most_one_mebibyte_in_all", |aws| async move {
        let queue = aws.queue().await;
        let half = "a".repeat(524_288);
        let entries = vec![entry("a", &half), entry("b", &half)];
        assert_eq!(send(&aws, &queue, entries.clone()).await.successful().len(), 2);
        let entries = [entries, vec![entry("c", "a")]].concat();
        let call = aws.client.send_message_batch().queue_url(&queue).set_entries(Some(entries));
        assert_eq!(code(call.send().await), "AWS.SimpleQueueService.BatchRequestTooLong");
    })
    .await;
}
