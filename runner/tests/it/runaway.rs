//! Expressions that have no end for some messages: those are dead-lettered, and nobody else pays for it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::{Stack, attribute};

const PIPELINE: &str = "pipelines/loops.yaml";

/// The message decides what runs away, so nothing can show it before.
const FILE: &str = r#"
source: { queue: "${SQS_QUEUE_NAME}", dlq: "${SQS_DLQ_QUEUE_NAME}" }
schema: ../schemas/any.schema.json
tables:
  loops:
    primary_key: [id]
    columns:
      id: integer
      spun: integer = .n | last(range(. // 1))
      grown: integer = .times as $t | reduce range($t // 1) as $i ("x"; . + .) | length
      nested: integer = .depth as $d | reduce range($d // 1) as $i (0; [.]) | [..] | length
      matched: boolean = .pattern as $p | "a" * 3000 | test($p // "b")
      unzipped: text null = .zip | gunzip
"#;

#[tokio::test]
async fn messages_that_run_away_are_rejected_and_all_others_stored() {
    let stack = Stack::new().await;
    stack.write("schemas/any.schema.json", "true");
    stack.write(PIPELINE, FILE);
    stack.ends_with(0, &["migrate", PIPELINE]);
    let mut bodies: Vec<_> = (0..500).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    let runaways = [
        (r#""n":1e15"#, "1,000,000 steps"),
        (r#""n":1000000000000"#, "1,000,000 steps"),
        (r#""times":60"#, "64 MiB"),
        (r#""depth":100000"#, "nested too deep"),
        (r#""pattern":"((a{500}){500}){500}""#, "1,000,000 steps"),
        (r#""zip":"AAAA""#, "not gzip"),
    ];
    for (index, (field, _)) in runaways.iter().enumerate() {
        bodies.insert(index * 80, format!(r#"{{"id":{},{field}}}"#, 1000 + index));
    }
    stack.send(&stack.queue, &bodies).await;

    let start = Instant::now();
    let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(500), &json!(runaways.len())), "{summary}");
    assert_eq!(stack.count("loops").await, 500);

    let letters = stack.drain(&stack.dlq).await;
    assert_eq!(letters.len(), runaways.len());
    for (field, expected) in runaways {
        let letter = letters.iter().find(|letter| letter.body().unwrap().contains(field)).expect(field);
        // Not gzip is an ordinary failure.
        let code = if field.contains("zip") { "mapping" } else { "budget" };
        assert_eq!(attribute(letter, "runner.code"), code, "{field}");
        let reason: Value = serde_json::from_str(attribute(letter, "runner.reason")).unwrap();
        assert!(reason["message"].as_str().unwrap().contains(expected), "{field}: {reason}");
    }
}
