//! One `SendMessageBatch`, until each of its entries is accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, MessageAttributeValue, SendMessageBatchRequestEntry};

use super::ProduceError;
use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::stop::Stop;
use pipeline::producer::Event;

/// Entries in one call: SQS's limit.
pub(crate) const MAX_ENTRIES: usize = 10;

/// Bytes of events in one call. SQS takes 1 MiB since August 2025; queues with an older `MaximumMessageSize` and
/// servers made by others take 256 KiB. A larger event goes alone, and the queue decides.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// Message groups of a FIFO queue: some, so that order and concurrency both show.
const GROUPS: u64 = 10;

/// Where batches go.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) client: Client,
    pub(crate) queue_url: String,
    /// Set while the queue does not take every event.
    pub(crate) trouble: Arc<AtomicBool>,
    /// Of a FIFO queue: distinguishes this run's deduplication ids from any other's.
    pub(crate) fifo_run: Option<String>,
}

/// An event with its number in this run, from 1.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) number: u64,
    pub(crate) event: Event,
}

impl Destination {
    /// Sends the batch and sends again what was not accepted. Gives back the accepted events: all, unless stopped.
    pub(crate) async fn send(self, batch: Vec<Numbered>, stop: Stop) -> Result<Vec<Event>, ProduceError> {
        let mut open: Vec<Option<Event>> = Vec::with_capacity(batch.len());
        let mut entries = Vec::with_capacity(batch.len());
        for (id, numbered) in batch.into_iter().enumerate() {
            entries.push(self.entry(id, &numbered));
            open.push(Some(numbered.event));
        }
        let mut accepted = Vec::with_capacity(open.len());
        let mut backoff = Backoff::quick();
        loop {
            let outcome = self.try_once(&entries).await?;
            accepted.extend(outcome.accepted.iter().filter_map(|id| open.get_mut(*id)?.take()));
            self.tell(&outcome);
            entries.retain(|entry| entry.id.parse().is_ok_and(|id: usize| open[id].is_some()));
            if entries.is_empty() {
                break;
            }
            if stop.unless_draining(tokio::time::sleep(backoff.next())).await.is_none() {
                break;
            }
        }
        Ok(accepted)
    }

    /// One line when trouble begins and one when it ends, however many calls meet it side by side.
    fn tell(&self, outcome: &Outcome) {
        match &outcome.reason {
            Some(reason) if !self.trouble.swap(true, Ordering::Relaxed) => {
                tracing::warn!(reason, "the queue does not take every event, trying again");
            }
            None if self.trouble.swap(false, Ordering::Relaxed) => tracing::info!("the queue takes events again"),
            _ => {}
        }
    }

    fn entry(&self, id: usize, numbered: &Numbered) -> SendMessageBatchRequestEntry {
        let mut entry = SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(&numbered.event.body);
        for (name, value) in &*numbered.event.attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            entry = entry.message_attributes(name, value.build().expect("the data type is set"));
        }
        if let Some(run) = &self.fifo_run {
            let number = numbered.number;
            entry = entry
                .message_group_id(format!("group-{}", number % GROUPS))
                .message_deduplication_id(format!("{run}-{number}"));
        }
        entry.build().expect("the id and the body are set")
    }

    async fn try_once(&self, entries: &[SendMessageBatchRequestEntry]) -> Result<Outcome, ProduceError> {
        let call = self.client.send_message_batch().queue_url(&self.queue_url).set_entries(Some(entries.to_vec()));
        match call.send().await {
            Ok(answer) => {
                let accepted = answer.successful.iter().filter_map(|entry| entry.id.parse().ok());
                Outcome::new(accepted.collect(), &answer.failed)
            }
            Err(error) => {
                let fault = Fault::from_sdk("sqs:SendMessage", error);
                // A queue that is deleted may come back; a missing permission is for a person to add.
                if fault.class == Class::Retry || fault.is_missing_queue() {
                    return Ok(Outcome { accepted: Vec::new(), reason: Some(fault.to_string()) });
                }
                Err(ProduceError::Queue(self.queue_url.clone(), fault))
            }
        }
    }
}

/// What one call brought.
#[derive(Debug)]
struct Outcome {
    /// The ids of the accepted entries.
    accepted: Vec<usize>,
    /// Why others were not.
    reason: Option<String>,
}

impl Outcome {
    /// A batch call succeeds as a whole even when entries fail: each is looked at. Throttling may count as the sender's
    /// fault, so the code decides.
    fn new(accepted: Vec<usize>, failed: &[BatchResultErrorEntry]) -> Result<Self, ProduceError> {
        let words =
            |entry: &BatchResultErrorEntry| format!("{}: {}", entry.code, entry.message().unwrap_or("no message"));
        let is_final = |entry: &&BatchResultErrorEntry| Fault::from_sqs(Some(&entry.code), "").class == Class::Fatal;
        if let Some(entry) = failed.iter().find(is_final) {
            return Err(ProduceError::Refused(words(entry)));
        }
        Ok(Self { accepted, reason: failed.first().map(words) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: &str, sender_fault: bool) -> BatchResultErrorEntry {
        BatchResultErrorEntry::builder()
            .id("1")
            .code(code)
            .message("said so")
            .sender_fault(sender_fault)
            .build()
            .unwrap()
    }

    #[test]
    fn a_failed_entry_of_the_service_is_sent_again_and_one_of_the_sender_is_fatal() {
        let outcome = Outcome::new(vec![0], &[failed("InternalError", false)]).unwrap();
        assert_eq!((outcome.accepted, outcome.reason.as_deref()), (vec![0], Some("InternalError: said so")));
        assert!(Outcome::new(vec![0], &[failed("RequestThrottled", true)]).is_ok());

        let error = Outcome::new(vec![0], &[failed("InvalidMessageContents", true)]).unwrap_err();
        assert_eq!(error.to_string(), "the queue refuses the event: InvalidMessageContents: said so");
    }
}
