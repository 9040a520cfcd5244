//! The server behind `--listen`: where it listens, what it refuses, and until when it answers.

use std::net::TcpListener;

use serde_json::json;

use crate::listen::listening;
use crate::listen_client::ask;
use crate::refusals::{ONE_TABLE, PIPELINE, ready};
use crate::setups::{send, until_at_least};
use crate::stack::Stack;

#[tokio::test]
async fn a_port_in_use_is_an_error_before_anything_begins() {
    let stack = ready(ONE_TABLE).await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = stack.ends_with(1, &["run", PIPELINE, "--listen", &address]);
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(report.contains(&format!("can't listen on {address}")) && report.contains("--listen"), "{report}");
    assert!(!report.contains("receiving"), "{report}");
}

#[tokio::test]
async fn a_malformed_address_is_an_error_of_the_command_line_or_of_the_settings() {
    let stack = Stack::new().await;
    for wrong in ["metrics", "70000", "127.0.0.1"] {
        let output = stack.ends_with(2, &["run", PIPELINE, "--listen", wrong]);
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(report.contains("0.0.0.0:9090"), "{report}");
    }
    let output = stack.runner(&["run", "pipelines/transactions.yaml"]).env("RUNNER_LISTEN", "here").output();
    let output = output.expect("the binary starts");
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{report}");
    assert!(report.contains("RUNNER_LISTEN is `here`"), "{report}");
}

#[tokio::test]
async fn only_reading_what_is_there_is_answered() {
    let stack = ready(ONE_TABLE).await;
    let runner = listening(&stack, &[]);
    for (method, path, status) in [
        ("GET", "/metrics", 200),
        ("HEAD", "/metrics", 200),
        ("GET", "/status", 200),
        ("GET", "/metrics/more", 404),
        ("GET", "/../etc/passwd", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/status", 405),
    ] {
        assert_eq!(ask(&runner.address, method, path).await.status, status, "{method} {path}");
    }
    runner.stop();
}

/// Clients that connect and say nothing keep neither the others nor the end waiting.
#[tokio::test]
async fn silent_clients_disturb_nobody() {
    let stack = ready(ONE_TABLE).await;
    let runner = listening(&stack, &[]);
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(tokio::net::TcpStream::connect(&runner.address).await.expect("it listens"));
    }
    assert_eq!(runner.get("/live").await.status, 200);
    runner.stop();
}

#[tokio::test]
async fn until_the_last_message_is_finished_it_is_draining() {
    let stack = ready(ONE_TABLE).await;
    let runner = listening(&stack, &[]);
    runner.until(200, "running").await;
    send(&stack, 0..1).await;
    until_at_least(1, "rows", async || stack.count("e").await).await;
    let mut lock = stack.pool.begin().await.expect("a transaction");
    sea_orm::sqlx::query("LOCK TABLE e IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.expect("it is locked");
    send(&stack, 1..4).await;
    until_at_least(3, "messages in flight", async || {
        runner.json("/status").await.1["pipelines"]["e"]["in_flight"].as_i64().expect("a number")
    })
    .await;
    runner.terminate();
    runner.until(503, "draining").await;
    assert_eq!(runner.get("/live").await.status, 200);
    lock.rollback().await.expect("nothing is locked any more");
    let (code, output, log) = tokio::task::spawn_blocking(|| runner.wait()).await.expect("it ends");
    assert_eq!(code, Some(0), "{log}");
    let summary: serde_json::Value = serde_json::from_str(&output).expect("a summary");
    assert_eq!(summary["received"], json!(4), "{summary}");
}
