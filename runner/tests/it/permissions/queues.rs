//! Actions: with the printed ones alone each command works, and without any one of them it names the missing one.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use devstack::sqs::{ErrorCode, Fault, Operation, Sqs};
use serde_json::Value;

use super::printed;
use crate::refusals::{ONE_TABLE, PIPELINE, event};
use crate::setups::{add_to_source, with_own_queues};
use crate::stack::{Stack, shown};

/// The calls that each action of IAM allows.
const ACTIONS: [(&str, &[Operation]); 7] = [
    ("sqs:ReceiveMessage", &[Operation::ReceiveMessage]),
    ("sqs:DeleteMessage", &[Operation::DeleteMessage, Operation::DeleteMessageBatch]),
    ("sqs:ChangeMessageVisibility", &[Operation::ChangeMessageVisibility, Operation::ChangeMessageVisibilityBatch]),
    ("sqs:SendMessage", &[Operation::SendMessage, Operation::SendMessageBatch]),
    ("sqs:GetQueueUrl", &[Operation::GetQueueUrl]),
    ("sqs:GetQueueAttributes", &[Operation::GetQueueAttributes]),
    (
        "others",
        &[
            Operation::CreateQueue,
            Operation::DeleteQueue,
            Operation::ListDeadLetterSourceQueues,
            Operation::ListQueues,
            Operation::PurgeQueue,
            Operation::SetQueueAttributes,
            Operation::StartMessageMoveTask,
        ],
    ),
];

const PRODUCER: &str = "producer: {templates: [{inline: '{\"id\": {{random_int 1 9}}, \"k\": 1}'}]}\n";

async fn ready() -> (Sqs, Stack) {
    let (sqs, stack) = with_own_queues(&format!("{ONE_TABLE}{PRODUCER}"), &[]).await;
    add_to_source(&stack, &["visibility: 2s"]);
    (sqs, stack)
}

/// One command of each that has its own calls, and whether it ends by itself.
fn command_lines(command: &str) -> Vec<Vec<&'static str>> {
    match command {
        "run" => vec![vec!["run", PIPELINE, "--until-empty", "--start-timeout", "0s"]],
        "produce" => vec![vec!["produce", PIPELINE, "--count", "2"]],
        "dlq" => vec![
            vec!["dlq", "list", PIPELINE],
            vec!["dlq", "redrive", PIPELINE, "--where", "true"],
            vec!["dlq", "purge", PIPELINE, "--where", "true", "--yes"],
        ],
        _ => vec![vec!["validate-config", PIPELINE, "--connect"]],
    }
}

/// Something to do for each command: an event, one that is rejected, a letter that is accepted now and one that is not.
async fn fill(stack: &Stack) {
    for queue in [&stack.queue, &stack.dlq] {
        stack.drain(queue).await;
        stack.send(queue, &[event(1, 1), "x".to_owned()]).await;
    }
}

fn deny(sqs: &Sqs, queue: &str, action: &str) {
    let (_, operations) = ACTIONS.iter().find(|(name, _)| *name == action).expect("an action");
    let mut fault = Fault::error(ErrorCode::AccessDenied).on_queue(queue);
    for operation in *operations {
        fault = fault.on(*operation);
    }
    sqs.faults().inject(fault);
}

/// The printed actions on a queue, by level.
fn allowed(printed: &Value, queue: &str, level: &str) -> Vec<String> {
    let queues = printed["queues"].as_array().expect("queues");
    let of_queue = queues.iter().find(|one| one["arn"].as_str().is_some_and(|arn| arn.ends_with(&format!(":{queue}"))));
    let actions = of_queue.and_then(|one| one[level].as_array()).cloned().unwrap_or_default();
    actions.iter().map(|action| action.as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn the_printed_actions_are_enough() {
    let (sqs, stack) = ready().await;
    for command in ["run", "produce", "dlq", "validate-config"] {
        let printed = printed(&stack, command, &[]);
        for with_recommended in [true, false] {
            fill(&stack).await;
            for queue in [&stack.queue, &stack.dlq] {
                let required = allowed(&printed, queue, "required");
                let recommended = allowed(&printed, queue, "recommended");
                for (action, _) in ACTIONS {
                    let is_allowed = required.contains(&action.to_owned())
                        || (with_recommended && recommended.contains(&action.to_owned()));
                    if !is_allowed {
                        deny(&sqs, queue, action);
                    }
                }
            }
            for line in command_lines(command) {
                // A run that can't delete does not end by itself.
                let mut command = tokio::process::Command::from(stack.runner(&line));
                let ended = tokio::time::timeout(Duration::from_mins(1), command.kill_on_drop(true).output()).await;
                let output = ended.unwrap_or_else(|_| panic!("{line:?} does not end")).expect("the binary starts");
                // Redrive leaves the letter that is rejected still.
                let stays = i32::from(line.contains(&"redrive"));
                assert_eq!(output.status.code(), Some(stays), "{line:?}\n{}", shown(&output));
                let warned = String::from_utf8_lossy(&output.stderr).contains("is not allowed");
                assert_eq!(warned, !with_recommended, "{line:?}\n{}", shown(&output));
            }
            sqs.faults().clear();
        }
    }
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a command's log names the action, before it ends or is ended. A run does not end without its queues.
fn names(stack: &Stack, line: &[&str], action: &str) -> Option<String> {
    let mut child = stack.runner(line).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let _killed = Killed(child);
    let mut seen = String::new();
    for line in stderr.lines().map_while(Result::ok) {
        seen = format!("{seen}{line}\n");
        if line.contains(&format!("{action} is not allowed")) {
            return None;
        }
    }
    Some(seen)
}

#[tokio::test]
async fn each_missing_action_is_named() {
    let (sqs, stack) = ready().await;
    for command in ["run", "produce", "dlq", "validate-config"] {
        let printed = printed(&stack, command, &[]);
        for queue in [&stack.queue, &stack.dlq] {
            for level in ["required", "recommended"] {
                for action in allowed(&printed, queue, level) {
                    fill(&stack).await;
                    deny(&sqs, queue, &action);
                    // Only a message that takes long is renewed.
                    let lock = async {
                        let mut transaction = stack.pool.begin().await.expect("a transaction");
                        let lock = sea_orm::sqlx::query("LOCK TABLE e IN EXCLUSIVE MODE");
                        lock.execute(&mut *transaction).await.expect("it is locked");
                        transaction
                    };
                    let locked = if action.ends_with("Visibility") { Some(lock.await) } else { None };
                    let lines = command_lines(command);
                    let mut missed = Vec::new();
                    for line in &lines {
                        missed.extend(names(&stack, line, &action));
                    }
                    drop(locked);
                    sqs.faults().clear();
                    assert!(
                        missed.len() < lines.len(),
                        "{command} without {action} on {queue}:\n{}",
                        missed.join("\n")
                    );
                }
            }
        }
    }
}

/// Who may not count gets the letters all the same.
#[tokio::test]
async fn letters_that_may_not_be_counted_are_listed() {
    let (sqs, stack) = ready().await;
    stack.send(&stack.dlq, &(0..25).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    deny(&sqs, &stack.dlq, "sqs:GetQueueAttributes");
    let listed = stack.json(&["dlq", "list", PIPELINE, "--format", "json"]);
    assert_eq!((&listed["seen"], &listed["about"]), (&25.into(), &Value::Null), "{listed}");
    let output = stack.ends_with(0, &["dlq", "list", PIPELINE]);
    assert!(shown(&output).contains("seen 25\n"), "{}", shown(&output));
}

#[tokio::test]
async fn the_policy_keeps_what_is_required_and_what_is_recommended_apart() {
    let (_sqs, stack) = ready().await;
    let text = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the file");
    let named = |name: &str| format!("queue: {name}\n");
    let arn = "arn:aws:sqs:eu-west-1:123456789012:orders";
    stack.write(PIPELINE, &text.replace(&named(&stack.queue), &named(arn)));
    let output = stack.ends_with(0, &["permissions", PIPELINE, "--format", "iam"]);
    let policy: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let dlq = format!("arn:aws:sqs:*:*:{}", stack.dlq);
    assert_eq!(
        policy,
        serde_json::json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Required1", "Effect": "Allow", "Resource": [arn],
             "Action": ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]},
            {"Sid": "Required2", "Effect": "Allow", "Resource": [dlq], "Action": ["sqs:GetQueueUrl", "sqs:SendMessage"]},
            {"Sid": "Recommended1", "Effect": "Allow", "Resource": [dlq], "Action": ["sqs:GetQueueAttributes"]},
            {"Sid": "Recommended2", "Effect": "Allow", "Resource": [arn],
             "Action": ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]},
        ]})
    );
}
