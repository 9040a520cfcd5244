//! The operations on queues as a whole: create, find, list, delete, purge.
//!
//! Unlike AWS the name of a deleted queue can be used again at once, not after a minute only.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attributes::check_target;
use crate::sqs::account::{Account, Service, name_of_url};
use crate::sqs::attributes::{QueueAttributes, Settings};
use crate::sqs::error::{Error, ErrorCode, Result};
use crate::sqs::protocol::{Empty, QueueRequest, QueueUrl};
use crate::sqs::queue::Queue;

/// One purge a minute.
const PURGE_PAUSE: Duration = Duration::from_mins(1);
/// Queues in one answer of a list call.
const PAGE: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateRequest {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: Settings,
    /// The one member of the API in lower case.
    #[serde(rename = "tags", alias = "Tags", default)]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NameRequest {
    queue_name: Option<String>,
}

/// A call that answers in pages: of `ListQueues` with the prefix, of
/// `ListDeadLetterSourceQueues` with the URL.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PageRequest {
    queue_url: Option<String>,
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<i64>,
    /// The last name of the page before.
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListAnswer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// As [`ListAnswer`]; here the API writes the list's name in lower case.
#[derive(Debug, Serialize)]
pub(crate) struct SourcesAnswer {
    #[serde(rename = "queueUrls")]
    queue_urls: Vec<String>,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(crate) fn create(service: &Service, request: CreateRequest) -> Result<QueueUrl> {
    let name = request.queue_name.ok_or_else(|| Error::missing("QueueName"))?;
    let fifo = check_name(&name, &request.attributes)?;
    let now = service.clock.now();
    let mut account = service.lock();
    if let Some(queue) = account.queues.get(&name) {
        check_same(queue, &request.attributes)?;
        return Ok(QueueUrl { queue_url: service.url(&name) });
    }
    let attributes = QueueAttributes::defaults(fifo).with(&request.attributes)?;
    check_target(service, &account, &request.attributes, fifo)?;
    let mut queue = Queue::new(account.ids.number(), attributes, now);
    queue.tags = request.tags;
    let queue_url = service.url(&name);
    account.queues.insert(name, queue);
    Ok(QueueUrl { queue_url })
}

/// Whether a new queue of this name is a FIFO queue.
fn check_name(name: &str, attributes: &Settings) -> Result<bool> {
    let stem = name.strip_suffix(".fifo");
    let valid = stem.unwrap_or(name).bytes().all(is_name_byte) && !stem.unwrap_or(name).is_empty();
    let asked = attributes.get("FifoQueue").map(String::as_str);
    let message = match (stem, asked) {
        _ if !valid || name.len() > 80 => {
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        }
        (None, Some("true")) => "The name of a FIFO queue must end with the .fifo suffix.",
        (Some(_), None | Some("false")) => {
            "The name of a queue that is not a FIFO queue must not end with the .fifo suffix."
        }
        _ => return Ok(stem.is_some()),
    };
    Err(Error::new(ErrorCode::InvalidParameterValue, message))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

/// Creating a queue again is allowed with the values it has.
fn check_same(queue: &Queue, attributes: &Settings) -> Result<()> {
    let present = queue.attributes.text();
    match attributes.iter().find(|(name, value)| present.get(*name) != Some(*value)) {
        None => Ok(()),
        Some((name, _)) => Err(Error::new(
            ErrorCode::QueueNameExists,
            format!("A queue already exists with the same name and a different value for attribute {name}"),
        )),
    }
}

pub(crate) fn url(service: &Service, request: NameRequest) -> Result<QueueUrl> {
    let name = request.queue_name.ok_or_else(|| Error::missing("QueueName"))?;
    if !service.lock().queues.contains_key(&name) {
        return Err(Error::no_such_queue());
    }
    Ok(QueueUrl { queue_url: service.url(&name) })
}

pub(crate) fn list(service: &Service, request: &PageRequest) -> Result<ListAnswer> {
    let account = service.lock();
    let names = account.queues.keys().filter(|name| name.starts_with(&request.queue_name_prefix));
    let (queue_urls, next_token) = request.cut(service, names)?;
    Ok(ListAnswer { queue_urls, next_token })
}

/// The queues whose dead letters go to this one.
pub(crate) fn sources(service: &Service, request: &PageRequest) -> Result<SourcesAnswer> {
    let mut account = service.lock();
    account.queue(request.queue_url.as_deref())?;
    let arn = service.arn(name_of_url(request.queue_url.as_deref())?);
    let names = sources_of(&account, &arn);
    let (queue_urls, next_token) = request.cut(service, names)?;
    Ok(SourcesAnswer { queue_urls, next_token })
}

pub(crate) fn sources_of<'a>(account: &'a Account, arn: &str) -> impl Iterator<Item = &'a String> {
    account.queues.iter().filter_map(move |(name, queue)| {
        let redrive = queue.attributes.redrive.as_ref()?;
        (redrive.target_arn == arn).then_some(name)
    })
}

impl PageRequest {
    /// The URLs of this page, and the token of the next when the caller asked for pages.
    fn cut<'a>(
        &self,
        service: &Service,
        names: impl Iterator<Item = &'a String>,
    ) -> Result<(Vec<String>, Option<String>)> {
        let size = match self.max_results.map(usize::try_from) {
            None => PAGE,
            Some(Ok(size @ 1..=PAGE)) => size,
            Some(_) => {
                let value = self.max_results.unwrap_or_default();
                return Err(Error::invalid("MaxResults", value, "Must be between 1 and 1000."));
            }
        };
        let after = self.next_token.as_ref();
        let mut names = names.filter(|name| after.is_none_or(|after| *name > after));
        let page: Vec<_> = names.by_ref().take(size).collect();
        let more = self.max_results.is_some() && names.next().is_some();
        let next_token = more.then(|| page.last().map(|name| (*name).clone())).flatten();
        Ok((page.into_iter().map(|name| service.url(name)).collect(), next_token))
    }
}

pub(crate) fn delete(service: &Service, request: &QueueRequest) -> Result<Empty> {
    let name = name_of_url(request.queue_url.as_deref())?;
    let queue = service.lock().queues.remove(name).ok_or_else(Error::no_such_queue)?;
    // Wakes long polls, which end because the queue is gone.
    queue.arrivals.notify_waiters();
    Ok(Empty {})
}

pub(crate) fn purge(service: &Service, request: &QueueRequest) -> Result<Empty> {
    let now = service.clock.now();
    let url = request.queue_url.as_deref();
    let mut account = service.lock();
    let queue = account.queue(url)?;
    if queue.purged_at.is_some_and(|at| now.since(at) < PURGE_PAUSE) {
        let name = name_of_url(url)?;
        let message = format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds.");
        return Err(Error::new(ErrorCode::PurgeQueueInProgress, message));
    }
    queue.purge();
    queue.purged_at = Some(now);
    Ok(Empty {})
}
