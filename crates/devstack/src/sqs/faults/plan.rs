//! What the faults together do to one call.

use std::time::Duration;

use crate::sqs::error::ErrorCode;

/// What happens to one call. Its steps in order: wait, lose the request or answer with an error, carry out the call,
/// wait, lose the answer or replace it by an error.
#[derive(Debug, Default)]
pub(crate) struct CallPlan {
    pub(crate) wait_before: Duration,
    pub(crate) lose_request: bool,
    pub(crate) error_before: Option<ErrorCode>,
    pub(crate) failing_entries: Vec<FailingEntry>,
    pub(crate) wait_after: Duration,
    pub(crate) lose_answer: bool,
    pub(crate) error_after: Option<ErrorCode>,
}

/// An entry of a batch call that is not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FailingEntry {
    /// Its place in the request, from 0.
    pub(crate) index: usize,
    pub(crate) code: ErrorCode,
    pub(crate) sender_fault: bool,
}

impl CallPlan {
    /// The failure of the entry at `index`, if a fault chose that entry.
    pub(crate) fn failing_entry(&self, index: usize) -> Option<FailingEntry> {
        self.failing_entries.iter().copied().find(|entry| entry.index == index)
    }
}
