//! `DeleteMessage` and `DeleteMessageBatch`.

use serde::Deserialize;

use super::batch::{self, Entry};
use crate::sqs::account::Service;
use crate::sqs::error::{Error, Result};
use crate::sqs::faults::CallPlan;
use crate::sqs::protocol::{BatchResult, DoneEntry, Empty};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteRequest {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteBatchRequest {
    queue_url: Option<String>,
    #[serde(default)]
    entries: Vec<DeleteEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteEntry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    receipt_handle: String,
}

impl Entry for DeleteEntry {
    fn id(&self) -> &str {
        &self.id
    }
}

pub(crate) fn one(service: &Service, request: DeleteRequest) -> Result<Empty> {
    let now = service.clock.now();
    let mut account = service.lock();
    let queue = account.queue(request.queue_url.as_deref())?;
    let handle = request.receipt_handle.ok_or_else(|| Error::missing("ReceiptHandle"))?;
    queue.delete(now, &handle)?;
    Ok(Empty {})
}

pub(crate) fn batch(service: &Service, request: DeleteBatchRequest, plan: &CallPlan) -> Result<BatchResult<DoneEntry>> {
    let now = service.clock.now();
    let mut account = service.lock();
    let queue = account.queue(request.queue_url.as_deref())?;
    batch::check(&request.entries)?;
    Ok(batch::apply(request.entries, plan, |entry| {
        queue.delete(now, &entry.receipt_handle)?;
        Ok(DoneEntry { id: entry.id })
    }))
}
