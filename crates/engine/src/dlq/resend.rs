//! Sends letters back to the queue that their messages came from.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use super::batch;
use super::dead_letter::DeadLetter;
use super::letter::{MAX_ATTRIBUTES, size, text, total_size};
use crate::fault::Fault;
use crate::source::Queue;
use pipeline::message::{Attribute, REDRIVEN_ATTRIBUTE};

/// All messages of one batch call together: SQS's limit.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// The queue that letters go back to.
#[derive(Debug, Clone)]
pub struct Resender {
    client: Client,
    url: String,
    max_message_bytes: usize,
    fifo: bool,
    /// The dead-letter queue is ordered: each letter has a group, which its message need not have had.
    letters_have_groups: bool,
}

impl Resender {
    /// Sends letters out of the queue `letters` to `queue`.
    pub fn new(client: Client, queue: &Queue, letters: &Queue) -> Self {
        Self {
            client,
            url: queue.url.clone(),
            max_message_bytes: queue.max_message_bytes,
            fifo: queue.fifo,
            letters_have_groups: letters.fifo,
        }
    }

    /// Whether the queue keeps the order of each group.
    pub(super) fn is_ordered(&self) -> bool {
        self.fifo
    }

    /// Changes what the queue will report about the message once it is sent: its group, its deduplication id, its count of
    /// receives. Its id and its time of sending will be new ones.
    pub(super) fn prepare(&self, letter: &mut DeadLetter) {
        let metadata = &mut letter.delivery.metadata;
        metadata.receive_count = 1;
        if self.fifo {
            // The letter's own id: sent twice within five minutes, it is delivered once.
            metadata.dedup_id = Some(metadata.message_id.clone());
            metadata.group_id.get_or_insert_with(|| metadata.message_id.clone());
        } else {
            metadata.dedup_id = None;
            metadata.group_id.take_if(|_| self.letters_have_groups);
        }
    }

    /// Sends at most ten prepared letters. One result for each, in their order.
    pub(super) async fn send(&self, letters: &[DeadLetter]) -> Vec<Result<(), Fault>> {
        let mut results = Vec::with_capacity(letters.len());
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for (index, letter) in letters.iter().enumerate() {
            let attributes = self.attributes(letter);
            let own = letter.delivery.body.len() + total_size(&attributes);
            if bytes + own > MAX_BATCH_BYTES.min(self.max_message_bytes) && !entries.is_empty() {
                results.extend(batch::send(&self.client, &self.url, std::mem::take(&mut entries)).await);
                bytes = 0;
            }
            bytes += own;
            entries.push(entry(index, letter, attributes));
        }
        results.extend(batch::send(&self.client, &self.url, entries).await);
        results
    }

    /// The sender's own attributes, and the count of redrives if they leave room for it.
    fn attributes(&self, letter: &DeadLetter) -> BTreeMap<String, Attribute> {
        let mut attributes = letter.delivery.metadata.attributes.clone();
        let count = text(&(letter.delivery.metadata.redriven + 1).to_string());
        let bytes = letter.delivery.body.len() + total_size(&attributes) + size(REDRIVEN_ATTRIBUTE, &count);
        if attributes.len() < MAX_ATTRIBUTES && bytes <= self.max_message_bytes {
            attributes.insert(REDRIVEN_ATTRIBUTE.to_owned(), count);
        }
        attributes
    }
}

fn entry(index: usize, letter: &DeadLetter, attributes: BTreeMap<String, Attribute>) -> SendMessageBatchRequestEntry {
    let metadata = &letter.delivery.metadata;
    let entry = batch::entry(index, &letter.delivery, attributes)
        .set_message_group_id(metadata.group_id.clone())
        .set_message_deduplication_id(metadata.dedup_id.clone());
    entry.build().expect("id and body are set")
}
