//! `runner dev`: nothing prepared, nothing left.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::crash::terminate;
use crate::stack::{repository, shown};

fn dev(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    // No credentials, no region, no database: what a machine of a newcomer has.
    command.arg("dev").args(args).current_dir(repository()).env_clear().stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

#[test]
fn every_event_it_produces_is_settled() {
    for pipeline in ["pipelines/transactions.yaml", "pipelines/orders.yaml", "pipelines/readings.yaml"] {
        let output =
            dev(&[pipeline, "--count", "200", "--invalid", "0.1", "--format", "json"]).output().expect("it runs");
        assert!(output.status.success(), "{pipeline}\n{}", shown(&output));
        let summary: Value = serde_json::from_slice(&output.stdout).expect("one object on stdout");
        assert_eq!((&summary["produced"], &summary["received"]), (&json!(200), &json!(200)), "{summary}");
        assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(180), &json!(20)), "{summary}");
        assert_eq!(summary["duplicates"], json!(0), "{summary}");
        for figure in ["rate", "p50_ms", "p99_ms"] {
            assert!(summary[figure].is_number(), "{summary}");
        }
    }
}

#[test]
fn without_a_count_it_runs_until_ctrl_c_and_leaves_nothing() {
    let mut child = dev(&["--every", "50ms"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let database = lines.find(|line| line.contains("psql")).expect("it tells the database");
    let port: u16 = database
        .split_once("@127.0.0.1:")
        .and_then(|(_, rest)| rest.split_once('/')?.0.parse().ok())
        .expect("with its port");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(), "the database is there while it runs");
    lines.find(|line| line.contains(" stored")).expect("it tells what it does");
    terminate(&child);
    // Read on to the end, or the child could not write its last words.
    lines.for_each(drop);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("stored"), "{}", shown(&output));
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "the database is gone");
}

#[test]
fn kept_data_are_there_the_next_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let keep = folder.path().join("data");
    let keep = keep.to_str().expect("UTF-8");
    for _ in 0..2 {
        let output = dev(&["--count", "30", "--keep", keep, "--format", "json"]).output().expect("it runs");
        assert!(output.status.success(), "{}", shown(&output));
    }
    let mut child =
        dev(&["--every", "1h", "--keep", keep]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("psql '")).expect("it tells the database");
    let url = line.split('\'').nth(1).expect("a quoted URL").to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let count = runtime.block_on(async {
        let pool = sea_orm::sqlx::PgPool::connect(&url).await.expect("the database answers");
        // The first event of a run is sent at once.
        tokio::time::sleep(Duration::from_millis(300)).await;
        sea_orm::sqlx::query_scalar::<_, i64>("SELECT count(*) FROM events").fetch_one(&pool).await.expect("it counts")
    });
    terminate(&child);
    lines.for_each(drop);
    child.wait().expect("it ends");
    assert!((60..=61).contains(&count), "{count} events");
}
