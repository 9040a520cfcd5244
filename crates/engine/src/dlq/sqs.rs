//! Dead letters in SQS.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::future::join_all;

use super::letter::{attributes, total_size};
use super::{DeadLetters, Letter, batch};
use crate::fault::Fault;
use pipeline::message::Attribute;

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
        batch::send(&self.client, &self.url, entries).await
    }

    fn entry(
        &self,
        index: usize,
        letter: &Letter<'_>,
        attributes: BTreeMap<String, Attribute>,
    ) -> SendMessageBatchRequestEntry {
        let metadata = &letter.delivery.metadata;
        let entry = batch::entry(index, letter.delivery, attributes);
        // The group keeps its order in the DLQ; the message's own id makes a repeated send harmless.
        let group = metadata.group_id.as_deref().unwrap_or(&metadata.message_id);
        let entry = match &metadata.group_id {
            _ if self.fifo => entry.message_group_id(group).message_deduplication_id(&metadata.message_id),
            // Of a fair queue, which has groups and no deduplication: its service accepts groups in standard queues.
            Some(group) if metadata.dedup_id.is_none() => entry.message_group_id(group),
            _ => entry,
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
