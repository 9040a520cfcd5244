//! Sending: bodies, characters, sizes.

use aws_sdk_sqs::types::QueueAttributeName;

use super::conformance::{bodies, body, code, run};

#[tokio::test]
async fn a_sent_message_comes_back_with_its_id_and_digest() {
    run("a_sent_message_comes_back_with_its_id_and_digest", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.send_message().queue_url(&queue).message_body("hello");
        let sent = call.send().await.unwrap();
        assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
        assert_eq!(sent.md5_of_message_attributes(), None);
        let received = aws.receive_one(&queue).await;
        assert_eq!(received.body(), Some("hello"));
        assert_eq!(received.message_id(), sent.message_id());
        assert_eq!(received.md5_of_body(), sent.md5_of_message_body());
    })
    .await;
}

#[tokio::test]
async fn a_body_is_kept_byte_for_byte() {
    run("a_body_is_kept_byte_for_byte", |aws| async move {
        let queue = aws.queue().await;
        let text = " \t\r\n{\"a\": 1.10, \"b\": \"\\u00e9 é 漢字 😀\"}\u{fffd}\u{85} <&> ";
        aws.send(&queue, text).await;
        assert_eq!(body(&aws.receive_one(&queue).await), text);
    })
    .await;
}

#[tokio::test]
async fn a_body_is_required() {
    run("a_body_is_required", |aws| async move {
        let queue = aws.queue().await;
        let result = aws.client.send_message().queue_url(&queue).message_body("").send().await;
        assert_eq!(code(result), "MissingParameter");
    })
    .await;
}

#[tokio::test]
async fn characters_outside_xml_are_refused() {
    run("characters_outside_xml_are_refused", |aws| async move {
        let queue = aws.queue().await;
        for text in ["nul \0", "bell \u{7}", "not a character \u{ffff}"] {
            let call = aws.client.send_message().queue_url(&queue).message_body(text);
            assert_eq!(code(call.send().await), "InvalidMessageContents", "{text:?}");
        }
        assert_eq!(aws.counts(&queue).await, ["0", "0", "0"]);
    })
    .await;
}

#[tokio::test]
async fn a_message_may_have_one_mebibyte() {
    run("a_message_may_have_one_mebibyte", |aws| async move {
        let queue = aws.queue().await;
        let text = "a".repeat(1_048_576);
        aws.send(&queue, &text).await;
        assert_eq!(body(&aws.receive_one(&queue).await).len(), text.len());
    })
    .await;
}

#[tokio::test]
async fn a_message_may_not_have_a_byte_more() {
    run("a_message_may_not_have_a_byte_more", |aws| async move {
        let queue = aws.queue().await;
        let text = "a".repeat(1_048_577);
        let result = aws.client.send_message().queue_url(&queue).message_body(text).send().await;
        assert_eq!(code(result), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn size_is_counted_in_bytes_not_characters() {
    run("size_is_counted_in_bytes_not_characters", |aws| async move {
        let attributes = [(QueueAttributeName::MaximumMessageSize, "1024")];
        let queue = aws.queue_with("queue", &attributes).await;
        aws.send(&queue, &"é".repeat(512)).await;
        let call = aws.client.send_message().queue_url(&queue).message_body("é".repeat(513));
        assert_eq!(code(call.send().await), "InvalidParameterValue");
    })
    .await;
}

#[tokio::test]
async fn every_message_comes_once() {
    run("every_message_comes_once", |aws| async move {
        let queue = aws.queue().await;
        for text in ["1", "2", "3"] {
            aws.send(&queue, text).await;
        }
        let received = aws.receive(&queue).await;
        let mut texts = bodies(&received);
        // A standard queue promises no order, only that each comes.
        texts.sort_unstable();
        assert_eq!(texts, ["1", "2", "3"]);
    })
    .await;
}
