//! `ChangeMessageVisibility` and `ChangeMessageVisibilityBatch`.

use serde::Deserialize;

use super::batch::{self, Entry};
use crate::sqs::account::Service;
use crate::sqs::error::{Error, Result};
use crate::sqs::faults::CallPlan;
use crate::sqs::limits::VISIBILITY_SECS;
use crate::sqs::protocol::{BatchResult, DoneEntry, Empty};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VisibilityRequest {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VisibilityBatchRequest {
    queue_url: Option<String>,
    #[serde(default)]
    entries: Vec<VisibilityEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VisibilityEntry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

impl Entry for VisibilityEntry {
    fn id(&self) -> &str {
        &self.id
    }
}

pub(crate) fn one(service: &Service, request: VisibilityRequest) -> Result<Empty> {
    let now = service.clock.now();
    let mut account = service.lock();
    let queue = account.queue(request.queue_url.as_deref())?;
    let handle = request.receipt_handle.ok_or_else(|| Error::missing("ReceiptHandle"))?;
    queue.change_visibility(now, &handle, timeout(request.visibility_timeout)?)?;
    Ok(Empty {})
}

pub(crate) fn batch(
    service: &Service,
    request: VisibilityBatchRequest,
    plan: &CallPlan,
) -> Result<BatchResult<DoneEntry>> {
    let now = service.clock.now();
    let mut account = service.lock();
    let queue = account.queue(request.queue_url.as_deref())?;
    batch::check(&request.entries)?;
    Ok(batch::apply(request.entries, plan, |entry| {
        queue.change_visibility(now, &entry.receipt_handle, timeout(entry.visibility_timeout)?)?;
        Ok(DoneEntry { id: entry.id })
    }))
}

/// Seconds.
fn timeout(requested: Option<i64>) -> Result<u32> {
    let requested = requested.ok_or_else(|| Error::missing("VisibilityTimeout"))?;
    let inside = u32::try_from(requested).ok().filter(|&seconds| seconds <= VISIBILITY_SECS);
    inside.ok_or_else(|| Error::invalid("VisibilityTimeout", requested, "Must be between 0 and 43200 seconds."))
}
