//! One `SendMessageBatch`, with a result for each entry.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::builders::SendMessageBatchRequestEntryBuilder;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};

use crate::fault::{Class, Fault};
use pipeline::message::{Attribute, AttributeValue, Delivery};

/// An entry with a message's body and trace, and with these attributes. Its group is left to the caller.
pub(super) fn entry(
    index: usize,
    delivery: &Delivery,
    attributes: BTreeMap<String, Attribute>,
) -> SendMessageBatchRequestEntryBuilder {
    let attributes = attributes.into_iter().map(|(name, value)| (name, wire(value))).collect();
    let entry = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(&delivery.body)
        .set_message_attributes(Some(attributes));
    match &delivery.metadata.trace_header {
        Some(trace) => {
            entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, system(trace))
        }
        None => entry,
    }
}

/// Sends at most ten entries. One result for each, in their order.
pub(super) async fn send(
    client: &Client,
    url: &str,
    entries: Vec<SendMessageBatchRequestEntry>,
) -> Vec<Result<(), Fault>> {
    let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
    let answer = match client.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let fault = Fault::from_sdk("sqs:SendMessage", error);
            return ids.iter().map(|_| Err(fault.copy())).collect();
        }
    };
    // Only an entry the queue names as successful is accepted.
    let result = |id: &String| {
        if answer.successful.iter().any(|entry| &entry.id == id) {
            return Ok(());
        }
        match answer.failed.iter().find(|entry| &entry.id == id) {
            Some(entry) => Err(Fault::from_sqs(Some(&entry.code), entry.message.clone().unwrap_or_default())),
            None => Err(Fault::new(Class::Retry, "the queue did not say what became of this entry")),
        }
    };
    ids.iter().map(result).collect()
}

fn wire(attribute: Attribute) -> MessageAttributeValue {
    let value = MessageAttributeValue::builder().data_type(attribute.data_type);
    let value = match attribute.value {
        AttributeValue::Text(text) => value.string_value(text),
        AttributeValue::Binary(bytes) => value.binary_value(Blob::new(bytes)),
    };
    value.build().expect("the data type is set")
}

fn system(text: &str) -> MessageSystemAttributeValue {
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(text);
    value.build().expect("the data type is set")
}
