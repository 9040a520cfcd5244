//! Moving dead letters back.

use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry as Task;

use super::conformance::{Aws, body, code, run, seconds};

/// A queue with a dead-letter queue that contains one message of it: both URLs.
async fn with_a_dead_letter(aws: &Aws) -> (String, String) {
    let (queue, dlq) = aws.queue_with_dlq(1).await;
    aws.send(&queue, "a").await;
    aws.receive_for(&queue, Some(0)).await;
    assert!(aws.receive(&queue).await.is_empty());
    (queue, dlq)
}

async fn tasks(aws: &Aws, dlq: &str) -> Vec<Task> {
    let call = aws.client.list_message_move_tasks().source_arn(aws.arn(dlq).await);
    call.max_results(10).send().await.unwrap().results.unwrap_or_default()
}

/// The one task of the queue, once it no longer runs.
async fn ended(aws: &Aws, dlq: &str) -> Task {
    loop {
        let mut tasks = tasks(aws, dlq).await;
        assert_eq!(tasks.len(), 1);
        if tasks[0].status() != Some("RUNNING") {
            return tasks.remove(0);
        }
        seconds(0.1).await;
    }
}

#[tokio::test]
async fn dead_letters_go_back_to_their_queue() {
    run("dead_letters_go_back_to_their_queue", |aws| async move {
        let (queue, dlq) = with_a_dead_letter(&aws).await;
        let call = aws.client.start_message_move_task().source_arn(aws.arn(&dlq).await);
        assert!(call.send().await.unwrap().task_handle().is_some());
        assert_eq!(body(&aws.receive_one(&queue).await), "a");
        assert!(aws.receive(&dlq).await.is_empty());
        let task = ended(&aws, &dlq).await;
        assert_eq!(task.status(), Some("COMPLETED"));
        assert_eq!(task.approximate_number_of_messages_moved(), 1);
    })
    .await;
}

#[tokio::test]
async fn dead_letters_go_to_the_destination_given() {
    run("dead_letters_go_to_the_destination_given", |aws| async move {
        let (queue, dlq) = with_a_dead_letter(&aws).await;
        let other = aws.queue_with("other", &[]).await;
        let call = aws.client.start_message_move_task().source_arn(aws.arn(&dlq).await);
        call.destination_arn(aws.arn(&other).await).send().await.unwrap();
        assert_eq!(body(&aws.receive_one(&other).await), "a");
        assert!(aws.receive(&queue).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_message_sent_to_the_dead_letter_queue_has_no_way_back() {
    run("a_message_sent_to_the_dead_letter_queue_has_no_way_back", |aws| async move {
        let (_, dlq) = aws.queue_with_dlq(1).await;
        aws.send(&dlq, "a").await;
        let call = aws.client.start_message_move_task().source_arn(aws.arn(&dlq).await);
        call.send().await.unwrap();
        let task = ended(&aws, &dlq).await;
        assert_eq!(task.status(), Some("FAILED"));
        assert_eq!(task.failure_reason(), Some("CouldNotDetermineMessageSource"));
        assert_eq!(aws.receive(&dlq).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn only_a_dead_letter_queue_is_a_source() {
    run("only_a_dead_letter_queue_is_a_source", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.start_message_move_task().source_arn(aws.arn(&queue).await);
        assert_eq!(code(call.send().await), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn source_and_destination_have_to_exist() {
    run("source_and_destination_have_to_exist", |aws| async move {
        let (_, dlq) = aws.queue_with_dlq(1).await;
        let arn = aws.arn(&dlq).await;
        let call = aws.client.start_message_move_task().source_arn(format!("{arn}-missing"));
        assert_eq!(code(call.send().await), "ResourceNotFoundException");
        let call = aws.client.start_message_move_task().source_arn(&arn);
        let call = call.destination_arn(format!("{arn}-missing"));
        assert_eq!(code(call.send().await), "ResourceNotFoundException");
    })
    .await;
}

#[tokio::test]
async fn a_running_task_can_be_cancelled_and_is_the_only_one() {
    run("a_running_task_can_be_cancelled_and_is_the_only_one", |aws| async move {
        let (_, dlq) = with_a_dead_letter(&aws).await;
        let other = aws.queue_with("other", &[]).await;
        for _ in 0..5 {
            aws.send(&dlq, "a").await;
        }
        let start = aws.client.start_message_move_task().source_arn(aws.arn(&dlq).await);
        let start = start.destination_arn(aws.arn(&other).await);
        let start = start.max_number_of_messages_per_second(1);
        let handle = start.clone().send().await.unwrap().task_handle.unwrap();
        assert_eq!(code(start.send().await), "AWS.SimpleQueueService.UnsupportedOperation");
        let running = tasks(&aws, &dlq).await.remove(0);
        assert_eq!((running.status(), running.task_handle()), (Some("RUNNING"), Some(&*handle)));
        let cancel = aws.client.cancel_message_move_task().task_handle(&handle);
        cancel.clone().send().await.unwrap();
        assert_eq!(ended(&aws, &dlq).await.status(), Some("CANCELLED"));
        assert_eq!(code(cancel.send().await), "AWS.SimpleQueueService.UnsupportedOperation");
    })
    .await;
}
