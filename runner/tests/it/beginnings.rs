//! The first moments of a process: faults that pass, signals that come early, and pipelines that don't start.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::crash::terminate;
use crate::refusals::{ONE_TABLE, ready, until_stored};
use crate::setups::{add_to_source, send, until_at_least};
use crate::stack::{Stack, shown, transaction};

const PIPELINE: &str = "pipelines/transactions.yaml";

/// Waits for the end of a process, which must not take long.
async fn ended(child: Child) -> std::process::Output {
    let output = tokio::task::spawn_blocking(|| child.wait_with_output());
    let ended = tokio::time::timeout(Duration::from_secs(30), output).await.expect("it ends");
    ended.expect("no panic").expect("an output")
}

/// A credential endpoint that first has no answer.
fn credentials_after(failures: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/credentials", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let connection = connection.expect("a connection");
            // Dropped without an answer at first.
            if number >= failures {
                answer_credentials(connection);
            }
        }
    });
    url
}

fn answer_credentials(mut connection: TcpStream) {
    let body = r#"{"AccessKeyId":"test","SecretAccessKey":"test","Token":"test","Expiration":"2099-01-01T00:00:00Z"}"#;
    let _ = connection.read(&mut [0; 4096]);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
    let _ = write!(connection, "{head} {}\r\n\r\n{body}", body.len());
}

/// Runs once with credentials from that endpoint.
async fn run_with_credentials_of(stack: &Stack, url: &str, args: &[&str]) -> std::process::Output {
    let mut command = stack.runner(&[&["run", PIPELINE, "--until-empty"], args].concat());
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.envs([("AWS_CONTAINER_CREDENTIALS_FULL_URI", url), ("AWS_EC2_METADATA_DISABLED", "true")]);
    ended(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")).await
}

#[tokio::test]
async fn a_credential_endpoint_that_is_away_at_the_start_is_waited_for() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack.send(&stack.queue, &[transaction(1)]).await;
    let output = run_with_credentials_of(&stack, &credentials_after(6), &[]).await;
    let report = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert!(report.contains("can't start yet"), "{report}");
    assert_eq!(stack.count("events").await, 1);
}

/// The configuration is right, so it is a failure while running, not of the configuration.
#[tokio::test]
async fn a_credential_endpoint_that_stays_away_is_reported() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let output = run_with_credentials_of(&stack, &credentials_after(usize::MAX), &["--start-timeout", "0s"]).await;
    let report = shown(&output);
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(report.contains("credentials"), "{report}");
}

/// PID 1 of a container receives only signals that it handles (`pid_namespaces(7)`), so the handler has to stand before any
/// file is read.
#[tokio::test]
async fn a_signal_while_files_are_read_ends_the_process_cleanly() {
    let stack = Stack::new().await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    // Enough to read for the signal to arrive meanwhile.
    let queue = file.lines().find(|line| line.trim_start().starts_with("queue:")).expect("a queue");
    for number in 0..200 {
        let copy = file.replace(queue, &format!("  queue: {}-{number}", stack.queue));
        stack.write(&format!("pipelines/copy{number}.yaml"), &copy);
    }
    let mut command = stack.runner(&["run", "pipelines", "--wait"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    until_at_least(1, "a process that handles SIGTERM", async || i64::from(handles_sigterm(child.id()))).await;
    terminate(&child);
    let output = ended(child).await;
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

/// Whether a process has a handler of its own for the signal, as the system says.
fn handles_sigterm(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask & (1 << 14) != 0)
}

/// Nothing is set up: the queue is not there yet.
#[tokio::test]
async fn a_signal_during_the_start_ends_the_process_cleanly() {
    let stack = Stack::without_queues().await;
    let mut command = stack.runner(&["run", PIPELINE, "--wait"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut log = child.stderr.take().expect("a pipe");
    let waiting = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains("can't start yet") {
            let mut byte = [0];
            log.read_exact(&mut byte).expect("it goes on");
            text.extend(byte);
        }
        log
    });
    let log = tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it waits").expect("no panic");
    terminate(&child);
    let output = ended(child).await;
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    drop(log);
}

/// With `--fail-fast` one pipeline that can't start ends the process; without it the other would run on.
#[tokio::test]
async fn fail_fast_ends_all_pipelines_with_the_first_failure() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    let queue = file.lines().find(|line| line.trim_start().starts_with("queue:")).expect("a queue");
    stack.write("pipelines/lost.yaml", &file.replace(queue, "  queue: no-such-queue"));
    let mut command = stack.runner(&["run", PIPELINE, "pipelines/lost.yaml", "--fail-fast"]);
    let output = ended(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")).await;
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("no-such-queue"), "{}", shown(&output));
}

/// The role has one connection. A writer that waits for a second one takes the first as soon as it is free.
#[tokio::test]
async fn writers_share_the_only_connection_that_the_server_gives() {
    let stack = ready(ONE_TABLE).await;
    add_to_source(&stack, &["batch: 10"]);
    let role = format!("single_{}", stack.queue.replace('-', "_"));
    stack
        .execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'single' CONNECTION LIMIT 1; \
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    let mut command = stack.runner(&["run", "pipelines/e.yaml", "--format", "json"]);
    command.envs([("DB_USER", &*role), ("DB_PASSWORD", "single")]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    send(&stack, 0..1).await;
    until_stored(&stack, 1).await;
    let mut lock = stack.pool.begin().await.expect("a transaction");
    sea_orm::sqlx::query("LOCK TABLE e IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.expect("the lock");
    send(&stack, 1..100).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    lock.rollback().await.expect("the lock is free again");
    until_stored(&stack, 100).await;
    terminate(&child);
    let output = ended(child).await;
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output)));
    assert_eq!(summary["stored"], 100, "{summary}");
    // The driver reports so after it has tried for ten seconds.
    assert!(!shown(&output).contains("no connection to PostgreSQL"), "{}", shown(&output));
}
