//! What the batch calls share: the checks of the whole request, and entries that fail alone.

use std::collections::HashSet;

use crate::sqs::error::{Error, ErrorCode, Result};
use crate::sqs::faults::CallPlan;
use crate::sqs::limits::BATCH_ENTRIES;
use crate::sqs::protocol::{BatchResult, FailedEntry};

const ID_LENGTH: usize = 80;

/// An entry of a batch call.
pub(crate) trait Entry {
    /// The caller's name for it, distinct within the call.
    fn id(&self) -> &str;
}

/// Refuses the whole call when it has no entries, too many, or ids that are not valid.
pub(crate) fn check<E: Entry>(entries: &[E]) -> Result<()> {
    if entries.is_empty() {
        let message = "There should be at least one entry in the request.";
        return Err(Error::new(ErrorCode::EmptyBatchRequest, message));
    }
    if entries.len() > BATCH_ENTRIES {
        let message =
            format!("Maximum number of entries per request are {BATCH_ENTRIES}. You have sent {}.", entries.len());
        return Err(Error::new(ErrorCode::TooManyEntriesInBatchRequest, message));
    }
    let mut seen = HashSet::new();
    for id in entries.iter().map(Entry::id) {
        check_id(id)?;
        if !seen.insert(id) {
            return Err(Error::new(ErrorCode::BatchEntryIdsNotDistinct, format!("Id {id} repeated.")));
        }
    }
    Ok(())
}

fn check_id(id: &str) -> Result<()> {
    let characters = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if characters && (1..=ID_LENGTH).contains(&id.len()) {
        return Ok(());
    }
    let message = "A batch entry id can only contain alphanumeric characters, hyphens and \
                   underscores. It can be at most 80 letters long.";
    Err(Error::new(ErrorCode::InvalidBatchEntryId, message))
}

/// Applies the entries one by one, except those that have to fail on purpose.
pub(crate) fn apply<E: Entry, T>(
    entries: Vec<E>,
    plan: &CallPlan,
    mut apply: impl FnMut(E) -> Result<T>,
) -> BatchResult<T> {
    let mut result = BatchResult { successful: Vec::new(), failed: Vec::new() };
    for (index, entry) in entries.into_iter().enumerate() {
        let id = entry.id().to_owned();
        if let Some(failing) = plan.failing_entry(index) {
            result.failed.push(FailedEntry::on_purpose(id, failing.code, failing.sender_fault));
            continue;
        }
        match apply(entry) {
            Ok(done) => result.successful.push(done),
            Err(error) => result.failed.push(FailedEntry::new(id, error)),
        }
    }
    result
}
