//! Faults on purpose, as a client meets them: the answer, and whether the effect took place.

mod after_effect;
mod before_effect;
mod call_counts;
mod choice;
mod entries;
mod random;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use devstack::sqs::{CallCounts, Sqs, SqsOptions};

use crate::sqs::conformance::{client, seconds};

/// An endpoint of its own with one queue, `q`.
struct Stack {
    sqs: Sqs,
    client: Client,
    queue: String,
}

impl Stack {
    async fn start() -> Self {
        let sqs = Sqs::start(SqsOptions::default()).unwrap();
        let client = client(sqs.endpoint());
        let queue = client.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
        Self { sqs, client, queue }
    }

    /// Creates another queue; gives its URL.
    async fn create_queue(&self, name: &str) -> String {
        self.client.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
    }

    /// The call that sends a message to `q`.
    fn send_call(&self, body: &str) -> aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder {
        self.client.send_message().queue_url(&self.queue).message_body(body)
    }

    /// The call that receives all messages of `q`, without a wait.
    fn receive_call(&self) -> aws_sdk_sqs::operation::receive_message::builders::ReceiveMessageFluentBuilder {
        self.client.receive_message().queue_url(&self.queue).max_number_of_messages(10)
    }

    async fn receive(&self) -> Vec<Message> {
        self.receive_call().send().await.unwrap().messages.unwrap_or_default()
    }

    /// Sends messages to `q` and receives them.
    async fn received(&self, bodies: &[&str]) -> Vec<Message> {
        for body in bodies {
            self.send_call(body).send().await.unwrap();
        }
        let messages = self.receive().await;
        assert_eq!(messages.len(), bodies.len());
        messages
    }

    /// Waits until the counts of calls meet a condition.
    async fn until(&self, condition: impl Fn(&CallCounts) -> bool) {
        while !condition(self.sqs.call_counts()) {
            seconds(0.01).await;
        }
    }

    /// Messages of `q` that are visible, and that are in flight.
    async fn counts(&self) -> (usize, usize) {
        self.counts_of(&self.queue).await
    }

    async fn counts_of(&self, queue: &str) -> (usize, usize) {
        let call = self.client.get_queue_attributes().queue_url(queue);
        let attributes = call.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
        let visible = &attributes[&QueueAttributeName::ApproximateNumberOfMessages];
        let in_flight = &attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible];
        (visible.parse().unwrap(), in_flight.parse().unwrap())
    }
}

#[tokio::test]
async fn a_stopped_endpoint_accepts_no_calls() {
    let stack = Stack::start().await;
    drop(stack.sqs);
    assert!(stack.client.list_queues().send().await.is_err());
}
