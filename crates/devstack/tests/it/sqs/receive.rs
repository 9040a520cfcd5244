//! Receiving.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::{MessageSystemAttributeName as Name, QueueAttributeName};

use super::conformance::{code, handle, run, system};

#[tokio::test]
async fn an_empty_queue_gives_nothing() {
    run("an_empty_queue_gives_nothing", |aws| async move {
        let queue = aws.queue().await;
        assert!(aws.receive(&queue).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn one_message_is_received_unless_more_are_asked_for() {
    run("one_message_is_received_unless_more_are_asked_for", |aws| async move {
        let queue = aws.queue().await;
        for _ in 0..3 {
            aws.send(&queue, "a").await;
        }
        let call = aws.client.receive_message().queue_url(&queue);
        assert_eq!(call.send().await.unwrap().messages().len(), 1);
        let call = aws.client.receive_message().queue_url(&queue).max_number_of_messages(2);
        assert_eq!(call.send().await.unwrap().messages().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn ten_messages_are_the_most() {
    run("ten_messages_are_the_most", |aws| async move {
        let queue = aws.queue().await;
        for wrong in [0, 11] {
            let call = aws.client.receive_message().queue_url(&queue);
            let result = call.max_number_of_messages(wrong).send().await;
            assert_eq!(code(result), "InvalidParameterValue", "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn twenty_seconds_are_the_longest_wait() {
    run("twenty_seconds_are_the_longest_wait", |aws| async move {
        let queue = aws.queue().await;
        for wrong in [-1, 21] {
            let call = aws.client.receive_message().queue_url(&queue);
            let result = call.wait_time_seconds(wrong).send().await;
            assert_eq!(code(result), "InvalidParameterValue", "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn twelve_hours_are_the_longest_visibility_timeout() {
    run("twelve_hours_are_the_longest_visibility_timeout", |aws| async move {
        let queue = aws.queue().await;
        for wrong in [-1, 43_201] {
            let call = aws.client.receive_message().queue_url(&queue);
            let result = call.visibility_timeout(wrong).send().await;
            assert_eq!(code(result), "InvalidParameterValue", "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_received_message_is_hidden_for_the_queue_s_timeout() {
    run("a_received_message_is_hidden_for_the_queue_s_timeout", |aws| async move {
        let attributes = [(QueueAttributeName::VisibilityTimeout, "1")];
        let queue = aws.queue_with("queue", &attributes).await;
        aws.send(&queue, "a").await;
        let start = Instant::now();
        let first = aws.receive_one(&queue).await;
        let second = aws.receive_one(&queue).await;
        assert!(start.elapsed() >= Duration::from_millis(950));
        assert_eq!(second.message_id(), first.message_id());
        assert_ne!(handle(&second), handle(&first));
    })
    .await;
}

#[tokio::test]
async fn a_receive_may_choose_its_own_timeout() {
    run("a_receive_may_choose_its_own_timeout", |aws| async move {
        let attributes = [(QueueAttributeName::VisibilityTimeout, "3600")];
        let queue = aws.queue_with("queue", &attributes).await;
        aws.send(&queue, "a").await;
        let start = Instant::now();
        assert_eq!(aws.receive_for(&queue, Some(1)).await.len(), 1);
        aws.receive_one(&queue).await;
        assert!(start.elapsed() >= Duration::from_millis(950));
        assert!(aws.receive(&queue).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_timeout_of_zero_hides_nothing() {
    run("a_timeout_of_zero_hides_nothing", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        assert_eq!(aws.receive_for(&queue, Some(0)).await.len(), 1);
        assert_eq!(aws.receive(&queue).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn receives_are_counted() {
    run("receives_are_counted", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        for count in ["1", "2", "3"] {
            let received = aws.receive_for(&queue, Some(0)).await;
            let counted = system(&received[0], &Name::ApproximateReceiveCount);
            assert_eq!(counted.as_deref(), Some(count));
        }
    })
    .await;
}

#[tokio::test]
async fn system_attributes_contain_times_and_sender() {
    run("system_attributes_contain_times_and_sender", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let message = aws.receive_one(&queue).await;
        let millis = |name| system(&message, &name).unwrap().parse::<u64>().unwrap();
        let sent = millis(Name::SentTimestamp);
        let received = millis(Name::ApproximateFirstReceiveTimestamp);
        assert!(sent > 1_600_000_000_000, "milliseconds since 1970");
        assert!(sent <= received && received - sent < 60_000);
        assert!(!system(&message, &Name::SenderId).unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn system_attributes_are_given_when_asked_for() {
    run("system_attributes_are_given_when_asked_for", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        let call = aws.client.receive_message().queue_url(&queue).visibility_timeout(0);
        let none = call.clone().send().await.unwrap();
        assert!(none.messages()[0].attributes.as_ref().is_none_or(HashMap::is_empty));
        let one = call.message_system_attribute_names(Name::SentTimestamp).send().await.unwrap();
        let attributes = one.messages()[0].attributes().unwrap();
        assert_eq!(attributes.keys().collect::<Vec<_>>(), [&Name::SentTimestamp]);
    })
    .await;
}

#[tokio::test]
async fn the_older_name_of_system_attributes_works() {
    run("the_older_name_of_system_attributes_works", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "a").await;
        #[expect(deprecated, reason = "older clients send it")]
        let call = aws.client.receive_message().attribute_names(QueueAttributeName::All);
        let answer = call.queue_url(&queue).send().await.unwrap();
        assert!(system(&answer.messages()[0], &Name::SentTimestamp).is_some());
    })
    .await;
}

#[tokio::test]
async fn a_system_attribute_that_does_not_exist_is_refused() {
    run("a_system_attribute_that_does_not_exist_is_refused", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.receive_message().queue_url(&queue);
        let call = call.message_system_attribute_names(Name::from("Colour"));
        assert_eq!(code(call.send().await), "InvalidAttributeName");
    })
    .await;
}

#[tokio::test]
async fn receivers_side_by_side_share_the_messages() {
    run("receivers_side_by_side_share_the_messages", |aws| async move {
        let queue = aws.queue().await;
        for index in 0..40 {
            aws.send(&queue, &index.to_string()).await;
        }
        let receive = || aws.receive(&queue);
        let (a, b, c, d) = tokio::join!(receive(), receive(), receive(), receive());
        let mut received = [a, b, c, d].concat();
        while received.len() < 40 {
            let more = aws.receive(&queue).await;
            assert!(!more.is_empty(), "{} of 40 came", received.len());
            received.extend(more);
        }
        let distinct: HashSet<_> = received.iter().map(|message| message.message_id()).collect();
        assert_eq!(distinct.len(), 40);
    })
    .await;
}
