//! Attributes of queues.

use aws_sdk_sqs::types::QueueAttributeName as Name;

use super::conformance::{code, run};

#[tokio::test]
async fn a_new_queue_has_the_defaults_of_aws() {
    run("a_new_queue_has_the_defaults_of_aws", |aws| async move {
        let queue = aws.queue().await;
        for (name, value) in [
            (Name::VisibilityTimeout, "30"),
            (Name::MaximumMessageSize, "1048576"),
            (Name::MessageRetentionPeriod, "345600"),
            (Name::DelaySeconds, "0"),
            (Name::ReceiveMessageWaitTimeSeconds, "0"),
            (Name::ApproximateNumberOfMessages, "0"),
        ] {
            assert_eq!(aws.attribute(&queue, name.clone()).await.as_deref(), Some(value), "{name}");
        }
        assert_eq!(aws.attribute(&queue, Name::RedrivePolicy).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_queue_has_its_arn_and_its_age_as_attributes() {
    run("a_queue_has_its_arn_and_its_age_as_attributes", |aws| async move {
        let queue = aws.queue().await;
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{}", aws.name("queue"));
        assert_eq!(aws.arn(&queue).await, arn);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        for name in [Name::CreatedTimestamp, Name::LastModifiedTimestamp] {
            let seconds: u64 = aws.attribute(&queue, name).await.unwrap().parse().unwrap();
            assert!(now.as_secs().abs_diff(seconds) < 60);
        }
    })
    .await;
}

#[tokio::test]
async fn attributes_set_are_read_back() {
    run("attributes_set_are_read_back", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.set_queue_attributes().queue_url(&queue);
        let call = call.attributes(Name::VisibilityTimeout, "7");
        call.attributes(Name::DelaySeconds, "3").send().await.unwrap();
        assert_eq!(aws.attribute(&queue, Name::VisibilityTimeout).await.as_deref(), Some("7"));
        assert_eq!(aws.attribute(&queue, Name::DelaySeconds).await.as_deref(), Some("3"));
        let untouched = aws.attribute(&queue, Name::MessageRetentionPeriod).await;
        assert_eq!(untouched.as_deref(), Some("345600"));
    })
    .await;
}

#[tokio::test]
async fn only_the_attributes_asked_for_are_given() {
    run("only_the_attributes_asked_for_are_given", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.get_queue_attributes().queue_url(&queue);
        let call = call.attribute_names(Name::QueueArn).attribute_names(Name::DelaySeconds);
        let attributes = call.send().await.unwrap().attributes.unwrap();
        assert_eq!(attributes.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_attribute_that_does_not_exist_can_not_be_set() {
    run("an_attribute_that_does_not_exist_can_not_be_set", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.set_queue_attributes().queue_url(&queue);
        let call = call.attributes(Name::from("Colour"), "red");
        assert_eq!(code(call.send().await), "InvalidAttributeName");
    })
    .await;
}

#[tokio::test]
async fn an_attribute_that_does_not_exist_can_not_be_read() {
    run("an_attribute_that_does_not_exist_can_not_be_read", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.get_queue_attributes().queue_url(&queue);
        let call = call.attribute_names(Name::from("Colour"));
        assert_eq!(code(call.send().await), "InvalidAttributeName");
    })
    .await;
}

#[tokio::test]
async fn computed_attributes_can_not_be_set() {
    run("computed_attributes_can_not_be_set", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.set_queue_attributes().queue_url(&queue);
        let call = call.attributes(Name::ApproximateNumberOfMessages, "1");
        assert_eq!(code(call.send().await), "InvalidAttributeName");
    })
    .await;
}

#[tokio::test]
async fn values_out_of_range_are_refused() {
    run("values_out_of_range_are_refused", |aws| async move {
        let queue = aws.queue().await;
        for (name, value) in [
            (Name::VisibilityTimeout, "43201"),
            (Name::VisibilityTimeout, "-1"),
            (Name::DelaySeconds, "901"),
            (Name::ReceiveMessageWaitTimeSeconds, "21"),
            (Name::MessageRetentionPeriod, "59"),
            (Name::MessageRetentionPeriod, "1209601"),
            (Name::MaximumMessageSize, "1023"),
            (Name::MaximumMessageSize, "1048577"),
            (Name::VisibilityTimeout, "soon"),
        ] {
            let call = aws.client.set_queue_attributes().queue_url(&queue);
            let result = call.attributes(name.clone(), value).send().await;
            assert_eq!(code(result), "InvalidAttributeValue", "{name}={value}");
        }
    })
    .await;
}

#[tokio::test]
async fn values_out_of_range_create_no_queue() {
    run("values_out_of_range_create_no_queue", |aws| async move {
        let call = aws.client.create_queue().queue_name(aws.name("queue"));
        let result = call.attributes(Name::DelaySeconds, "901").send().await;
        assert_eq!(code(result), "InvalidAttributeValue");
        let found = aws.client.get_queue_url().queue_name(aws.name("queue")).send().await;
        assert_eq!(code(found), "AWS.SimpleQueueService.NonExistentQueue");
    })
    .await;
}

#[tokio::test]
async fn fifo_attributes_are_not_for_standard_queues() {
    run("fifo_attributes_are_not_for_standard_queues", |aws| async move {
        let queue = aws.queue().await;
        let call = aws.client.set_queue_attributes().queue_url(&queue);
        let call = call.attributes(Name::ContentBasedDeduplication, "true");
        assert_eq!(code(call.send().await), "InvalidAttributeName");
    })
    .await;
}

#[tokio::test]
async fn messages_are_counted_by_state() {
    run("messages_are_counted_by_state", |aws| async move {
        let queue = aws.queue().await;
        aws.send(&queue, "in flight").await;
        assert_eq!(aws.receive(&queue).await.len(), 1);
        aws.send(&queue, "visible").await;
        let call = aws.client.send_message().queue_url(&queue).message_body("delayed");
        call.delay_seconds(900).send().await.unwrap();
        assert_eq!(aws.counts(&queue).await, ["1", "1", "1"]);
    })
    .await;
}
