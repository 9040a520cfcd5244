//! Sample events that need more than a JSON body: attributes, documents in strings, bodies that are no JSON.

use compiler::sample_metadata;
use pipeline::Pipeline;
use pipeline::message::{Delivery, Receipt};
use pipeline::producer::{Event, Events, Generator};
use serde_json::{Value, json};

use crate::stack::{Stack, attribute, shown};
use crate::tables::pipeline;

/// Events of the pipeline's own templates, a share of them broken.
fn events(pipeline: &Pipeline, invalid: &str) -> Vec<Event> {
    let decider = pipeline.decider().clone();
    let templates = pipeline.producer().expect("a producer").templates.clone();
    let mut events = Events::new(templates, Generator::seeded(3))
        .breaking(invalid.parse().unwrap(), move |body, attributes| {
            decider.accepts(body, &sample_metadata(attributes))
        });
    (0..40).map(|_| events.draw().unwrap()).collect()
}

fn is_stored(pipeline: &Pipeline, event: &Event) -> bool {
    let metadata = sample_metadata(&event.attributes);
    let delivery = Delivery { body: event.body.clone(), metadata, receipt: Receipt(String::new()) };
    pipeline.decider().decide(&delivery).is_ok_and(|rows| !rows.is_empty())
}

#[test]
fn every_envelope_is_stored_and_refused_once_broken() {
    let table = "tables:\n  t:\n    primary_key: [id]\n    columns:\n      id: numeric = .id | tonumber\n";
    for (unwrap, template) in [
        ("sns", r#"'{"Type": "Notification", "Message": "{{#json_string}}{"id": {{seq}}}{{/json_string}}"}'"#),
        ("'$raw | split(\",\") | {id: .[1]}'", "'{{random_string 4}}x,{{seq}}'"),
        ("$raw | fromjson", "'{\"id\": {{seq}}}'"),
        ("$raw | @base64d | fromjson", "'eyJpZCI6IDF9'"),
    ] {
        let text = format!("unwrap: {unwrap}\n{table}producer:\n  templates:\n    - inline: {template}\n");
        let pipeline = pipeline(&text);
        assert!(events(&pipeline, "0").iter().all(|event| is_stored(&pipeline, event)), "{unwrap}");
        for event in events(&pipeline, "1") {
            assert!(event.breakage.is_some() && !is_stored(&pipeline, &event), "{unwrap}: {}", event.body);
        }
    }
}

const PIPELINE: &str = "pipelines/kinds.yaml";

const FILE: &str = r#"
source: { queue: "${SQS_QUEUE_NAME}", dlq: "${SQS_DLQ_QUEUE_NAME}" }
schema: ../schemas/any.schema.json
tables:
  placed:
    when: $sqs.attributes.kind == "placed"
    primary_key: [id]
    columns:
      id: integer
      kind: text null = $sqs.attributes.kind
  closed:
    when: $sqs.attributes["kind"] == "closed"
    primary_key: [id]
    columns:
      id: integer
producer:
  templates:
    - { inline: '{"id": {{seq}}}', attributes: { kind: placed, source-of.it: "a b" }, weight: 2 }
    - { inline: '{"id": {{seq}}}', attributes: { kind: closed } }
"#;

async fn kinds() -> Stack {
    let stack = Stack::new().await;
    stack.write("schemas/any.schema.json", r#"{"required": ["id"], "properties": {"id": {"type": "integer"}}}"#);
    stack.write(PIPELINE, FILE);
    stack
}

#[tokio::test]
async fn attributes_travel_with_the_event() {
    let stack = kinds().await;
    stack.ends_with(0, &["validate-config", PIPELINE, "--deny-warnings"]);
    stack.ends_with(0, &["produce", PIPELINE, "--count", "50", "--seed", "1", "--rate", "max"]);
    let messages = stack.drain(&stack.queue).await;
    assert_eq!(messages.len(), 50);
    for message in &messages {
        let attributes = message.message_attributes().expect("attributes");
        match attribute(message, "kind") {
            "placed" => assert_eq!((attributes.len(), attribute(message, "source-of.it")), (2, "a b")),
            kind => assert_eq!((attributes.len(), kind), (1, "closed")),
        }
    }
}

#[tokio::test]
async fn a_dry_run_shows_attributes_beside_the_events() {
    let stack = kinds().await;
    let output = stack.ends_with(0, &["produce", PIPELINE, "--count", "5", "--seed", "1", "--dry-run"]);
    let lines: Vec<Value> = String::from_utf8(output.stdout.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.iter().map(|event| event["id"].clone()).collect::<Vec<_>>(), [1, 2, 3, 4, 5].map(|id| json!(id)));
    let printed = String::from_utf8_lossy(&output.stderr).matches("  attributes {\"kind\":\"").count();
    assert_eq!(printed, 5, "{}", shown(&output));
}

#[tokio::test]
async fn dev_tries_a_pipeline_that_tells_kinds_by_an_attribute() {
    let stack = kinds().await;
    let mut dev = stack.runner(&["dev", PIPELINE, "--count", "40", "--invalid", "0.1", "--format", "json"]);
    let output = dev.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().expect("it runs");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output)));
    let count = |name: &str| summary[name].as_u64().expect("a number");
    assert_eq!((count("stored"), count("rows"), count("dead_lettered"), count("skipped")), (36, 36, 4, 0), "{summary}");
}
