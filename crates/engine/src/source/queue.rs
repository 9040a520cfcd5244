//! From the name in a pipeline file to a queue that exists.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use super::client::{Clients, Place};
use crate::fault::{Class, Fault};
use pipeline::QueueRef;

/// A queue that exists, with what the runner must know of it.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Where its calls go.
    pub clients: Clients,
    /// The URL every call names.
    pub url: String,
    /// Default visibility timeout of its messages.
    pub visibility_timeout: Duration,
    /// Largest message it takes, in bytes of body and attributes together.
    pub max_message_bytes: usize,
    /// Ordered by message group.
    pub fifo: bool,
    /// When SQS itself moves a message to another queue, if it does.
    pub redrive_policy: Option<RedrivePolicy>,
    /// What could not be read for want of a permission.
    assumed: Vec<Assumption>,
}

impl Queue {
    /// Warns of what could not be read for want of a permission, and of what is assumed instead.
    pub fn warn_of_assumptions(&self) {
        for assumption in &self.assumed {
            tracing::warn!(queue = self.url, "{assumption}");
        }
    }
}

/// What stands in for the answer to a call that the credentials have no permission for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Assumption {
    #[error("sqs:GetQueueUrl is not allowed: the URL of the queue is made of its host, account and name")]
    Url,
    #[error(
        "sqs:GetQueueAttributes is not allowed: a visibility timeout of 30 s, messages of at most 256 KiB and no redrive \
         policy are assumed; allow it, or set `visibility` and `max_receives` in the pipeline file"
    )]
    Attributes,
}

/// When SQS itself moves a message to another queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedrivePolicy {
    /// The ARN of the queue that it is moved to.
    pub target: String,
    /// The number of receives after which it is moved, as the policy has it.
    pub max_receives: String,
}

/// SQS's own default visibility timeout.
pub(crate) const DEFAULT_VISIBILITY: Duration = Duration::from_secs(30);
/// SQS's largest message: 1 MiB.
const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// What a queue accepts whose limit can't be read: for years the largest message was 256 KiB, and older queues keep that.
const UNREAD_MAX_MESSAGE_BYTES: usize = 1 << 18;

/// Why a queue can't be used.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// It isn't there.
    #[error("no such queue: `{queue}` ({place})")]
    Missing {
        /// As the pipeline file names it.
        queue: String,
        /// Where it was looked for.
        place: Place,
    },
    /// The queue service refused or could not be reached.
    #[error("can't reach queue `{queue}` ({place}): {fault}")]
    Unreachable {
        /// As the pipeline file names it.
        queue: String,
        /// Where it was looked for.
        place: Place,
        /// What failed.
        fault: Fault,
    },
}

impl QueueError {
    /// Waiting may help: the queue may be created, the network may come back.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Missing { .. }) || self.is_transient()
    }

    /// Whether it usually passes by itself soon.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { fault, .. } if fault.class == Class::Retry)
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "create it, or correct its name in the pipeline file, AWS_REGION or SQS_ENDPOINT",
            Self::Unreachable { fault, .. } if fault.class == Class::Retry => "check SQS_ENDPOINT and the network",
            Self::Unreachable { .. } => {
                "check the AWS credentials, their permissions on this queue, and AWS_REGION; a queue that is named by its \
                 URL or ARN needs no sqs:GetQueueUrl"
            }
        }
    }
}

/// Looks a queue up and reads its attributes. Where the credentials have no permission for one of the two calls, what it
/// would answer is assumed.
pub async fn resolve(clients: &Clients, queue: &QueueRef) -> Result<Queue, QueueError> {
    let clients = clients.of_queue(queue);
    let mut assumed = Vec::new();
    let located = async {
        let url = url(&clients, queue, &mut assumed).await?;
        let attributes = attributes(&clients, &url, &mut assumed).await?;
        Ok((url, attributes))
    };
    let (url, attributes) = located.await.map_err(|fault: Fault| explain(fault, &clients, queue))?;
    Ok(Queue {
        visibility_timeout: number(&attributes, &Name::VisibilityTimeout)
            .map_or(DEFAULT_VISIBILITY, Duration::from_secs),
        max_message_bytes: number(&attributes, &Name::MaximumMessageSize)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(MAX_MESSAGE_BYTES),
        fifo: queue.is_fifo(),
        redrive_policy: attributes.get(&Name::RedrivePolicy).map(|text| redrive_policy(text)),
        clients,
        url,
        assumed,
    })
}

fn explain(fault: Fault, clients: &Clients, queue: &QueueRef) -> QueueError {
    let (queue, place) = (queue.to_string(), clients.place.clone());
    if fault.is_missing_queue() {
        QueueError::Missing { queue, place }
    } else {
        QueueError::Unreachable { queue, place, fault }
    }
}

async fn url(clients: &Clients, queue: &QueueRef, assumed: &mut Vec<Assumption>) -> Result<String, Fault> {
    let request = clients.calls.get_queue_url();
    let request = match queue {
        QueueRef::Url(url) => return Ok(url.clone()),
        QueueRef::Name(name) => request.queue_name(name),
        QueueRef::Arn { account, name, .. } => request.queue_name(name).queue_owner_aws_account_id(account),
    };
    let answer = match request.send().await.map_err(|error| Fault::from_sdk("sqs:GetQueueUrl", error)) {
        Ok(answer) => answer,
        Err(fault) => {
            let url = assumed_url(clients, queue).filter(|_| fault.is_access_denied()).ok_or(fault)?;
            assumed.push(Assumption::Url);
            return Ok(url);
        }
    };
    answer.queue_url.ok_or_else(|| Fault::new(Class::Retry, "the queue service answered without a queue URL"))
}

/// The URL as SQS makes it; `None` where the account is not known.
fn assumed_url(clients: &Clients, queue: &QueueRef) -> Option<String> {
    let account = queue.account().or(clients.account.as_deref())?;
    let Place { region, endpoint } = &clients.place;
    let host = endpoint.clone().unwrap_or_else(|| format!("https://sqs.{region}.amazonaws.com"));
    Some(format!("{}/{account}/{}", host.trim_end_matches('/'), queue.name()))
}

async fn attributes(
    clients: &Clients,
    url: &str,
    assumed: &mut Vec<Assumption>,
) -> Result<HashMap<Name, String>, Fault> {
    let request = clients.calls.get_queue_attributes().queue_url(url);
    match request
        .attribute_names(Name::All)
        .send()
        .await
        .map_err(|error| Fault::from_sdk("sqs:GetQueueAttributes", error))
    {
        Ok(answer) => Ok(answer.attributes.unwrap_or_default()),
        Err(fault) if fault.is_access_denied() => {
            assumed.push(Assumption::Attributes);
            Ok(HashMap::from([(Name::MaximumMessageSize, UNREAD_MAX_MESSAGE_BYTES.to_string())]))
        }
        Err(fault) => Err(fault),
    }
}

/// Reads `{"deadLetterTargetArn": "...", "maxReceiveCount": 5}`; what is not there stays empty.
fn redrive_policy(text: &str) -> RedrivePolicy {
    let policy: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    RedrivePolicy { target: part(&policy["deadLetterTargetArn"]), max_receives: part(&policy["maxReceiveCount"]) }
}

/// A number is also allowed in quotes.
fn part(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(attributes: &HashMap<Name, String>, name: &Name) -> Option<u64> {
    attributes.get(name)?.parse().ok()
}
