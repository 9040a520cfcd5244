//! A queue accepts the dead letter of any message it accepted itself, with the body and the attributes as promised.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use devstack::sqs::{Sqs, SqsOptions};
use engine::dlq::{CODE_ATTRIBUTE, DeadLetters, Letter, REASON_ATTRIBUTE, SqsDeadLetters};
use pipeline::message::{Attribute, AttributeValue, Code, Delivery, Metadata, Receipt, Rejection};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::config;
use crate::stack::client;

/// The largest message of SQS, and of the two queues here that take less.
const LARGEST: usize = 1 << 20;
const SIZES: [usize; 3] = [LARGEST, 256 << 10, 1 << 10];
/// Attributes that a message has beside ours, at most.
const MOST_OWN: usize = 8;

/// A queue service of its own, with one queue for each size.
struct Queues {
    runtime: Runtime,
    client: Client,
    urls: Vec<String>,
    _sqs: Sqs,
}

fn queues() -> &'static Queues {
    static QUEUES: OnceLock<Queues> = OnceLock::new();
    QUEUES.get_or_init(|| {
        let sqs = Sqs::start(SqsOptions::default()).expect("the SQS endpoint starts");
        let runtime = Runtime::new().expect("a runtime");
        let client = client(sqs.endpoint());
        let mut urls = Vec::new();
        for size in SIZES {
            let request = client.create_queue().queue_name(format!("letters-{size}"));
            let request = request.attributes(QueueAttributeName::MaximumMessageSize, size.to_string());
            let queue = runtime.block_on(request.send()).expect("the queue is created");
            urls.push(queue.queue_url.expect("it has a URL"));
        }
        Queues { runtime, client, urls, _sqs: sqs }
    })
}

/// What SQS accepts as a body: a text of XML's characters that is not empty.
fn allowed_text(most: usize) -> impl Strategy<Value = String> {
    let any_length = prop_oneof![4 => 0..40_usize, 1 => 0..most];
    let short = any::<String>().prop_map(|text| {
        let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        text.chars().filter(allowed).collect::<String>()
    });
    (short, select(vec!["v", "é", "\"", "\\", "\u{1f600}", "\t"]), any_length)
        .prop_map(|(start, filler, length)| start + &filler.repeat(length / filler.len()) + "x")
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let text = prop_oneof![9 => allowed_text(3_000), 1 => allowed_text(300_000)];
    let text = text.prop_map(|text| ("String".to_owned(), AttributeValue::Text(text)));
    let labelled = (allowed_text(2_000), "[a-z.é]{1,30}");
    let labelled = labelled.prop_map(|(text, label)| (format!("String.{label}"), AttributeValue::Text(text)));
    let number = any::<f32>().prop_filter("finite", |number| number.is_finite());
    let number = number.prop_map(|number| ("Number".to_owned(), AttributeValue::Text(format!("{number:e}"))));
    let bytes = proptest::collection::vec(any::<u8>(), 1..200);
    let bytes = bytes.prop_map(|bytes| ("Binary.png".to_owned(), AttributeValue::Binary(bytes)));
    prop_oneof![2 => text, 1 => labelled, 1 => number, 1 => bytes]
        .prop_map(|(data_type, value)| Attribute { data_type, value })
}

fn name() -> impl Strategy<Value = String> {
    let long = ("[a-z]", 1..250_usize).prop_map(|(letter, count)| letter.repeat(count));
    prop_oneof![
        4 => "[A-Za-z0-9_-]{1,10}",
        2 => (long, "[a-z0-9]{1,5}").prop_map(|(long, short)| long + &short),
        1 => select(vec![CODE_ATTRIBUTE.to_owned(), REASON_ATTRIBUTE.to_owned(), "Runner.Code".to_owned()]),
    ]
}

/// A message that a queue accepted: body and attributes have at most 1 MiB together. Some leave just a little of a limit.
fn delivery() -> impl Strategy<Value = Delivery> {
    let body = prop_oneof![20 => allowed_text(3_000), 1 => allowed_text(LARGEST)];
    let attributes = proptest::collection::btree_map(name(), attribute(), 0..=10);
    let filled = prop_oneof![12 => Just(0), 8 => Just(SIZES[2]), 1 => Just(SIZES[1]), 1 => Just(SIZES[0])];
    let left = prop_oneof![0..100_usize, 0..1_200_usize, 0..12_000_usize];
    let id = "[0-9a-f]{8}-[0-9a-f]{4}-4000-8000-[0-9a-f]{12}";
    (body, attributes, id, any::<u32>(), filled, left).prop_map(
        |(mut body, mut attributes, message_id, receive_count, filled, left)| {
            while size(&attributes) >= LARGEST {
                attributes.pop_last();
            }
            body.push_str(&"f".repeat(filled.saturating_sub(left).saturating_sub(body.len())));
            cut(&mut body, LARGEST - size(&attributes));
            let body = if body.is_empty() { "x".to_owned() } else { body };
            let metadata = Metadata { message_id, receive_count, attributes, ..Metadata::default() };
            Delivery { body, metadata, receipt: Receipt("r".to_owned()) }
        },
    )
}

fn cut(text: &mut String, length: usize) {
    let mut end = text.len().min(length);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

/// As SQS counts: the bytes of every name, data type and value.
fn size(attributes: &BTreeMap<String, Attribute>) -> usize {
    let mut bytes = 0;
    for (name, attribute) in attributes {
        bytes += name.len() + attribute.data_type.len();
        bytes += match &attribute.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
    }
    bytes
}

/// Any text, control characters and all; some are longer than a whole message.
fn any_text() -> impl Strategy<Value = String> {
    let filler = select(vec!["\u{0}", "\u{1}", "é", "\u{ffff}", "\u{fffe}", "\"", "\\", "a", "\u{1f600}", "…"]);
    let repeated = (filler, prop_oneof![4 => 0..300_usize, 1 => 0..50_000_usize]);
    prop_oneof![any::<String>(), repeated.prop_map(|(text, count)| text.repeat(count))]
}

fn rejection() -> impl Strategy<Value = Rejection> {
    let optional = || proptest::option::of(any_text());
    (select(&Code::ALL[..]), any_text(), optional(), optional(), optional(), optional()).prop_map(
        |(code, message, instance_path, keyword, schema_path, column)| Rejection {
            instance_path,
            keyword,
            schema_path,
            column,
            ..Rejection::new(code, message)
        },
    )
}

/// Sends letters, takes them out of the queue again, and gives for each what came of it.
fn deliver(queue: usize, letters: &[Letter<'_>]) -> Vec<Option<Message>> {
    let queues = queues();
    let sender = SqsDeadLetters::new(queues.client.clone(), queues.urls[queue].clone(), SIZES[queue], false);
    queues.runtime.block_on(async {
        let sent = sender.send(letters).await;
        let mut arrived = drain(&queues.client, &queues.urls[queue]).await;
        let mut found = Vec::new();
        for (result, letter) in sent.iter().zip(letters) {
            let is_its = |message: &Message| message.body() == Some(&letter.delivery.body);
            let at = arrived.iter().position(is_its).filter(|_| result.is_ok());
            assert_eq!(at.is_some(), result.is_ok(), "a letter that was accepted is not there");
            found.push(at.map(|at| arrived.remove(at)));
        }
        assert!(arrived.is_empty(), "{} letters arrived that were refused", arrived.len());
        found
    })
}

async fn drain(client: &Client, url: &str) -> Vec<Message> {
    let mut all = Vec::new();
    loop {
        let request = client.receive_message().queue_url(url).max_number_of_messages(10).message_attribute_names("All");
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All).wait_time_seconds(0);
        let messages = request.send().await.expect("the queue answers").messages.unwrap_or_default();
        if messages.is_empty() {
            return all;
        }
        for message in &messages {
            let receipt = message.receipt_handle().expect("a receipt");
            let delete = client.delete_message().queue_url(url).receipt_handle(receipt);
            delete.send().await.expect("the letter is deleted");
        }
        all.extend(messages);
    }
}

/// An attribute as it arrived.
fn arrived(value: &MessageAttributeValue) -> Attribute {
    let data_type = value.data_type().to_owned();
    let text = value.string_value().map(|text| AttributeValue::Text(text.to_owned()));
    let binary = value.binary_value().map(|bytes| AttributeValue::Binary(bytes.as_ref().to_vec()));
    Attribute { data_type, value: text.or(binary).expect("a value") }
}

/// What is promised of a letter.
fn check(delivery: &Delivery, rejection: &Rejection, letter: &Message, limit: usize) {
    assert!(letter.body() == Some(&delivery.body), "the body is another one");
    let attributes = letter.message_attributes().cloned().unwrap_or_default();
    let mut kept: BTreeMap<String, Attribute> =
        attributes.iter().map(|(name, value)| (name.clone(), arrived(value))).collect();
    assert!(kept.len() <= 10 && delivery.body.len() + size(&kept) <= limit);
    let code = kept.remove(CODE_ATTRIBUTE);
    let reason = kept.remove(REASON_ATTRIBUTE);
    let mut own = delivery.metadata.attributes.clone();
    own.remove(CODE_ATTRIBUTE);
    own.remove(REASON_ATTRIBUTE);
    for (name, attribute) in &kept {
        assert!(own.get(name) == Some(attribute), "`{name}` is not what was sent");
    }
    let word = rejection.code.as_str();
    let of_code = CODE_ATTRIBUTE.len() + "String".len() + word.len();
    let room = limit - delivery.body.len();
    assert_eq!(code.is_some(), room >= of_code, "the code, in {room} bytes");
    assert!(code.is_none_or(|code| code.value == AttributeValue::Text(word.to_owned())));
    let Some(reason) = reason else {
        assert!(kept.is_empty(), "{:?} are kept, but the reason is not", kept.keys());
        assert!(room < of_code + 12_000, "there is no reason in {room} bytes");
        return;
    };
    let AttributeValue::Text(reason) = reason.value else { panic!("the reason is bytes") };
    check_reason(&serde_json::from_str(&reason).expect("JSON"), rejection, &own, &kept);
    let fits = own.len() <= MOST_OWN && size(&own) + of_code + 12_000 <= room;
    assert!(!fits || kept.len() == own.len(), "attributes that fit are dropped");
}

/// The reason names what gave way, and has the message, or the beginning of it.
fn check_reason(
    reason: &Value,
    rejection: &Rejection,
    own: &BTreeMap<String, Attribute>,
    kept: &BTreeMap<String, Attribute>,
) {
    let dropped = reason["dropped_attributes"].as_array().cloned().unwrap_or_default();
    let mut dropped: Vec<&str> = dropped.iter().map(|name| name.as_str().expect("a name")).collect();
    dropped.sort_unstable();
    let missing: Vec<&str> = own.keys().filter(|name| !kept.contains_key(*name)).map(String::as_str).collect();
    assert_eq!(dropped, missing);
    assert_eq!(reason["stage"], rejection.code.stage());
    let message = rejection.message.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    let written = reason["message"].as_str().expect("a text");
    let beginning = written.strip_suffix('…').is_some_and(|beginning| message.starts_with(beginning));
    assert!(written == message || beginning || written.is_empty(), "the message is another one");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_letter_is_accepted_as_promised(
        rejected in proptest::collection::vec((delivery(), rejection()), 1..=10),
        pipeline in "\\PC{1,60}",
        queue in 0..SIZES.len(),
    ) {
        let mut letters: Vec<Letter<'_>> = Vec::new();
        for (delivery, rejection) in &rejected {
            // A letter is found again by its body.
            if letters.iter().all(|letter| letter.delivery.body != delivery.body) {
                letters.push(Letter { delivery, rejection, pipeline: &pipeline });
            }
        }
        for (letter, message) in letters.iter().zip(deliver(queue, &letters)) {
            match message {
                Some(message) => check(letter.delivery, letter.rejection, &message, SIZES[queue]),
                None => prop_assert!(letter.delivery.body.len() > SIZES[queue], "a letter that fits is refused"),
            }
        }
    }
}
