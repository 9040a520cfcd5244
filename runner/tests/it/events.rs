//! The loop as a user has it: migrate, send, run, look.

use serde_json::{Value, json};

use crate::stack::{Stack, attribute, transaction};

const PIPELINE: &str = "pipelines/transactions.yaml";

#[tokio::test]
async fn valid_events_become_rows_and_invalid_ones_dead_letters_byte_for_byte() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", "up", PIPELINE]);
    let valid: Vec<_> = (0..50).map(transaction).collect();
    let invalid = [
        ("{\"event_id\": ".to_owned(), "not_json", None),
        (transaction(900).replace("client-4", ""), "schema", Some("/client_id")),
        (transaction(901).replace("2026-01-02T03:04:05.678Z", "now"), "schema", Some("/timestamp")),
        (transaction(902).replace("00000000-0000-4000-8000-", "no-uuid-"), "schema", Some("/event_id")),
        ("  [1, 2,\t3]  ".to_owned(), "schema", Some("")),
    ];
    stack.send(&stack.queue, &valid).await;
    stack.send(&stack.queue, &invalid.iter().map(|(body, ..)| body.clone()).collect::<Vec<_>>()).await;

    let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    assert_eq!(summary["received"], json!(55), "{summary}");
    assert_eq!(summary["stored"], json!(50), "{summary}");
    assert_eq!(summary["dead_lettered"], json!(5), "{summary}");
    assert_eq!(summary["duplicates"], json!(0), "{summary}");

    let rows =
        stack.rows("SELECT event_id, client_id, event_type, timestamp, payload FROM events ORDER BY event_id").await;
    let expected: Vec<_> = valid.iter().map(|body| row_of(body)).collect();
    assert_eq!(rows, expected);
    assert_eq!(stack.scalar("SELECT count(*) FROM events WHERE payload::text LIKE '%1964.90%'").await, 50);

    let letters = stack.drain(&stack.dlq).await;
    assert_eq!(letters.len(), invalid.len());
    for (body, code, path) in &invalid {
        let letter =
            letters.iter().find(|letter| letter.body() == Some(body)).unwrap_or_else(|| panic!("no letter for {body}"));
        assert_eq!(attribute(letter, "runner.code"), *code, "{body}");
        let reason: Value = serde_json::from_str(attribute(letter, "runner.reason")).unwrap();
        assert_eq!(reason.get("instance_path").and_then(Value::as_str), *path, "{reason}");
        assert_eq!(reason["pipeline"], json!("transactions"));
    }
    assert!(stack.drain(&stack.queue).await.is_empty(), "everything is settled");
}

fn row_of(body: &str) -> Value {
    let mut row: Value = serde_json::from_str(body).unwrap();
    row["timestamp"] = json!("2026-01-02T03:04:05.678+00:00");
    row
}

#[tokio::test]
async fn a_redelivery_is_a_duplicate_and_stores_nothing() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let events: Vec<_> = (0..20).map(transaction).collect();
    for duplicates in [0, 20] {
        stack.send(&stack.queue, &events).await;
        let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
        assert_eq!(summary["duplicates"], json!(duplicates), "{summary}");
    }
    assert_eq!(stack.count("events").await, 20);
}

#[tokio::test]
async fn a_row_that_postgresql_refuses_is_dead_lettered_alone() {
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack.execute("ALTER TABLE events ADD CHECK (client_id <> 'client-3')").await;
    stack.send(&stack.queue, &(0..70).map(transaction).collect::<Vec<_>>()).await;
    let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    assert_eq!(summary["stored"], json!(60), "{summary}");
    assert_eq!(summary["dead_lettered"], json!(10), "{summary}");
    for letter in stack.drain(&stack.dlq).await {
        assert_eq!(attribute(&letter, "runner.code"), "constraint");
        let reason: Value = serde_json::from_str(attribute(&letter, "runner.reason")).unwrap();
        assert_eq!(reason["sqlstate"], json!("23514"), "{reason}");
        assert!(letter.body().unwrap().contains("client-3"));
    }
}

#[tokio::test]
async fn the_senders_attributes_travel_with_the_dead_letter() {
    use aws_sdk_sqs::primitives::Blob;
    use aws_sdk_sqs::types::MessageAttributeValue as Value;
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let text = Value::builder().data_type("Number.int").string_value("42").build().unwrap();
    let binary = Value::builder().data_type("Binary").binary_value(Blob::new([0, 255, 7])).build().unwrap();
    let request = stack.client.send_message().queue_url(stack.url(&stack.queue).await).message_body("nonsense");
    request.message_attributes("n", text.clone()).message_attributes("b", binary.clone()).send().await.unwrap();
    stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    let letters = stack.drain(&stack.dlq).await;
    let attributes = letters[0].message_attributes().unwrap();
    assert_eq!((&attributes["n"], &attributes["b"]), (&text, &binary));
    assert_eq!(attribute(&letters[0], "runner.code"), "not_json");
}

#[tokio::test]
async fn a_new_event_type_is_two_files_and_two_commands() {
    let stack = Stack::new().await;
    stack.write("schemas/ping.schema.yaml", "type: object\nrequired: [id]\nproperties:\n  id: { type: integer }\n");
    stack.write(
        "pipelines/pings.yaml",
        "source: { queue: \"${SQS_QUEUE_NAME}\", dlq: \"${SQS_DLQ_QUEUE_NAME}\" }\nschema: ../schemas/ping.schema.yaml\n\
         tables:\n  pings:\n    primary_key: [id]\n    columns:\n      id: numeric\n      seen: timestamptz = $sqs.received_at\n",
    );
    stack.ends_with(0, &["migrate", "pipelines/pings.yaml"]);
    let bodies: Vec<_> = (0..5).map(|id| format!("{{\"id\": {id}}}")).collect();
    stack.send(&stack.queue, &bodies).await;
    stack.ends_with(0, &["run", "pipelines/pings.yaml", "--until-empty"]);
    assert_eq!(stack.count("pings").await, 5);
}

#[tokio::test]
async fn many_pipelines_drain_each_to_its_end() {
    let stack = Stack::new().await;
    let other = Stack::new().await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).unwrap();
    let file = file.replace("${SQS_QUEUE_NAME:-transactions}", &other.queue);
    let file = file.replace("${SQS_DLQ_QUEUE_NAME:-transactions-dlq}", &other.dlq).replace("  events:", "  others:");
    stack.write("pipelines/others.yaml", &file);
    let files = [PIPELINE, "pipelines/others.yaml"];
    stack.ends_with(0, &["migrate", files[0], files[1]]);
    // One queue is empty at once, the other is not for long.
    stack.send(&other.queue, &(0..3000).map(transaction).collect::<Vec<_>>()).await;
    let summary = stack.json(&["run", files[0], files[1], "--until-empty", "--format", "json"]);
    assert_eq!(summary["pipelines"]["others"]["stored"], json!(3000), "{summary}");
    assert_eq!(summary["pipelines"]["transactions"]["received"], json!(0), "{summary}");
    assert_eq!(stack.count("others").await, 3000);
}

/// The body fits the queue, but not the dead-letter queue: it stays, and nobody else pays for it.
#[tokio::test]
async fn a_message_that_the_dead_letter_queue_refuses_stays_in_the_queue() {
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let stack = Stack::new().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let dlq = stack.url(&stack.dlq).await;
    let limit = stack.client.set_queue_attributes().queue_url(dlq);
    limit.attributes(Name::MaximumMessageSize, "2048").send().await.unwrap();
    let mut bodies: Vec<_> = (0..9).map(|number| format!("broken {number}")).collect();
    bodies.push("x".repeat(4000));
    stack.send(&stack.queue, &bodies).await;
    let mut runner = stack.runner(&["run", PIPELINE]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut letters = Vec::new();
    for _ in 0..200 {
        letters.extend(stack.drain(&stack.dlq).await);
        if letters.len() >= 9 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    crate::crash::terminate(&runner);
    assert!(tokio::task::spawn_blocking(move || runner.wait()).await.unwrap().unwrap().success());
    assert_eq!(letters.len(), 9);
    let request = stack.client.get_queue_attributes().queue_url(stack.url(&stack.queue).await);
    let attributes = request.attribute_names(Name::All).send().await.unwrap().attributes.unwrap();
    let left = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let left: u32 = left.iter().map(|name| attributes[&Name::from(*name)].parse::<u32>().unwrap()).sum();
    assert_eq!(left, 1);
}
