//! How often each operation was called.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::protocol::Operation;

/// The calls of one operation so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallCount {
    /// Calls that arrived, including those that failed.
    pub calls: u64,
    /// Messages that the calls sent, received, deleted or changed the visibility of, also where the client got no
    /// answer or an error instead. Entries that failed do not count.
    pub entries: u64,
}

/// The calls of one endpoint by operation. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct CallCounts {
    counts: Arc<Mutex<BTreeMap<Operation, CallCount>>>,
}

impl CallCounts {
    /// The calls of one operation since the start, or since [`reset`](Self::reset).
    pub fn of(&self, operation: Operation) -> CallCount {
        self.lock().get(&operation).copied().unwrap_or_default()
    }

    /// Counts from zero again.
    pub fn reset(&self) {
        self.lock().clear();
    }

    pub(crate) fn add_call(&self, operation: Operation) {
        self.lock().entry(operation).or_default().calls += 1;
    }

    pub(crate) fn add_entries(&self, operation: Operation, entries: usize) {
        self.lock().entry(operation).or_default().entries += entries as u64;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Operation, CallCount>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
