//! `ReceiveMessage`, with long polling.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sqs::account::{ACCOUNT, Account, Service, name_of_url};
use crate::sqs::attributes;
use crate::sqs::error::{Error, ErrorCode, Result};
use crate::sqs::limits::{BATCH_ENTRIES, VISIBILITY_SECS, WAIT_SECS};
use crate::sqs::message::{Delivered, digest_of};
use crate::sqs::message_attribute::Attribute;
use crate::sqs::protocol::Answer;
use crate::sqs::queue::Received;
use crate::sqs::time::Timestamp;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiveRequest {
    queue_url: Option<String>,
    /// The older name of the next field.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
}

/// The numbers of a request, checked.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    limit: usize,
    visibility: Option<u32>,
    /// None: the queue's own wait.
    wait: Option<u32>,
}

const SYSTEM_ATTRIBUTES: [&str; 10] = [
    "All",
    "AWSTraceHeader",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

pub(crate) async fn receive(service: &Service, request: ReceiveRequest) -> Result<Answer> {
    let wanted = request.check()?;
    let name = name_of_url(request.queue_url.as_deref())?;
    let start = service.clock.now();
    loop {
        let (delivered, wait) = attempt(service, name, wanted, start)?;
        match wait {
            Some(wait) if delivered.is_empty() => wait.await,
            _ => return Ok(Answer::with_entries(&request.answer(&delivered), delivered.len())),
        }
    }
}

/// Receives once, and returns how to wait before the next attempt, unless the time is over.
fn attempt(
    service: &Service,
    name: &str,
    wanted: Wanted,
    start: Timestamp,
) -> Result<(Vec<Delivered>, Option<impl Future<Output = ()> + use<>>)> {
    let now = service.clock.now();
    let mut account = service.lock();
    let redrive = redrive_target(service, &account, name)?;
    let queue = account.queues.get_mut(name).ok_or_else(Error::no_such_queue)?;
    let deadline = start.plus_secs(wanted.wait.unwrap_or(queue.attributes.wait));
    queue.advance(now);
    let full = queue.is_full_in_flight();
    if full && !queue.attributes.fifo && deadline == start {
        let message = "Too many messages in flight.";
        return Err(Error::new(ErrorCode::OverLimit, message));
    }
    // Registered before the receive, so that no arrival in between is missed.
    let arrivals = Arc::clone(&queue.arrivals).notified_owned();
    let visibility = wanted.visibility.unwrap_or(queue.attributes.visibility_timeout);
    let max_receives = redrive.as_ref().map(|(_, max_receives)| *max_receives);
    let received = if full { Received::default() } else { queue.receive(now, wanted.limit, visibility, max_receives) };
    let wake = queue.next_due().map_or(deadline, |due| due.min(deadline));
    if let Some((target, _)) = redrive {
        account.move_to_dead_letter_queue(received.received_too_often, &service.arn(name), &target);
    }
    let wait = (now < deadline).then(|| until(arrivals, wake.since(now)));
    Ok((received.delivered, wait))
}

async fn until(arrivals: tokio::sync::futures::OwnedNotified, sleep: Duration) {
    // One millisecond late rather than early: a receive before the due time would find nothing.
    let _ = tokio::time::timeout(sleep + Duration::from_millis(1), arrivals).await;
}

/// The dead-letter queue's name and the number of receives before it, if both queues are there.
fn redrive_target(service: &Service, account: &Account, name: &str) -> Result<Option<(String, u32)>> {
    let queue = account.queues.get(name).ok_or_else(Error::no_such_queue)?;
    let Some(redrive) = &queue.attributes.redrive else {
        return Ok(None);
    };
    let target = service.name_of_arn(&redrive.target_arn);
    let target = target.filter(|target| account.queues.contains_key(*target));
    Ok(target.map(|target| (target.to_owned(), redrive.max_receives)))
}

impl ReceiveRequest {
    fn check(&self) -> Result<Wanted> {
        let limit = ranged("MaxNumberOfMessages", self.max_number_of_messages, 1, BATCH_ENTRIES)?;
        for name in self.system_attributes() {
            if !SYSTEM_ATTRIBUTES.contains(&name) {
                return Err(attributes::unknown(name));
            }
        }
        Ok(Wanted {
            limit: limit.unwrap_or(1),
            visibility: seconds_up_to("VisibilityTimeout", self.visibility_timeout, VISIBILITY_SECS)?,
            wait: seconds_up_to("WaitTimeSeconds", self.wait_time_seconds, WAIT_SECS)?,
        })
    }

    fn system_attributes(&self) -> impl Iterator<Item = &str> {
        self.attribute_names.iter().chain(&self.message_system_attribute_names).map(String::as_str)
    }

    fn answer<'a>(&self, delivered: &'a [Delivered]) -> Messages<'a> {
        Messages { messages: delivered.iter().map(|delivered| self.message(delivered)).collect() }
    }

    fn message<'a>(&self, delivered: &'a Delivered) -> MessageOut<'a> {
        let content = &delivered.content;
        let all = &content.attributes;
        let chosen: BTreeMap<_, _> = all.iter().filter(|(name, _)| self.wants(name)).collect();
        let digest = if chosen.len() == all.len() {
            content.attributes_md5.clone()
        } else {
            digest_of(chosen.iter().map(|(name, value)| (*name, *value)))
        };
        MessageOut {
            message_id: &content.message_id,
            receipt_handle: delivered.receipt.encode(),
            md5_of_body: &content.body_md5,
            body: &content.body,
            attributes: self.system_attributes_of(delivered),
            md5_of_message_attributes: digest,
            message_attributes: chosen,
        }
    }

    /// Names are exact, all (`All`, `.*`), or a prefix (`trace.*`).
    fn wants(&self, name: &str) -> bool {
        self.message_attribute_names.iter().any(|wanted| {
            wanted == "All"
                || wanted == name
                || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    }

    fn system_attributes_of(&self, delivered: &Delivered) -> BTreeMap<&'static str, String> {
        if self.system_attributes().next().is_none() {
            return BTreeMap::new();
        }
        let content = &delivered.content;
        let all = [
            ("AWSTraceHeader", content.trace_header.clone()),
            ("ApproximateFirstReceiveTimestamp", Some(delivered.first_received_at.as_millis().to_string())),
            ("ApproximateReceiveCount", Some(delivered.receive_count.to_string())),
            ("DeadLetterQueueSourceArn", delivered.dead_letter_source.as_deref().map(String::from)),
            ("MessageDeduplicationId", content.deduplication_id.clone()),
            ("MessageGroupId", content.group.as_deref().map(String::from)),
            ("SenderId", Some(ACCOUNT.to_owned())),
            ("SentTimestamp", Some(delivered.sent_at.as_millis().to_string())),
            ("SequenceNumber", delivered.sequence_number.map(|number| number.to_string())),
        ];
        let mut present = BTreeMap::new();
        for (name, value) in all {
            if let Some(value) = value.filter(|_| self.wants_system_attribute(name)) {
                present.insert(name, value);
            }
        }
        present
    }

    fn wants_system_attribute(&self, name: &str) -> bool {
        self.system_attributes().any(|wanted| wanted == "All" || wanted == name)
    }
}

fn seconds_up_to(name: &str, value: Option<i64>, most: u32) -> Result<Option<u32>> {
    let seconds = ranged(name, value, 0, most as usize)?;
    Ok(seconds.and_then(|seconds| u32::try_from(seconds).ok()))
}

fn ranged(name: &str, value: Option<i64>, low: usize, high: usize) -> Result<Option<usize>> {
    let Some(value) = value else { return Ok(None) };
    let inside = usize::try_from(value).ok().filter(|value| (low..=high).contains(value));
    inside.map(Some).ok_or_else(|| {
        let reason = format!("Must be >= {low} and <= {high}, if provided.");
        Error::invalid(name, value, &reason)
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Messages<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<MessageOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageOut<'a> {
    message_id: &'a str,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a String, &'a Attribute>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::sqs::attributes::QueueAttributes;
    use crate::sqs::limits::IN_FLIGHT;
    use crate::sqs::message::Draft;
    use crate::sqs::queue::Queue;

    /// A service whose queue `q` has all the messages in flight that it may have, and one more.
    fn service(fifo: bool) -> Service {
        let service = Service::new("http://127.0.0.1".to_owned(), "us-east-1".to_owned());
        let now = service.clock.now();
        let mut queue = Queue::new(0, QueueAttributes::defaults(fifo), now);
        for index in 0..=IN_FLIGHT {
            let draft = Draft {
                body: "a".to_owned(),
                attributes: BTreeMap::new(),
                system_attributes: BTreeMap::new(),
                group: fifo.then(|| index.to_string()),
                deduplication_id: None,
            };
            queue.send(now, draft.into_content(index.to_string()), 0);
        }
        queue.receive(now, IN_FLIGHT, 3600, None);
        service.lock().queues.insert("q".to_owned(), queue);
        service
    }

    fn request(wait: i64) -> ReceiveRequest {
        let json = format!(r#"{{"QueueUrl":"http://127.0.0.1/0/q","WaitTimeSeconds":{wait}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[tokio::test]
    async fn too_many_messages_in_flight_are_an_error_for_a_short_poll() {
        let error = receive(&service(false), request(0)).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::OverLimit);
    }

    #[tokio::test]
    async fn too_many_messages_in_flight_are_nothing_to_receive_for_a_long_poll() {
        let service = service(false);
        let answer = receive(&service, request(1)).await.unwrap();
        let body = axum::body::to_bytes(answer.response.into_body(), 100).await.unwrap();
        assert_eq!(&body[..], b"{}");
    }
}
