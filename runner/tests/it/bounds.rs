//! What costs too much: memory, time and calls stay within bounds, and neighbours don't notice.

use std::process::Stdio;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use devstack::sqs::{Operation, Sqs, SqsOptions};
use serde_json::{Value, json};

use crate::refusals::{ONE_TABLE, PIPELINE, ready, start, stop, with_tables};
use crate::stack::{Stack, attribute, shown};

/// The most memory that a process may have used, whatever its messages are.
const MOST_KIB: u64 = 256 << 10;

/// The most memory that a process has used so far; `None` once it has ended.
fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Runs a command to its end: its exit code, its output, and the most memory that it used.
async fn measured(stack: &Stack, args: &[&str]) -> (Option<i32>, String, u64) {
    let mut command = tokio::process::Command::from(stack.runner(args));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().expect("the binary starts");
    let process = child.id().expect("it runs");
    let mut ended = std::pin::pin!(tokio::time::timeout(Duration::from_mins(5), child.wait_with_output()));
    let mut peak = 0;
    let output = loop {
        tokio::select! {
            output = &mut ended => break output.expect("it ends soon").expect("its output"),
            () = tokio::time::sleep(Duration::from_millis(2)) => peak = peak_kib(process).unwrap_or(0).max(peak),
        }
    };
    assert!(peak > 0, "the process was measured\n{}", shown(&output));
    (output.status.code(), shown(&output), peak)
}

/// Runs until the queue is empty; its summary.
async fn run_within_memory(stack: &Stack) -> Value {
    let (code, shown, peak) = measured(stack, &["run", PIPELINE, "--until-empty", "--format", "json"]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(peak < MOST_KIB, "{peak} KiB\n{shown}");
    let summary = shown.lines().find(|line| line.starts_with('{')).expect("a summary");
    serde_json::from_str(summary).expect("JSON")
}

/// On a busy machine a message may be in flight for long, and is to be delivered once.
const PATIENT: &[(Name, &str)] = &[(Name::VisibilityTimeout, "600")];

/// Each of the 200 rows of a message has its 20 KB: 400 MB in all.
#[tokio::test]
async fn rows_that_repeat_their_document_wait_for_room() {
    let table = "  e: {for_each: .items, columns: {id: bigint = ., document: text = $doc.text}}\n";
    let stack = with_tables(Stack::without_queues().await, table, PATIENT).await;
    // The rows travel to the server, and are not kept there.
    let skip = "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
                CREATE TRIGGER t BEFORE INSERT ON e FOR EACH ROW EXECUTE FUNCTION skip()";
    stack.execute(skip).await;
    let items: Vec<u32> = (0..200).collect();
    let body = json!({"items": items, "text": "x".repeat(18_000)}).to_string();
    stack.send(&stack.queue, &vec![body; 100]).await;
    let summary = run_within_memory(&stack).await;
    assert_eq!((&summary["stored"], &summary["rows"]), (&json!(100), &json!(20_000)), "{summary}");
}

#[tokio::test]
async fn large_bodies_wait_for_room() {
    let table = "  e: {primary_key: [id], columns: {id: bigint, text: text}}\n";
    let stack = with_tables(Stack::without_queues().await, table, PATIENT).await;
    let url = stack.url(&stack.queue).await;
    for id in 0..141 {
        let body = json!({"id": id, "text": "x".repeat(900_000)}).to_string();
        stack.client.send_message().queue_url(&url).message_body(body).send().await.expect("the message is sent");
    }
    let summary = run_within_memory(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(141), &json!(0)), "{summary}");
}

/// A message that is larger than all the bytes that may be in memory is not stuck, and neither are those around it.
#[tokio::test]
async fn a_message_larger_than_the_budget_passes_alone() {
    let stack = ready("  e: {primary_key: [id], columns: {id: bigint, text: text}}\n").await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write(PIPELINE, &file.replace("schema:", "  in_flight_bytes: 1048576\nschema:"));
    let text = |id: usize| "x".repeat(if id % 10 == 5 { 1_040_000 } else { 10 });
    let url = stack.url(&stack.queue).await;
    for id in 0..30 {
        let body = json!({"id": id, "text": text(id)}).to_string();
        stack.client.send_message().queue_url(&url).message_body(body).send().await.expect("the message is sent");
    }
    let summary = run_within_memory(&stack).await;
    assert_eq!(&summary["stored"], &json!(30), "{summary}");
}

/// A tree of conditions, as rule engines have them.
const TREE: &str = r##"{"type": "object", "required": ["id", "filter"],
  "properties": {"id": {"type": "integer"}, "filter": {"$ref": "#/$defs/node"}},
  "$defs": {"node": {"oneOf": [
    {"type": "object", "required": ["op", "args"],
     "properties": {"op": {"const": "and"}, "args": {"type": "array", "items": {"$ref": "#/$defs/node"}}}},
    {"type": "object", "required": ["op", "args"],
     "properties": {"op": {"const": "or"}, "args": {"type": "array", "items": {"$ref": "#/$defs/node"}}}},
    {"type": "object", "required": ["op", "args"],
     "properties": {"op": {"const": "not"}, "args": {"type": "array", "items": {"$ref": "#/$defs/node"}}}},
    {"type": "object", "required": ["field"], "properties": {"field": {"type": "string"}}}]}}}"##;

/// The field of the leaf is a number, so no branch of any level takes the tree.
fn wrong_tree(id: u32, levels: usize) -> String {
    let (open, close) = (r#"{"op":"and","args":["#.repeat(levels), "]}".repeat(levels));
    format!(r#"{{"id":{id},"filter":{open}{{"field":1}}{close}}}"#)
}

#[tokio::test]
async fn nested_alternatives_are_rejected_and_the_neighbours_stored() {
    let stack = ready("  e: {primary_key: [id], columns: {id: bigint}}\n").await;
    stack.write("schemas/e.schema.json", TREE);
    let mut bodies = Vec::new();
    for id in 0..50 {
        bodies.push(format!(r#"{{"id":{id},"filter":{{"field":"a"}}}}"#));
    }
    let (shorter, longer) = (wrong_tree(100, 12), wrong_tree(101, 13));
    assert!(shorter.len() <= 306 && longer.len() <= 331, "{} {}", shorter.len(), longer.len());
    bodies.extend([shorter, longer, wrong_tree(102, 60)]);
    stack.send(&stack.queue, &bodies).await;
    let summary = run_within_memory(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(50), &json!(3)), "{summary}");
    for letter in stack.drain(&stack.dlq).await {
        // It certainly violates the schema; only the explanation would cost too much.
        assert_eq!(attribute(&letter, "runner.code"), "schema");
    }
    // `test` and `explain` read such a document, too.
    stack.write(
        "pipelines/e.test.yaml",
        &format!("- name: deep\n  body: '{}'\n  rejected: {{ code: schema }}\n", wrong_tree(1, 13)),
    );
    let (code, shown, peak) = measured(&stack, &["test", PIPELINE]).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(peak < MOST_KIB, "{peak} KiB\n{shown}");
}

#[tokio::test]
async fn a_pattern_that_backtracks_is_rejected_by_its_budget() {
    let stack = ready("  e: {primary_key: [id], columns: {id: bigint}}\n").await;
    stack.write("schemas/e.schema.json", r#"{"properties": {"s": {"pattern": "(?<!x)(a*)*b"}}}"#);
    let with = |id: u32, text: &str| json!({"id": id, "s": text}).to_string();
    let bodies = [with(1, "aab"), with(2, &"a".repeat(120_000)), with(3, "xb"), with(4, "b")];
    stack.send(&stack.queue, &bodies).await;
    let summary = run_within_memory(&stack).await;
    let letters = stack.drain(&stack.dlq).await;
    let mut codes = Vec::new();
    for letter in &letters {
        let body: Value = serde_json::from_str(letter.body().expect("a body")).expect("JSON");
        codes.push((body["id"].as_u64(), attribute(letter, "runner.code").to_owned()));
    }
    codes.sort();
    assert_eq!(codes, [(Some(2), "budget".to_owned()), (Some(3), "schema".to_owned())], "{summary}");
    assert_eq!(&summary["stored"], &json!(2), "{summary}");
}

#[tokio::test]
async fn a_template_that_includes_itself_is_an_error_with_its_place() {
    let stack = ready(ONE_TABLE).await;
    let template = r#"{{#*inline "a"}}{"id": 1, "k": {{> a}}}{{/inline}}{{> a}}"#;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write(PIPELINE, &format!("{file}producer: {{ templates: [{{ inline: '{template}' }}] }}\n"));
    for args in [&["produce", PIPELINE, "--count", "1"][..], &["validate-config", PIPELINE]] {
        let (code, shown, peak) = measured(&stack, args).await;
        assert_eq!(code, Some(78), "{shown}");
        assert!(shown.contains("E0122") && shown.contains("includes itself"), "{shown}");
        assert!(peak < MOST_KIB, "{peak} KiB\n{shown}");
    }
}

/// Calls that do not wait at the queue would otherwise follow each other as fast as the network allows.
#[tokio::test]
async fn an_idle_queue_costs_a_few_calls_a_second() {
    let sqs = Sqs::start(SqsOptions::default()).expect("the queue service starts");
    let stack = with_tables(Stack::on(sqs.endpoint()).await, ONE_TABLE, &[]).await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write(PIPELINE, &file.replace("schema:", "  wait: 0s\nschema:"));
    let runner = start(&stack);
    let calls = || sqs.call_counts().of(Operation::ReceiveMessage).calls;
    let receives = async {
        while calls() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), receives).await.expect("it receives");
    sqs.call_counts().reset();
    let began = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (calls, seconds) = (calls(), began.elapsed().as_secs() + 1);
    assert!((1..=4 * seconds).contains(&calls), "{calls} calls in {seconds} s");
    stop(runner).await;
}

/// More messages in flight than can be renewed are refused, in the file and with the queue's own timeout.
#[tokio::test]
async fn a_visibility_timeout_that_is_too_short_is_refused_with_the_formula() {
    let stack = with_tables(Stack::without_queues().await, ONE_TABLE, &[(Name::VisibilityTimeout, "9")]).await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    let formula = "2 * 50000 / 10 / 1000 = 10 s";
    for (settings, refused) in [
        ("  in_flight: 50000\n  visibility: 9s\n", ["validate-config", PIPELINE].as_slice()),
        ("  in_flight: 50000\n", &["run", PIPELINE, "--until-empty"]),
    ] {
        stack.write(PIPELINE, &file.replace("schema:", &format!("{settings}schema:")));
        let output = stack.ends_with(78, refused);
        assert!(String::from_utf8_lossy(&output.stderr).contains(formula), "{}", shown(&output));
    }
    let works = "  in_flight: 50000\n  visibility: 10s\n";
    stack.write(PIPELINE, &file.replace("schema:", &format!("{works}schema:")));
    stack.ends_with(0, &["validate-config", PIPELINE]);
    stack.ends_with(0, &["run", PIPELINE, "--until-empty"]);
}
