//! What others wrote reaches no terminal as it is, and bodies reach no log: names in a database, texts in files, messages.

use std::process::Output;

use serde_json::Value;

use crate::refusals::{ONE_TABLE, PIPELINE, event, ready};
use crate::stack::{Stack, shown};

/// A colour, a change of direction, a control character of two bytes, and a line of its own.
const NAME: &str = "x\u{1b}[31m\u{202e}\u{9b}\u{7}y";

fn is_safe(what: &[&str], output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        let unsafe_ones: Vec<char> =
            text.chars().filter(|c| pipeline::escape::is_unsafe(*c) && !matches!(c, '\n' | '\t')).collect();
        assert!(unsafe_ones.is_empty(), "{what:?}: {unsafe_ones:?} in {text:?}");
    }
}

/// Runs a command as text and, where it has a result, as JSON. What it prints as text.
fn printed(stack: &Stack, args: &[&str], with_json: bool) -> String {
    let output = stack.runner(args).output().expect("the binary starts");
    is_safe(args, &output);
    if with_json {
        let args = [args, &["--format", "json"]].concat();
        let output = stack.runner(&args).env("LOG_FORMAT", "json").output().expect("the binary starts");
        is_safe(&args, &output);
        if !output.stdout.is_empty() {
            serde_json::from_slice::<Value>(&output.stdout)
                .unwrap_or_else(|error| panic!("{error}\n{}", shown(&output)));
        }
    }
    shown(&output)
}

#[tokio::test]
async fn names_of_a_database_give_no_commands() {
    const SHOWN: &str = r"\u{1b}[31m";
    let stack = ready(ONE_TABLE).await;
    stack.execute(&format!("ALTER TABLE e ADD COLUMN \"{NAME}\" int NOT NULL; COMMENT ON TABLE e IS '{NAME}'")).await;
    for (args, with_json) in [
        (&["run", PIPELINE, "--until-empty", "--start-timeout", "0s"][..], true),
        (&["validate-config", PIPELINE, "--connect"], true),
        (&["migrate", "plan", PIPELINE], true),
        (&["migrate", "up", PIPELINE], true),
        (&["migrate", "status", PIPELINE], true),
    ] {
        let text = printed(&stack, args, with_json);
        assert!(text.contains(SHOWN) || text.contains('␛'), "{args:?}\n{text}");
    }
    // The name of a database that is not there is in the server's own text.
    let mut command = stack.runner(&["migrate", "plan", PIPELINE]);
    let output = command.env("DB_NAME", "x\u{1b}[31m\u{202e}y").output().expect("the binary starts");
    is_safe(&["another database"], &output);
    assert!(shown(&output).contains(SHOWN), "{}", shown(&output));
}

#[tokio::test]
async fn texts_in_files_give_no_commands() {
    let stack = ready(ONE_TABLE).await;
    let body = serde_json::json!({"id": NAME, "k": 1, NAME: NAME}).to_string();
    stack.write("body.json", &body);
    stack.write("pipelines/e.test.yaml", &format!("- {{name: {body}, body: {body}, rows: {{e: [{{id: {body}}}]}}}}\n"));
    printed(&stack, &["explain", PIPELINE, "--message", "body.json"], true);
    printed(&stack, &["test", PIPELINE], true);
    printed(&stack, &["new", "n", "--from-sample", "body.json"], true);
    for source in [
        format!("source: {{queue: {body}, dlq: b}}\n"),
        format!(
            "source: {{queue: \"https://h{}/1/q\", dlq: b}}\n",
            NAME.escape_unicode().to_string().replace(['{', '}'], "")
        ),
        format!("source: {{queue: a, dlq: b, {NAME:?}: 1}}\n"),
        format!("source: {{queue: a, dlq: b}} # {NAME}\n{NAME}: 1\n"),
    ] {
        let path = format!("pipelines/{NAME}.yaml");
        stack.write(&path, &format!("{source}schema: ../schemas/{NAME}.json\ntables:\n{ONE_TABLE}"));
        printed(&stack, &["validate-config", &path], true);
        printed(&stack, &["run", &path, "--start-timeout", "0s", "--until-empty"], true);
    }
}

/// Everything that our own code logs, at the finest level, while messages are stored, refused, rejected and redriven.
#[tokio::test]
async fn no_log_shows_a_body() {
    const MARKER: &str = "hunter2";
    let table = "  e: {primary_key: [id], columns: {id: bigint, k: bigint, t: text null}}\n";
    let stack = ready(table).await;
    stack.execute("ALTER TABLE e ADD CHECK (k < 9)").await;
    let with_marker = |id: u32, k: u32| format!(r#"{{"id": {id}, "k": {k}, "t": "{MARKER}"}}"#);
    let bodies = [with_marker(1, 1), with_marker(2, 9), format!("not JSON {MARKER}"), event(3, 1)];
    stack.send(&stack.queue, &bodies).await;
    let filter = "runner=trace,engine=trace,pipeline=trace,compiler=trace,migration=trace,jq=trace,schema=trace";
    let mut logs = String::new();
    for args in [
        &["validate-config", PIPELINE, "--connect"][..],
        &["migrate", "up", PIPELINE],
        &["run", PIPELINE, "--until-empty"],
        &["dlq", "list", PIPELINE],
        &["dlq", "redrive", PIPELINE],
        &["dlq", "purge", PIPELINE, "--where", "true", "--yes"],
    ] {
        let output = stack.runner(args).env("RUST_LOG", filter).output().expect("the binary starts");
        logs = format!("{logs}\n{args:?}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(stack.count(&format!("e WHERE t = '{MARKER}'")).await, 1);
    assert!(logs.contains("dead-lettered the first message of this kind"), "{logs}");
    assert!(!logs.contains(MARKER), "{logs}");
}
