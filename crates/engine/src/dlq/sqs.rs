//! Dead letters in SQS.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use futures_util::future::join_all;

use super::letter::{attributes, total_size};
use super::{DeadLetters, Letter};
use crate::fault::{Class, Fault};
use pipeline::message::{Attribute, AttributeValue};

/// All messages of one batch call together: SQS's limit is that of a single message, 1 MiB.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// One SQS queue that takes dead letters.
#[derive(Debug, Clone)]
pub struct SqsDeadLetters {
    client: Client,
    url: String,
    max_message_bytes: usize,
    fifo: bool,
}

impl SqsDeadLetters {
    /// Sends to the queue at `url`, which takes messages of `max_message_bytes`.
    pub fn new(client: Client, url: String, max_message_bytes: usize, fifo: bool) -> Self {
        Self { client, url, max_message_bytes, fifo }
    }

    async fn send_batch(&self, entries: Vec<SendMessageBatchRequestEntry>) -> Vec<Result<(), Fault>> {
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
        let answer = match self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await
        {
            Ok(answer) => answer,
            Err(error) => {
                let fault = Fault::from_sdk(error);
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

    fn entry(
        &self,
        index: usize,
        letter: &Letter<'_>,
        attributes: BTreeMap<String, Attribute>,
    ) -> SendMessageBatchRequestEntry {
        let metadata = &letter.delivery.metadata;
        let entry = SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(&letter.delivery.body)
            .set_message_attributes(Some(attributes.into_iter().map(|(name, value)| (name, wire(value))).collect()));
        // The group keeps its order in the DLQ; the message's own id makes a repeated send harmless.
        let group = metadata.group_id.as_deref().unwrap_or(&metadata.message_id);
        let entry = if self.fifo {
            entry.message_group_id(group).message_deduplication_id(&metadata.message_id)
        } else {
            entry
        };
        entry.build().expect("id and body are set")
    }
}

impl DeadLetters for SqsDeadLetters {
    async fn send(&self, letters: &[Letter<'_>]) -> Vec<Result<(), Fault>> {
        let now = jiff::Timestamp::now();
        let mut batches = vec![Vec::new()];
        let mut bytes = 0;
        for (index, letter) in letters.iter().enumerate() {
            let attributes = attributes(letter, now, self.max_message_bytes);
            let own = letter.delivery.body.len() + total_size(&attributes);
            if bytes + own > MAX_BATCH_BYTES && bytes > 0 {
                batches.push(Vec::new());
                bytes = 0;
            }
            bytes += own;
            batches.last_mut().expect("there is always one").push(self.entry(index, letter, attributes));
        }
        let batches = batches.into_iter().filter(|batch| !batch.is_empty());
        if self.fifo {
            // One after another: a FIFO queue keeps the order in which it accepts.
            let mut results = Vec::with_capacity(letters.len());
            for batch in batches {
                results.extend(self.send_batch(batch).await);
            }
            return results;
        }
        join_all(batches.map(|batch| self.send_batch(batch))).await.into_iter().flatten().collect()
    }
}

fn wire(attribute: Attribute) -> MessageAttributeValue {
    let value = MessageAttributeValue::builder().data_type(attribute.data_type);
    let value = match attribute.value {
        AttributeValue::Text(text) => value.string_value(text),
        AttributeValue::Binary(bytes) => value.binary_value(Blob::new(bytes)),
    };
    value.build().expect("the data type is set")
}
