//! A refusal that may be one message's or every message's: what becomes of the others tells.
//!
//! A message is to blame once it was refused alone, after that its tables took rows of others, and after that it was
//! refused alone again. Nothing less will do: an outage may begin or end between any two writes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::in_flight::Storable;
use crate::sink::Written;

/// For each table, when the last write began that it took rows of.
#[derive(Debug, Default)]
pub(crate) struct Witness(Mutex<HashMap<usize, Instant>>);

impl Witness {
    /// Takes note of a committed write. How many duplicates are whose is not told: a table took a row if it was sent
    /// more than there are.
    pub(crate) fn committed(&self, batch: &[Storable], written: Written, began: Instant) {
        let mut rows = HashMap::<usize, u64>::new();
        for (table, sent) in batch.iter().flat_map(filled) {
            *rows.entry(table).or_default() += sent;
        }
        let took = rows.into_iter().filter(|(_, sent)| *sent > written.duplicates);
        let mut tables = self.tables();
        for (table, _) in took {
            let last = tables.entry(table).or_insert(began);
            *last = began.max(*last);
        }
    }

    /// Whether all tables of a suspect took rows of others since it was refused.
    pub(crate) fn speaks_against(&self, message: &Storable) -> bool {
        let tables = self.tables();
        let took_since = |since, table| tables.get(&table).is_some_and(|began| *began > since);
        let since = message.suspicion.as_ref().map(|suspicion| suspicion.since);
        since.is_some_and(|since| filled(message).all(|(table, _)| took_since(since, table)))
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<usize, Instant>> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tables a message has rows for, and how many.
fn filled(message: &Storable) -> impl Iterator<Item = (usize, u64)> {
    let rows = message.rows.tables.iter().enumerate();
    rows.filter(|(_, rows)| !rows.is_empty()).map(|(table, rows)| (table, rows.len() as u64))
}
