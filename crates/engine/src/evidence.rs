//! Whether a refusal by the database is one message's fault or everyone's.
//!
//! Some refusals can be either. A message is at fault once it was refused alone, after that its tables took rows of other
//! messages, and after that it was refused alone again. Less is not enough: an outage may begin or end between any two
//! writes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::in_flight::Storable;
use crate::sink::Written;

/// For each table, by its index, when the last write began that stored rows in it.
#[derive(Debug, Default)]
pub(crate) struct TableActivity(Mutex<HashMap<usize, Instant>>);

impl TableActivity {
    /// Notes a committed write that began at `began`. A table stored a row where fewer were duplicates than were sent.
    pub(crate) fn committed(&self, written: &Written, began: Instant) {
        let mut tables = self.tables();
        for (table, counts) in written.tables.iter().enumerate() {
            if counts.rows > counts.duplicates {
                let last = tables.entry(table).or_insert(began);
                *last = began.max(*last);
            }
        }
    }

    /// Whether every table of a refused message has stored rows of others since the message was refused alone.
    pub(crate) fn others_stored_since_refusal(&self, message: &Storable) -> bool {
        let Some(refusal) = &message.refusal else { return false };
        let tables = self.tables();
        message.tables().all(|table| tables.get(&table).is_some_and(|began| *began > refusal.since))
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<usize, Instant>> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
