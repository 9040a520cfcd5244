//! What is wrong before the first message: one screen that says what to do, the right exit code, no secret.

use std::process::Output;

use crate::stack::{Stack, shown};

const PIPELINE: &str = "pipelines/transactions.yaml";
const RUN: [&str; 5] = ["run", PIPELINE, "--until-empty", "--start-timeout", "0s"];

/// The report holds every word, fits one screen, and shows neither a backtrace nor the password.
fn says(output: &Output, code: i32, words: &[&str]) {
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{}", shown(output));
    for word in words {
        assert!(report.contains(word), "no `{word}` in\n{}", shown(output));
    }
    assert!(report.lines().count() <= 24, "more than a screen\n{}", shown(output));
    for never in ["panicked", "RUST_BACKTRACE", "hunter2", "   0: "] {
        assert!(!report.contains(never), "`{never}` in\n{}", shown(output));
    }
    assert!(output.stdout.is_empty(), "results only on stdout\n{}", shown(output));
}

fn run_with(stack: &Stack, change: impl FnOnce(&mut std::process::Command)) -> Output {
    let mut command = stack.runner(&RUN);
    change(&mut command);
    command.output().expect("the binary starts")
}

#[tokio::test]
async fn missing_queue() {
    let stack = Stack::without_queues().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let output = run_with(&stack, |_| ());
    says(&output, 1, &["no such queue", &stack.queue, "us-east-1", crate::stack::sqs_endpoint(), "--wait"]);
}

#[tokio::test]
async fn missing_table() {
    let stack = Stack::new().await;
    says(&run_with(&stack, |_| ()), 1, &["events", "runner migrate"]);
}

#[tokio::test]
async fn unreachable_queue_service() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let output = run_with(&stack, |command| {
        command.env("SQS_ENDPOINT", "http://127.0.0.1:9");
    });
    says(&output, 1, &["can't reach queue", "http://127.0.0.1:9", "SQS_ENDPOINT"]);
}

#[tokio::test]
async fn unreachable_database() {
    let stack = Stack::new().await;
    let output = run_with(&stack, |command| {
        command.env("DB_PORT", "9").env("DB_PASSWORD", "hunter2");
    });
    says(&output, 1, &["can't connect to PostgreSQL", "DB_HOST"]);
}

#[tokio::test]
async fn missing_database_and_wrong_user() {
    let stack = Stack::new().await;
    let output = run_with(&stack, |command| {
        command.env("DB_NAME", "nowhere");
    });
    says(&output, 1, &["nowhere", "DB_NAME"]);
    let output = run_with(&stack, |command| {
        command.env("DB_USER", "nobody-of-ours").env("DB_PASSWORD", "hunter2");
    });
    says(&output, 1, &["nobody-of-ours", "help:"]);
}

#[tokio::test]
async fn no_database_settings() {
    let stack = Stack::new().await;
    let output = run_with(&stack, |command| {
        command.env_remove("DB_HOST").env_remove("DB_NAME").env_remove("DB_USER");
    });
    says(&output, 78, &["DATABASE_URL", "DB_NAME"]);
}

#[tokio::test]
async fn no_region_and_no_credentials() {
    let stack = Stack::new().await;
    // Without this the SDK asks the machine's metadata service, which is not there, for seconds.
    let output = run_with(&stack, |command| {
        command.env_remove("AWS_REGION").env("AWS_EC2_METADATA_DISABLED", "true");
    });
    says(&output, 78, &["AWS_REGION"]);
    let output = run_with(&stack, |command| {
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("AWS_EC2_METADATA_DISABLED", "true");
    });
    says(&output, 78, &["credentials", "AWS_ACCESS_KEY_ID"]);
}

#[tokio::test]
async fn unset_variable_and_missing_file() {
    let stack = Stack::new().await;
    let file = stack.home.path().join(PIPELINE);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("${SQS_QUEUE_NAME:-transactions}", "${NOT_SET_ANYWHERE}")).unwrap();
    says(&run_with(&stack, |_| ()), 78, &["NOT_SET_ANYWHERE", "pipelines/transactions.yaml:3"]);
    std::fs::remove_file(&file).unwrap();
    says(&run_with(&stack, |_| ()), 78, &["pipelines/transactions.yaml"]);
}

#[tokio::test]
async fn wrong_usage() {
    let stack = Stack::new().await;
    says(&stack.ends_with(2, &["run"]), 2, &["PIPELINE"]);
    says(&stack.ends_with(2, &["run", PIPELINE, "--grace", "soon"]), 2, &["15s"]);
}

#[tokio::test]
async fn wait_waits_for_the_queue_and_the_table() {
    let stack = Stack::without_queues().await;
    let mut command = stack.runner(&["run", PIPELINE, "--until-empty", "--wait", "--format", "json"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    stack.create_queues(&[]).await;
    stack.send(&stack.queue, &[crate::stack::transaction(1)]).await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert_eq!(stack.count("events").await, 1);
}

#[tokio::test]
async fn wrong_credentials() {
    use devstack::sqs::{ErrorCode, Fault, Sqs, SqsOptions};
    // The local services look at no signature, so the answer AWS gives is made.
    let sqs = Sqs::start(SqsOptions::default()).unwrap();
    let stack = Stack::on(sqs.endpoint()).await;
    stack.create_queues(&[]).await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    for code in [ErrorCode::ExpiredToken, ErrorCode::AccessDenied] {
        sqs.faults().inject(Fault::error(code));
        says(&run_with(&stack, |_| ()), 1, &["can't reach queue", code.as_str(), "check the AWS credentials"]);
        sqs.faults().clear();
    }
}

#[tokio::test]
async fn settings_that_are_no_urls() {
    let stack = Stack::new().await;
    let output = run_with(&stack, |command| {
        command.env("SQS_ENDPOINT", "localhost:4566");
    });
    says(&output, 78, &["`localhost:4566`", "http://localhost:4566"]);
    let output = run_with(&stack, |command| {
        command.env("DATABASE_URL", "postgres://u:hunter2?x@127.0.0.1:9/db");
    });
    says(&output, 78, &["DATABASE_URL", "%3F"]);
}

#[tokio::test]
async fn unreadable_schema() {
    let stack = Stack::new().await;
    let schema = stack.home.path().join("schemas/transaction.schema.json");
    std::fs::remove_file(&schema).unwrap();
    std::fs::create_dir(&schema).unwrap();
    says(&run_with(&stack, |_| ()), 78, &["transaction.schema.json", "pipelines/transactions.yaml:6"]);
}

#[tokio::test]
async fn a_passing_fault_at_the_start_is_waited_out() {
    use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};
    let sqs = Sqs::start(SqsOptions::default()).unwrap();
    let stack = Stack::on(sqs.endpoint()).await;
    stack.create_queues(&[]).await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack.send(&stack.queue, &[crate::stack::transaction(1)]).await;
    sqs.faults().inject(Fault::error(ErrorCode::ServiceUnavailable).on(Operation::GetQueueUrl).times(3));
    let output = stack.ends_with(0, &["run", PIPELINE, "--until-empty", "--format", "json"]);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(log.contains("can't start yet"), "{log}");
    assert_eq!(stack.count("events").await, 1);
}

#[tokio::test]
async fn a_pipeline_that_can_not_start_does_not_stop_the_others() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).unwrap();
    let queue = file.lines().find(|line| line.trim_start().starts_with("queue:")).expect("a queue");
    stack.write("pipelines/lost.yaml", &file.replace(queue, "  queue: no-such-queue"));
    stack.send(&stack.queue, &[crate::stack::transaction(1)]).await;
    let output = stack.ends_with(1, &["run", PIPELINE, "pipelines/lost.yaml", "--until-empty", "--format", "json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!(summary["pipelines"]["transactions"]["stored"], 1, "{summary}");
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(report.contains("no-such-queue"), "{report}");
}

/// A closed terminal and a stray signal end no run halfway.
#[tokio::test]
async fn a_hangup_drains_and_a_user_signal_does_nothing() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let mut command = stack.runner(&["run", PIPELINE, "--format", "json"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    };
    stack.send(&stack.queue, &[crate::stack::transaction(1)]).await;
    while stack.count("events").await < 1 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    signal("-USR1");
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    // Two at once count as one.
    signal("-HUP");
    signal("-TERM");
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}
