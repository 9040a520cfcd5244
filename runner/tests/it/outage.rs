//! Outages: retried, reported, and never paid for by a message.

use std::process::{Child, Stdio};
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::{Value, json};

use crate::crash::terminate;
use crate::stack::{Stack, transaction};

const PIPELINE: &str = "pipelines/transactions.yaml";

async fn ready(attributes: &[(Name, &str)]) -> Stack {
    let stack = Stack::without_queues().await;
    stack.create_queues(attributes).await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack
}

async fn send(stack: &Stack, numbers: std::ops::Range<u32>) {
    stack.send(&stack.queue, &numbers.map(transaction).collect::<Vec<_>>()).await;
}

fn start(stack: &Stack) -> Child {
    let mut command = stack.runner(&["run", PIPELINE, "--format", "json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// Ends the runner in the regular way and reads its summary.
async fn stop(runner: Child) -> Value {
    terminate(&runner);
    let output = tokio::task::spawn_blocking(|| runner.wait_with_output()).await.unwrap().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", crate::stack::shown(&output));
    serde_json::from_slice(&output.stdout).expect("a summary")
}

/// Waits for a count in the table; a hang fails the test.
async fn until_stored(stack: &Stack, count: i64) {
    let reached = async {
        while stack.count("events").await < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), reached).await.expect("the events are stored");
}

#[tokio::test]
async fn a_missing_table_is_an_outage_and_heals() {
    let stack = ready(&[]).await;
    let runner = start(&stack);
    send(&stack, 0..5).await;
    until_stored(&stack, 5).await;
    stack.execute("ALTER TABLE events RENAME TO away").await;
    send(&stack, 5..30).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    stack.execute("ALTER TABLE away RENAME TO events").await;
    until_stored(&stack, 30).await;
    let summary = stop(runner).await;
    assert_eq!(summary["stored"], json!(30), "{summary}");
    assert_eq!(summary["dead_lettered"], json!(0), "{summary}");
}

#[tokio::test]
async fn cut_connections_are_opened_again() {
    let stack = ready(&[]).await;
    let runner = start(&stack);
    for round in 0..4 {
        send(&stack, round * 10..round * 10 + 10).await;
        until_stored(&stack, i64::from(round) * 10 + 10).await;
        stack
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND application_name = 'runner'",
            )
            .await;
    }
    let summary = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(40), &json!(0)), "{summary}");
}

/// The write waits for a lock far longer than the visibility timeout: without renewal the queue would hand the
/// message out again.
#[tokio::test]
async fn visibility_is_renewed_while_a_write_waits() {
    let stack = ready(&[(Name::VisibilityTimeout, "1")]).await;
    let runner = start(&stack);
    let mut lock = stack.pool.begin().await.unwrap();
    sea_orm::sqlx::query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    send(&stack, 0..10).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    lock.rollback().await.unwrap();
    until_stored(&stack, 10).await;
    let summary = stop(runner).await;
    assert_eq!(summary["received"], json!(10), "{summary}");
    assert_eq!(summary["duplicates"], json!(0), "{summary}");
}

#[tokio::test]
async fn an_unreachable_dead_letter_queue_loses_nothing() {
    let stack = ready(&[]).await;
    let runner = start(&stack);
    send(&stack, 0..1).await;
    until_stored(&stack, 1).await;
    let dlq = stack.url(&stack.dlq).await;
    stack.client.delete_queue().queue_url(&dlq).send().await.unwrap();
    stack.send(&stack.queue, &["broken".to_owned()]).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    stack.client.create_queue().queue_name(&stack.dlq).send().await.unwrap();
    let mut letters = Vec::new();
    for _ in 0..300 {
        letters.extend(stack.drain(&stack.dlq).await);
        if !letters.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let summary = stop(runner).await;
    assert_eq!(letters.iter().filter_map(|letter| letter.body()).collect::<Vec<_>>(), ["broken"], "{summary}");
    assert_eq!(summary["dead_lettered"], json!(1), "{summary}");
}

#[tokio::test]
async fn in_flight_bounds_what_is_taken_from_the_queue() {
    let stack = ready(&[]).await;
    let file = stack.home.path().join(PIPELINE);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\nschema:", "  in_flight: 20\n\nschema:")).unwrap();
    let mut lock = stack.pool.begin().await.unwrap();
    let runner = start(&stack);
    // Opened first, or the runner's own check of the table would wait too.
    send(&stack, 0..1).await;
    until_stored(&stack, 1).await;
    sea_orm::sqlx::query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    send(&stack, 1..100).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let request = stack.client.get_queue_attributes().queue_url(stack.url(&stack.queue).await);
    let answer = request.attribute_names(Name::ApproximateNumberOfMessagesNotVisible).send().await.unwrap();
    let taken = &answer.attributes.unwrap()[&Name::ApproximateNumberOfMessagesNotVisible];
    lock.rollback().await.unwrap();
    until_stored(&stack, 100).await;
    let summary = stop(runner).await;
    assert!(taken.parse::<u32>().unwrap() <= 20, "{taken} messages were taken at once");
    assert_eq!(summary["stored"], json!(100), "{summary}");
}
