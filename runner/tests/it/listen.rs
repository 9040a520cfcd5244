//! What a listening runner shows: the same numbers as its summary, and never a late answer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::listen_client::{Listening, value};
use crate::refusals::{ONE_TABLE, PIPELINE, event, ready};
use crate::setups::{add_to_source, until_at_least};
use crate::stack::{Stack, repository};

pub(crate) fn listening(stack: &Stack, arguments: &[&str]) -> Listening {
    let arguments: Vec<&str> =
        ["run", PIPELINE, "--listen", "0", "--format", "json"].iter().chain(arguments).copied().collect();
    Listening::start(stack.runner(&arguments))
}

async fn until_settled(runner: &Listening, count: i64) {
    until_at_least(count, "settled messages", async || {
        let settled = &runner.json("/status").await.1["pipelines"]["e"]["settled"];
        ["stored", "dead_lettered", "skipped"].iter().filter_map(|outcome| settled[outcome].as_i64()).sum()
    })
    .await;
}

/// 30 good events, 4 of them twice, and 5 that are not JSON.
async fn some_of_everything(stack: &Stack) {
    let good: Vec<String> = (0..30).map(|id| event(id, 1)).collect();
    stack.send(&stack.queue, &good).await;
    stack.send(&stack.queue, &good[..4]).await;
    stack
        .send(&stack.queue, &["broken".to_owned(), "{".to_owned(), "]".to_owned(), "x".to_owned(), "y".to_owned()])
        .await;
}

#[tokio::test]
async fn the_metrics_are_the_numbers_of_the_summary() {
    let stack = ready(ONE_TABLE).await;
    let runner = listening(&stack, &[]);
    some_of_everything(&stack).await;
    until_settled(&runner, 39).await;
    let answer = runner.get("/metrics").await;
    assert!(answer.head.contains("application/openmetrics-text; version=1.0.0"), "{}", answer.head);
    let text = answer.body;
    let status = runner.json("/status").await.1["pipelines"]["e"].clone();
    let summary = runner.stop();
    for (series, number) in [
        (r#"runner_messages_received_total{pipeline="e"}"#, "received"),
        (r#"runner_messages_settled_total{pipeline="e",outcome="stored"}"#, "stored"),
        (r#"runner_messages_settled_total{pipeline="e",outcome="dead_lettered"}"#, "dead_lettered"),
        (r#"runner_messages_settled_total{pipeline="e",outcome="skipped"}"#, "skipped"),
        (r#"runner_dead_letters_total{pipeline="e",code="not_json"}"#, "dead_lettered"),
        (r#"runner_rows_total{pipeline="e",table="e"}"#, "rows"),
        (r#"runner_duplicate_rows_total{pipeline="e",table="e"}"#, "duplicates"),
        (r#"runner_released_total{pipeline="e"}"#, "released"),
        (r#"runner_undeleted_total{pipeline="e"}"#, "undeleted"),
    ] {
        assert_eq!(Some(value(&text, series)), summary[number].as_f64(), "{series}\n{summary}\n{text}");
    }
    assert_eq!(
        (&summary["stored"], &summary["duplicates"], &summary["dead_lettered"]),
        (&json!(34), &json!(4), &json!(5))
    );
    assert!((value(&text, r#"runner_message_age_seconds_count{pipeline="e"}"#) - 39.0).abs() < 0.1, "{text}");
    for written in
        ["runner_write_seconds_count{pipeline=\"e\",table=\"e\"}", "runner_outage{pipeline=\"e\",seam=\"queue\"}"]
    {
        value(&text, written);
    }
    assert_eq!(status["settled"], json!({"stored": 34, "dead_lettered": 5, "skipped": 0}), "{status}");
    assert_eq!(status["dead_letters"], json!({"not_json": 5}), "{status}");
    assert_eq!(status["tables"], json!([{"name": "e", "rows": 34, "duplicates": 4}]), "{status}");
    assert!(status["rates"]["stored"].is_number() && status["age"]["p99"].is_number(), "{status}");
}

#[tokio::test]
async fn the_backlog_of_both_queues_is_shown() {
    let stack = ready(ONE_TABLE).await;
    stack.send(&stack.dlq, &["a letter".to_owned(), "another".to_owned()]).await;
    let runner = listening(&stack, &[]);
    until_at_least(2, "dead letters", async || {
        runner.json("/status").await.1["pipelines"]["e"]["queues"]["dlq"]["visible"].as_i64().unwrap_or(0)
    })
    .await;
    let series = r#"runner_queue_messages{pipeline="e",queue="dlq",state="visible"}"#;
    assert!((runner.metric(series).await - 2.0).abs() < 0.1);
    let source = &runner.json("/status").await.1["pipelines"]["e"]["queues"]["source"];
    assert!(source["visible"].is_u64(), "{source}");
    runner.stop();
}

/// The bytes in memory and the handles of a process.
fn resources(id: u32) -> (usize, usize) {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kib: usize = resident.trim().trim_end_matches(" kB").parse().expect("a number");
    let handles = std::fs::read_dir(format!("/proc/{id}/fd")).expect("its handles").count();
    (kib << 10, handles)
}

#[tokio::test]
async fn a_thousand_scrapes_under_load_leave_nothing_behind() {
    let stack = ready(ONE_TABLE).await;
    // Each poller has a connection, and they come and go with the load.
    add_to_source(&stack, &["pollers: 4"]);
    let runner = listening(&stack, &[]);
    let load = async {
        for part in 0..20 {
            stack.send(&stack.queue, &(0..100).map(|id| event(part * 100 + id, 1)).collect::<Vec<_>>()).await;
        }
    };
    let scrapes = async {
        for _ in 0..200 {
            assert_eq!(runner.get("/metrics").await.status, 200);
        }
    };
    // Only after some work does the process have all the connections and buffers that it keeps.
    tokio::join!(load, scrapes);
    until_settled(&runner, 2_000).await;
    let (memory, handles) = resources(runner.id());
    let load = async {
        for part in 20..30 {
            stack.send(&stack.queue, &(0..100).map(|id| event(part * 100 + id, 1)).collect::<Vec<_>>()).await;
        }
    };
    let scrapes = async {
        for _ in 0..1_000 {
            assert_eq!(runner.get("/metrics").await.status, 200);
        }
    };
    tokio::join!(load, scrapes);
    until_settled(&runner, 3_000).await;
    let (memory_after, handles_after) = resources(runner.id());
    // A scrape that kept its text would keep 20 MB, one that kept its connection 1,000 handles.
    assert!(memory_after < memory + (12 << 20), "{memory} bytes, then {memory_after}");
    assert!(handles_after < handles + 30, "{handles} handles, then {handles_after}");
    assert_eq!(runner.stop()["stored"], json!(3_000));
}

#[tokio::test]
async fn events_are_the_status_each_second() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stack = ready(ONE_TABLE).await;
    let runner = listening(&stack, &[]);
    let mut stream = tokio::net::TcpStream::connect(&runner.address).await.expect("it listens");
    stream.write_all(b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
    let mut text = String::new();
    let reading = async {
        while text.matches("data: {").count() < 3 {
            let mut buffer = vec![0; 1 << 16];
            let count = stream.read(&mut buffer).await.expect("it goes on");
            assert!(count > 0, "the stream ended: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("an event each second");
    assert!(text.contains("text/event-stream"), "{text}");
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("an event");
    let status: Value = serde_json::from_str(data).expect("JSON");
    assert!(status["pipelines"]["e"]["state"].is_string(), "{status}");
    // An open stream does not keep the process from ending.
    runner.stop();
}

#[test]
fn dev_prints_its_address_first_and_answers_on_it() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_runner"));
    command.args(["dev", "--every", "50ms"]).current_dir(repository()).env_clear().stdin(std::process::Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let runner = Listening::start(command);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        runner.until(200, "running").await;
        until_at_least(3, "stored events", async || {
            runner.json("/status").await.1["pipelines"]["transactions"]["settled"]["stored"].as_i64().expect("a number")
        })
        .await;
        assert_eq!(runner.get("/live").await.status, 200);
        assert!(runner.get("/metrics").await.body.ends_with("# EOF\n"));
    });
    runner.terminate();
    let (code, _, log) = runner.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.lines().take(2).any(|line| line.contains("http://127.0.0.1:")), "{log}");
}
