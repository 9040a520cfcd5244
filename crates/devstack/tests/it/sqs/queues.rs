//! Queues as a whole: create, find, list, tag, purge, delete.

use aws_sdk_sqs::types::QueueAttributeName;

use super::conformance::{code, run};

#[tokio::test]
async fn a_created_queue_is_found_by_name() {
    run("a_created_queue_is_found_by_name", |aws| async move {
        let queue = aws.queue().await;
        let found = aws.client.get_queue_url().queue_name(aws.name("queue")).send().await;
        assert_eq!(found.unwrap().queue_url.unwrap(), queue);
    })
    .await;
}

#[tokio::test]
async fn creating_again_with_the_same_attributes_gives_the_same_queue() {
    run("creating_again_with_the_same_attributes_gives_the_same_queue", |aws| async move {
        let attributes = [(QueueAttributeName::VisibilityTimeout, "60")];
        let first = aws.queue_with("queue", &attributes).await;
        assert_eq!(aws.queue_with("queue", &attributes).await, first);
        assert_eq!(aws.queue_with("queue", &[]).await, first);
    })
    .await;
}

#[tokio::test]
async fn creating_again_with_other_attributes_is_refused() {
    run("creating_again_with_other_attributes_is_refused", |aws| async move {
        aws.queue().await;
        let call = aws.client.create_queue().queue_name(aws.name("queue"));
        let call = call.attributes(QueueAttributeName::VisibilityTimeout, "61");
        assert_eq!(code(call.send().await), "QueueAlreadyExists");
    })
    .await;
}

#[tokio::test]
async fn queue_names_are_checked() {
    run("queue_names_are_checked", |aws| async move {
        for name in ["a b", "a.b", "ü", &"a".repeat(81)] {
            let result = aws.client.create_queue().queue_name(name).send().await;
            assert_eq!(code(result), "InvalidParameterValue", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_fifo_name_needs_the_fifo_attribute() {
    run("a_fifo_name_needs_the_fifo_attribute", |aws| async move {
        let result = aws.client.create_queue().queue_name(aws.name("queue.fifo")).send().await;
        assert_eq!(code(result), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn a_fifo_queue_needs_a_fifo_name() {
    run("a_fifo_queue_needs_a_fifo_name", |aws| async move {
        let call = aws.client.create_queue().queue_name(aws.name("queue"));
        let call = call.attributes(QueueAttributeName::FifoQueue, "true");
        assert_eq!(code(call.send().await), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn calls_about_a_missing_queue_are_refused() {
    run("calls_about_a_missing_queue_are_refused", |aws| async move {
        let missing = "AWS.SimpleQueueService.NonExistentQueue";
        let url = format!("{}/000000000000/{}", aws.endpoint, aws.name("nowhere"));
        let client = &aws.client;
        let by_name = client.get_queue_url().queue_name(aws.name("nowhere")).send().await;
        assert_eq!(code(by_name), missing);
        let send = client.send_message().queue_url(&url).message_body("a").send().await;
        assert_eq!(code(send), missing);
        assert_eq!(code(client.receive_message().queue_url(&url).send().await), missing);
        assert_eq!(code(client.purge_queue().queue_url(&url).send().await), missing);
        assert_eq!(code(client.delete_queue().queue_url(&url).send().await), missing);
        let attributes = client.get_queue_attributes().queue_url(&url);
        let attributes = attributes.attribute_names(QueueAttributeName::All).send().await;
        assert_eq!(code(attributes), missing);
    })
    .await;
}

#[tokio::test]
async fn a_missing_queue_is_a_modelled_error() {
    run("a_missing_queue_is_a_modelled_error", |aws| async move {
        let result = aws.client.get_queue_url().queue_name(aws.name("nowhere")).send().await;
        assert!(result.unwrap_err().into_service_error().is_queue_does_not_exist());
    })
    .await;
}

#[tokio::test]
async fn queues_are_listed_by_prefix() {
    run("queues_are_listed_by_prefix", |aws| async move {
        let first = aws.queue_with("list-1", &[]).await;
        let second = aws.queue_with("list-2", &[]).await;
        aws.queue_with("other", &[]).await;
        let listed = aws.client.list_queues().queue_name_prefix(aws.name("list-")).send().await;
        let mut urls = listed.unwrap().queue_urls.unwrap();
        urls.sort();
        assert_eq!(urls, [first, second]);
    })
    .await;
}

#[tokio::test]
async fn queues_are_listed_in_pages() {
    run("queues_are_listed_in_pages", |aws| async move {
        let mut made = Vec::new();
        for role in ["page-1", "page-2", "page-3"] {
            made.push(aws.queue_with(role, &[]).await);
        }
        let call = aws.client.list_queues().queue_name_prefix(aws.name("page-")).max_results(2);
        let first = call.clone().send().await.unwrap();
        let token = first.next_token.clone().unwrap();
        let second = call.next_token(token).send().await.unwrap();
        assert_eq!(second.next_token(), None);
        let mut urls = [first.queue_urls.unwrap(), second.queue_urls.unwrap()].concat();
        urls.sort();
        assert_eq!(urls, made);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_queue_is_gone() {
    run("a_deleted_queue_is_gone", |aws| async move {
        let queue = aws.queue().await;
        aws.client.delete_queue().queue_url(&queue).send().await.unwrap();
        let result = aws.client.send_message().queue_url(&queue).message_body("a").send().await;
        assert_eq!(code(result), "AWS.SimpleQueueService.NonExistentQueue");
    })
    .await;
}

#[tokio::test]
async fn a_purged_queue_is_empty() {
    run("a_purged_queue_is_empty", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "in flight").await;
        aws.receive(&queue).await;
        aws.send(&queue, "visible").await;
        aws.client.purge_queue().queue_url(&queue).send().await.unwrap();
        assert_eq!(aws.counts(&queue).await, ["0", "0", "0"]);
    })
    .await;
}

#[tokio::test]
async fn a_second_purge_within_a_minute_is_refused() {
    run("a_second_purge_within_a_minute_is_refused", |aws| async move {
        let queue = aws.queue().await;
        aws.client.purge_queue().queue_url(&queue).send().await.unwrap();
        let result = aws.client.purge_queue().queue_url(&queue).send().await;
        assert_eq!(code(result), "AWS.SimpleQueueService.PurgeQueueInProgress");
    })
    .await;
}

#[tokio::test]
async fn tags_are_set_listed_and_removed() {
    run("tags_are_set_listed_and_removed", |aws| async move {
        let call = aws.client.create_queue().queue_name(aws.name("queue")).tags("team", "a");
        let queue = call.send().await.unwrap().queue_url.unwrap();
        let tag = aws.client.tag_queue().queue_url(&queue).tags("stage", "test");
        tag.send().await.unwrap();
        let untag = aws.client.untag_queue().queue_url(&queue).tag_keys("team");
        untag.send().await.unwrap();
        let tags = aws.client.list_queue_tags().queue_url(&queue).send().await.unwrap().tags;
        let tags: Vec<_> = tags.unwrap().into_iter().collect();
        assert_eq!(tags, [("stage".to_owned(), "test".to_owned())]);
    })
    .await;
}
