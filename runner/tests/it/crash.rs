//! What survives when the process does not: the central promise under kill -9, and a drain under SIGTERM.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::{Value, json};

use crate::stack::{Stack, transaction};

const PIPELINE: &str = "pipelines/transactions.yaml";
const MESSAGES: u32 = 5_000;

/// Every 50th message is broken, so that dead letters are in the middle of it too.
fn bodies() -> Vec<String> {
    let body = |number: u32| match number % 50 {
        0 => format!("{{\"broken\": {number}}}"),
        _ => transaction(number),
    };
    (0..MESSAGES).map(body).collect()
}

#[tokio::test]
async fn killed_at_random_points_every_message_is_stored_once_or_dead_lettered() {
    let stack = Stack::without_queues().await;
    // A killed runner's messages come back soon; AWS's default of 30 s would only make the test slow.
    stack.create_queues(&[(Name::VisibilityTimeout, "2")]).await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack.send(&stack.queue, &bodies()).await;
    for _ in 0..10 {
        let before = stack.count("events").await;
        let mut runner = quiet(stack.runner(&["run", PIPELINE]));
        // In the middle of its work: rows have arrived, and then some random time has passed.
        let working = async {
            while stack.count("events").await == before {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), working).await.expect("there is work left for ten kills");
        tokio::time::sleep(Duration::from_micros(rand::random_range(0..20_000))).await;
        runner.kill().expect("SIGKILL");
        runner.wait().expect("it is gone");
    }
    let broken = MESSAGES / 50;
    let all = i64::from(MESSAGES - broken);
    assert!(stack.count("events").await < all, "the last kill came before the end");
    stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);

    assert_eq!(stack.count("events").await, all);
    let mut letters: Vec<_> = stack.drain(&stack.dlq).await.into_iter().filter_map(|letter| letter.body).collect();
    letters.sort_unstable();
    // A letter may be sent twice when the process dies before the delete; none may be missing.
    letters.dedup();
    assert_eq!(letters.len(), broken as usize);
    assert!(letters.iter().all(|letter| letter.starts_with("{\"broken\"")));
}

#[tokio::test]
async fn sigterm_finishes_what_is_in_flight_and_exits_0() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack.send(&stack.queue, &bodies()).await;
    let mut command = stack.runner(&["run", PIPELINE, "--format", "json"]);
    let runner = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    while stack.count("events").await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    terminate(&runner);
    let output = tokio::task::spawn_blocking(|| runner.wait_with_output()).await.unwrap().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", crate::stack::shown(&output));

    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    let number = |name: &str| summary[name].as_i64().unwrap_or_else(|| panic!("no {name} in {summary}"));
    assert_eq!(number("received"), number("stored") + number("dead_lettered") + number("released"), "{summary}");
    assert_eq!(number("stored"), stack.count("events").await, "{summary}");
    // What it did not take is all still there, at once.
    let left = i64::try_from(stack.drain(&stack.queue).await.len()).unwrap();
    assert_eq!(left, i64::from(MESSAGES) - number("stored") - number("dead_lettered"), "{summary}");
    assert_eq!(summary["undeleted"], json!(0));
}

fn quiet(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

pub(crate) fn terminate(child: &Child) {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}
