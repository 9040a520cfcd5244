//! `runner dev`: nothing prepared, nothing left.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::crash::terminate;
use crate::stack::{copy, repository, shown};

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

#[test]
fn it_says_where_everything_is_and_why_it_rejects() {
    let output = dev(&["--count", "100", "--invalid", "0.3"]).output().expect("it runs");
    assert!(output.status.success(), "{}", shown(&output));
    let log = String::from_utf8_lossy(&output.stderr);
    let mut rest = &*log;
    for wanted in [
        "page        http://127.0.0.1:",
        "queue       transactions, dead letters in transactions-dlq",
        "tables      events",
        "psql '",
    ] {
        rest = rest.split_once(wanted).unwrap_or_else(|| panic!("no {wanted:?} in its place\n{log}")).1;
    }
    let rejected: Vec<_> = rest.lines().filter_map(|line| line.strip_prefix("  rejected    ")).collect();
    let kinds: HashSet<_> = rejected.iter().map(|line| line.split_once(": ").expect("a kind and a reason").0).collect();
    assert_eq!(kinds.len(), rejected.len(), "each kind once\n{log}");
    assert!(kinds.contains("not_json") && kinds.iter().any(|kind| kind.starts_with("schema ")), "{log}");
    assert!(!log.contains("WARN") && !log.contains('\u{1b}'), "nothing twice, nothing for a terminal\n{log}");
    assert!(!log.contains("Enter"), "a program does not press a key\n{log}");
}

#[test]
fn in_a_folder_without_pipelines_it_runs_an_example() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = dev(&["--count", "20", "--format", "json"]).current_dir(folder.path()).output().expect("it runs");
    assert!(output.status.success(), "{}", shown(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one object on stdout");
    assert_eq!(summary["stored"], json!(20), "{summary}");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("built-in example") && log.contains("runner new NAME --from-sample FILE"), "{log}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the folder is as it was");
}

#[test]
fn the_only_pipeline_of_the_folder_needs_no_name() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&repository().join("schemas"), &folder.path().join("schemas"));
    let pipelines = folder.path().join("pipelines");
    std::fs::create_dir(&pipelines).expect("a folder");
    let readings = repository().join("pipelines");
    for name in ["readings.yaml", "reading.json.hbs"] {
        std::fs::copy(readings.join(name), pipelines.join(name)).expect("a copy");
    }
    let run = || dev(&["--count", "5", "--format", "json"]).current_dir(folder.path()).output().expect("it runs");
    let output = run();
    assert!(output.status.success(), "{}", shown(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one object on stdout");
    assert!(summary["pipelines"]["readings"].is_object(), "{summary}");

    std::fs::copy(readings.join("orders.yaml"), pipelines.join("orders.yaml")).expect("a copy");
    std::fs::copy(readings.join("order_placed.json.hbs"), pipelines.join("order_placed.json.hbs")).expect("a copy");
    std::fs::copy(readings.join("order_cancelled.json.hbs"), pipelines.join("order_cancelled.json.hbs"))
        .expect("a copy");
    let output = run();
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("name one pipeline file"), "{}", shown(&output));
}

/// On a terminal, which util-linux's `script` makes, nothing goes away before a person has seen it.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_it_stays_until_enter() {
    use std::io::{Read, Write};

    let command = format!("exec {} dev --count 20 --invalid 0.2", env!("CARGO_BIN_EXE_runner"));
    let mut script = Command::new("script");
    script.args(["-qefc", &command, "/dev/null"]).current_dir(repository()).env_clear().env("TERM", "xterm");
    script.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let mut terminal = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("util-linux is installed");
    let mut keyboard = terminal.stdin.take().expect("a pipe");
    let mut screen = terminal.stdout.take().expect("a pipe");
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    let mut pressed = false;
    while let Ok(count @ 1..) = screen.read(&mut bytes) {
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        let after_the_end = text.split_once("Enter or Ctrl-C").map_or("", |(_, rest)| rest);
        if !pressed && after_the_end.contains(" received, ") {
            let address =
                text.split_once("page        http://").and_then(|(_, rest)| rest.split_once('/')).expect("a page").0;
            assert!(std::net::TcpStream::connect(address).is_ok(), "the page is there");
            keyboard.write_all(b"\n").expect("a key");
            pressed = true;
        }
    }
    assert!(terminal.wait().expect("it ends").success(), "{text}");
    assert!(pressed, "{text}");
    assert_eq!(text.matches(" produced, ").count(), 1, "one summary\n{text}");
    assert!(text.contains("\u{1b}[2K"), "drawn in place\n{text}");
}
