//! Dead letters of six kinds, and `runner dlq` as a user starts it, for the tests of it.

use std::collections::HashMap;
use std::process::Output;

use aws_sdk_sqs::types::{Message, SendMessageBatchRequestEntry};
use serde_json::{Value, json};

use crate::refusals::{event, ready, run};
use crate::stack::{Stack, shown};

pub(crate) const TABLE: &str = "  e: {primary_key: [id], columns: {id: bigint, k: bigint, s: smallint null}}\n";

/// What events have to keep to at first.
pub(crate) const STRICT: &str = r#"{"type": "object", "required": ["id", "k"], "properties": {
    "id": {"type": "integer"}, "k": {"type": "integer"},
    "items": {"type": "array", "items": {"properties": {"n": {"type": "integer"}}}}}}"#;

/// A command of `dlq`, without any setting of the database.
pub(crate) fn dlq(stack: &Stack, args: &[&str]) -> Output {
    let mut command = stack.runner(&["dlq"]);
    command.args(args);
    for name in ["DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT", "DB_NAME"] {
        command.env_remove(name);
    }
    command.output().expect("the binary starts")
}

/// The JSON object that a command prints, and which ends with this code.
pub(crate) fn dlq_json(stack: &Stack, code: i32, args: &[&str]) -> Value {
    let output = dlq(stack, &[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", shown(&output)))
}

/// An event of one of six kinds that are rejected.
pub(crate) fn rejected(number: u32) -> String {
    match number % 6 {
        0 => format!("broken {number}"),
        1 => json!({"id": number}).to_string(),
        2 => json!({"id": number, "k": "x"}).to_string(),
        3 => {
            let mut items = vec![json!({"n": 1}); number as usize / 6 % 3];
            items.push(json!({"n": "x"}));
            json!({"id": number, "k": 1, "items": items}).to_string()
        }
        4 => json!({"id": number, "k": 1, "s": 40_000}).to_string(),
        _ => event(number, 13),
    }
}

/// A stack with `count` letters of six kinds, which the pipeline itself dead-lettered, and one row.
pub(crate) async fn with_letters(count: u32) -> Stack {
    let stack = ready(TABLE).await;
    stack.write("schemas/e.schema.json", STRICT);
    stack.execute("ALTER TABLE e ADD CHECK (k <> 13)").await;
    stack.send(&stack.queue, &[event(1_000_000, 1)]).await;
    run(&stack).await;
    stack.send(&stack.queue, &(0..count).map(rejected).collect::<Vec<_>>()).await;
    let summary = run(&stack).await;
    assert_eq!(summary["dead_lettered"], json!(count), "{summary}");
    stack
}

/// Adds letters like those that are there, up to `count`: the pipeline itself would take long to reject so many.
pub(crate) async fn add_letters(stack: &Stack, count: u32) {
    let there = stack.drain(&stack.dlq).await;
    let mut of_kind: HashMap<u32, &Message> = HashMap::new();
    for letter in &there {
        let number = (0..60).find(|number| letter.body() == Some(&rejected(*number))).expect("one of the first");
        of_kind.insert(number % 6, letter);
    }
    let url = stack.url(&stack.dlq).await;
    for first in (0..count).step_by(10) {
        let mut entries = Vec::new();
        for number in first..count.min(first + 10) {
            let attributes = of_kind[&(number % 6)].message_attributes().cloned();
            let entry = SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(rejected(number));
            entries.push(entry.set_message_attributes(attributes).build().expect("complete"));
        }
        let request = stack.client.send_message_batch().queue_url(&url).set_entries(Some(entries));
        assert!(request.send().await.expect("the batch is sent").failed.is_empty());
    }
}

/// The parts of a kind that do not differ from run to run.
pub(crate) fn parts(kinds: &Value) -> Vec<Value> {
    let kinds = kinds.as_array().expect("a list").iter();
    let mut parts: Vec<_> = kinds
        .map(|kind| json!([kind["count"], kind["code"], kind["place"], kind["keyword"], kind["sqlstate"]]))
        .collect();
    parts.sort_by_key(Value::to_string);
    parts
}

/// A text in `n` is allowed now.
pub(crate) fn fix_the_schema(stack: &Stack) {
    stack.write("schemas/e.schema.json", &STRICT.replace(r#""n": {"type": "integer"}"#, r#""n": true"#));
}
