//! `TagQueue`, `UntagQueue`, `ListQueueTags`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sqs::account::Service;
use crate::sqs::error::{Error, ErrorCode, Result};
use crate::sqs::protocol::{Empty, QueueRequest};

/// Tags of one queue, as AWS allows.
const TAGS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagRequest {
    queue_url: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagRequest {
    queue_url: Option<String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagsAnswer {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

pub(crate) fn tag(service: &Service, request: TagRequest) -> Result<Empty> {
    let mut account = service.lock();
    let queue = account.queue(request.queue_url.as_deref())?;
    if request.tags.is_empty() {
        return Err(Error::missing("Tags"));
    }
    let mut tags = queue.tags.clone();
    tags.extend(request.tags);
    if tags.len() > TAGS {
        let message = format!("Too many tags: a queue has at most {TAGS}.");
        return Err(Error::new(ErrorCode::InvalidParameterValue, message));
    }
    queue.tags = tags;
    Ok(Empty {})
}

pub(crate) fn untag(service: &Service, request: &UntagRequest) -> Result<Empty> {
    let mut account = service.lock();
    let queue = account.queue(request.queue_url.as_deref())?;
    if request.tag_keys.is_empty() {
        return Err(Error::missing("TagKeys"));
    }
    queue.tags.retain(|key, _| !request.tag_keys.contains(key));
    Ok(Empty {})
}

pub(crate) fn list(service: &Service, request: &QueueRequest) -> Result<TagsAnswer> {
    let mut account = service.lock();
    let queue = account.queue(request.queue_url.as_deref())?;
    Ok(TagsAnswer { tags: queue.tags.clone() })
}
