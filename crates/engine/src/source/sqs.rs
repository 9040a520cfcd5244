//! The SQS source.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageAttributeValue, MessageSystemAttributeName as System, QueueAttributeName as Name,
};

use super::queue::DEFAULT_VISIBILITY;
use super::{Backlog, Queue, Source, unix_ms};
use crate::fault::{Class, Fault};
use pipeline::message::{Attribute, AttributeValue, Delivery, Metadata, REDRIVEN_ATTRIBUTE, Receipt};

/// One SQS queue.
#[derive(Debug, Clone)]
pub struct SqsSource {
    polling: Client,
    calls: Client,
    renewals: Client,
    url: String,
    /// Sent with every receive, so that a change of the queue's own while this runs makes no difference.
    visibility_timeout: Duration,
}

impl SqsSource {
    /// Receives from `queue`. `visibility` overrides the queue's own timeout. A queue whose own is zero would deliver every
    /// message again and again while it is being worked on: SQS's default is used instead.
    pub fn new(queue: &Queue, visibility: Option<Duration>) -> Self {
        let own = if queue.visibility_timeout.is_zero() { DEFAULT_VISIBILITY } else { queue.visibility_timeout };
        Self {
            polling: queue.clients.polling.clone(),
            calls: queue.clients.calls.clone(),
            renewals: queue.clients.renewals.clone(),
            url: queue.url.clone(),
            visibility_timeout: visibility.unwrap_or(own),
        }
    }

    async fn set_visibility(&self, client: &Client, receipts: &[Receipt], timeout: Duration) -> Vec<Result<(), Fault>> {
        let entries = receipts.iter().enumerate().map(|(index, receipt)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
            let entry = entry.receipt_handle(&receipt.0).visibility_timeout(whole_seconds(timeout));
            entry.build().expect("id and receipt are set")
        });
        let request = client.change_message_visibility_batch().queue_url(&self.url);
        match request.set_entries(Some(entries.collect())).send().await {
            Ok(answer) => entry_results(receipts.len(), &answer.failed),
            Err(error) => fail_all(receipts.len(), &Fault::from_sdk("sqs:ChangeMessageVisibility", error)),
        }
    }
}

impl Source for SqsSource {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Fault> {
        let request = self.polling.receive_message().queue_url(&self.url);
        let answer = request
            .max_number_of_messages(i32::try_from(max.min(super::MAX_BATCH)).expect("at most ten"))
            .wait_time_seconds(whole_seconds(wait))
            .visibility_timeout(whole_seconds(self.visibility_timeout))
            .message_attribute_names("All")
            .message_system_attribute_names(System::All)
            .send()
            .await
            .map_err(|error| Fault::from_sdk("sqs:ReceiveMessage", error))?;
        let received_at = unix_ms();
        let messages = answer.messages.unwrap_or_default();
        // A server that answers more than was asked for gets the rest back when its visibility timeout ends.
        Ok(messages.into_iter().take(max).map(|message| delivery(message, received_at)).collect())
    }

    async fn delete(&self, receipts: &[Receipt]) -> Vec<Result<(), Fault>> {
        let entries = receipts.iter().enumerate().map(|(index, receipt)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(&receipt.0);
            entry.build().expect("id and receipt are set")
        });
        let request = self.calls.delete_message_batch().queue_url(&self.url);
        match request.set_entries(Some(entries.collect())).send().await {
            Ok(answer) => entry_results(receipts.len(), &answer.failed),
            Err(error) => fail_all(receipts.len(), &Fault::from_sdk("sqs:DeleteMessage", error)),
        }
    }

    async fn change_visibility(&self, receipts: &[Receipt], timeout: Duration) -> Vec<Result<(), Fault>> {
        self.set_visibility(&self.calls, receipts, timeout).await
    }

    async fn renew(&self, receipts: &[Receipt], timeout: Duration) -> Vec<Result<(), Fault>> {
        self.set_visibility(&self.renewals, receipts, timeout).await
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        let names = [
            Name::ApproximateNumberOfMessages,
            Name::ApproximateNumberOfMessagesNotVisible,
            Name::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.calls.get_queue_attributes().queue_url(&self.url);
        let answer = request
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .map_err(|error| Fault::from_sdk("sqs:GetQueueAttributes", error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name: &Name| {
            let number = attributes.get(name).and_then(|text| text.parse().ok());
            number.ok_or_else(|| Fault::new(Class::Retry, format!("the queue does not tell its {name}")))
        };
        Ok(Backlog { visible: count(&names[0])?, in_flight: count(&names[1])?, delayed: count(&names[2])? })
    }

    fn visibility_timeout(&self) -> Duration {
        self.visibility_timeout
    }
}

/// SQS takes whole seconds.
fn whole_seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn delivery(message: Message, received_at: i64) -> Delivery {
    let mut system = message.attributes.unwrap_or_default();
    let number = |text: Option<&String>| text.and_then(|text| text.parse::<i64>().ok());
    let (redriven, attributes) = without_redriven(attributes(message.message_attributes.unwrap_or_default()));
    let metadata = Metadata {
        message_id: message.message_id.unwrap_or_default(),
        sent_at: number(system.get(&System::SentTimestamp)),
        received_at,
        receive_count: number(system.get(&System::ApproximateReceiveCount))
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(1),
        group_id: system.remove(&System::MessageGroupId),
        dedup_id: system.remove(&System::MessageDeduplicationId),
        trace_header: system.remove(&System::AwsTraceHeader),
        redriven,
        attributes,
    };
    Delivery {
        body: message.body.unwrap_or_default(),
        metadata,
        receipt: Receipt(message.receipt_handle.unwrap_or_default()),
    }
}

fn attributes(sent: std::collections::HashMap<String, MessageAttributeValue>) -> BTreeMap<String, Attribute> {
    let keep = |value: MessageAttributeValue| Attribute {
        data_type: value.data_type,
        value: match value.binary_value {
            Some(bytes) => AttributeValue::Binary(bytes.into_inner()),
            None => AttributeValue::Text(value.string_value.unwrap_or_default()),
        },
    };
    sent.into_iter().map(|(name, value)| (name, keep(value))).collect()
}

/// The count of redrives, and the attributes without it: no expression sees it, and it takes no room from the sender's own.
fn without_redriven(mut attributes: BTreeMap<String, Attribute>) -> (u32, BTreeMap<String, Attribute>) {
    let count = match attributes.remove(REDRIVEN_ATTRIBUTE).map(|attribute| attribute.value) {
        Some(AttributeValue::Text(text)) => text.parse().unwrap_or_default(),
        Some(AttributeValue::Binary(_)) | None => 0,
    };
    (count, attributes)
}

/// A batch call answers 200 and still fails entries: each is looked at by its id, which is its index.
fn entry_results(count: usize, failed: &[BatchResultErrorEntry]) -> Vec<Result<(), Fault>> {
    let mut results: Vec<_> = (0..count).map(|_| Ok(())).collect();
    for entry in failed {
        if let Some(result) = entry.id.parse::<usize>().ok().and_then(|index| results.get_mut(index)) {
            let message = entry.message.clone().unwrap_or_else(|| "the queue refused this entry".to_owned());
            *result = Err(Fault::from_sqs(Some(&entry.code), message));
        }
    }
    results
}

fn fail_all(count: usize, fault: &Fault) -> Vec<Result<(), Fault>> {
    (0..count).map(|_| Err(fault.copy())).collect()
}
