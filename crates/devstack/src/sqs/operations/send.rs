//! `SendMessage` and `SendMessageBatch`.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch::{self, Entry};
use crate::sqs::account::Service;
use crate::sqs::attributes::QueueAttributes;
use crate::sqs::error::{Error, ErrorCode, Result};
use crate::sqs::faults::CallPlan;
use crate::sqs::fifo::Original;
use crate::sqs::ids::Ids;
use crate::sqs::limits::{DELAY_SECS, MAXIMUM_SIZE, attributes_size};
use crate::sqs::md5;
use crate::sqs::message::{Content, Draft, digest};
use crate::sqs::message_attribute::Attributes;
use crate::sqs::protocol::BatchResult;
use crate::sqs::queue::Queue;
use crate::sqs::time::Timestamp;

const WRONG_TYPE: &str = "The request include parameter that is not valid for this queue type";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendBatchRequest {
    queue_url: Option<String>,
    #[serde(default)]
    entries: Vec<SendEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendEntry {
    /// Of `SendMessage` only; a batch names its queue once.
    queue_url: Option<String>,
    /// Of a batch only.
    #[serde(default)]
    id: String,
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: Attributes,
    #[serde(default)]
    message_system_attributes: Attributes,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

impl Entry for SendEntry {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Sent {
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_system_attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

pub(crate) fn one(service: &Service, request: SendEntry) -> Result<Sent> {
    let now = service.clock.now();
    let mut account = service.lock();
    let (queue, ids) = account.queue_and_ids(request.queue_url.as_deref())?;
    send(queue, ids, now, request)
}

pub(crate) fn batch(service: &Service, request: SendBatchRequest, plan: &CallPlan) -> Result<BatchResult<Sent>> {
    let now = service.clock.now();
    let mut account = service.lock();
    let (queue, ids) = account.queue_and_ids(request.queue_url.as_deref())?;
    batch::check(&request.entries)?;
    let size: usize = request.entries.iter().map(SendEntry::size).sum();
    if size > MAXIMUM_SIZE {
        let message = format!("Batch requests cannot be longer than {MAXIMUM_SIZE} bytes. You have sent {size} bytes.");
        return Err(Error::new(ErrorCode::BatchRequestTooLong, message));
    }
    Ok(batch::apply(request.entries, plan, |entry| send(queue, ids, now, entry)))
}

impl SendEntry {
    fn size(&self) -> usize {
        self.message_body.len() + attributes_size(&self.message_attributes)
    }
}

fn send(queue: &mut Queue, ids: &mut Ids, now: Timestamp, entry: SendEntry) -> Result<Sent> {
    let delay = delay(&queue.attributes, entry.delay_seconds)?;
    let draft = Draft {
        body: entry.message_body,
        attributes: entry.message_attributes,
        system_attributes: entry.message_system_attributes,
        group: entry.message_group_id,
        deduplication_id: entry.message_deduplication_id,
    };
    draft.check(queue.attributes.maximum_message_size)?;
    check_token("MessageGroupId", draft.group.as_deref())?;
    check_token("MessageDeduplicationId", draft.deduplication_id.as_deref())?;
    let md5_of_system_attributes = digest(&draft.system_attributes);
    let content = draft.into_content(ids.uuid());
    let mut sent = Sent {
        id: entry.id,
        message_id: content.message_id.clone(),
        md5_of_body: content.body_md5.clone(),
        md5_of_attributes: content.attributes_md5.clone(),
        md5_of_system_attributes,
        sequence_number: None,
    };
    if queue.attributes.fifo {
        let stored = send_fifo(queue, now, content, delay)?;
        sent.message_id = stored.message_id;
        sent.sequence_number = Some(stored.sequence_number.to_string());
    } else if let Some(id) = &content.deduplication_id {
        return Err(Error::invalid("MessageDeduplicationId", id, WRONG_TYPE));
    } else {
        queue.send(now, content, delay);
    }
    Ok(sent)
}

/// Stores a message unless one with its deduplication id came within the last five minutes. The
/// answer names the one that is stored.
fn send_fifo(queue: &mut Queue, now: Timestamp, mut content: Content, delay: u32) -> Result<Original> {
    let group = content.group.clone();
    let group = group.ok_or_else(|| Error::missing("MessageGroupId"))?;
    let id = deduplication_id(&queue.attributes, &content)?;
    let key = if queue.attributes.deduplicate_by_group { format!("{group}\0{id}") } else { id.clone() };
    if let Some(original) = queue.deduplication.find(now, &key) {
        return Ok(original);
    }
    content.deduplication_id = Some(id);
    let message_id = content.message_id.clone();
    let sequence_number = queue.send(now, content, delay);
    let original =
        Original { message_id, sequence_number: sequence_number.expect("a FIFO queue numbers its messages") };
    queue.deduplication.remember(now, key, original.clone());
    Ok(original)
}

fn deduplication_id(attributes: &QueueAttributes, content: &Content) -> Result<String> {
    match &content.deduplication_id {
        Some(id) => Ok(id.clone()),
        None if attributes.content_based_deduplication => Ok(md5::hex(Sha256::digest(&content.body).as_slice())),
        None => Err(Error::new(
            ErrorCode::InvalidParameterValue,
            "The queue should either have ContentBasedDeduplication enabled or \
             MessageDeduplicationId provided explicitly",
        )),
    }
}

/// Seconds: the message's own delay, or the queue's. FIFO queues allow only the latter.
fn delay(attributes: &QueueAttributes, requested: Option<i64>) -> Result<u32> {
    let Some(requested) = requested else {
        return Ok(attributes.delay);
    };
    if attributes.fifo && requested != 0 {
        return Err(Error::invalid("DelaySeconds", requested, WRONG_TYPE));
    }
    if attributes.fifo {
        return Ok(attributes.delay);
    }
    u32::try_from(requested)
        .ok()
        .filter(|&delay| delay <= DELAY_SECS)
        .ok_or_else(|| Error::invalid("DelaySeconds", requested, "DelaySeconds must be >= 0 and <= 900."))
}

/// Group and deduplication ids: 1 to 128 printable ASCII characters without space.
fn check_token(parameter: &str, token: Option<&str>) -> Result<()> {
    match token {
        Some(text) if text.is_empty() || text.len() > 128 || !text.bytes().all(|b| b.is_ascii_graphic()) => {
            let reason =
                format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length");
            Err(Error::invalid(parameter, text, &reason))
        }
        _ => Ok(()),
    }
}
