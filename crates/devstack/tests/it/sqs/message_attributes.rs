//! Attributes of messages, and their digests.

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};

use super::conformance::{code, run, system};

fn text(data_type: &str, value: &str) -> MessageAttributeValue {
    let builder = MessageAttributeValue::builder().data_type(data_type);
    builder.string_value(value).build().unwrap()
}

fn binary(value: &[u8]) -> MessageAttributeValue {
    let builder = MessageAttributeValue::builder().data_type("Binary");
    builder.binary_value(Blob::new(value)).build().unwrap()
}

/// Digests here were computed by another implementation of the documented layout.
#[tokio::test]
async fn attributes_come_back_with_their_digest() {
    run("attributes_come_back_with_their_digest", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        let call = call.message_attributes("text", text("String", "wörld"));
        let call = call.message_attributes("count", text("Number.int", "42"));
        let sent = call.message_attributes("blob", binary(&[0, 255])).send().await.unwrap();
        let digest = Some("9eaf8a3cc4e703c010fa49f04473ec52");
        assert_eq!(sent.md5_of_message_attributes(), digest);
        let received = aws.receive_one(&queue).await;
        assert_eq!(received.md5_of_message_attributes(), digest);
        let attributes = received.message_attributes.unwrap();
        assert_eq!(attributes["text"], text("String", "wörld"));
        assert_eq!(attributes["count"], text("Number.int", "42"));
        assert_eq!(attributes["blob"], binary(&[0, 255]));
    })
    .await;
}

#[tokio::test]
async fn only_attributes_asked_for_are_received() {
    run("only_attributes_asked_for_are_received", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        let call = call.message_attributes("text", text("String", "wörld"));
        let call = call.message_attributes("trace.id", text("String", "x"));
        call.send().await.unwrap();
        let receive = aws.client.receive_message().queue_url(&queue).visibility_timeout(0);
        for (filter, expected) in [
            (None, vec![]),
            (Some("text"), vec!["text"]),
            (Some("trace.*"), vec!["trace.id"]),
            (Some(".*"), vec!["text", "trace.id"]),
            (Some("All"), vec!["text", "trace.id"]),
            (Some("other"), vec![]),
        ] {
            let names = filter.map(|filter| vec![filter.to_owned()]);
            let call = receive.clone().set_message_attribute_names(names);
            let message = call.send().await.unwrap().messages.unwrap().remove(0);
            let attributes = message.message_attributes.unwrap_or_default();
            let mut names: Vec<_> = attributes.keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_received_digest_is_that_of_the_attributes_asked_for() {
    run("the_received_digest_is_that_of_the_attributes_asked_for", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        let call = call.message_attributes("text", text("String", "wörld"));
        call.message_attributes("other", text("String", "x")).send().await.unwrap();
        let call = aws.client.receive_message().queue_url(&queue);
        let answer = call.message_attribute_names("text").send().await.unwrap();
        let digest = answer.messages()[0].md5_of_message_attributes();
        assert_eq!(digest, Some("2e453103393387c90fe4bcb2f779ca46"));
    })
    .await;
}

#[tokio::test]
async fn the_trace_header_travels_with_the_message() {
    run("the_trace_header_travels_with_the_message", |aws| async move {
        let queue = aws.queue().await;
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793";
        let value = MessageSystemAttributeValue::builder().data_type("String").string_value(header);
        let call = aws.client.send_message().queue_url(&queue).message_body("a");
        let call =
            call.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value.build().unwrap());
        let sent = call.send().await.unwrap();
        let digest = Some("62a56dd927315f2b2e12832b84617ea5");
        assert_eq!(sent.md5_of_message_system_attributes(), digest);
        let received = aws.receive_one(&queue).await;
        let name = MessageSystemAttributeName::AwsTraceHeader;
        assert_eq!(system(&received, &name).as_deref(), Some(header));
    })
    .await;
}

#[tokio::test]
async fn a_message_has_at_most_ten_attributes() {
    run("a_message_has_at_most_ten_attributes", |aws| async move {
        let queue = aws.queue().await;
        let mut call = aws.client.send_message().queue_url(&queue).message_body("a");
        for index in 0..10 {
            call = call.message_attributes(format!("a{index}"), text("String", "x"));
        }
        call.clone().send().await.unwrap();
        let result = call.message_attributes("a10", text("String", "x")).send().await;
        assert_eq!(code(result), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn attribute_names_are_checked() {
    run("attribute_names_are_checked", |aws| async move {
        let queue = aws.queue().await;
        for name in ["", "a b", "AWS.x", "Amazon.x", ".a", "a.", "a..b", &"a".repeat(257)] {
            let call = aws.client.send_message().queue_url(&queue).message_body("a");
            let result = call.message_attributes(name, text("String", "x")).send().await;
            assert_eq!(code(result), "InvalidParameterValue", "{name:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn attribute_types_and_values_are_checked() {
    run("attribute_types_and_values_are_checked", |aws| async move {
        let queue = aws.queue().await;
        for (data_type, value) in [("", "x"), ("Text", "x"), ("String", ""), ("Number", "one")] {
            let call = aws.client.send_message().queue_url(&queue).message_body("a");
            let result = call.message_attributes("a", text(data_type, value)).send().await;
            assert_eq!(code(result), "InvalidParameterValue", "{data_type} {value}");
        }
    })
    .await;
}

#[tokio::test]
async fn attributes_count_into_the_size() {
    run("attributes_count_into_the_size", |aws| async move {
        let queue = aws.queue().await;
        // 1 byte of name, 6 of type, 9 of value.
        let attribute = text("String", "123456789");
        let call = aws.client.send_message().queue_url(&queue);
        let call = call.message_attributes("a", attribute);
        let fits = call.clone().message_body("a".repeat(1_048_576 - 16));
        fits.send().await.unwrap();
        let result = call.message_body("a".repeat(1_048_576 - 15)).send().await;
        assert_eq!(code(result), "InvalidParameterValue");
    })
    .await;
}
