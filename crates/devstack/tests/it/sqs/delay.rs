//! Delays, of messages and of queues.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as Name, QueueAttributeName};

use super::conformance::{body, code, run, system};

/// From sending to the first receive, by the server's own clock.
fn millis_in_queue(message: &Message) -> u64 {
    let millis = |name| system(message, &name).unwrap().parse::<u64>().unwrap();
    millis(Name::ApproximateFirstReceiveTimestamp) - millis(Name::SentTimestamp)
}

#[tokio::test]
async fn a_delayed_message_comes_later() {
    run("a_delayed_message_comes_later", |aws| async move {
        let queue = aws.queue().await;
        for (body, delay) in [("much later", 900), ("later", 1)] {
            let call = aws.client.send_message().queue_url(&queue).message_body(body);
            call.delay_seconds(delay).send().await.unwrap();
        }
        let message = aws.receive_one(&queue).await;
        assert_eq!(body(&message), "later");
        assert!(millis_in_queue(&message) >= 1000);
        assert_eq!(aws.counts(&queue).await, ["0", "1", "1"]);
    })
    .await;
}

#[tokio::test]
async fn a_queue_delays_every_message() {
    run("a_queue_delays_every_message", |aws| async move {
        let attributes = [(QueueAttributeName::DelaySeconds, "1")];
        let queue = aws.queue_with("queue", &attributes).await;
        aws.send(&queue, "a").await;
        assert!(millis_in_queue(&aws.receive_one(&queue).await) >= 1000);
    })
    .await;
}

#[tokio::test]
async fn a_message_s_own_delay_goes_before_the_queue_s() {
    run("a_message_s_own_delay_goes_before_the_queue_s", |aws| async move {
        let attributes = [(QueueAttributeName::DelaySeconds, "900")];
        let queue = aws.queue_with("queue", &attributes).await;
        let call = aws.client.send_message().queue_url(&queue).message_body("now");
        call.delay_seconds(0).send().await.unwrap();
        assert_eq!(body(&aws.receive_one(&queue).await), "now");
    })
    .await;
}

#[tokio::test]
async fn a_delay_is_at_most_fifteen_minutes() {
    run("a_delay_is_at_most_fifteen_minutes", |aws| async move {
        let queue = aws.queue().await;
        for delay in [-1, 901] {
            let call = aws.client.send_message().queue_url(&queue).message_body("a");
            let result = call.delay_seconds(delay).send().await;
            assert_eq!(code(result), "InvalidParameterValue", "{delay}");
        }
    })
    .await;
}
