//! `runner dlq redrive`: decides first, sends what passes, loses nothing.

use std::collections::HashSet;
use std::process::{Child, Stdio};
use std::time::Duration;

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName as System, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue, QueueAttributeName as Name,
};
use serde_json::{Value, json};

use crate::dlq::{STRICT, TABLE, add_letters, dlq_json, parts, with_letters};
use crate::refusals::{PIPELINE, event, ready, run, with_tables};
use crate::setups::{until_at_least, with_fifo_names};
use crate::stack::{Stack, attribute, shown};

/// A text in `n` is allowed now.
fn fix_the_schema(stack: &Stack) {
    stack.write("schemas/e.schema.json", &STRICT.replace(r#""n": {"type": "integer"}"#, r#""n": true"#));
}

fn start(stack: &Stack, args: &[&str]) -> Child {
    let mut command = stack.runner(&["dlq", "redrive", PIPELINE, "--format", "json"]);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// How many messages a queue has, visible or not.
async fn messages(stack: &Stack, queue: &str) -> i64 {
    let names = vec![Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
    let request = stack.client.get_queue_attributes().queue_url(stack.url(queue).await);
    let answer = request.set_attribute_names(Some(names)).send().await.expect("it answers");
    answer.attributes.expect("attributes").values().map(|text| text.parse::<i64>().expect("a number")).sum()
}

async fn until_sent(stack: &Stack, least: i64) {
    until_at_least(least, "sent", async || messages(stack, &stack.queue).await).await;
}

/// Receives so many messages, with everything that SQS reports of them. Another server may have handed some to a long poll
/// of a runner that has ended: then they come back.
async fn received(stack: &Stack, queue: &str, count: usize) -> Vec<Message> {
    let url = stack.url(queue).await;
    let mut all = Vec::new();
    for _ in 0..120 {
        let request = stack.client.receive_message().queue_url(&url).max_number_of_messages(10);
        let request = request.message_attribute_names("All").message_system_attribute_names(System::All);
        let messages = request.wait_time_seconds(1).send().await.expect("it answers").messages.unwrap_or_default();
        for message in &messages {
            let receipt = message.receipt_handle().expect("a receipt");
            stack.client.delete_message().queue_url(&url).receipt_handle(receipt).send().await.expect("it is deleted");
        }
        all.extend(messages);
        if all.len() >= count {
            break;
        }
    }
    assert_eq!(all.len(), count, "{all:?}");
    all
}

fn system<'m>(message: &'m Message, name: &System) -> Option<&'m str> {
    message.attributes()?.get(name).map(String::as_str)
}

/// Some thousand letters of six kinds; afterwards each one is a row or still a letter.
#[tokio::test]
async fn redrive_does_what_its_dry_run_counts() {
    let stack = with_letters(60).await;
    add_letters(&stack, 2400).await;
    let listing = dlq_json(&stack, 0, &["list", PIPELINE]);
    assert_eq!((&listing["seen"], parts(&listing["kinds"]).len()), (&json!(2400), 6), "{listing:#}");
    fix_the_schema(&stack);
    stack.execute("ALTER TABLE e DROP CONSTRAINT e_k_check").await;
    let dry = dlq_json(&stack, 0, &["redrive", PIPELINE, "--dry-run"]);
    assert_eq!((&dry["would_pass"], &dry["still_failing"], &dry["sent"]), (&json!(800), &json!(1600), &json!(0)));
    let expected = json!([
        [400, "cast", "e.s", null, null],
        [400, "not_json", null, null, null],
        [400, "schema", "/k", "type", null],
        [400, "schema", null, "required", null],
    ]);
    assert_eq!(json!(parts(&dry["kinds"])), expected, "{dry:#}");

    let some = ["redrive", PIPELINE, "--where", ".code == \"constraint\"", "--max", "100"];
    assert_eq!(dlq_json(&stack, 0, &some)["sent"], json!(100));
    let real = dlq_json(&stack, 1, &["redrive", PIPELINE]);
    assert_eq!((&real["would_pass"], &real["sent"], &real["still_failing"]), (&json!(700), &json!(700), &json!(1600)));
    assert_eq!(parts(&real["kinds"]), parts(&dry["kinds"]));
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(800), &json!(0)), "{summary}");
    assert_eq!(stack.count("e").await, 801);
    assert_eq!(stack.drain(&stack.dlq).await.len(), 1600, "what still fails is there at once");
}

#[tokio::test]
async fn killed_in_the_middle_no_letter_is_lost() {
    let stack = ready(TABLE).await;
    let total = 1500;
    stack.send(&stack.dlq, &(0..total).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    for _ in 0..4 {
        let before = messages(&stack, &stack.queue).await;
        let mut redrive = start(&stack, &["--rate", "400/s"]);
        until_sent(&stack, before + 20).await;
        redrive.kill().expect("SIGKILL");
        redrive.wait().expect("it is gone");
    }
    assert!(messages(&stack, &stack.dlq).await > 0, "the last kill came before the end");
    run(&stack).await;
    let mut ids: HashSet<i64> = HashSet::new();
    for row in stack.rows("SELECT id FROM e").await {
        assert!(ids.insert(row["id"].as_i64().expect("a number")), "a row twice");
    }
    // What a killed process held comes back when its visibility ends.
    let mut letters: HashSet<i64> = HashSet::new();
    for _ in 0..120 {
        for letter in stack.drain(&stack.dlq).await {
            let body: Value = serde_json::from_str(letter.body().expect("a body")).expect("JSON");
            letters.insert(body["id"].as_i64().expect("a number"));
        }
        if messages(&stack, &stack.dlq).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    ids.extend(letters);
    assert_eq!(ids.len(), total as usize, "each is a row or a letter");
}

#[tokio::test]
async fn letters_that_arrive_meanwhile_are_not_part_of_it() {
    let stack = ready(TABLE).await;
    stack.send(&stack.dlq, &(0..30).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let redrive = start(&stack, &["--rate", "10/s"]);
    until_sent(&stack, 1).await;
    stack.send(&stack.dlq, &(100..105).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let output = redrive.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", shown(&output));
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&result["sent"], &result["seen"]), (&json!(30), &json!(30)), "{result}");
    assert_eq!(stack.drain(&stack.dlq).await.len(), 5, "they are there at once");
}

#[tokio::test]
async fn a_signal_gives_the_rest_back_at_once() {
    let stack = ready(TABLE).await;
    stack.send(&stack.dlq, &(0..200).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let redrive = start(&stack, &["--rate", "20/s"]);
    until_sent(&stack, 1).await;
    crate::crash::terminate(&redrive);
    let output = redrive.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sent = result["sent"].as_u64().and_then(|sent| usize::try_from(sent).ok()).expect("a number");
    assert!((1..200).contains(&sent), "{result}");
    assert_eq!(stack.drain(&stack.dlq).await.len(), 200 - sent);
    assert_eq!(stack.drain(&stack.queue).await.len(), sent);
}

/// The count is carried from letter to letter, and no expression sees it.
#[tokio::test]
async fn a_letter_that_was_redriven_three_times_is_left_alone() {
    let columns = "{id: bigint, k: bigint, a: jsonb = $sqs.attributes}";
    let stack = ready(&format!("  e: {{primary_key: [id], columns: {columns}}}\n")).await;
    let own = ("own".to_owned(), "1".to_owned());
    let body = json!({"id": 1, "k": 1, "items": [{"n": "x"}]}).to_string();
    stack.send_one(&body, std::iter::once((&own.0, &own.1))).await;
    for _ in 0..3 {
        stack.write("schemas/e.schema.json", STRICT);
        assert_eq!(run(&stack).await["dead_lettered"], json!(1));
        fix_the_schema(&stack);
        assert_eq!(dlq_json(&stack, 0, &["redrive", PIPELINE])["sent"], json!(1));
    }
    stack.write("schemas/e.schema.json", STRICT);
    run(&stack).await;
    fix_the_schema(&stack);
    let result = dlq_json(&stack, 1, &["redrive", PIPELINE]);
    assert_eq!((&result["sent"], &result["left_alone"]), (&json!(0), &json!(1)), "{result}");
    assert_eq!(dlq_json(&stack, 0, &["redrive", PIPELINE, "--again"])["sent"], json!(1));
    let message = &received(&stack, &stack.queue, 1).await[0];
    assert_eq!((attribute(message, "runner.redriven"), attribute(message, "own")), ("4", "1"));
    assert_eq!(message.message_attributes().expect("attributes").len(), 2);
    stack.send_one(&body, [(&own.0, &own.1), (&"runner.redriven".to_owned(), &"4".to_owned())].into_iter()).await;
    run(&stack).await;
    assert_eq!(stack.rows("SELECT a FROM e").await, [json!({"a": {"own": "1"}})]);
}

/// Body, attributes and trace of a message survive the dead-letter queue and the way back.
#[tokio::test]
async fn what_is_sent_back_is_the_message_as_it_was() {
    let stack = ready(TABLE).await;
    stack.write("schemas/e.schema.json", STRICT);
    let body = "{\"id\" : 1,\"k\":1, \"items\":[{\"n\":\"x\\u00e9\"}] }\n";
    let value = |data_type: &str| MessageAttributeValue::builder().data_type(data_type);
    let trace = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value("Root=1-5759e988-bd862e3fe1be46a994272793");
    let request = stack.client.send_message().queue_url(stack.url(&stack.queue).await).message_body(body);
    let request = request
        .message_attributes("number", value("Number.float").string_value("1.50").build().expect("complete"))
        .message_attributes("bytes", value("Binary").binary_value(Blob::new([0, 255])).build().expect("complete"))
        .message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            trace.build().expect("complete"),
        );
    request.send().await.expect("it is sent");
    run(&stack).await;
    fix_the_schema(&stack);
    assert_eq!(dlq_json(&stack, 0, &["redrive", PIPELINE])["sent"], json!(1));
    let message = &received(&stack, &stack.queue, 1).await[0];
    assert_eq!(message.body(), Some(body));
    let attributes = message.message_attributes().expect("attributes");
    assert_eq!(attributes.len(), 3, "{attributes:?}");
    assert_eq!((attributes["number"].data_type(), attributes["number"].string_value()), ("Number.float", Some("1.50")));
    assert_eq!(attributes["bytes"].binary_value().map(AsRef::as_ref), Some(&[0, 255][..]));
    assert_eq!(attribute(message, "runner.redriven"), "1");
    if std::env::var("SQS_SERVER").is_err() {
        let trace = system(message, &System::AwsTraceHeader);
        assert_eq!(trace, Some("Root=1-5759e988-bd862e3fe1be46a994272793"));
    }
}

/// Each group keeps its order and its name.
#[tokio::test]
async fn a_fifo_queue_gets_each_group_in_its_order() {
    let stack = with_fifo_names(Stack::without_queues().await);
    let stack = with_tables(stack, TABLE, &[(Name::FifoQueue, "true")]).await;
    stack.write("schemas/e.schema.json", STRICT);
    let url = stack.url(&stack.queue).await;
    for number in 0..24 {
        let items = json!({"id": number, "k": 1, "items": [{"n": "x"}]});
        let request = stack.client.send_message().queue_url(&url).message_body(items.to_string());
        let group = if number % 2 == 0 { "even" } else { "odd" };
        let request = request.message_group_id(group).message_deduplication_id(number.to_string());
        request.send().await.expect("it is sent");
    }
    assert_eq!(run(&stack).await["dead_lettered"], json!(24));
    fix_the_schema(&stack);
    let result = dlq_json(&stack, 0, &["redrive", PIPELINE]);
    assert_eq!((&result["sent"], &result["seen"]), (&json!(24), &json!(24)), "{result}");
    let messages = received(&stack, &stack.queue, 24).await;
    for (group, parity) in [("even", 0), ("odd", 1)] {
        let of_group = messages.iter().filter(|message| system(message, &System::MessageGroupId) == Some(group));
        let ids: Vec<i64> = of_group
            .map(|message| serde_json::from_str::<Value>(message.body().expect("a body")).expect("JSON"))
            .map(|body| body["id"].as_i64().expect("a number"))
            .collect();
        let expected: Vec<i64> = (0..24).filter(|number| number % 2 == parity).collect();
        assert_eq!(ids, expected, "{group}: {messages:?}");
    }
}

/// Several pipelines may share a dead-letter queue.
#[tokio::test]
async fn letters_of_another_pipeline_are_left_alone_unless_selected() {
    let stack = ready(TABLE).await;
    let text = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write("pipelines/other.yaml", &text);
    stack.send(&stack.queue, &["broken".to_owned()]).await;
    run(&stack).await;
    let other = "pipelines/other.yaml";
    let result = dlq_json(&stack, 1, &["redrive", other]);
    assert_eq!((&result["of_other_pipelines"], &result["still_failing"]), (&json!(1), &json!(0)), "{result}");
    let result = dlq_json(&stack, 1, &["redrive", other, "--where", ".reason.pipeline == \"e\""]);
    assert_eq!((&result["of_other_pipelines"], &result["still_failing"]), (&json!(0), &json!(1)), "{result}");
}
