//! Messages that the pipeline file drops: deleted, counted, never dead-lettered.

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::json;

use crate::stack::{Stack, shown};

const PIPELINE: &str = "pipelines/visits.yaml";

/// Of five visits one is skipped, one gives no rows by `when`, one none by `for_each`, one two rows and one is refused.
fn visit(number: u32) -> String {
    let pages = match number % 5 {
        0 => return format!(r#"{{"id":{number},"robot":true,"pages":"never looked at"}}"#),
        1 => r#"[{"path":"/","ms":0}]"#,
        2 => "[]",
        3 => r#"[{"path":"/","ms":5},{"path":"/a","ms":7},{"path":"/b","ms":0}]"#,
        _ => r#"[{"path":"/","ms":"long"}]"#,
    };
    format!(r#"{{"id":{number},"pages":{pages}}}"#)
}

async fn visits(suffix: &str, attributes: &[(Name, &str)]) -> Stack {
    let mut stack = Stack::without_queues().await;
    stack.queue.push_str(suffix);
    stack.dlq.push_str(suffix);
    stack.create_queues(attributes).await;
    stack.write("schemas/any.schema.json", "true");
    stack.write(
        PIPELINE,
        "source: { queue: '${SQS_QUEUE_NAME}', dlq: '${SQS_DLQ_QUEUE_NAME}' }\nschema: ../schemas/any.schema.json\n\
         skip: .robot\ntables:\n  pages:\n    for_each: .pages\n    when: .ms > 0\n    primary_key: [visit, path]\n    \
         columns:\n      visit: integer = $doc.id\n      path: text\n      ms: integer\n\
         producer:\n  templates:\n    - { inline: '{\"id\": {{seq}}, \"robot\": true}', weight: 1 }\n    \
         - { inline: '{\"id\": {{seq}}, \"pages\": [{\"path\": \"/\", \"ms\": 1}, {\"path\": \"/a\", \"ms\": 2}]}', weight: 2 }\n",
    );
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack
}

async fn settled(stack: &Stack) {
    let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    let counted =
        ["received", "stored", "skipped", "dead_lettered", "rows", "duplicates"].map(|name| summary[name].clone());
    assert_eq!(counted, [50, 10, 30, 10, 20, 0].map(|count| json!(count)), "{summary}");
    assert_eq!(stack.count("pages").await, 20);
    let letters = stack.drain(&stack.dlq).await;
    assert_eq!(letters.len(), 10);
    assert!(letters.iter().all(|letter| letter.body().unwrap().contains("long")));
    assert!(stack.drain(&stack.queue).await.is_empty(), "what is skipped is deleted");
}

#[tokio::test]
async fn skipped_messages_are_deleted_and_counted() {
    let stack = visits("", &[]).await;
    stack.send(&stack.queue, &(0..50).map(visit).collect::<Vec<_>>()).await;
    settled(&stack).await;
}

#[tokio::test]
async fn in_a_fifo_queue_too() {
    let stack = visits(".fifo", &[(Name::FifoQueue, "true")]).await;
    let url = stack.url(&stack.queue).await;
    for number in 0..50 {
        let request = stack.client.send_message().queue_url(&url).message_body(visit(number));
        let request = request.message_group_id(format!("g{}", number % 3)).message_deduplication_id(number.to_string());
        request.send().await.expect("it is sent");
    }
    settled(&stack).await;
}

#[tokio::test]
async fn dev_ends_when_every_event_is_stored_or_skipped() {
    let stack = visits("", &[]).await;
    let mut dev = stack.runner(&["dev", PIPELINE, "--count", "60", "--invalid", "0.1", "--format", "json"]);
    let output = dev.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().expect("it runs");
    assert!(output.status.success(), "{}", shown(&output));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object on stdout");
    let count = |name: &str| summary[name].as_u64().expect("a number");
    assert_eq!((count("produced"), count("received"), count("dead_lettered")), (60, 60, 6), "{summary}");
    assert_eq!(count("stored") + count("skipped"), 54, "{summary}");
    assert!(count("skipped") > 5 && count("rows") == 2 * count("stored"), "{summary}");
}
