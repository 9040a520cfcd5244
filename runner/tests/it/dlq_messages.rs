//! What `runner dlq redrive` sends: the message as it was, in its group's order, with the count of its redrives.

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName as System, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue, QueueAttributeName as Name,
};
use serde_json::{Value, json};

use crate::dlq_letters::{STRICT, TABLE, dlq_json, fix_the_schema};
use crate::refusals::{PIPELINE, ready, run, with_tables};
use crate::setups::with_fifo_names;
use crate::stack::{Stack, attribute};

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
