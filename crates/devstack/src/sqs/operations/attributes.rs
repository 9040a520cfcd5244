//! `GetQueueAttributes` and `SetQueueAttributes`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sqs::account::{Account, Service, name_of_url};
use crate::sqs::attributes::{Settings, is_known, unknown};
use crate::sqs::error::{Error, Result};
use crate::sqs::protocol::Empty;
use crate::sqs::queue::Queue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetRequest {
    queue_url: Option<String>,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetRequest {
    queue_url: Option<String>,
    #[serde(default)]
    attributes: Settings,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetAnswer {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
}

pub(crate) fn get(service: &Service, request: &GetRequest) -> Result<GetAnswer> {
    let now = service.clock.now();
    let name = name_of_url(request.queue_url.as_deref())?;
    let mut account = service.lock();
    let queue = account.queues.get_mut(name).ok_or_else(Error::no_such_queue)?;
    let wanted = &request.attribute_names;
    if let Some(name) = wanted.iter().find(|name| !is_known(name)) {
        return Err(unknown(name));
    }
    queue.advance(now);
    let mut attributes = all(queue);
    attributes.insert("QueueArn".to_owned(), service.arn(name));
    attributes.retain(|name, _| wanted.iter().any(|w| w == "All" || w == name));
    Ok(GetAnswer { attributes })
}

fn all(queue: &Queue) -> Settings {
    let counts = queue.counts();
    let mut attributes = queue.attributes.text().clone();
    attributes.extend(
        [
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("CreatedTimestamp", queue.created_at.as_secs().to_string()),
            ("LastModifiedTimestamp", queue.modified_at.as_secs().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    attributes
}

pub(crate) fn set(service: &Service, request: &SetRequest) -> Result<Empty> {
    let now = service.clock.now();
    let name = name_of_url(request.queue_url.as_deref())?;
    let mut account = service.lock();
    let queue = account.queues.get(name).ok_or_else(Error::no_such_queue)?;
    let attributes = queue.attributes.with(&request.attributes)?;
    check_target(service, &account, &request.attributes, attributes.fifo)?;
    let queue = account.queues.get_mut(name).ok_or_else(Error::no_such_queue)?;
    queue.attributes = attributes;
    queue.modified_at = now;
    // A long poll may now be allowed to wait less, or a redrive policy may apply.
    queue.arrivals.notify_waiters();
    Ok(Empty {})
}

/// A new redrive policy must name a queue that exists and is of the same type.
pub(crate) fn check_target(service: &Service, account: &Account, settings: &Settings, fifo: bool) -> Result<()> {
    let Some(policy) = settings.get("RedrivePolicy") else {
        return Ok(());
    };
    let parsed = crate::sqs::attributes::QueueAttributes::defaults(fifo).with(settings)?;
    let Some(redrive) = parsed.redrive else {
        return Ok(());
    };
    let target = service.name_of_arn(&redrive.target_arn).and_then(|name| account.queues.get(name));
    let reason = match target {
        None => "Dead letter target does not exist.",
        Some(target) if target.attributes.fifo != fifo => "Dead-letter queue must be same type of queue as the source.",
        Some(_) => return Ok(()),
    };
    Err(Error::invalid("RedrivePolicy", policy, reason))
}
